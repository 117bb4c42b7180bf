"""Complete refresh in two phases: at no moment is the key without three shares, and old shares are gone afterwards."""

from collections.abc import Sequence

import pytest

from strongroom.custody.cosigner.domain.orders import PeerMessage
from strongroom.custody.cosigner.domain.reports import Failed, KeyActivated, KeyRecorded, Report
from strongroom.custody.cosigner.store import StoredKey
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.intent import PublicKey
from strongroom.kernel.documents.keys import KeyRecord, verify_key_records
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.cosigner.ceremonies import faults, header, signatures
from tests.custody.cosigner.cheating import CheatingBackend, spoil_late
from tests.custody.cosigner.opened import reason_of
from tests.custody.cosigner.world import TENANT, World
from tests.fakes.memory_engine import MemoryEngine, unchanged

ROUNDS = range(8)
"""Nonces, three rounds and an echo of the refresh, three rounds of the test signature."""


def records_of(reports: Sequence[Report]) -> tuple[bytes, ...]:
    """The key records of all three, in the order of their co-signers."""
    documents = [report.document for report in reports if isinstance(report, KeyRecorded)]
    return tuple(sorted(documents, key=lambda data: decode(decode(data, Signed).payload, KeyRecord).cosigner))


def refreshed(world: World, engine: MemoryEngine, *, request: bytes | None = None, epoch: int = 2) -> tuple[bytes, ...]:
    """Phase one, all the way; three records."""
    reports = engine.generate_key(tenant_id=TENANT, key_request=request or world.key_request(epoch=epoch))
    assert [type(report) for report in reports] == [KeyRecorded] * 3
    return records_of(reports)


def activated(world: World, engine: MemoryEngine, records: Sequence[bytes]) -> list[Report]:
    return engine.activate_key(tenant_id=TENANT, key_id=world.public_key().key_id, records=records)


def key_at(world: World, index: int) -> StoredKey:
    return world.contexts[index].get_key(world.document_set)


def epochs(world: World) -> list[int]:
    return [key_at(world, index).epoch for index in (1, 2, 3)]


def shares_at(world: World, index: int) -> int:
    return int(world.contexts[index].journal.db.execute("select count(*) from shares").fetchone()[0])


def signs(world: World, engine: MemoryEngine, *, nonce: int = 0) -> bool:
    return len(set(signatures(engine.sign(world.transfer(nonce=nonce).order())))) == 1


def test_a_refresh_keeps_the_key_and_every_share_signs_again(world: World, engine: MemoryEngine) -> None:
    before = world.public_key()
    records = refreshed(world, engine)
    assert epochs(world) == [1, 1, 1]
    assert signs(world, engine), "the old shares are used until all three have recorded the new ones"
    reports = activated(world, engine, records)
    assert [report.epoch for report in reports if isinstance(report, KeyActivated)] == [2, 2, 2]
    assert epochs(world) == [2, 2, 2]
    assert world.public_key() == before
    assert signs(world, engine, nonce=1)


def test_the_old_share_is_gone_from_the_disk(world: World, engine: MemoryEngine) -> None:
    path = world.parties[1].path
    old = world.contexts[1].journal.db.execute("select blob from shares").fetchone()[0]
    assert old[1000:2000] in path.read_bytes() + path.with_name(path.name + "-wal").read_bytes()
    activated(world, engine, refreshed(world, engine))
    assert shares_at(world, 1) == 1
    left = path.read_bytes() + path.with_name(path.name + "-wal").read_bytes()
    assert old[1000:2000] not in left
    world.restart(1)
    assert key_at(world, 1).epoch == 2


def test_what_the_records_say_can_be_checked_by_anybody(world: World, engine: MemoryEngine) -> None:
    before, request = world.public_key(), world.key_request(epoch=2)
    records = refreshed(world, engine, request=request)
    asked = sha256(decode(request, Signed).payload)

    def check(*, epoch: int = 2, expected: PublicKey = before) -> PublicKey:
        return verify_key_records(
            records=records, document_set=world.document_set, key_request_hash=asked, epoch=epoch, expected=expected
        )

    assert check() == before
    with pytest.raises(StrongroomError, match="of epoch 2, not 1"):
        check(epoch=1)
    other = PublicKey(key_id=before.key_id, public_key=before.public_key, chain_code=bytes(32))
    with pytest.raises(StrongroomError, match="changed the key"):
        check(expected=other)


@pytest.mark.parametrize("epoch", [1, 3])
def test_only_the_next_epoch_is_made(world: World, engine: MemoryEngine, epoch: int) -> None:
    reports = engine.generate_key(tenant_id=TENANT, key_request=world.key_request(epoch=epoch))
    assert {fault.code for fault in faults(reports)} == {Code.KEY_EXISTS}


def test_a_key_that_does_not_exist_is_not_refreshed(keyless: World) -> None:
    reports = MemoryEngine(cores=keyless.cores).generate_key(tenant_id=TENANT, key_request=keyless.key_request(epoch=2))
    assert {fault.code for fault in faults(reports)} == {Code.KEY_UNKNOWN}


@pytest.mark.parametrize("round_number", ROUNDS)
def test_a_refresh_that_stops_in_any_round_is_made_again(world: World, engine: MemoryEngine, round_number: int) -> None:
    request = world.key_request(epoch=2)

    def lose(message: PeerMessage) -> Sequence[PeerMessage]:
        return () if (header(message).round, message.receiver) == (round_number, 2) else (message,)

    engine.tamper = lose
    reports = engine.generate_key(tenant_id=TENANT, key_request=request)
    assert len(records_of(reports)) < 3
    for index in (1, 2, 3):
        world.restart(index)
    engine.tamper = unchanged
    assert signs(world, engine), "the old shares are untouched"
    activated(world, engine, refreshed(world, engine, request=request))
    assert epochs(world) == [2, 2, 2]
    assert signs(world, engine, nonce=1)


