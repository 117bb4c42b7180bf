"""Commands as outbox, queue and dead letters, on each engine."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.commands import Command, CommandStatus
from strongroom.travel_rule.enclave.store.commands import (
    fail_command,
    finish_command,
    forget_commands,
    insert_commands,
    list_dead_letters,
    postpone_command,
    replay_dead_letter,
    take_commands,
)
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase, Transaction
from strongroom.travel_rule.enclave.store.messages import forget_messages, remember_message
from tests.travel_rule.enclave.store.world import NOW, command, later

LEASE_S = 30
LARGEST = (1 << 63) - 1


async def insert(database: EnclaveDatabase, *new: Command) -> None:
    await database.run(lambda tx: insert_commands(tx, new))


async def take(database: EnclaveDatabase, now: datetime, *, limit: int = 10) -> tuple[Command, ...]:
    return await database.run(lambda tx: take_commands(tx, limit=limit, lease_s=LEASE_S, now=now))


def ids(commands: Sequence[Command]) -> list[int]:
    return [each.id for each in commands]


async def test_what_is_due_is_taken_once_oldest_first(enclave_database: EnclaveDatabase) -> None:
    due = [command(LARGEST), command(1, fetched_at=NOW), command(2, body='{"note":"메모"}'.encode(), attempt=3)]
    await insert(enclave_database, *due, command(3, fetched_at=later(60)))
    taken = await take(enclave_database, NOW, limit=2)
    leased = {"status": CommandStatus.PROCESSING, "fetched_at": NOW.replace(microsecond=0)}
    stored = [replace(each, created_at=NOW.replace(microsecond=0), **leased) for each in due]
    assert list(taken) == stored[1:]
    assert await take(enclave_database, NOW) == (stored[0],)
    assert await take(enclave_database, NOW) == ()
    assert ids(await take(enclave_database, later(60))) == [1, 2, LARGEST]  # their leases ran out
    assert ids(await take(enclave_database, later(61))) == [3]


async def test_a_command_made_with_a_lease_is_left_alone_until_it_runs_out(enclave_database: EnclaveDatabase) -> None:
    await insert(enclave_database, command(1, status=CommandStatus.PROCESSING, fetched_at=NOW))
    assert await take(enclave_database, later(LEASE_S - 2)) == ()
    assert ids(await take(enclave_database, later(LEASE_S))) == [1]


async def test_who_lost_its_lease_changes_nothing(enclave_database: EnclaveDatabase) -> None:
    await insert(enclave_database, command(1))
    (first,) = await take(enclave_database, NOW)
    (second,) = await take(enclave_database, later(LEASE_S))
    run = enclave_database.run
    assert not await run(lambda tx: finish_command(tx, first, now=later(LEASE_S)))
    assert not await run(lambda tx: postpone_command(tx, first, due_at=later(99), attempt=1))
    assert not await run(lambda tx: fail_command(tx, first, now=later(LEASE_S)))
    assert await run(lambda tx: finish_command(tx, second, now=later(LEASE_S)))
    assert not await run(lambda tx: finish_command(tx, second, now=later(LEASE_S)))
    assert await take(enclave_database, later(9999)) == ()


async def test_a_postponed_command_is_due_then_and_not_before(enclave_database: EnclaveDatabase) -> None:
    await insert(enclave_database, command(1))
    (taken,) = await take(enclave_database, NOW)
    assert await enclave_database.run(lambda tx: postpone_command(tx, taken, due_at=later(10), attempt=1))
    assert await take(enclave_database, later(9.9)) == ()
    (again,) = await take(enclave_database, later(11))
    assert (again.attempt, again.body) == (1, taken.body)


async def test_a_dead_letter_is_listed_and_replayed(enclave_database: EnclaveDatabase) -> None:
    await insert(enclave_database, *(command(number, attempt=7) for number in (1, 2, 3)))
    run, read = enclave_database.run, enclave_database.read
    for each in (await take(enclave_database, NOW))[:2]:
        assert await run(lambda tx, each=each: fail_command(tx, each, now=later(1)))
    dead = await read(lambda tx: list_dead_letters(tx, limit=10))
    assert [(each.id, each.status, each.attempt) for each in dead] == [
        (1, CommandStatus.ERROR, 7),
        (2, CommandStatus.ERROR, 7),
    ]
    assert ids(await read(lambda tx: list_dead_letters(tx, limit=10, after=1))) == [2]
    assert await take(enclave_database, later(5)) == ()
    assert await run(lambda tx: replay_dead_letter(tx, 2))
    assert not await run(lambda tx: replay_dead_letter(tx, 2))
    assert not await run(lambda tx: replay_dead_letter(tx, 4))
    (again,) = await take(enclave_database, later(5))
    assert (again.id, again.attempt, again.body) == (2, 0, dead[1].body)


async def test_what_was_done_is_forgotten_after_a_while_and_nothing_else(enclave_database: EnclaveDatabase) -> None:
    await insert(enclave_database, *(command(number) for number in (1, 2, 3)))
    first, second, third = await take(enclave_database, NOW)
    run = enclave_database.run
    assert await run(lambda tx: finish_command(tx, first, now=later(1)))
    assert await run(lambda tx: finish_command(tx, second, now=later(100)))
    assert await run(lambda tx: fail_command(tx, third, now=later(1)))
    assert await run(lambda tx: forget_commands(tx, before=later(50))) == 1
    assert ids(await enclave_database.read(lambda tx: list_dead_letters(tx, limit=10))) == [3]
    await insert(enclave_database, command(1))  # its row is gone
    assert await run(lambda tx: forget_commands(tx, before=later(500))) == 1


async def test_workers_at_once_never_take_the_same(enclave_database: EnclaveDatabase) -> None:
    await insert(enclave_database, *(command(number) for number in range(1, 41)))

    async def work() -> list[int]:
        taken: list[int] = []
        while some := await take(enclave_database, NOW, limit=3):
            taken += ids(some)
        return taken

    shares = await asyncio.gather(*(work() for _ in range(6)))
    assert sorted(number for share in shares for number in share) == list(range(1, 41))


async def test_a_worker_passes_over_what_another_has_locked(enclave_database: EnclaveDatabase) -> None:
    await insert(enclave_database, command(1), command(2))
    holds, may_end = asyncio.Event(), asyncio.Event()

    async def hold(tx: Transaction) -> list[int]:
        taken = await take_commands(tx, limit=1, lease_s=LEASE_S, now=NOW)
        holds.set()
        await may_end.wait()
        return ids(taken)

    holder = asyncio.create_task(enclave_database.run(hold))
    await holds.wait()
    assert ids(await take(enclave_database, NOW)) == [2]
    may_end.set()
    assert await holder == [1]


async def test_a_body_that_does_not_fit_is_refused(enclave_database: EnclaveDatabase) -> None:
    envelope = len(b'{"attempt":0,"body":}')
    largest = b'"' + b"x" * (65535 - envelope - 2) + b'"'
    await insert(enclave_database, command(1, body=largest))
    assert (await take(enclave_database, NOW))[0].body == largest
    for body in (largest[:-1] + b'x"', '"\U0001f600"'.encode()):
        with pytest.raises(StrongroomError) as caught:
            await insert(enclave_database, command(2, body=body))
        assert caught.value.code is Code.INVALID_FORMAT


async def test_a_message_is_seen_once(enclave_database: EnclaveDatabase) -> None:
    async def see(message_id: str, now: datetime) -> None:
        await enclave_database.run(lambda tx: remember_message(tx, message_id, now=now))

    await see("a", NOW)
    await see("A", NOW)
    with pytest.raises(StrongroomError) as caught:
        await see("a", later(5))
    assert caught.value.code is Code.HANDOFF_REPLAYED
    assert await enclave_database.run(lambda tx: forget_messages(tx, before=later(1))) == 2
    await see("a", later(5))
