"""Alarms: journalled as far as an hour has room, counted beyond that, so that nobody fills the disk with them."""

import dataclasses
from itertools import count

import pytest

from strongroom.custody.cosigner.domain.alarms import ALARMS_PER_HOUR
from strongroom.custody.cosigner.domain.entries import AlarmsSuppressed, SuppressedAlarms
from strongroom.custody.cosigner.domain.entries import Refused as RefusedEntry
from strongroom.custody.cosigner.domain.hour import HOUR_S
from strongroom.custody.cosigner.domain.orders import CloseRequest, HonourTombstone
from strongroom.custody.cosigner.domain.reports import Consented, Refused
from strongroom.custody.cosigner.store import Journal
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.consent import Tombstone
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.ids import TenantId, derive_transaction_id
from tests.custody.cosigner.opened import reason_of
from tests.custody.cosigner.world import TENANT, World

MORE = 30


class Flood:
    """A platform that sends a co-signer one forged order after the other."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._order = world.transfer().order()
        self._numbers = count()

    def send(self, number: int, *, tenant_id: str = TENANT) -> None:
        for _ in range(number):
            body = b'{"forged": %d}' % next(self._numbers)
            order = dataclasses.replace(self._order, body=body, tenant_id=TenantId(tenant_id))
            (report,) = self._world.cores[3].handle(order)
            assert isinstance(report, Refused)
            if tenant_id == TENANT:
                assert reason_of(self._world, report) == "TOKEN_BODY_MISMATCH"


@pytest.fixture
def flood(world: World) -> Flood:
    return Flood(world)


def alarms(world: World) -> int:
    return len(_payloads(world, "refused"))


def summaries(world: World) -> list[AlarmsSuppressed]:
    return [decode(payload, AlarmsSuppressed) for payload in _payloads(world, "alarms-suppressed")]


def _payloads(world: World, kind: str) -> list[bytes]:
    db = world.contexts[3].journal.db
    return [row[0] for row in db.execute("select payload from journal where kind = ? order by sequence", (kind,))]


def suppressed(number: int) -> tuple[SuppressedAlarms, ...]:
    return (SuppressedAlarms(tenant=TENANT, reason="TOKEN_BODY_MISMATCH", count=number),)


def test_only_so_many_are_written_in_an_hour_and_the_rest_is_counted(world: World, flood: Flood) -> None:
    flood.send(ALARMS_PER_HOUR)
    since, sequence = world.now, world.contexts[3].journal.sequence
    flood.send(MORE)
    assert (alarms(world), world.contexts[3].journal.sequence) == (ALARMS_PER_HOUR, sequence)
    world.clock.advance(HOUR_S - 1)
    flood.send(1)
    assert summaries(world) == []
    world.clock.advance(1)
    flood.send(1)
    (summary,) = summaries(world)
    assert summary == AlarmsSuppressed(alarms=suppressed(MORE + 1), since=since, at=world.now)
    assert alarms(world) == ALARMS_PER_HOUR + 1


def test_how_many_there_were_is_written_though_no_further_alarm_comes(world: World, flood: Flood) -> None:
    flood.send(ALARMS_PER_HOUR + MORE)
    world.clock.advance(HOUR_S)
    assert isinstance(world.cores[3].handle(world.transfer().order())[0], Consented)
    assert [summary.alarms for summary in summaries(world)] == [suppressed(MORE)]


def test_the_hour_rolls(world: World, flood: Flood) -> None:
    """Whatever the moment, no more than so many were written in the hour before it."""
    flood.send(ALARMS_PER_HOUR // 2)
    world.clock.advance(HOUR_S // 2)
    flood.send(ALARMS_PER_HOUR)
    for _ in range(4):
        world.clock.advance(HOUR_S // 4)
        flood.send(ALARMS_PER_HOUR // 2)
    times = [decode(payload, RefusedEntry).at for payload in _payloads(world, "refused")]
    for at in times:
        assert sum(at - HOUR_S < other <= at for other in times) <= ALARMS_PER_HOUR
    said = sum(alarm.count for summary in summaries(world) for alarm in summary.alarms)
    left = world.contexts[3].journal.db.execute("select coalesce(sum(count), 0) from suppressed_alarms").fetchone()[0]
    assert len(times) + said + left == ALARMS_PER_HOUR // 2 + ALARMS_PER_HOUR + 4 * (ALARMS_PER_HOUR // 2)


def test_a_restart_forgets_neither_the_bound_nor_the_count(world: World, flood: Flood) -> None:
    flood.send(ALARMS_PER_HOUR + MORE)
    world.restart(3)
    flood.send(MORE)
    assert alarms(world) == ALARMS_PER_HOUR
    world.restart(3)
    world.clock.advance(HOUR_S)
    flood.send(1)
    assert [summary.alarms for summary in summaries(world)] == [suppressed(2 * MORE)]
    path = world.parties[3].path
    world.contexts[3].journal.close()
    with Journal(path) as journal:
        assert journal.sequence > ALARMS_PER_HOUR
    world.restart(3)


def test_a_payment_is_judged_and_signed_as_ever_while_alarms_are_only_counted(world: World, flood: Flood) -> None:
    flood.send(ALARMS_PER_HOUR + MORE)
    assert isinstance(world.cores[3].handle(world.transfer().order())[0], Consented)


def test_a_tenant_that_is_unknown_here_leaves_no_trace_at_all(world: World, flood: Flood) -> None:
    before = world.contexts[3].journal.sequence
    flood.send(MORE, tenant_id="nobody")
    assert world.contexts[3].journal.sequence == before
    assert world.contexts[3].journal.db.execute("select count(*) from suppressed_alarms").fetchone() == (0,)


def test_what_is_called_a_hash_and_is_none_does_not_choose_how_long_an_alarm_is(world: World) -> None:
    for long in (b"x" * (1 << 16), b"", b"x" * 33):
        named = derive_transaction_id(environment=world.environment, tenant_id=TENANT, request_hash=long).bytes
        order = CloseRequest(
            ceremony_id=b"", tenant_id=TENANT, request_hash=long, transaction_id=named, reason="CANCELLED_BY_USER"
        )
        tombstone = Tombstone(transaction_id=named, request_hash=long, cosigner=1, reason="x", at=world.now)
        signed = world.contexts[1].sign(kind=Kind.TOMBSTONE, tenant_id=TENANT, document=tombstone)
        shown = HonourTombstone(ceremony_id=b"", tenant_id=TENANT, signer=1, tombstone=signed)
        for refused in (order, shown, order):
            assert reason_of(world, world.cores[3].handle(refused)[0]) == "INTENT_MISMATCH"
    written = [decode(payload, RefusedEntry).request_hash for payload in _payloads(world, "refused")]
    assert [len(hashed) for hashed in written] == [32] * 3
