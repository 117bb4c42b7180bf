"""Tombstones of peers: dead for all, the slot free for the next, and nobody releases and closes the same request."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strongroom.custody.cosigner.domain.entries import Refused as RefusedEntry
from strongroom.custody.cosigner.domain.limits import AssetLimit, Limits
from strongroom.custody.cosigner.domain.orders import CloseRequest, HonourTombstone, PeerMessage
from strongroom.custody.cosigner.domain.reports import Consented, Honoured, Report, Tombstoned
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.consent import Tombstone
from strongroom.kernel.documents.signing import Kind, Signed
from tests.custody.cosigner.ceremonies import close, header, offer, sign_with, signatures
from tests.custody.cosigner.opened import reason_of, tombstone_of
from tests.custody.cosigner.world import ETHER, TENANT, Transfer, World
from tests.fakes.memory_engine import MemoryEngine, unchanged


def close_at(world: World, transfer: Transfer, index: int) -> Report:
    order = CloseRequest(
        ceremony_id=b"",
        tenant_id=TENANT,
        request_hash=transfer.request_hash,
        transaction_id=transfer.intent.transaction_id,
        reason="CANCELLED_BY_USER",
    )
    return world.cores[index].handle(order)[0]


def show(world: World, tombstone: bytes, *, signer: int, to: int) -> Report:
    order = HonourTombstone(ceremony_id=os.urandom(32), tenant_id=TENANT, signer=signer, tombstone=tombstone)
    return world.cores[to].handle(order)[0]


def refusals(world: World, index: int) -> list[RefusedEntry]:
    rows = world.contexts[index].journal.db.execute("select payload from journal where kind = 'refused'")
    return [decode(row[0], RefusedEntry) for row in rows]


def released_by_3_only(world: World, engine: MemoryEngine) -> Transfer:
    """Co-signer 3 has released; the second round never reached the others."""

    def stop(message: PeerMessage) -> Sequence[PeerMessage]:
        return (message,) if header(message).round < 2 or message.receiver == 3 else ()

    transfer = world.transfer(external_id="invoice-7")
    engine.tamper = stop
    assert engine.sign(transfer.order()) == []
    engine.tamper = unchanged
    return transfer


def test_a_peer_s_tombstone_is_answered_with_our_own(world: World) -> None:
    transfer = world.transfer()
    assert isinstance(world.cores[3].handle(transfer.order())[0], Consented)
    dead = close_at(world, transfer, 1)
    assert isinstance(dead, Tombstoned)
    own = show(world, dead.document, signer=1, to=3)
    assert tombstone_of(world, own).cosigner == 3
    sequence = world.contexts[3].journal.sequence
    assert isinstance(show(world, dead.document, signer=1, to=3), Tombstoned)
    assert world.contexts[3].journal.sequence == sequence
    assert isinstance(world.cores[3].handle(transfer.order())[0], Tombstoned)
    assert isinstance(world.cores[3].handle(world.transfer(amount="2").order())[0], Consented)


def test_after_release_the_peer_s_tombstone_frees_the_slot_but_not_the_external_id(
    world: World, engine: MemoryEngine
) -> None:
    """The peer may hold the finished signature: a second payment of the same invoice could be one too many."""
    first = released_by_3_only(world, engine)
    assert reason_of(world, close_at(world, first, 3)) == "DIGEST_RELEASED"
    dead = [close_at(world, first, index) for index in (1, 2)]
    assert all(isinstance(report, Tombstoned) for report in dead)
    second = world.transfer(amount="2", external_id="invoice-8")
    assert reason_of(world, world.cores[3].handle(second.order())[0]) == "SLOT_TAKEN"
    assert isinstance(dead[0], Tombstoned)
    honoured = show(world, dead[0].document, signer=1, to=3)
    assert isinstance(honoured, Honoured)
    assert honoured.request_hash == first.request_hash
    assert reason_of(world, world.cores[3].handle(first.order())[0]) == "TOMBSTONED"
    world.restart(3)
    assert reason_of(world, world.cores[3].handle(first.order())[0]) == "TOMBSTONED"
    assert reason_of(world, close_at(world, first, 3)) == "DIGEST_RELEASED"
    assert len(signatures(engine.sign(second.order()))) == 3
    repeated = world.transfer(nonce=1, external_id="invoice-7")
    assert reason_of(world, world.cores[3].handle(repeated.order())[0]) == "EXTERNAL_ID_REUSED"
    assert len(signatures(engine.sign(world.transfer(nonce=1).order()))) == 3


def test_what_was_released_counts_in_the_limit_of_a_day_though_a_peer_closed_it(
    world: World, engine: MemoryEngine
) -> None:
    """The peer may hold the finished signature: else it could have any amount released in a day, and call it dead."""
    limits = Limits(assets={"ETH_TEST": AssetLimit(per_transaction_units=2 * ETHER, rolling_24h_units=2 * ETHER)})
    world.restart(3, limits=limits)
    dead = close_at(world, released_by_3_only(world, engine), 1)
    assert isinstance(dead, Tombstoned)
    assert isinstance(show(world, dead.document, signer=1, to=3), Honoured)
    another = world.transfer(amount="1")
    assert reason_of(world, world.cores[3].handle(another.order())[0]) == "LIMIT_EXCEEDED"
    world.restart(3, limits=limits)
    assert reason_of(world, world.cores[3].handle(another.order())[0]) == "LIMIT_EXCEEDED"
    world.clock.advance(24 * 3600)
    assert isinstance(world.cores[3].handle(world.transfer(amount="1").order())[0], Consented)


def test_a_tombstone_ends_the_ceremony_that_runs(world: World, engine: MemoryEngine) -> None:
    transfer = world.transfer()
    held: list[PeerMessage] = []

    def stop(message: PeerMessage) -> Sequence[PeerMessage]:
        if header(message).round == 3 and message.receiver == 3:
            held.append(message)
            return ()
        return (message,)

    engine.tamper = stop
    engine.sign(transfer.order())
    tombstone = Tombstone(
        transaction_id=transfer.intent.transaction_id,
        request_hash=transfer.request_hash,
        cosigner=1,
        reason="CANCELLED_BY_USER",
        at=world.now,
    )
    lie = world.contexts[1].sign(kind=Kind.TOMBSTONE, tenant_id=TENANT, document=tombstone)
    assert isinstance(show(world, lie, signer=1, to=3), Honoured)
    assert [world.cores[3].handle(message) for message in held] == [(), ()]
    finished = signatures(engine.sign(transfer.order()))[0]
    assert reason_of(world, offer(world, transfer, finished)[3]) == "TOMBSTONED"


def test_a_peer_that_closes_what_it_has_finished_is_an_alarm(world: World, engine: MemoryEngine) -> None:
    transfer, reports = sign_with(world, engine, unchanged)
    assert len(signatures(reports)) == 3
    tombstone = Tombstone(
        transaction_id=transfer.intent.transaction_id,
        request_hash=transfer.request_hash,
        cosigner=1,
        reason="x",
        at=world.now,
    )
    lie = world.contexts[1].sign(kind=Kind.TOMBSTONE, tenant_id=TENANT, document=tombstone)
    assert reason_of(world, show(world, lie, signer=1, to=3)) == "STATUS_CONFLICT"
    assert [entry.reason for entry in refusals(world, 3)] == ["STATUS_CONFLICT"]
    assert len(signatures(engine.sign(world.transfer(nonce=1).order()))) == 3


@pytest.mark.parametrize("what", ["unsigned", "self", "other-signer", "other-transaction", "garbage"])
def test_only_a_peer_s_own_tombstone_is_honoured(world: World, what: str) -> None:
    transfer = world.transfer()
    assert isinstance(world.cores[3].handle(transfer.order())[0], Consented)
    tombstone = Tombstone(
        transaction_id=transfer.intent.transaction_id if what != "other-transaction" else bytes(16),
        request_hash=transfer.request_hash,
        cosigner=1,
        reason="x",
        at=world.now,
    )
    data = world.contexts[1].sign(kind=Kind.TOMBSTONE, tenant_id=TENANT, document=tombstone)
    signer = {"self": 3, "other-signer": 2}.get(what, 1)
    if what == "unsigned":
        data = world.signed(Kind.TOMBSTONE, tombstone, key=world.owner, signer="cosigner-1")
    if what == "garbage":
        data = b"\x00"
    expected = {
        "self": "MESSAGE_INVALID",
        "other-transaction": "INTENT_MISMATCH",
        "garbage": "DOCUMENT_MALFORMED",
    }.get(what, "DOCUMENT_SIGNATURE_INVALID")
    assert reason_of(world, show(world, data, signer=signer, to=3)) == expected
    assert [entry.reason for entry in refusals(world, 3)] == [expected]
    assert isinstance(world.cores[3].handle(transfer.order())[0], Consented)


ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("sign"), st.integers(0, 2), st.integers(0, 17)),
        st.tuples(st.just("close"), st.integers(0, 2), st.integers(1, 3)),
        st.tuples(st.just("show"), st.integers(0, 2), st.integers(1, 3)),
        st.tuples(st.just("restart"), st.just(0), st.integers(1, 3)),
    ),
    max_size=12,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts=ACTS)
def test_no_slot_has_two_finished_digests_and_nobody_releases_and_closes(
    keyed: World, tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[str, int, int]]
) -> None:
    """Three payments want one slot; ceremonies are cut at any message, closed and shown in any order."""
    world = keyed.clone(tmp_path_factory.mktemp("walk"))
    try:
        _walk(world, acts)
        assert len(_landable(world)) <= 1
        assert _released_and_closed(world) == set()
    finally:
        world.close()


def _walk(world: World, acts: list[tuple[str, int, int]]) -> None:
    transfers = [world.transfer(amount=amount) for amount in ("1", "2", "3")]
    tombstones: dict[int, dict[int, bytes]] = {0: {}, 1: {}, 2: {}}
    for act, number, place in acts:
        if act == "sign":
            _sign_until(world, transfers[number], place)
        elif act == "close":
            report = close_at(world, transfers[number], place)
            if isinstance(report, Tombstoned):
                tombstones[number][place] = report.document
        elif act == "show":
            for signer, document in tombstones[number].items():
                if signer != place:
                    show(world, document, signer=signer, to=place)
        else:
            world.restart(place)


def _sign_until(world: World, transfer: Transfer, cut: int) -> None:
    count = 0

    def tamper(message: PeerMessage) -> Sequence[PeerMessage]:
        nonlocal count
        count += 1
        return (message,) if count <= cut else ()

    MemoryEngine(cores=world.cores, tamper=tamper).sign(transfer.order())


def _requests(world: World, table: str) -> dict[int, set[bytes]]:
    return {
        index: {row[0] for row in context.journal.db.execute(f"select request_hash from {table}")}  # noqa: S608
        for index, context in world.contexts.items()
    }


def _landable(world: World) -> set[bytes]:
    """Requests with a finished signature that nobody has closed."""
    finished, closed = _requests(world, "finished"), _requests(world, "tombstones")
    return set[bytes]().union(*finished.values()) - set[bytes]().union(*closed.values())


def _released_and_closed(world: World) -> set[bytes]:
    """Requests that one and the same co-signer has released and closed."""
    released, closed = _requests(world, "released"), _requests(world, "tombstones")
    return set[bytes]().union(*(released[index] & closed[index] for index in released))


def test_a_close_order_before_any_consent_is_kept(world: World, tmp_path: Path) -> None:
    del tmp_path
    transfer = world.transfer()
    close(world, transfer)
    world.restart(2)
    report = world.cores[2].handle(dataclasses.replace(transfer.order(), attempt=3))[0]
    assert tombstone_of(world, report).reason == "CANCELLED"
    assert decode(getattr(report, "document", b""), Signed).kind is Kind.TOMBSTONE
