"""Tombstones: that whoever they name signed them, since they make paying again safe (trust.md 5)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from strongroom.apps.verify.books import Books, Transaction
from strongroom.apps.verify.decode import (
    UnreadableError,
    get_bytes,
    get_integer,
    get_list,
    is_signed_by,
    read_signed,
    to_map,
)
from strongroom.apps.verify.findings import Notes

_KIND = "tombstone"
_EVENT = "TOMBSTONE"
Keys = Mapping[tuple[str, int], frozenset[bytes]]


def check_signatures(books: Books, notes: Notes) -> None:
    """A tombstone is signed with the key that a document set of its tenant lists for the co-signer that it names.

    Any version's key will do: which one was in force is not written on a tombstone.
    """
    keys = _list_keys(books, notes)
    for one, tombstone, signer in _list_tombstones(books):
        try:
            fields = read_signed(tombstone)
            index = get_integer(fields, "cosigner")
            own = (get_bytes(fields, "request_hash"), get_bytes(fields, "transaction_id"))
            signed = any(
                is_signed_by(tombstone, key=key, kind=_KIND, environment=one.environment, tenant_id=one.tenant_id)
                for key in keys.get((one.tenant_id, index), frozenset())
            )
        except UnreadableError as error:
            notes.find(about=one.id, what=f"its tombstone cannot be read: {error}")
            continue
        what = f"the tombstone of co-signer {index} is not signed with its key"
        notes.expect(holds=signed and signer in (None, index), about=one.id, what=what)
        what = f"the tombstone of co-signer {index} is about another request"
        notes.expect(holds=own == (one.request_hash, one.id.bytes), about=one.id, what=what)


def _list_tombstones(books: Books) -> Iterator[tuple[Transaction, bytes, int | None]]:
    """Each with its transaction, and who is said to have sent it."""
    known: Mapping[UUID, Transaction] = {one.id: one for one in books.after.transactions}
    for one in books.before.transactions:
        if one.tombstone is not None:
            yield one, one.tombstone, None
    for event in books.neighbours.events:
        if event.kind == _EVENT and event.transaction_id in known:
            yield known[event.transaction_id], event.document, event.cosigner


def _list_keys(books: Books, notes: Notes) -> Keys:
    keys: defaultdict[tuple[str, int], set[bytes]] = defaultdict(set)
    for row in books.neighbours.document_sets:
        try:
            for index, key in _cosigners(row.signed):
                keys[row.tenant_id, index].add(key)
        except UnreadableError as error:
            notes.find(about=f"{row.tenant_id} document set {row.version}", what=f"cannot be read: {error}")
    return {place: frozenset(found) for place, found in keys.items()}


def _cosigners(signed: bytes) -> Iterable[tuple[int, bytes]]:
    listed = get_list(to_map(read_signed(signed).get("roster")), "cosigners")
    return [(get_integer(one, "index"), get_bytes(one, "signing_key")) for one in map(to_map, listed)]
