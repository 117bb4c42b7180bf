"""A platform or a peer that would fill the journal: of what it can cause at will an hour has only so much room."""

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from strongroom.custody.cosigner.config import load_config, write_config
from strongroom.custody.cosigner.domain.ceremony import quorum_hash
from strongroom.custody.cosigner.domain.entries import CeremonyFailed
from strongroom.custody.cosigner.domain.hour import HOUR_S
from strongroom.custody.cosigner.domain.limits import Limits
from strongroom.custody.cosigner.domain.orders import CloseRequest, HonourTombstone
from strongroom.custody.cosigner.domain.reports import Consented, Honoured, Report, Tombstoned
from strongroom.custody.cosigner.operations.peers_allowed import UNATTRIBUTED_FAILURES_MAX
from strongroom.custody.cosigner.store import get_failure_count
from strongroom.kernel.documents.consent import Tombstone
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TransactionId, derive_transaction_id
from tests.custody.cosigner.ceremonies import faults, other_lane
from tests.custody.cosigner.cheating import CheatingBackend, spoil_late
from tests.custody.cosigner.opened import reason_of, tombstone_of
from tests.custody.cosigner.world import DEFAULT_LIMITS, TENANT, World
from tests.fakes.memory_engine import MemoryEngine

ROOM = 8
FEW = replace(DEFAULT_LIMITS, closings_per_hour=ROOM)


@pytest.fixture
def small(world: World) -> World:
    """Co-signer 3 has little room."""
    world.restart(3, limits=FEW)
    return world


def id_of(world: World, request_hash: bytes) -> TransactionId:
    return derive_transaction_id(environment=world.environment, tenant_id=TENANT, request_hash=request_hash)


def close(world: World, request_hash: bytes) -> Report:
    order = CloseRequest(
        ceremony_id=b"",
        tenant_id=TENANT,
        request_hash=request_hash,
        transaction_id=id_of(world, request_hash).bytes,
        reason="CANCELLED_BY_USER",
    )
    return world.cores[3].handle(order)[0]


def show_peers(world: World, request_hash: bytes, *, signer: int = 1) -> Report:
    """Show co-signer 3 a peer's tombstone on it."""
    tombstone = Tombstone(
        transaction_id=id_of(world, request_hash).bytes,
        request_hash=request_hash,
        cosigner=signer,
        reason="x",
        at=world.now,
    )
    data = world.contexts[signer].sign(kind=Kind.TOMBSTONE, tenant_id=TENANT, document=tombstone)
    order = HonourTombstone(ceremony_id=b"", tenant_id=TENANT, signer=signer, tombstone=data)
    return world.cores[3].handle(order)[0]


def invented(number: int) -> Iterable[bytes]:
    return (os.urandom(32) for _ in range(number))


def sequence(world: World) -> int:
    return world.contexts[3].journal.sequence


def test_requests_never_seen_are_closed_as_far_as_the_hour_has_room(small: World) -> None:
    for request_hash in invented(ROOM):
        assert tombstone_of(small, close(small, request_hash)).request_hash == request_hash
    before = sequence(small)
    for request_hash in invented(3 * ROOM):
        assert reason_of(small, close(small, request_hash)) == "NOT_NOW"
        assert reason_of(small, show_peers(small, request_hash)) == "NOT_NOW"
    assert sequence(small) == before
    small.clock.advance(HOUR_S - 1)
    late = os.urandom(32)
    assert reason_of(small, close(small, late)) == "NOT_NOW"
    small.clock.advance(1)
    assert isinstance(close(small, late), Tombstoned)


def test_tombstones_that_a_peer_signs_without_end_have_the_same_room(small: World) -> None:
    for request_hash in invented(3 * ROOM):
        show_peers(small, request_hash)
    entries = (
        small.contexts[3]
        .journal.db.execute("select count(*) from journal where kind in ('closed', 'peer-closed')")
        .fetchone()[0]
    )
    assert ROOM <= entries <= ROOM + 1  # the last one comes with our own beside it


