"""Step 6."""

from dataclasses import replace

from strongroom.custody.transaction_manager.domain.ending import decide_ending
from strongroom.custody.transaction_manager.operations.ask import ask
from strongroom.custody.transaction_manager.operations.begin_attempt import begin_attempt
from strongroom.custody.transaction_manager.operations.open_errand import Opened, open_errand
from strongroom.custody.transaction_manager.operations.ports import Ports
from strongroom.custody.transaction_manager.operations.store_step import store_step
from strongroom.custody.transaction_manager.peers import PolicyAnswer
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.documents.verdict import Verdict
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.work import WorkItem


async def evaluate(*, item: WorkItem, ports: Ports) -> None:
    """Step 6 — has the policy evaluated; what it does not block goes on from the policy engine, which reports 6 and 7.

    A verdict that lapsed while the policy engine was away is asked for again, in a new attempt.

    Raises:
        StrongroomError: passing refusals; the call is then made again.
    """
    opened = await open_errand(item=item, after="5c", ports=ports)
    if opened is None:
        return
    try:
        asking = ports.peers.evaluate(transaction=opened.transaction, metadata=opened.metadata)
        answer = await ask(asking, step="6", opened=opened, item=item, ports=ports)
    except StrongroomError as error:
        if error.code is not Code.ATTEMPT_OUTDATED and not _has_lapsed(opened):
            raise
        await begin_attempt(
            transaction=opened.transaction, reason=error.detail, errand=opened.errand, done=item, ports=ports
        )
        return
    if answer is None:
        return
    if answer.goes_on:
        await ports.work.commit(done=item)
        return
    await _block(answer, opened, item, ports)


async def _block(answer: PolicyAnswer, opened: Opened, item: WorkItem, ports: Ports) -> None:
    rule = (
        f"rule {answer.rule_number} ({answer.rule_id})" if answer.rule_number else "the last rule, which is unwritten"
    )
    # what was allowed once and is not any more was outdated by the documents
    code = Code.TRANSACTION_OUTDATED if opened.transaction.attempt else Code.POLICY_BLOCKED
    outcome, reason = code.name, f"Blocked by {rule}."
    ending = decide_ending(outcome=outcome, reason=reason, step="6")
    await store_step(
        ports=ports,
        transaction=opened.transaction,
        change=replace(ending, decision=answer.decision),
        errand=opened.errand,
        steps=[opened.step("6", ports=ports, outcome=outcome, detail=reason)],
        done=item,
    )


def _has_lapsed(opened: Opened) -> bool:
    verdict = opened.transaction.verdict
    if verdict is None:
        return False
    return opened.started_at.timestamp() >= decode(decode(verdict, Signed).payload, Verdict).expires_at
