"""The co-signers' journals (trust.md 5, 6), where their homes were given."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

from strongroom.apps.verify.books import Books, Entry, Slot
from strongroom.apps.verify.decode import (
    UnreadableError,
    entry_hash,
    get_bytes,
    get_integer,
    get_text,
    read_map,
    read_signed,
)
from strongroom.apps.verify.findings import Notes

GENESIS = bytes(32)
_CUSTOMER = 3
_LEFT_OUT = "No co-signer's home was given."
Fields = Mapping[str, object]


def check_chain(books: Books, notes: Notes) -> None:
    """Numbers without a gap, each entry naming the one before it, each hash its content's."""
    for index, entries in _journals(books, notes):
        previous = GENESIS
        for number, entry in enumerate(entries, 1):
            about = f"co-signer {index} entry {entry.sequence}"
            notes.expect(holds=entry.sequence == number, about=about, what=f"stands at place {number}")
            notes.expect(holds=entry.previous == previous, about=about, what="does not name the entry before it")
            hashed = entry_hash(
                sequence=entry.sequence, kind=entry.kind, previous=entry.previous, payload=entry.payload
            )
            notes.expect(holds=hashed == entry.hash, about=about, what="its hash is not that of its content")
            previous = entry.hash


def check_slots(books: Books, notes: Notes) -> None:
    """Over all journals together: one finished digest a slot."""
    slots: dict[bytes, Slot] = {}
    digests: defaultdict[Slot, set[bytes]] = defaultdict(set)
    finished: list[tuple[bytes, bytes]] = []
    for index, entries in _journals(books, notes):
        for fields in _of_kind(index, entries, "consented", notes):
            slots[get_bytes(fields, "digest")] = _slot(fields)
        finished += [
            (get_bytes(fields, "digest"), get_bytes(fields, "request_hash"))
            for fields in _of_kind(index, entries, "finished", notes)
        ]
    for digest, request_hash in finished:
        known = notes.expect(holds=digest in slots, about=request_hash.hex(), what="was finished without a consent")
        if known:
            digests[slots[digest]].add(digest)
    for slot, found in digests.items():
        notes.expect(holds=len(found) == 1, about=slot, what=f"has {len(found)} finished digests")


def check_closed(books: Books, notes: Notes) -> None:
    """RELEASED and an own tombstone exclude each other; what is finished was released."""
    for index, entries in _journals(books, notes):
        released = {get_bytes(one, "request_hash") for one in _of_kind(index, entries, "released", notes)}
        finished = {get_bytes(one, "request_hash") for one in _of_kind(index, entries, "finished", notes)}
        closed = {
            get_bytes(one, "request_hash")
            for one in _of_kind(index, entries, "closed", notes)
            if get_integer(read_signed(get_bytes(one, "tombstone")), "cosigner") == index
        }
        if index == _CUSTOMER:
            for one in books.before.transactions:
                known = one.tombstone is None or one.request_hash in closed
                notes.expect(holds=known, about=one.id, what="has a tombstone that co-signer 3 does not know")
        for request_hash in released | closed | finished:
            about = f"co-signer {index} request {request_hash.hex()}"
            both = request_hash in released and request_hash in closed
            notes.expect(holds=not both, about=about, what="was released and has its own tombstone")
            early = request_hash in finished and request_hash not in released
            notes.expect(holds=not early, about=about, what="was finished and never released")


def check_finished(books: Books, notes: Notes) -> None:
    """Whatever the manager holds signed, all co-signers hold finished."""
    signed = {one.request_hash: one for one in books.before.transactions if one.raw_payload_cbor is not None}
    for index, entries in _journals(books, notes):
        finished = {
            get_bytes(one, "request_hash"): get_bytes(one, "digest")
            for one in _of_kind(index, entries, "finished", notes)
        }
        for request_hash, one in signed.items():
            try:
                digest = get_bytes(read_map(one.raw_payload_cbor or b""), "digest")
            except UnreadableError as error:
                notes.find(about=one.id, what=str(error))
                continue
            what = f"is signed, and co-signer {index} has not finished that digest"
            notes.expect(holds=finished.get(request_hash) == digest, about=one.id, what=what)


def check_known(books: Books, notes: Notes) -> None:
    """Nobody had anything promised or closed that the manager has not: no request came past it, and none is lost."""
    known = {one.request_hash for one in books.after.transactions}
    for index, entries in _journals(books, notes):
        for kind in _SHAPES:
            for fields in _of_kind(index, entries, kind, notes):
                request_hash = get_bytes(fields, "request_hash")
                what = f"was {kind} by co-signer {index}, and is no transaction"
                notes.expect(holds=request_hash in known, about=request_hash.hex(), what=what)


def _journals(books: Books, notes: Notes) -> Iterator[tuple[int, tuple[Entry, ...]]]:
    if not books.journals:
        notes.leave_out(_LEFT_OUT)
    yield from sorted(books.journals.items())


def _of_kind(index: int, entries: tuple[Entry, ...], kind: str, notes: Notes) -> Iterator[Fields]:
    """The entries of one kind, decoded; one that cannot be is a finding."""
    check = _SHAPES[kind]
    for entry in entries:
        if entry.kind != kind:
            continue
        try:
            fields = read_map(entry.payload)
            check(fields)
        except UnreadableError as error:
            notes.find(about=f"co-signer {index} entry {entry.sequence}", what=f"{kind}: {error}")
            continue
        yield fields


def _slot(fields: Fields) -> Slot:
    return get_integer(fields, "chain_id"), get_text(fields, "sender").lower(), get_integer(fields, "nonce")


def _check_consented(fields: Fields) -> None:
    get_bytes(fields, "request_hash")
    get_bytes(fields, "digest")
    _slot(fields)


def _check_released(fields: Fields) -> None:
    get_bytes(fields, "request_hash")


def _check_finished(fields: Fields) -> None:
    get_bytes(fields, "request_hash")
    get_bytes(fields, "digest")


def _check_closed(fields: Fields) -> None:
    get_bytes(fields, "request_hash")
    get_integer(read_signed(get_bytes(fields, "tombstone")), "cosigner")


_SHAPES: Mapping[str, Callable[[Fields], None]] = {
    "consented": _check_consented,
    "released": _check_released,
    "finished": _check_finished,
    "closed": _check_closed,
}
