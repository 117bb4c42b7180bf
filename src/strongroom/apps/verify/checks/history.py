"""How statuses follow one another, and that what has ended has ended."""

from collections import Counter, defaultdict
from itertools import pairwise
from uuid import UUID

from strongroom.apps.verify.books import Books, ManagerBook, StatusEvent, Transaction
from strongroom.apps.verify.decode import request_hash_of, transaction_id_of
from strongroom.apps.verify.findings import Notes
from strongroom.apps.verify.statuses import FIRST, MOVES, TERMINAL

_SET_ONCE = (
    "ending",
    "tombstone",
    "payload",
    "intent",
    "request_hash",
    "request_body",
    "request_token",
    "nonce",
    "raw_payload_cbor",
    "tx_hash",
)


def check_moves(books: Books, notes: Notes) -> None:
    """The history of each transaction begins with SUBMITTED, moves legally and ends where the row is."""
    events, known = _events_of(books.after), {one.id for one in books.after.transactions}
    for transaction in books.after.transactions:
        walked = [event.status for event in events.get(transaction.id, ())]
        about, status = transaction.id, transaction.status
        notes.expect(holds=walked[:1] == [FIRST], about=about, what=f"begins with {walked[:1]}, not {FIRST}")
        notes.expect(holds=walked[-1:] == [status], about=about, what=f"history ends {walked[-1:]}, row is {status}")
        for before, after in pairwise(walked):
            legal = after in MOVES.get(before, frozenset())
            notes.expect(holds=legal, about=about, what=f"went from {before} to {after}")
    for transaction_id in events.keys() - known:
        notes.find(about=transaction_id, what="has a history but no row")


def check_ends(books: Books, notes: Notes) -> None:
    """At most one terminal status, and it is the last."""
    for transaction_id, events in _events_of(books.after).items():
        ends = [place for place, event in enumerate(events) if event.status in TERMINAL]
        once = not ends or ends == [len(events) - 1]
        notes.expect(
            holds=once, about=transaction_id, what=f"ended at places {ends} of {[event.status for event in events]}"
        )


def check_stays(books: Books, notes: Notes) -> None:
    """Between the two readings nothing final, set once or appended has changed."""
    later = {one.id: one for one in books.after.transactions}
    history = _events_of(books.after)
    for before in books.before.transactions:
        after = later.get(before.id)
        if notes.expect(holds=after is not None, about=before.id, what="has vanished") and after is not None:
            _check_unchanged(before, after, notes)
    for transaction_id, events in _events_of(books.before).items():
        same = history.get(transaction_id, [])[: len(events)] == events
        notes.expect(holds=same, about=transaction_id, what="its history was rewritten")


def check_requests(books: Books, notes: Notes) -> None:
    """A transaction's id follows from its request, and nothing that names one transaction names two."""
    transactions = books.after.transactions
    for one in transactions:
        hashed = request_hash_of(token=one.request_token, body=one.request_body)
        notes.expect(holds=hashed == one.request_hash, about=one.id, what="request_hash is not that of its request")
        derived = transaction_id_of(environment=one.environment, tenant_id=one.tenant_id, request_hash=one.request_hash)
        notes.expect(holds=derived == one.id, about=one.id, what=f"its request has the id {derived}")
    _expect_unique("request", Counter(one.request_hash.hex() for one in transactions), notes)
    open_ids = [one for one in transactions if one.external_id is not None and one.tombstone is None]
    named = Counter(f"{one.tenant_id} {one.external_id}" for one in open_ids)  # a closed request gives its id back
    _expect_unique("externalTxId", named, notes)
    _expect_unique("key", Counter(f"{key.tenant_id} {key.key}" for key in books.after.keys), notes)
    known = {one.id for one in transactions}
    for key in books.after.keys:
        notes.expect(holds=key.transaction_id in known, about=key.key, what=f"names {key.transaction_id}, which is not")


def _expect_unique(what: str, counted: Counter[str], notes: Notes) -> None:
    for name, count in counted.items():
        notes.expect(holds=count == 1, about=f"{what} {name}", what=f"has {count} transactions")


def _check_unchanged(before: Transaction, after: Transaction, notes: Notes) -> None:
    for name in _SET_ONCE:
        was = getattr(before, name)
        stays = was is None or was == getattr(after, name)
        notes.expect(holds=stays, about=before.id, what=f"{name} was set and has changed")
    if before.status in TERMINAL:
        ended, now = (before.status, before.sub_status), (after.status, after.sub_status)
        notes.expect(holds=ended == now, about=before.id, what=f"was {ended[0]} for good and is {now[0]}")
    notes.expect(holds=before.attempt <= after.attempt, about=before.id, what="its attempt went back")


def _events_of(book: ManagerBook) -> dict[UUID, list[StatusEvent]]:
    found: defaultdict[UUID, list[StatusEvent]] = defaultdict(list)
    for event in book.statuses:
        found[event.transaction_id].append(event)
    return dict(found)