def test_what_was_consented_to_or_closed_is_closed_whatever_the_hour(small: World) -> None:
    transfer, lane = small.transfer(), other_lane(small)
    for order in (transfer.order(), lane.order()):
        assert isinstance(small.cores[3].handle(order)[0], Consented)
    (dead, *_) = hashes = list(invented(ROOM))
    for request_hash in hashes:
        close(small, request_hash)
    assert reason_of(small, close(small, os.urandom(32))) == "NOT_NOW"
    assert isinstance(close(small, transfer.request_hash), Tombstoned)
    assert isinstance(show_peers(small, lane.request_hash), Tombstoned)
    before = sequence(small)
    assert isinstance(close(small, dead), Tombstoned)
    assert sequence(small) == before
    assert isinstance(show_peers(small, dead, signer=2), Tombstoned | Honoured)
    assert reason_of(small, close(small, os.urandom(32))) == "NOT_NOW"


def test_a_full_hour_hinders_no_payment_and_no_verdict_of_our_own(small: World) -> None:
    for request_hash in invented(2 * ROOM):
        close(small, request_hash)
    old = small.transfer(amount="2")
    assert isinstance(small.cores[3].handle(small.transfer().order())[0], Consented)
    small.clock.advance(small.document_set.request_lifetime_s)
    for request_hash in invented(2 * ROOM):
        close(small, request_hash)
    assert reason_of(small, close(small, old.request_hash)) == "NOT_NOW"
    assert tombstone_of(small, small.cores[3].handle(old.order())[0]).reason == "REQUEST_EXPIRED"


def test_a_restart_makes_no_room(small: World) -> None:
    for request_hash in invented(ROOM - 1):
        close(small, request_hash)
    transfer = small.transfer()
    assert isinstance(small.cores[3].handle(transfer.order())[0], Consented)
    close(small, transfer.request_hash)
    small.restart(3, limits=FEW)
    assert isinstance(close(small, os.urandom(32)), Tombstoned)
    assert reason_of(small, close(small, os.urandom(32))) == "NOT_NOW"
    small.restart(3, limits=FEW)
    assert reason_of(small, close(small, os.urandom(32))) == "NOT_NOW"
    small.clock.advance(HOUR_S)
    assert isinstance(close(small, os.urandom(32)), Tombstoned)


def test_a_quorum_that_is_frozen_writes_no_further_failures(world: World, engine: MemoryEngine) -> None:
    """A refresh may be tried without end, and a peer may spoil every one of them."""
    name = quorum_hash(key_id="acme/sandbox/ecdsa-1", epoch=2)
    for number in range(UNATTRIBUTED_FAILURES_MAX - 1):
        world.contexts[3].journal.append(
            CeremonyFailed(quorum_hash=name, ceremony_id=bytes([number]) * 32, round=3, detail="", at=world.now)
        )
    world.restart(2, backend=CheatingBackend(1, spoil_late))
    request = world.key_request(epoch=2)
    written = list[int]()
    for _ in range(4):
        assert len(faults(engine.generate_key(tenant_id=TENANT, key_request=request))) == 3
        entries = world.contexts[3].journal.db.execute("select count(*) from journal where kind = 'ceremony-failed'")
        written.append(entries.fetchone()[0])
    most = UNATTRIBUTED_FAILURES_MAX + 1
    assert written == [most - 1, most, most, most]
    assert get_failure_count(world.contexts[3].journal.db, quorum_hash=name) == most


def test_the_operator_says_how_much_room_there_is(tmp_path: Path) -> None:
    file = tmp_path / "cosigner.toml"
    head = 'index = 3\noperator = "customer"\n'
    file.write_text(head)
    assert load_config(tmp_path).limits.closings_per_hour == Limits(assets={}).closings_per_hour
    file.write_text(f"{head}closings_per_hour = 7\n")
    config = load_config(tmp_path)
    assert config.limits.closings_per_hour == 7
    file.unlink()
    write_config(tmp_path, config)
    assert load_config(tmp_path) == config
    for wrong in ("0", "-1", '"x"'):
        file.write_text(f"{head}closings_per_hour = {wrong}\n")
        with pytest.raises(StrongroomError) as refused:
            load_config(tmp_path)
        assert refused.value.code is Code.CONFIG_INVALID
