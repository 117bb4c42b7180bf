"""Every check is shown to find what it is there for: one row changed by hand, and exactly that is said."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from strongroom.apps.verify import CHECKS
from strongroom.apps.verify.audit import check_books
from strongroom.apps.verify.books import Books, Handoff, ManagerBook, StatusEvent, Transaction
from tests.apps.verify import ledger
from tests.apps.verify.journal import chained, tombstone, tombstone_of
from tests.apps.verify.ledger import CHAIN, SENDER, completed, made_books, promised

Change = Callable[[Books], Books]
HELD = made_books()
PAID: tuple[Transaction, ...] = HELD.after.transactions[:2]
BLOCKED = HELD.after.transactions[2]
HOPS = HELD.neighbours.handoffs["nodes"]


def later(**changes: Any) -> Change:
    """The manager's book at the end, with tables replaced."""
    return lambda books: replace(books, after=replace(books.after, **changes))


def both(**changes: Any) -> Change:
    """The manager's book at the beginning and at the end."""

    def change(books: Books) -> Books:
        book: ManagerBook = replace(books.after, **changes)
        return replace(books, before=book, after=book)

    return change


def row(number: int, **changes: Any) -> Change:
    """One transaction's row, always."""
    return both(transactions=rows_with(number, **changes))


def rows_with(number: int, **changes: Any) -> tuple[Transaction, ...]:
    rows = list(HELD.after.transactions)
    rows[number] = replace(rows[number], **changes)
    return tuple(rows)


def others(**changes: Any) -> Change:
    """The other databases."""
    return lambda books: replace(books, neighbours=replace(books.neighbours, **changes))


def chain(**changes: Any) -> Change:
    return lambda books: replace(books, chains={CHAIN: replace(books.chains[CHAIN], **changes)})


def first(table: str, **changes: Any) -> Change:
    """The first row of another database's table."""
    rows = getattr(HELD.neighbours, table)
    return others(**{table: (replace(rows[0], **changes), *rows[1:])})


def slots(**changes: Any) -> Change:
    """The second slot."""
    one, two = HELD.after.slots
    return both(slots=(one, replace(two, **changes)))


def lane(**changes: Any) -> Change:
    return both(lanes=(replace(HELD.after.lanes[0], **changes),))


def events(*statuses: str) -> Change:
    """The first transaction's history."""
    return both(statuses=statuses_with(PAID[0], statuses))


def statuses_with(one: Transaction, walk: tuple[str, ...]) -> tuple[StatusEvent, ...]:
    """Everybody's history, with another one of one transaction."""
    return *ledger.history(one, walk), *(event for event in HELD.after.statuses if event.transaction_id != one.id)


def hops(owner: str, *rows: Handoff) -> Change:
    """What a service recorded."""
    return others(handoffs={**HELD.neighbours.handoffs, owner: rows})


def first_hop(**changes: Any) -> Change:
    """The first that nodes recorded."""
    return hops("nodes", replace(HOPS[0], **changes), *HOPS[1:])


def on_chain(**changes: Any) -> Change:
    """The first payment as the chain has it."""
    one = replace(HELD.chains[CHAIN].by_hash[str(PAID[0].tx_hash)], **changes)
    return chain(by_hash={**HELD.chains[CHAIN].by_hash, one.tx_hash: one})


def journal(index: int, *contents: tuple[str, Mapping[str, object]]) -> Change:
    return lambda books: replace(books, journals={**books.journals, index: chained(list(contents))})


def together(*changes: Change) -> Change:
    def change(books: Books) -> Books:
        for one in changes:
            books = one(books)
        return books

    return change


def reported_failed_but_paid() -> Change:
    walk = (*ledger.WALK[:-1], "FAILED")
    return together(row(0, status="FAILED"), events(*walk))


PROMISES = [entry for one in PAID for entry in promised(one)]
RELEASED_ONLY = [*PROMISES, ("released", {"request_hash": BLOCKED.request_hash, "digest": b"d"})]
OTHER = completed(0, value=7)
LOST = completed(7)
ASKED: tuple[str, Mapping[str, object]] = (
    "callback-asked",
    {"request_hash": PAID[0].request_hash, "digest": ledger.signed_fields(PAID[0])[0]},
)


def answered(answer: str) -> tuple[str, Mapping[str, object]]:
    """What co-signer 3's handler said to ``ASKED``."""
    return "callback-answered", {**ASKED[1], "answer": answer}


