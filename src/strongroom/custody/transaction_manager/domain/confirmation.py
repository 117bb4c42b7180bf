"""Step 14: what an observation on chain means (trust.md 5)."""

from dataclasses import dataclass
from typing import Final

from strongroom.custody.transaction_manager.domain.status import Status
from strongroom.custody.transaction_manager.domain.transaction import Change, Transaction
from strongroom.kernel.errors import Code, StrongroomError


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A transaction seen at (sender, nonce). Depth 1 is the newest block; ``ours`` says that the digest is ours.

    ``revert_reason`` is what the node says of a reverted one, in its own words; often empty.
    """

    tx_hash: str
    block_number: int
    block_hash: str
    confirmations: int
    succeeded: bool
    fee_units: int
    ours: bool
    revert_reason: str = ""


def decide_confirmation(*, transaction: Transaction, seen: Observation) -> Change | None:
    """What changes, or None for nothing.

    A block may be replaced (a reorganisation): the status stays, and confirmations are counted again from the new one.
    FAILED needs a reverted receipt or a nonce consumed by another digest, both at finality. So does the end of a
    transaction whose slot was freed although its digest was released: whatever consumes the nonce decides.

    Raises:
        StrongroomError: ``STATUS_CONFLICT`` for a transaction that is on no chain yet.
    """
    if transaction.ended:
        return None
    final = seen.confirmations >= transaction.needed_confirmations
    if transaction.closing and transaction.freed:
        return _resolved(transaction, seen) if final else None
    if transaction.status not in (Status.BROADCASTING, Status.CONFIRMING):
        raise StrongroomError(Code.STATUS_CONFLICT, f"A transaction that is {transaction.status} is on no chain yet.")
    if not seen.ours:
        return _LOST if final else None
    return _seen(transaction, seen, final=final)


_REVERTED: Final = "The transaction was reverted on chain"
_LOST: Final = Change(
    moves=(Status.FAILED,),
    sub_status="DROPPED_BY_BLOCKCHAIN",
    reason="Another transaction consumed the nonce.",
    step="14",
)


def _resolved(transaction: Transaction, seen: Observation) -> Change:
    if seen.ours:
        return _observed(transaction, seen, first=False, final=True)
    assert transaction.ending is not None, "a closing transaction knows its end"
    return Change(moves=(transaction.ending,), sub_status=transaction.sub_status, reason=transaction.reason)


def _seen(transaction: Transaction, seen: Observation, *, final: bool) -> Change | None:
    first = transaction.status is Status.BROADCASTING
    same_block = (transaction.block_number, transaction.block_hash) == (seen.block_number, seen.block_hash)
    # of the same block, a smaller depth is that of an observer who is behind
    if not (first or final) and same_block and seen.confirmations <= transaction.confirmations:
        return None
    return _observed(transaction, seen, first=first, final=final)


def _observed(transaction: Transaction, seen: Observation, *, first: bool, final: bool) -> Change:
    ending, sub_status = _outcome(seen, final=final)
    return Change(
        moves=((Status.CONFIRMING,) if first else ()) + ending,
        sub_status=sub_status,
        reason="" if seen.succeeded or not final else _explain(seen),
        step="14",
        # set once: a second signature over our digest has another hash, but moves the same money from the same slot
        tx_hash=transaction.tx_hash or seen.tx_hash,
        block_number=seen.block_number,
        block_hash=seen.block_hash,
        confirmations=seen.confirmations,
        fee_units=seen.fee_units,
    )


def _explain(seen: Observation) -> str:
    return f"{_REVERTED}: {seen.revert_reason}" if seen.revert_reason else f"{_REVERTED}."


def _outcome(seen: Observation, *, final: bool) -> tuple[tuple[Status, ...], str]:
    if not final:
        return (), "PENDING_BLOCKCHAIN_CONFIRMATIONS"
    return (
        ((Status.COMPLETED,), "CONFIRMED") if seen.succeeded else ((Status.FAILED,), "SMART_CONTRACT_EXECUTION_FAILED")
    )
