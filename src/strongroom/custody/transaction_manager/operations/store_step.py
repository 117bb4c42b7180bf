"""One step, one commit."""

from collections.abc import Sequence

from strongroom.custody.transaction_manager.domain.status import TERMINAL
from strongroom.custody.transaction_manager.domain.steps import Step
from strongroom.custody.transaction_manager.domain.transaction import Change, Transaction
from strongroom.custody.transaction_manager.operations.ports import Ports
from strongroom.custody.transaction_manager.store import lanes, transactions
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import REPLAY_CONSTRAINT, Statement, insert_handoff, violated_constraint
from strongroom.runtime.rpc.evidence import HandoffEvent
from strongroom.runtime.work import WorkItem


async def store_step(
    *,
    ports: Ports,
    transaction: Transaction,
    change: Change,
    steps: Sequence[Step] = (),
    handoff: HandoffEvent | None = None,
    statements: Sequence[Statement] = (),
    done: WorkItem | None = None,
    then: Sequence[WorkItem] = (),
) -> None:
    """Store what a step changed, its history, its handoff and the next call; an end before SIGNED frees the nonce.

    What the transaction is afterwards is remembered, so that the next step need not read it again.

    Raises:
        StrongroomError: ``STATUS_CONFLICT`` for an illegal move; ``CLAIM_LOST`` when somebody else was first;
            ``HANDOFF_REPLAYED``.
    """
    change.check(transaction)
    now = ports.clock.now()
    stored: list[Statement] = [transactions.update_transaction(transaction, change, now=now), *statements]
    if steps:
        stored.append(transactions.insert_steps(transaction, steps=steps, now=now))
    if change.moves:
        stored.append(transactions.insert_status_events(transaction, change=change, now=now))
    if change.moves and change.moves[-1] in TERMINAL and transaction.frees_slot:
        stored.extend(lanes.free_slot(transaction))
    if handoff is not None:
        stored.append(insert_handoff(handoff))
    try:
        await ports.work.commit(*stored, done=done, then=then)
    except BaseException as error:
        ports.live.drop(transaction.id)  # somebody else changed it, or nobody knows whether this is stored
        if isinstance(error, StrongroomError) and violated_constraint(error) == REPLAY_CONSTRAINT:
            raise StrongroomError(Code.HANDOFF_REPLAYED) from error
        raise
    ports.live.keep(change.applied_to(transaction, now=now))
