"""When the institution that the Travel Rule had us exchange data with hears what became of the transfer."""

from dataclasses import replace
from enum import IntEnum

from strongroom.custody.transaction_manager.domain.status import Status
from strongroom.custody.transaction_manager.domain.transaction import Change, Transaction


class Occasion(IntEnum):
    """Why screening is called; the number tells the two durable calls of one transaction apart."""

    SENT = 0
    FAILED = 1


def note_pending_exchange(transaction: Transaction, change: Change) -> Change:
    """The change, which an end while step 5c waits makes a report due: the other institution may agree meanwhile."""
    waiting = transaction.step == "5b" and change.step != "5c"
    return replace(change, report_due=True) if change.ending is not None and waiting else change


def decide_report(*, before: Transaction, after: Transaction) -> Occasion | None:
    """What has to be reported of this step; a failure's report also tells the hash."""
    if not after.report_due:
        return None
    if after.ended and not before.ended and after.status is not Status.COMPLETED:
        return Occasion.FAILED
    return Occasion.SENT if before.tx_hash is None and after.tx_hash is not None else None


def failure_of(transaction: Transaction) -> str:
    """The name of a final failure; empty for what has not failed."""
    failed = transaction.ended and transaction.status is not Status.COMPLETED
    return (transaction.sub_status or transaction.status.value) if failed else ""
