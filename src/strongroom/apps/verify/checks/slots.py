"""Spend slots (trust.md 4): contiguous from 0, one owner each, and as far as the chain."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from uuid import UUID

from strongroom.apps.verify.books import Books, Lane, SpendSlot, Transaction
from strongroom.apps.verify.findings import Notes

FREED, LIVE, SIGNED, CONSUMED = "FREED", "LIVE", "SIGNED", "CONSUMED"
_STATES: Mapping[str, frozenset[str]] = {
    "PENDING_AML_SCREENING": frozenset({LIVE}),  # of a later attempt, which keeps its nonce
    "PENDING_AUTHORIZATION": frozenset({LIVE}),
    "QUEUED": frozenset({LIVE}),
    "PENDING_SIGNATURE": frozenset({LIVE}),
    "PENDING_3RD_PARTY_MANUAL_APPROVAL": frozenset({LIVE}),
    "PENDING_3RD_PARTY": frozenset({LIVE}),
    "SIGNED": frozenset({SIGNED}),
    "BROADCASTING": frozenset({SIGNED}),
    "CONFIRMING": frozenset({SIGNED}),
    "COMPLETED": frozenset({CONSUMED, FREED}),  # FREED: it landed although a co-signer had closed it
    "CANCELLING": frozenset({LIVE, FREED}),
    "CANCELLED": frozenset({FREED, CONSUMED}),
    "REJECTED": frozenset({FREED, CONSUMED}),
    "BLOCKED": frozenset({FREED, CONSUMED}),
    "FAILED": frozenset({FREED, CONSUMED}),
}
"""In which state the slot of a transaction may be; another status has no slot yet."""


def check_slots(books: Books, notes: Notes) -> None:
    """Every nonce below the lane's next has one owner, and every owner's state fits its status."""
    known = {one.id: one for one in books.after.transactions}
    by_lane: defaultdict[tuple[int, str], list[SpendSlot]] = defaultdict(list)
    for slot in books.after.slots:
        by_lane[slot.chain_id, slot.sender].append(slot)
        _check_owner(slot, known.get(slot.transaction_id), notes)
    lanes = {(lane.chain_id, lane.sender): lane for lane in books.after.lanes}
    for place, lane in lanes.items():
        _check_lane(lane, [slot for slot in by_lane[place] if slot.state != FREED], notes)
    for place in by_lane.keys() - lanes.keys():
        notes.find(about=place, what="has slots but no lane")
    owned = Counter(slot.transaction_id for slot in books.after.slots)
    for one in books.after.transactions:
        right = owned[one.id] == (0 if one.nonce is None else 1)
        notes.expect(holds=right, about=one.id, what=f"has nonce {one.nonce} and {owned[one.id]} slots")


def check_nonces(books: Books, notes: Notes) -> None:
    """The chain has used no nonce that no lane gave, and every nonce that we call consumed.

    A slot that was freed after its digest had been released may still be used by it, while the lane gives it again.
    """
    lanes = {(lane.chain_id, lane.sender.lower()): lane.next_nonce for lane in books.after.lanes}
    for one in books.after.transactions:
        if one.freed and one.nonce is not None:
            place = one.chain_id, one.sender.lower()
            lanes[place] = max(lanes.get(place, 0), one.nonce + 1)
    consumed: defaultdict[tuple[int, str], int] = defaultdict(int)
    for slot in books.before.slots:
        if slot.state == CONSUMED:
            place = slot.chain_id, slot.sender.lower()
            consumed[place] = max(consumed[place], slot.nonce + 1)
    for chain in books.chains.values():
        for address, used in chain.nonces.items():
            place = chain.chain_id, address
            given = lanes.get(place, 0)
            notes.expect(holds=used <= given, about=place, what=f"used {used} nonces on chain; the lane gave {given}")
            least = consumed[place]
            notes.expect(holds=least <= used, about=place, what=f"{least} nonces called consumed; on chain {used}")


def _check_lane(lane: Lane, taken: list[SpendSlot], notes: Notes) -> None:
    about = (lane.chain_id, lane.sender)
    nonces = sorted(slot.nonce for slot in taken)
    whole = nonces == list(range(len(nonces)))
    notes.expect(holds=whole, about=about, what=f"slots are not contiguous from 0: {_gaps(nonces)}")
    gone = sum(slot.state != LIVE for slot in taken)
    notes.expect(holds=gone == lane.next_nonce, about=about, what=f"{gone} slots are used, next is {lane.next_nonce}")
    live = [(slot.nonce, slot.transaction_id) for slot in taken if slot.state == LIVE]
    wanted = [] if lane.live_transaction is None else [(lane.next_nonce, lane.live_transaction)]
    notes.expect(holds=live == wanted, about=about, what=f"live slots {live}, the lane says {wanted}")


def _check_owner(slot: SpendSlot, owner: Transaction | None, notes: Notes) -> None:
    about: UUID = slot.transaction_id
    if owner is None:
        notes.find(about=about, what="has a slot but no row")
        return
    place = (owner.chain_id, owner.sender, owner.nonce)
    mine = (slot.chain_id, slot.sender, slot.nonce)
    notes.expect(holds=place == mine, about=about, what=f"has slot {mine}, its row says {place}")
    fits = slot.state in _STATES.get(owner.status, frozenset())
    closed = slot.state != FREED or owner.ending is not None
    notes.expect(holds=fits and closed, about=about, what=f"is {owner.status} with a slot that is {slot.state}")


def _gaps(nonces: list[int]) -> str:
    doubled = sorted({nonce for nonce in nonces if nonces.count(nonce) > 1})
    missing = sorted(set(range(max(nonces) + 1)) - set(nonces))
    return f"missing {missing}, twice {doubled}"
