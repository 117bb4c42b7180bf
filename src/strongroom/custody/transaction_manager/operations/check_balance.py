"""Step 5a."""

from strongroom.custody.transaction_manager.domain.ending import decide_ending
from strongroom.custody.transaction_manager.domain.status import Status
from strongroom.custody.transaction_manager.domain.steps import OK
from strongroom.custody.transaction_manager.domain.transaction import Change
from strongroom.custody.transaction_manager.operations.ask import ask
from strongroom.custody.transaction_manager.operations.open_errand import open_errand
from strongroom.custody.transaction_manager.operations.ports import Ports
from strongroom.custody.transaction_manager.operations.store_step import store_step
from strongroom.custody.transaction_manager.store import transactions
from strongroom.kernel.errors import parse_code
from strongroom.runtime.work import WorkItem


async def check_balance(*, item: WorkItem, ports: Ports) -> None:
    """Step 5a — asks balances whether amount and highest fee are there, beside what is reserved for others.

    Raises:
        StrongroomError: ``NODE_UNAVAILABLE`` and other passing refusals; the call is then made again.
    """
    opened = await open_errand(item=item, after="5", ports=ports)
    if opened is None:
        return
    transaction = opened.transaction
    asking = ports.peers.check_balance(
        transaction=transaction,
        reserved_units=await transactions.sum_reserved(ports.database, transaction),
        metadata=opened.metadata,
    )
    answer = await ask(asking, step="5a", opened=opened, item=item, ports=ports)
    if answer is None:
        return
    if answer.shortfall:
        reason = f"{parse_code(answer.shortfall).meaning.text} It holds {answer.balance_units} wei."
        change = decide_ending(outcome=answer.shortfall, reason=reason, step="5a")
    else:
        change = Change(moves=(Status.PENDING_AML_SCREENING,), step="5a")
    detail = f"The address holds {answer.balance_units} wei."
    await store_step(
        ports=ports,
        transaction=transaction,
        change=change,
        errand=opened.errand,
        steps=[opened.step("5a", ports=ports, outcome=answer.shortfall or OK, detail=detail)],
        handoff=answer.receipt,
        done=item,
        then=[] if answer.shortfall else [opened.next_call("screen", ports=ports)],
    )
