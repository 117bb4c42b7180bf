"""Step 5b."""

from strongroom.custody.transaction_manager.domain.ending import decide_ending
from strongroom.custody.transaction_manager.domain.steps import OK
from strongroom.custody.transaction_manager.domain.transaction import Change
from strongroom.custody.transaction_manager.operations.ask import ask
from strongroom.custody.transaction_manager.operations.open_errand import open_errand
from strongroom.custody.transaction_manager.operations.ports import Ports
from strongroom.custody.transaction_manager.operations.store_step import store_step
from strongroom.kernel.errors import Code
from strongroom.runtime.work import WorkItem


async def screen(*, item: WorkItem, ports: Ports) -> None:
    """Step 5b — has the destination screened; anything but a PASS ends here.

    Raises:
        StrongroomError: ``SCREENING_UNAVAILABLE`` and other passing refusals: nothing moves until screening answers.
    """
    opened = await open_errand(item=item, after="5a", ports=ports)
    if opened is None:
        return
    asking = ports.peers.screen(transaction=opened.transaction, metadata=opened.metadata)
    answer = await ask(asking, step="5b", opened=opened, item=item, ports=ports)
    if answer is None:
        return
    outcome = OK if answer.passed else Code.SANCTIONED_ADDRESS.name
    change = Change(step="5b") if answer.passed else decide_ending(outcome=outcome, reason=answer.detail, step="5b")
    detail = f"{answer.provider}: {answer.detail}"
    await store_step(
        ports=ports,
        transaction=opened.transaction,
        change=change,
        errand=opened.errand,
        steps=[opened.step("5b", ports=ports, outcome=outcome, detail=detail)],
        done=item,
        then=[opened.next_call("exchange_travel_rule", ports=ports)] if answer.passed else [],
    )