@pytest.mark.parametrize("late", [1, 2, 3])
def test_a_cosigner_that_was_away_in_the_second_phase_activates_later(
    world: World, engine: MemoryEngine, late: int
) -> None:
    records = refreshed(world, engine)
    there = {index: core for index, core in world.cores.items() if index != late}
    activated(world, MemoryEngine(cores=there), records)
    for index in (1, 2, 3):
        world.restart(index)
    assert key_at(world, late).epoch == 1
    transfer = world.transfer()
    assert signatures(engine.sign(transfer.order())) == [], "consents of two epochs begin nothing"
    assert [type(report) for report in activated(world, engine, records)] == [KeyActivated] * 3
    assert epochs(world) == [2, 2, 2]
    assert len(set(signatures(engine.sign(transfer.order())))) == 1


def test_the_same_request_gives_the_same_records_even_when_it_has_expired(world: World, engine: MemoryEngine) -> None:
    request = world.key_request(epoch=2)
    first = refreshed(world, engine, request=request)
    world.clock.advance(7200)
    sent = len(engine.sent)
    assert refreshed(world, engine, request=request) == first
    assert len(engine.sent) - sent == 6
    activated(world, engine, first)
    assert refreshed(world, engine, request=request) == first


def test_an_epoch_is_never_complete_twice(world: World, engine: MemoryEngine) -> None:
    """Two complete sets of records could send two co-signers different ways, and the key would be lost."""
    first = refreshed(world, engine)
    reports = engine.generate_key(tenant_id=TENANT, key_request=world.key_request(epoch=2))
    assert {fault.code for fault in faults(reports)} == {Code.KEY_EXISTS}
    assert records_of(reports) == ()
    activated(world, engine, first)
    assert epochs(world) == [2, 2, 2]


def test_what_one_of_them_forgot_never_becomes_complete(world: World, engine: MemoryEngine) -> None:
    held: list[PeerMessage] = []

    def hold_back(message: PeerMessage) -> Sequence[PeerMessage]:
        if (header(message).round, message.receiver) == (7, 2):
            held.append(message)
            return ()
        return (message,)

    engine.tamper = hold_back
    lost = engine.generate_key(tenant_id=TENANT, key_request=world.key_request(epoch=2))
    assert len(records_of(lost)) == 2
    engine.tamper = unchanged
    records = refreshed(world, engine)
    late = [report for message in held for report in world.cores[2].handle(message)]
    assert late == []
    activated(world, engine, records)
    assert epochs(world) == [2, 2, 2]
    assert [shares_at(world, index) for index in (1, 2, 3)] == [1, 1, 1]
    assert signs(world, engine)


def test_records_that_do_not_hold_activate_nothing(world: World, engine: MemoryEngine) -> None:
    records = refreshed(world, engine)
    record = decode(decode(records[1], Signed).payload, KeyRecord)
    forged = world.owner_signed(Kind.KEY_RECORD, record)
    for wrong in ((), records[:2], (records[0], records[0], records[2]), (records[0], forged, records[2])):
        reports = activated(world, engine, wrong)
        assert [type(report) for report in reports] == [Failed] * 3
    assert epochs(world) == [1, 1, 1]


def test_a_third_epoch_follows_the_second(world: World, engine: MemoryEngine) -> None:
    for epoch in (2, 3):
        activated(world, engine, refreshed(world, engine, epoch=epoch))
    assert epochs(world) == [3, 3, 3]
    assert signs(world, engine)


def test_a_ban_ends_with_an_active_refresh_and_not_before(world: World, engine: MemoryEngine) -> None:
    world.restart(2, backend=CheatingBackend(2, spoil_late))
    banned = world.transfer()
    assert any(fault.ban for fault in faults(engine.sign(banned.order())))
    world.restart(2)
    records = refreshed(world, engine)
    assert reason_of(world, world.cores[3].handle(banned.order())[0]) == "COSIGNER_BANNED"
    activated(world, engine, records)
    assert len(set(signatures(engine.sign(banned.order())))) == 1
    world.restart(3)
    assert signs(world, engine, nonce=1)


@pytest.mark.parametrize("round_number", [1, 2, 3, 4])
def test_a_party_that_lies_is_named_or_nobody_is_and_the_key_stays_usable(
    world: World, engine: MemoryEngine, round_number: int
) -> None:
    world.restart(2, backend=CheatingBackend(round_number, spoil_late))
    reports = engine.generate_key(tenant_id=TENANT, key_request=world.key_request(epoch=2))
    assert records_of(reports) == ()
    found = [fault for fault in faults(reports) if fault.culprit]
    assert {fault.culprit for fault in found} <= {2}
    assert not any(fault.ban for fault in found)
    world.restart(2)
    assert signs(world, engine)
    activated(world, engine, refreshed(world, engine))
    assert signs(world, engine, nonce=1)


def test_a_missing_or_changed_share_is_damage(world: World, engine: MemoryEngine) -> None:
    refreshed(world, engine)
    db = world.contexts[1].journal.db
    for statement in (
        "update shares set blob = zeroblob(length(blob)) where epoch = 1",
        "delete from shares where epoch = 2",
        "delete from shares where epoch = 1",
    ):
        db.execute("create temporary table kept as select * from shares")
        db.execute(statement)
        with pytest.raises(StrongroomError, match="damaged"):
            world.second_process(1)
        db.execute("delete from shares")
        db.execute("insert into shares select * from kept")
        db.execute("drop table kept")
    world.second_process(1)
