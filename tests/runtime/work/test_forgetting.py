"""Rows of calls that are over: forgotten after a while, and nothing of what is still under way with them."""

import asyncio

import asyncpg
import pytest

from strongroom.runtime.clock import ManualClock
from strongroom.runtime.db import Database, Statement
from strongroom.runtime.work import Work, WorkItem
from tests.fixtures.postgres import Databases
from tests.runtime.work.world import Workers

DAY_S = 86_400.0
KEPT_S = 30 * DAY_S


async def ending(workers: Workers) -> Work:
    """A worker whose calls end at once."""
    work = workers.make("one")

    async def handle(item: WorkItem) -> None:
        await work.commit(done=item)

    work.register("end", handle)
    return await workers.start(work)


async def end_all(workers: Workers, *calls: tuple[str, int, float]) -> Work:
    """Make calls due (key, attempt, seconds from now) and end those that are; the worker rests then."""
    work = await ending(workers)
    await work.commit(then=[work.new(key, "end", attempt=attempt, due_in_s=due_s) for key, attempt, due_s in calls])
    await work.drain()
    await work.stop()
    return work


async def kept(database: Database) -> list[tuple[str, int]]:
    rows = await database.fetch("select key, attempt from work order by key, attempt")
    return [(row["key"], row["attempt"]) for row in rows]


async def test_a_row_is_forgotten_when_it_has_been_over_long_enough(
    database: Database, workers: Workers, clock: ManualClock
) -> None:
    await end_all(workers, ("early", 0, 0))
    clock.advance(DAY_S)
    work = await end_all(workers, ("late", 0, 0))
    clock.advance(KEPT_S - DAY_S)
    assert await work.forget_finished() == 0
    clock.advance(1)
    assert await work.forget_finished() == 1
    assert await kept(database) == [("late", 0)]


async def test_what_is_still_to_be_done_keeps_every_row_of_its_key(
    database: Database, workers: Workers, clock: ManualClock
) -> None:
    long_s = 2 * KEPT_S
    work = await end_all(workers, ("k", 0, 0), ("k", 1, long_s), ("other", 0, 0))
    clock.advance(KEPT_S + 1)
    assert await work.forget_finished() == 1
    assert await kept(database) == [("k", 0), ("k", 1)]
    clock.advance(long_s)
    work = await end_all(workers)
    assert await work.forget_finished() == 1  # the early one, for nothing holds it any more
    clock.advance(KEPT_S + 1)
    assert await work.forget_finished() == 1
    assert await kept(database) == []


async def test_many_are_forgotten_a_few_at_a_time(database: Database, workers: Workers, clock: ManualClock) -> None:
    work = workers.make("one")
    await database.commit(
        Statement(
            """insert into work (key, operation, attempt, payload, due_at, created_at, finished_at)
            select 'k', 'end', number, '', $1, $1, $1 from generate_series(1, 1700) as number""",
            (clock.now(),),
        )
    )
    clock.advance(KEPT_S + 1)
    forgotten = [await work.forget_finished() for _ in range(5)]
    assert sum(forgotten) == 1700
    assert 0 < max(forgotten) < 1000


async def test_a_started_worker_forgets_by_itself(database: Database, workers: Workers, clock: ManualClock) -> None:
    work = await ending(workers)
    await work.commit(then=[work.new("k", "end")])
    await work.drain()
    assert await kept(database) == [("k", 0)]
    clock.advance(KEPT_S)
    async with asyncio.timeout(60):
        while await kept(database):
            clock.advance(60)
    assert await kept(database) == []


async def test_a_call_asked_for_again_after_its_row_is_forgotten_is_made_again(
    database: Database, workers: Workers, clock: ManualClock
) -> None:
    """As after a crash between a call and its commit: handlers ask idempotently."""
    work = await end_all(workers, ("k", 0, 0))
    clock.advance(KEPT_S + 1)
    assert await work.forget_finished() == 1
    await end_all(workers, ("k", 0, 0))
    assert await kept(database) == [("k", 0)]


async def test_a_service_cannot_delete_a_call_that_is_to_be_made(
    databases: Databases, database: Database, workers: Workers
) -> None:
    work = await ending(workers)
    await work.commit(then=[work.new("k", "end", due_in_s=60)])
    with pytest.raises(asyncpg.PostgresError, match="DELETE on work is refused"):
        await database.commit(Statement("delete from work"))
    connection = await asyncpg.connect(databases.opened[0].dsn)
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("truncate work")
    finally:
        await connection.close()
    assert await kept(database) == [("k", 0)]