VIOLATIONS: Mapping[str, tuple[Change, ...]] = {
    "status-history": (
        events("SUBMITTED", "PENDING_SIGNATURE", "COMPLETED"),
        events(*ledger.WALK[1:]),
        events(*ledger.WALK[:5], "FAILED"),
        events(*ledger.WALK[:-1]),
        row(0, status="CONFIRMING"),
        both(statuses=(*HELD.after.statuses, StatusEvent(id=99, transaction_id=UUID(int=5), status="SUBMITTED"))),
    ),
    "one-end": (events(*ledger.WALK, "FAILED"), events(*ledger.WALK, "CONFIRMING", "COMPLETED")),
    "final-stays": (
        later(transactions=(replace(PAID[0], status="FAILED"), *HELD.after.transactions[1:])),
        later(transactions=(replace(PAID[0], tx_hash="0x1"), *HELD.after.transactions[1:])),
        later(transactions=(replace(PAID[0], nonce=7), *HELD.after.transactions[1:])),
        later(transactions=HELD.after.transactions[1:]),
        later(statuses=HELD.after.statuses[1:]),
        lambda books: replace(books, before=replace(books.before, transactions=(replace(PAID[0], attempt=1),))),
    ),
    "one-request": (
        row(0, request_body=b"another"),
        row(0, id=UUID(int=1)),
        row(1, external_id=PAID[0].external_id),
        row(1, request_hash=PAID[0].request_hash),
        both(keys=(*HELD.after.keys, HELD.after.keys[0])),
        both(keys=(*HELD.after.keys, replace(HELD.after.keys[0], key="new", transaction_id=UUID(int=3)))),
    ),
    "intent": (
        row(0, amount_units=2),
        row(0, destination_address=SENDER),
        row(0, intent=b"\xff"),
        row(0, max_fee_units=1),
    ),
    "one-payload": (
        row(0, payload=PAID[1].payload),
        row(0, payload=None),
        row(0, nonce=None),
        row(0, raw_payload_cbor=None),
        row(0, raw_payload_cbor=PAID[1].raw_payload_cbor),
        row(0, raw_payload_cbor=OTHER.raw_payload_cbor),
        row(0, raw_payload_cbor=completed(0, data=b"\1", gas=50_000).raw_payload_cbor),
        row(0, raw_payload_cbor=completed(0, maxFeePerGas=10**12).raw_payload_cbor),
        row(0, raw_payload_cbor=completed(0, to=SENDER).raw_payload_cbor),
        row(0, raw_payload_cbor=completed(0, chainId=1).raw_payload_cbor),
        row(0, raw_payload_cbor=b"\xff"),
        row(0, max_fee_units=1),
    ),
    "one-digest": (
        first("attempts", raw_transaction=ledger.raw_of(OTHER)["raw_transaction"]),
        first("attempts", digest=b"\1" * 32),
        first("attempts", transaction_id=BLOCKED.id),
        first("assemblies", tx_hash="0x1"),
        first("assemblies", raw_transaction=b"\2"),
        first("admissions", payload=PAID[1].payload),
        first("admissions", intent=PAID[1].intent),
        first("admissions", transaction_id=UUID(int=4)),
        first("requests", payload=b"\xff"),
        first("admissions", attempt=1, payload=PAID[1].payload),
    ),
    "slots": (
        slots(nonce=2),
        slots(nonce=0),
        slots(state="FREED"),
        slots(state="LIVE"),
        together(slots(state="FREED"), lane(next_nonce=1)),
        slots(transaction_id=BLOCKED.id),
        slots(transaction_id=UUID(int=9)),
        slots(sender=ledger.RECEIVER),
        lane(next_nonce=3),
        lane(live_transaction=PAID[0].id),
        both(slots=HELD.after.slots[:1]),
    ),
    "slots-on-chain": (chain(nonces={SENDER.lower(): 3}), chain(nonces={SENDER.lower(): 1})),
    "paid-as-asked": (
        chain(by_hash={}),
        on_chain(to=SENDER.lower()),
        on_chain(value_units=1),
        on_chain(succeeded=False),
        on_chain(fee_units=1),
        on_chain(nonce=5),
        on_chain(raw_input="0x01"),
        reported_failed_but_paid(),
    ),
    "proven-ends": (
        row(2, tombstone=None),
        row(2, tombstone=b"\xff"),
        row(2, tombstone=tombstone(BLOCKED.request_hash, BLOCKED.id, signer=1)),
        row(2, tombstone=tombstone(BLOCKED.request_hash, PAID[0].id, signer=3)),
        row(2, tombstone=tombstone(PAID[0].request_hash, BLOCKED.id, signer=3)),
        row(2, ending="CANCELLED"),
    ),
    "tombstones": (row(2, tombstone=tombstone(BLOCKED.request_hash, BLOCKED.id, signer=3, key=1)),),
    "chain-is-ours": (
        chain(nonces={SENDER.lower(): 3}),
        chain(by_hash={}),
        chain(
            transfers=(
                *(HELD.chains[CHAIN].transfers or ()),
                replace(ledger.seen(PAID[0]), tx_hash="0xstranger", nonce=1),
            )
        ),
    ),
    "balances": (
        chain(balances={SENDER.lower(): 1}),
        row(0, amount_units=2),
        row(0, fee_units=0),
        chain(transfers=(ledger.funding(),)),
    ),
    "steps": (both(steps=HELD.after.steps[1:]), both(steps=(replace(HELD.after.steps[0], outcome="NOT_NOW"),))),
    "handoffs": (
        *(hops(owner) for owner in HELD.neighbours.handoffs),
        both(steps=(*HELD.before.steps, replace(ledger.steps_of(PAID[0])[6], attempt=1))),
    ),
    "handoff-tokens": (
        first_hop(transaction_id=UUID(int=1)),
        first_hop(from_service="gateway"),
        first_hop(token="x"),
        first_hop(to_service="screening"),
        hops("nodes", *(replace(one, cert_chain=None) for one in HOPS)),
        hops("nodes", HOPS[0], *HOPS),
    ),
    "step-rows": tuple(
        others(marks={**HELD.neighbours.marks, table: frozenset()}) for table in sorted(HELD.neighbours.marks)
    ),
    "statements": (
        others(events=HELD.neighbours.events[1:]),
        first("events", signature=b"\1" * 65),
        first("events", ceremony_id=b"\1" * 32),
        first("events", document=HELD.neighbours.events[1].document),
        first("events", document=HELD.neighbours.events[3].document),
        first("events", document=b"\xff"),
    ),
    "callbacks": (
        others(callbacks=(replace(ledger.callback_of(PAID[0]), answer="REJECT"),)),
        others(callbacks=(ledger.callback_of(PAID[0], answer="REJECT"),)),
        others(callbacks=(replace(ledger.callback_of(PAID[1]), transaction_id=PAID[0].id),)),
        first("callbacks", request_id="another"),
        first("callbacks", document=b"\xff"),
        both(steps=(*HELD.before.steps, replace(HELD.before.steps[0], step="10a", transaction_id=PAID[1].id))),
    ),
    "journal-chain": (
        lambda books: replace(books, journals={2: books.journals[2][1:]}),
        lambda books: replace(books, journals={2: (books.journals[2][0], *books.journals[2][2:])}),
        lambda books: replace(
            books, journals={2: (*books.journals[2][:-1], replace(books.journals[2][-1], payload=b"x"))}
        ),
        lambda books: replace(
            books, journals={2: (replace(books.journals[2][0], hash=bytes(32)), *books.journals[2][1:])}
        ),
    ),
    "journal-slots": (
        journal(1, *PROMISES, *promised(OTHER)),
        journal(1, *PROMISES, ("finished", {"request_hash": b"r", "digest": b"d"})),
        journal(1, *PROMISES, ("finished", {"request_hash": b"r"})),
    ),
    "journal-closed": (
        journal(3, *RELEASED_ONLY, tombstone_of(BLOCKED, signer=3)),
        journal(1, *PROMISES[:1], *PROMISES[2:]),
        journal(3, *PROMISES),
        journal(1, ("closed", {"request_hash": b"r", "tombstone": b"\xff"})),
    ),
    "journal-callbacks": (
        journal(3, ASKED, answered("REJECT"), *PROMISES),
        journal(3, ASKED, answered("APPROVE"), answered("REJECT"), *PROMISES),
        journal(3, ASKED, ASKED, *PROMISES),
        journal(3, answered("APPROVE"), *PROMISES),
        journal(3, ("callback-asked", {"request_hash": b"r"})),
    ),
    "journal-finished": (journal(1, *PROMISES[:2]), journal(2, *promised(PAID[0]), *promised(PAID[1])[:2])),
    "journal-known": (
        *(journal(1, *PROMISES, entry) for entry in promised(LOST)),
        journal(2, *PROMISES, tombstone_of(LOST, signer=2)),
        journal(2, *PROMISES, ("consented", {"digest": b"d", "chain_id": CHAIN, "sender": SENDER, "nonce": 2})),
    ),
}
CASES = [(name, number) for name, changes in VIOLATIONS.items() for number in range(len(changes))]


