"""Step 6."""

from dataclasses import replace

from strongroom.custody.transaction_manager.domain.ending import decide_ending
from strongroom.custody.transaction_manager.operations.open_errand import open_errand
from strongroom.custody.transaction_manager.operations.ports import Ports
from strongroom.custody.transaction_manager.operations.store_step import store_step
from strongroom.kernel.errors import Code
from strongroom.runtime.work import WorkItem


async def evaluate(*, item: WorkItem, ports: Ports) -> None:
    """Step 6 — has the policy evaluated; an allowed transaction goes on from the policy engine, which reports 6 and 7.

    Raises:
        StrongroomError: passing refusals; the call is then made again.
    """
    opened = await open_errand(item=item, after="5c", ports=ports)
    if opened is None:
        return
    answer = await ports.peers.evaluate(transaction=opened.transaction, metadata=opened.metadata)
    if answer.allowed:
        await ports.work.commit(done=item)
        return
    rule = (
        f"rule {answer.rule_number} ({answer.rule_id})" if answer.rule_number else "the last rule, which is unwritten"
    )
    outcome, reason = Code.POLICY_BLOCKED.name, f"Blocked by {rule}."
    ending = decide_ending(outcome=outcome, reason=reason, step="6")
    await store_step(
        ports=ports,
        transaction=opened.transaction,
        change=replace(ending, decision=answer.decision),
        steps=[opened.step("6", ports=ports, outcome=outcome, detail=reason)],
        done=item,
    )
