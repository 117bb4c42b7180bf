"""What becomes of a report, before anything else is looked at: recorded, repeated, or too late (trust.md 5)."""

from enum import Enum
from typing import Final

from strongroom.custody.transaction_manager.domain.recording import Report
from strongroom.custody.transaction_manager.domain.steps import OK, Standing, decide_standing
from strongroom.custody.transaction_manager.domain.transaction import Transaction
from strongroom.kernel.errors import Code, StrongroomError

BEFORE_CEREMONY: Final = frozenset({"6", "7", "8"})
"""Steps after which nothing can have been released yet."""
OUTDATED: Final = Code.ATTEMPT_OUTDATED.name


class Hearing(Enum):
    """What becomes of a report.

    ``PASSED_OVER``: no effect, and the reporter goes on, because what was released finishes. ``STOP``: no effect, and
    the reporter does not go on. ``DECIDE_AGAIN``: the transaction gets a new attempt.
    """

    DUE = "DUE"
    REPEATED = "REPEATED"
    PASSED_OVER = "PASSED_OVER"
    STOP = "STOP"
    DECIDE_AGAIN = "DECIDE_AGAIN"


def decide_hearing(*, transaction: Transaction, report: Report) -> Hearing:
    """What becomes of this report now.

    A closing transaction hears nothing but a ceremony that still goes on, since only the co-signers can stop one. Of an
    earlier attempt nothing counts but the finished signature: its digest is that of every attempt.

    Raises:
        StrongroomError: ``STATUS_CONFLICT`` for a step out of order, or for an attempt that was never begun.
    """
    if report.attempt > transaction.attempt:
        raise StrongroomError(Code.STATUS_CONFLICT, f"The transaction is in attempt {transaction.attempt}.")
    if transaction.ended or transaction.freed:
        return Hearing.STOP
    if transaction.signed_attempt is not None:
        return _after_signing(transaction, report)
    if report.outcome != OK or report.last in BEFORE_CEREMONY:
        if transaction.closing or report.attempt < transaction.attempt:
            return Hearing.STOP
        if report.outcome == OUTDATED:
            return Hearing.DECIDE_AGAIN
    if report.attempt < transaction.attempt:
        return _of_an_earlier_attempt(transaction, report)
    return _standing(transaction, report)


def _of_an_earlier_attempt(transaction: Transaction, report: Report) -> Hearing:
    if report.last != "12":
        return Hearing.PASSED_OVER
    if transaction.payload is None:
        raise StrongroomError(Code.STATUS_CONFLICT, "Nothing was ever to be signed.")
    return Hearing.DUE


def _after_signing(transaction: Transaction, report: Report) -> Hearing:
    if report.attempt != transaction.signed_attempt or report.outcome == OUTDATED:
        return Hearing.STOP
    return _standing(transaction, report)


def _standing(transaction: Transaction, report: Report) -> Hearing:
    standing = decide_standing(progress=transaction.step, reported=report.steps)
    return Hearing.DUE if standing is Standing.DUE else Hearing.REPEATED
