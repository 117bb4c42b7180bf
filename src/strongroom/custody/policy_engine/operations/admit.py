"""What follows an approval: report it, then hand the transaction to the vault."""

from uuid import UUID

import structlog

from strongroom.custody.policy_engine import store
from strongroom.custody.policy_engine.domain import Approved, Case, End, StepTimes, count_approvals, explain
from strongroom.custody.policy_engine.operations.document_sets import DocumentSets
from strongroom.custody.policy_engine.peers import Peers
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.decision import Decision
from strongroom.kernel.documents.document_set import Action
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database
from strongroom.runtime.work import Work, WorkItem

ADMIT = "admit"
_ABOUT_RUNNING = 7000  # codes from here on speak of the services, not of the transaction: they pass
_log = structlog.stdlib.get_logger(__name__)


async def admit(
    *, database: Database, work: Work, clock: Clock, document_sets: DocumentSets, peers: Peers, item: WorkItem
) -> None:
    """Report steps 6 and 7 to the manager, then admit: the arrow of step 8. Made again until both have answered.

    What the vault refuses for good is the end of step 7: asking again would not change it.
    """
    times = decode(item.payload, StepTimes)
    approved = item.carried
    if not isinstance(approved, Approved):
        case = await get_case(database, tenant_id=times.tenant_id, item=item)
        approved = await _read(case, document_sets=document_sets, clock=clock)
    if await _record(approved, times=times, peers=peers):
        try:
            await peers.admit(approved, parents=times.parents)
        except StrongroomError as error:
            outcome = _ends_by(error)
            if outcome is None:
                raise
            _log.error("refused_by_the_vault", key=item.key, attempt=item.attempt, code=error.code.name)
            await peers.record_end(approved.question.which, End(times=times, outcome=outcome.name, reason=error.detail))
    await work.commit(done=item)


async def get_case(database: Database, *, tenant_id: str, item: WorkItem) -> Case:
    """The attempt that a durable call is about.

    Raises:
        StrongroomError: ``STATE_DAMAGED``.
    """
    case = await store.find_case(database, tenant_id=tenant_id, transaction_id=UUID(item.key), attempt=item.attempt)
    if case is None:
        raise StrongroomError(Code.STATE_DAMAGED, "A call that follows an evaluation without its row.")
    return case


async def _record(approved: Approved, *, times: StepTimes, peers: Peers) -> bool:
    evaluation = decode(decode(approved.answer.decision, Signed).payload, Decision).evaluation
    explanation = explain(evaluation)
    if evaluation.action is Action.ALLOW:
        return await peers.record_decision(approved, times=times, explanation=explanation)
    # step 6 was reported when people were asked, unless they were quicker than that report
    goes_on = await peers.record_evaluation(approved.question.which, times=times, explanation=explanation)
    return goes_on and await peers.record_approval(approved, times=times)


async def _read(case: Case, *, document_sets: DocumentSets, clock: Clock) -> Approved:
    request = case.request
    if request.expires_at is None:
        return Approved(question=request.question, answer=request.answer)
    document_set = await document_sets.get_version(request.question.tenant_id, request.document_set_version)
    now_s = int(clock.now().timestamp())
    count = count_approvals(case.documents, request=request, document_set=document_set, now_s=now_s)
    return Approved(question=request.question, answer=request.answer, approvals=count.approvals, people=count.people)


def _ends_by(error: StrongroomError) -> Code | None:
    """The outcome that a refusal by the vault means; None if it may be otherwise next time."""
    if error.code is Code.ATTEMPT_OUTDATED:
        return error.code
    return None if error.retryable or error.code.meaning.number >= _ABOUT_RUNNING else error.code
