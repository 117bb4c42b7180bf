"""Spend slots: one live transaction and digest per (chain, address, nonce), one slot per transaction (trust.md 4)."""

from dataclasses import dataclass

from strongroom.kernel.errors import Code, StrongroomError


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A place in the order of an address's transactions, and who holds it."""

    chain_id: int
    sender: str
    nonce: int
    request_hash: bytes
    digest: bytes
    finished: bool


def check_slot(
    *, wanted: Slot, held: Slot | None, before: Slot | None, own: Slot | None, begins_lane: bool = False
) -> None:
    """Check that a transaction may have a slot.

    Args:
        wanted: the slot with the transaction's request and digest.
        held: who holds the slot now.
        before: the slot with the nonce before, if anybody holds it.
        own: the slot that the transaction had from an earlier consent.
        begins_lane: what came before was in a journal that was lost, so nobody here can have finished it.

    Raises:
        StrongroomError: ``SLOT_TAKEN``; ``NOT_NOW`` while the slot before is not finished.
    """
    if held is not None and (held.request_hash, held.digest) != (wanted.request_hash, wanted.digest):
        raise StrongroomError(Code.SLOT_TAKEN, f"Slot {wanted.nonce} belongs to another transaction or digest.")
    place = (wanted.chain_id, wanted.sender, wanted.nonce, wanted.digest)
    if own is not None and (own.chain_id, own.sender, own.nonce, own.digest) != place:
        raise StrongroomError(Code.SLOT_TAKEN, "A transaction keeps its slot and its digest for life.")
    if wanted.nonce > 0 and not begins_lane and (before is None or not before.finished):
        raise StrongroomError(Code.NOT_NOW, f"The signature of slot {wanted.nonce - 1} is not finished here.")