def found_in(books: Books) -> dict[str, list[str]]:
    """What each check that found something says."""
    report = check_books(books)
    assert report.holds == all(outcome.holds for outcome in report.outcomes)
    return {outcome.name: [one.what for one in outcome.findings] for outcome in report.outcomes if not outcome.holds}


def test_books_that_hold_are_found_to_hold() -> None:
    report = check_books(HELD)
    assert found_in(HELD) == {}
    assert [outcome.name for outcome in report.outcomes if outcome.looked_at == 0 or outcome.left_out] == []


def test_every_check_is_shown_to_find_something() -> None:
    assert [check.name for check in CHECKS] == list(VIOLATIONS)


@pytest.mark.parametrize(("name", "number"), CASES)
def test_a_violation_is_found_by_its_check(name: str, number: int) -> None:
    assert found_in(VIOLATIONS[name][number](HELD)).get(name)


def test_a_peers_tombstone_after_an_own_release_is_allowed() -> None:
    change = journal(1, *RELEASED_ONLY, tombstone_of(BLOCKED, signer=3))
    assert found_in(change(HELD)) == {}


def test_what_landed_although_it_was_closed_needs_no_steps_of_ours() -> None:
    """A provider held back its share, and its tombstone had freed the slot: the chain decided (trust.md 5)."""
    landed = row(0, ending="CANCELLED", freed=True, raw_payload_cbor=None)
    without = both(steps=tuple(step for step in HELD.after.steps if step.transaction_id != PAID[0].id))
    walk = events(*ledger.WALK[:5], "CANCELLING", "COMPLETED")
    unsigned = others(attempts=HELD.neighbours.attempts[1:], assemblies=HELD.neighbours.assemblies[1:])
    assert found_in(together(landed, lambda books: keep_row(books, without), walk, unsigned)(HELD)) == {}


