"""Steps 6 and 7: evaluate the policy, and approve at once what a rule allows without asking anyone."""

from collections.abc import Callable

from strongroom.custody.policy_engine import store
from strongroom.custody.policy_engine.domain import Answer, Question, StepTimes, decide
from strongroom.kernel.documents.document_set import Action, DocumentSet
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database, insert_handoff, violated_constraint
from strongroom.runtime.rpc.call import Call
from strongroom.runtime.work import Work

ONCE = "approval_requests_once"
ADMIT = "admit"


async def evaluate_transaction(
    *,
    database: Database,
    work: Work,
    clock: Clock,
    sign: Callable[[bytes], Signed],
    document_set: DocumentSet,
    question: Question,
    call: Call,
) -> Answer:
    """Step 6 — evaluate the policy, sign the decision and store it once; step 7 at once for what is allowed.

    Raises:
        StrongroomError: as ``domain.decide``; nothing is stored then.
    """
    began_s = clock.monotonic_s()
    decision = decide(question=question, document_set=document_set, now_s=int(clock.now().timestamp()))
    evaluation = decision.evaluation
    answer = Answer(
        action=evaluation.action.value,
        rule_id=evaluation.rule_id,
        rule_number=evaluation.rule_number,
        decision=sign(decision.encode()).encode(),
    )
    times = StepTimes(
        tenant_id=question.tenant_id,
        began_us=round(call.occurred_at.timestamp() * 1_000_000),
        evaluate_us=round((clock.monotonic_s() - began_s) * 1_000_000),
        approve_us=0,
        parents=call.parents,
    )
    try:
        await _store(work=work, clock=clock, question=question, answer=answer, times=times, call=call)
    except StrongroomError as error:
        if violated_constraint(error) != ONCE:
            raise
        return await _repeat(database=database, question=question, call=call)
    return answer


async def _store(*, work: Work, clock: Clock, question: Question, answer: Answer, times: StepTimes, call: Call) -> None:
    """Step 7 — auto-approve in the commit of step 6; a blocked transaction is stored and goes nowhere."""
    now = clock.now()
    statements = [store.insert_request(question, answer, now=now), insert_handoff(call.received)]
    if answer.action != Action.ALLOW:
        await work.commit(*statements)
        return
    item = work.new(str(question.transaction_id), ADMIT, times.encode(), attempt=question.attempt)
    await work.commit(*statements, store.insert_auto_approval(question, now=now), then=[item])


async def _repeat(*, database: Database, question: Question, call: Call) -> Answer:
    stored = await store.find_answer(database, transaction_id=question.transaction_id, attempt=question.attempt)
    if stored is None or stored[0] != question:
        raise StrongroomError(Code.INTENT_MISMATCH, "This attempt was evaluated for another question.")
    await database.commit(insert_handoff(call.received))
    return stored[1]
