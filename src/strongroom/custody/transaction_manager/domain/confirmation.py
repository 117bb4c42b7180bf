"""Step 14: what an observation on chain means (trust.md 5)."""

from dataclasses import dataclass

from strongroom.custody.transaction_manager.domain.status import Status
from strongroom.custody.transaction_manager.domain.transaction import Change, Transaction
from strongroom.kernel.errors import Code, StrongroomError


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A transaction seen at (sender, nonce). Depth 1 is the newest block; ``ours`` says that the digest is ours."""

    tx_hash: str
    block_number: int
    block_hash: str
    confirmations: int
    succeeded: bool
    fee_units: int
    ours: bool


def decide_confirmation(*, transaction: Transaction, seen: Observation) -> Change | None:
    """What changes, or None for nothing.

    A block may be replaced (a reorganisation), the number of confirmations shown never falls, and FAILED needs a
    reverted receipt or a nonce consumed by another digest, both at finality.

    Raises:
        StrongroomError: ``STATUS_CONFLICT`` before BROADCASTING.
    """
    if transaction.ended:
        return None
    if transaction.status not in (Status.BROADCASTING, Status.CONFIRMING):
        raise StrongroomError(Code.STATUS_CONFLICT, f"A transaction that is {transaction.status} is on no chain yet.")
    final = seen.confirmations >= transaction.needed_confirmations
    if not seen.ours:
        return _LOST if final else None
    return _seen(transaction, seen, final=final)


_LOST = Change(
    moves=(Status.FAILED,),
    sub_status="DROPPED_BY_BLOCKCHAIN",
    reason="Another transaction consumed the nonce.",
    step="14",
)


def _seen(transaction: Transaction, seen: Observation, *, final: bool) -> Change | None:
    first = transaction.status is Status.BROADCASTING
    same_block = (transaction.block_number, transaction.block_hash) == (seen.block_number, seen.block_hash)
    if not (first or final) and same_block and seen.confirmations <= transaction.confirmations:
        return None
    ending, sub_status = _outcome(seen, final=final)
    return Change(
        moves=((Status.CONFIRMING,) if first else ()) + ending,
        sub_status=sub_status,
        reason="" if seen.succeeded or not final else "The transaction was reverted on chain.",
        step="14",
        # set once: a second signature over our digest has another hash, but moves the same money from the same slot
        tx_hash=transaction.tx_hash or seen.tx_hash,
        block_number=seen.block_number,
        block_hash=seen.block_hash,
        confirmations=max(transaction.confirmations, seen.confirmations),
        fee_units=seen.fee_units,
    )


def _outcome(seen: Observation, *, final: bool) -> tuple[tuple[Status, ...], str]:
    if not final:
        return (), "PENDING_BLOCKCHAIN_CONFIRMATIONS"
    return (
        ((Status.COMPLETED,), "CONFIRMED") if seen.succeeded else ((Status.FAILED,), "SMART_CONTRACT_EXECUTION_FAILED")
    )
