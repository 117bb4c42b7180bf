"""Calls that take long, fail or wait: made again, by whoever may, and none of them twice at a time."""

import asyncio
from datetime import datetime, timedelta

import pytest
from structlog.testing import capture_logs

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import ManualClock
from strongroom.runtime.db import Database, Statement
from strongroom.runtime.work import WorkItem
from tests.runtime.work.world import Workers, row_of, thing, things


async def test_a_long_call_keeps_its_lease(database: Database, workers: Workers, clock: ManualClock) -> None:
    holder, other = workers.make("holder"), workers.make("other")
    asked, answered = asyncio.Event(), asyncio.Event()

    async def handle(item: WorkItem) -> None:
        asked.set()
        await answered.wait()
        await holder.commit(thing("holder"), done=item)

    async def take(item: WorkItem) -> None:
        await other.commit(thing("other"), done=item)

    holder.register("ask", handle)
    other.register("ask", take)
    await workers.start(holder)
    await workers.start(other)
    await holder.commit(then=[holder.new("k", "ask")])
    await asked.wait()
    for _ in range(12):  # two minutes, four leases
        clock.advance(10)
        renewed = clock.now() + timedelta(seconds=30)
        async with asyncio.timeout(5):
            while (await row_of(database, "k"))["lease_until"] != renewed:  # noqa: ASYNC110 - only the row tells
                await asyncio.sleep(0.005)
        await other.drain()
    answered.set()
    await holder.drain()
    assert await things(database) == ["holder"]


@pytest.mark.parametrize("error", [StrongroomError(Code.NODE_UNAVAILABLE), ValueError("a secret"), None])
async def test_a_call_that_fails_is_made_again_with_growing_delays(
    database: Database, workers: Workers, clock: ManualClock, error: Exception | None
) -> None:
    work = workers.make("one")
    seen: list[int] = []

    async def fail(item: WorkItem) -> None:
        seen.append(item.tries)
        if item.tries == 9:
            await work.commit(done=item)
        elif error is not None:
            raise error

    work.register("ask", fail)
    await workers.start(work)
    delays: list[float] = []
    with capture_logs() as logs:
        await work.commit(then=[work.new("k", "ask")])
        await work.drain()
        while (row := await row_of(database, "k"))["finished_at"] is None:
            assert isinstance(row["due_at"], datetime)
            assert row["lease_owner"] is None
            assert "secret" not in str(row["last_error"])
            delays.append(round((row["due_at"] - clock.now()).total_seconds(), 3))
            clock.advance(delays[-1])
            await work.drain()
    assert seen == list(range(10))
    assert delays == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0]
    expected = "info" if isinstance(error, StrongroomError) else "error"
    assert {entry["log_level"] for entry in logs} == {expected}
    assert all(entry.get("exc_info") is error for entry in logs if isinstance(error, ValueError))


async def test_a_failure_after_the_store_changes_nothing(database: Database, workers: Workers) -> None:
    work = workers.make("one")
    runs: list[str] = []

    async def handle(item: WorkItem) -> None:
        runs.append(item.key)
        await work.commit(thing("stored"), done=item)
        raise StrongroomError(Code.UNAVAILABLE)

    work.register("ask", handle)
    await workers.start(work)
    await work.commit(then=[work.new("k", "ask")])
    await work.drain()
    assert runs == ["k"]
    assert (await row_of(database, "k"))["finished_at"] is not None


async def test_a_handler_that_was_cancelled_is_run_again_after_its_lease(
    database: Database, workers: Workers, clock: ManualClock
) -> None:
    work = workers.make("one")
    runs: list[int] = []

    async def handle(item: WorkItem) -> None:
        runs.append(item.version)
        if len(runs) == 1:
            raise asyncio.CancelledError  # as from a peer call whose task was cancelled
        await work.commit(thing("stored"), done=item)

    work.register("ask", handle)
    await workers.start(work)
    await work.commit(then=[work.new("k", "ask")])
    await work.drain()
    clock.advance(30)
    await work.drain()
    assert runs == [0, 1]
    assert await things(database) == ["stored"]


async def test_a_claim_lost_elsewhere_is_tried_again_soon(
    database: Database, workers: Workers, clock: ManualClock
) -> None:
    work = workers.make("one")

    async def handle(item: WorkItem) -> None:
        rename = Statement("update things set name = 'after' where name = 'before'", guard=True)
        await work.commit(rename, done=item)

    work.register("ask", handle)
    await workers.start(work)
    await work.commit(then=[work.new("k", "ask")])
    await work.drain()
    assert (await row_of(database, "k"))["finished_at"] is None
    await database.commit(thing("before"))
    clock.advance(0.2)
    await work.drain()
    assert await things(database) == ["after"]


async def test_waiting_is_not_failing(database: Database, workers: Workers, clock: ManualClock) -> None:
    work = workers.make("one")
    runs: list[int] = []

    async def wait_twice(item: WorkItem) -> None:
        runs.append(item.tries)
        if len(runs) == 3:
            await work.commit(done=item)
        else:
            await work.postpone(item, 5)

    work.register("watch", wait_twice)
    await workers.start(work)
    await work.commit(then=[work.new("k", "watch", due_in_s=5)])
    await work.drain()
    assert runs == []
    for expected in (1, 2, 3):
        clock.advance(5)
        await work.drain()
        assert len(runs) == expected
    assert runs == [0, 0, 0]
    assert (await row_of(database, "k"))["last_error"] is None
