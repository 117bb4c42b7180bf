"""One step, one commit."""

from collections.abc import Iterator, Sequence
from typing import Final

from strongroom.custody.transaction_manager.domain.errand import Closing, Ended, Errand
from strongroom.custody.transaction_manager.domain.reporting import decide_report, note_pending_exchange
from strongroom.custody.transaction_manager.domain.status import TERMINAL, Status
from strongroom.custody.transaction_manager.domain.steps import Step
from strongroom.custody.transaction_manager.domain.transaction import Change, Transaction, may_be_asked
from strongroom.custody.transaction_manager.operations.ports import Ports
from strongroom.custody.transaction_manager.store import lanes, transactions
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import REPLAY_CONSTRAINT, Statement, insert_handoff, violated_constraint
from strongroom.runtime.rpc.evidence import HandoffEvent
from strongroom.runtime.work import WorkItem

CLOSE: Final = "close"
CLOSE_APPROVAL: Final = "close_approval"
EXPIRE: Final = "expire"
REPORT_TRANSFER: Final = "report_transfer"
_SAID_BY_POLICY: Final = ("6", "7")  # steps whose bad end the policy engine knows already
_SIGNED: Final = "It was signed: an earlier attempt had been approved."


async def store_step(
    *,
    ports: Ports,
    transaction: Transaction,
    change: Change,
    errand: Errand | None = None,
    steps: Sequence[Step] = (),
    handoff: HandoffEvent | None = None,
    statements: Sequence[Statement] = (),
    done: WorkItem | None = None,
    then: Sequence[WorkItem] = (),
) -> None:
    """Store what a step changed, its history, its handoff and the next call.

    An end before SIGNED makes the order to close the request due, under ``errand``; a closed one frees the nonce. Where
    people may be asked, the policy engine is to hear of the end; where data was exchanged, screening is to hear of the
    hash and of a failure. What the transaction is afterwards is remembered, so that the next step need not read it.

    Raises:
        StrongroomError: ``STATUS_CONFLICT`` for an illegal move; ``CLAIM_LOST`` when somebody else was first;
            ``HANDOFF_REPLAYED``.
    """
    change.check(transaction)
    change, now = note_pending_exchange(transaction, change), ports.clock.now()
    stored = [transactions.update_transaction(transaction, change, now=now), *statements]
    if steps:
        stored.append(transactions.insert_steps(transaction, steps=steps, now=now))
    stored.extend(_follow(transaction, change, done, ports))
    if handoff is not None:
        stored.append(insert_handoff(handoff))
    orders = [*_close_orders(transaction, change, errand, ports), *_reports(transaction, change, errand, ports)]
    try:
        await ports.work.commit(*stored, done=done, then=[*then, *orders])
    except BaseException as error:
        ports.live.drop(transaction.id)  # somebody else changed it, or nobody knows whether this is stored
        if isinstance(error, StrongroomError) and violated_constraint(error) == REPLAY_CONSTRAINT:
            raise StrongroomError(Code.HANDOFF_REPLAYED) from error
        raise
    ports.live.keep(change.applied_to(transaction, now=now))


def _follow(transaction: Transaction, change: Change, done: WorkItem | None, ports: Ports) -> Iterator[Statement]:
    """What a new status brings with it: its event, a freed slot, and that nobody waits for the lifetime any more."""
    if not change.moves:
        return
    now, last = ports.clock.now(), change.moves[-1]
    yield transactions.insert_status_events(transaction, change=change, now=now)
    if last in TERMINAL and transaction.frees_slot:
        yield from lanes.free_slot(transaction, now=now)
    if last in (Status.CANCELLING, Status.SIGNED) and (done is None or done.operation != EXPIRE):
        yield ports.work.withdraw(str(transaction.id), EXPIRE)


def _close_orders(transaction: Transaction, change: Change, errand: Errand | None, ports: Ports) -> Iterator[WorkItem]:
    """Who else has to hear of an end, or of a signature that an earlier attempt made."""
    key = str(transaction.id)
    if change.ending is not None:
        assert errand is not None, "an end before SIGNED has a cause, under which the co-signers are asked to close it"
        yield ports.work.new(key, CLOSE, Closing(errand=errand, cause=change.cause).encode())
    over = change.ending is not None or Status.SIGNED in change.moves
    if over and may_be_asked(transaction) and change.step not in _SAID_BY_POLICY:
        assert errand is not None, "what ends the asking has a cause, under which the policy engine is told"
        ended = Ended(errand=errand, attempt=transaction.attempt, reason=change.reason or _SIGNED)
        yield ports.work.new(key, CLOSE_APPROVAL, ended.encode())


def _reports(transaction: Transaction, change: Change, errand: Errand | None, ports: Ports) -> Iterator[WorkItem]:
    """What the institution at the other end hears of, by way of screening."""
    occasion = decide_report(before=transaction, after=change.applied_to(transaction, now=ports.clock.now()))
    if occasion is not None:
        assert errand is not None, "a hash and an end have a cause, under which screening is told"
        yield ports.work.new(str(transaction.id), REPORT_TRANSFER, errand.encode(), attempt=occasion)
