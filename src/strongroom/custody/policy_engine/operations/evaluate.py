"""Steps 6 and 7: evaluate the policy, and approve at once what a rule allows without asking anyone."""

from collections.abc import Callable
from functools import partial

from strongroom.custody.policy_engine import store
from strongroom.custody.policy_engine.domain import Allowed, Answer, Question, StepTimes, decide
from strongroom.custody.policy_engine.operations.document_sets import DocumentSets
from strongroom.kernel.documents.document_set import Action, DocumentSet
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database, Statement, insert_handoff, violated_constraint
from strongroom.runtime.rpc.call import Call
from strongroom.runtime.work import Work

ONCE = frozenset({"approval_requests_once", "approval_decisions_once"})
ADMIT = "admit"


async def evaluate_transaction(
    *,
    database: Database,
    work: Work,
    clock: Clock,
    sign: Callable[[bytes], Signed],
    document_sets: DocumentSets,
    question: Question,
    call: Call,
) -> Answer:
    """Step 6 — evaluate the policy, sign the decision and store it once; step 7 at once for what is allowed.

    The same question gets the same answer for ever, also when the verdict has lapsed or the policy is another one by
    then: what was allowed may be on its way.

    Raises:
        StrongroomError: as ``domain.decide``; nothing is stored then.
    """
    asking = partial(_evaluate, work=work, clock=clock, sign=sign, question=question, call=call)
    try:
        try:
            return await asking(document_set=await document_sets.get(question.tenant_id))
        except StrongroomError as error:
            if error.code is not Code.CLAIM_LOST:
                raise
        document_set, _ = await document_sets.read(question.tenant_id)  # a newer version is published
        return await asking(document_set=document_set)
    except StrongroomError as error:
        stored = await _repeat(database=database, question=question, call=call, refusal=error)
        if stored is None:
            raise
        return stored


async def _evaluate(
    *,
    work: Work,
    clock: Clock,
    sign: Callable[[bytes], Signed],
    document_set: DocumentSet,
    question: Question,
    call: Call,
) -> Answer:
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
    request = store.insert_request(question, answer, document_set=document_set, now=clock.now())
    await _store(request, work=work, clock=clock, question=question, answer=answer, times=times, call=call)
    return answer


async def _store(
    request: Statement,
    *,
    work: Work,
    clock: Clock,
    question: Question,
    answer: Answer,
    times: StepTimes,
    call: Call,
) -> None:
    """Step 7 — auto-approve in the commit of step 6; a blocked transaction is stored and goes nowhere."""
    statements = [request, insert_handoff(call.received)]
    if answer.action != Action.ALLOW:
        await work.commit(*statements)
        return
    key, carried = str(question.transaction_id), Allowed(question, answer)
    item = work.new(key, ADMIT, times.encode(), attempt=question.attempt, carried=carried)
    await work.commit(*statements, store.insert_auto_approval(question, now=clock.now()), then=[item])


async def _repeat(*, database: Database, question: Question, call: Call, refusal: StrongroomError) -> Answer | None:
    """The answer that was given before, if it was: the refusal then is only that it cannot be given twice."""
    stored = await store.find_answer(
        database, tenant_id=question.tenant_id, transaction_id=question.transaction_id, attempt=question.attempt
    )
    if stored is not None and stored[0] == question:
        await database.commit(insert_handoff(call.received))
        return stored[1]
    if stored is not None or violated_constraint(refusal) in ONCE:
        raise StrongroomError(Code.INTENT_MISMATCH, "This attempt was evaluated for another question.") from refusal
    return None