def test_what_landed_after_its_slot_was_freed_is_not_a_lost_nonce() -> None:
    """The lane still offers the nonce that the chain has used; whoever takes it fails, and may be asked for again."""
    one, two = HELD.after.slots
    closed = (*ledger.WALK[:5], "CANCELLING", "COMPLETED")
    lane_and_slots: dict[str, Any] = {
        "slots": (one, replace(two, state="FREED")),
        "lanes": (replace(HELD.after.lanes[0], next_nonce=1),),
    }
    rows = rows_with(1, ending="CANCELLED", freed=True)
    landed = both(transactions=rows, statuses=statuses_with(PAID[1], closed), **lane_and_slots)
    assert found_in(landed(HELD)) == {}
    assert set(found_in(both(**lane_and_slots)(HELD))) == {"slots", "slots-on-chain"}


@pytest.mark.parametrize(
    "status", ["PENDING_AML_SCREENING", "PENDING_AUTHORIZATION", "QUEUED", "PENDING_SIGNATURE", "CANCELLING"]
)
def test_what_is_decided_again_keeps_its_live_slot(status: str) -> None:
    one, two = HELD.after.slots
    waiting: dict[str, Any] = {
        "transactions": rows_with(1, status=status, raw_payload_cbor=None, tx_hash=None, fee_units=None, attempt=1),
        "lanes": (replace(HELD.after.lanes[0], next_nonce=1, live_transaction=PAID[1].id),),
    }
    assert "slots" not in found_in(both(**waiting, slots=(one, replace(two, state="LIVE")))(HELD))
    assert "slots" in found_in(both(**waiting, slots=(one, replace(two, state="SIGNED")))(HELD))


def keep_row(books: Books, change: Change) -> Books:
    """Another change of the manager's book beside that of its rows."""
    rows = books.after.transactions
    return both(transactions=rows)(change(books))


def test_a_closed_request_gives_its_external_id_back() -> None:
    rows = (replace(BLOCKED, external_id=PAID[0].external_id, tombstone=b"signed"), *PAID)
    assert "one-request" not in found_in(both(transactions=rows)(HELD))


def test_what_cannot_be_read_is_said() -> None:
    long = chain(transfers=None, unread="too long")(HELD)
    blind = replace(HELD, journals={})
    assert found_in(long) == found_in(blind) == {}
    assert [one.name for one in check_books(long).outcomes if one.left_out] == ["balances"]
    assert [one.name for one in check_books(blind).outcomes if one.left_out] == [
        "journal-chain",
        "journal-slots",
        "journal-closed",
        "journal-callbacks",
        "journal-finished",
        "journal-known",
    ]
