"""Durable calls: each is made, stored once, and survives the death of whoever makes it."""

import asyncio
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import ManualClock
from strongroom.runtime.db import Database
from strongroom.runtime.work import Work, WorkItem
from tests.fixtures.postgres import Databases
from tests.runtime.work.world import Workers, row_of, thing, things

VICTIM = Path(__file__).parent / "victim.py"


async def test_a_chain_of_calls_runs_at_once_and_each_is_stored_once(database: Database, workers: Workers) -> None:
    work = workers.make("one")

    async def first(item: WorkItem) -> None:
        following = work.new(item.key, "second", item.payload + b"!")
        await work.commit(thing("first"), done=item, then=[following])

    async def second(item: WorkItem) -> None:
        await work.commit(thing(item.payload.decode()), done=item)

    work.register("first", first)
    work.register("second", second)
    await workers.start(work)
    assert await work.commit(thing("accepted"), then=[work.new("k", "first", b"payload")]) == [1]
    await work.drain()
    assert await things(database) == ["accepted", "first", "payload!"]
    assert await database.fetchval("select count(*) from work where finished_at is null") == 0


async def test_a_row_that_exists_is_not_started_again(workers: Workers) -> None:
    work = workers.make("one")
    runs: list[bytes] = []

    async def handle(item: WorkItem) -> None:
        runs.append(item.payload)
        await work.commit(done=item)

    work.register("once", handle)
    await workers.start(work)
    for payload in (b"a", b"b"):
        await work.commit(then=[work.new("k", "once", payload)])
        await work.drain()
    await work.commit(then=[work.new("k", "once", b"c", attempt=1)])
    await work.drain()
    assert runs == [b"a", b"c"]


async def test_of_two_workers_on_one_row_only_one_stores(
    database: Database, workers: Workers, clock: ManualClock
) -> None:
    slow, quick = workers.make("slow", clock=ManualClock()), workers.make("quick")  # a clock that stands: no renewal
    asked, answered = asyncio.Event(), asyncio.Event()
    outcomes: list[Code] = []

    async def handle_slowly(item: WorkItem) -> None:
        asked.set()
        await answered.wait()
        try:
            await slow.commit(thing("slow"), done=item)
        except StrongroomError as error:
            outcomes.append(error.code)
            raise

    async def handle(item: WorkItem) -> None:
        await quick.commit(thing("quick"), done=item)

    slow.register("ask", handle_slowly)
    quick.register("ask", handle)
    await workers.start(slow)
    await slow.commit(then=[slow.new("k", "ask")])
    await asked.wait()
    await workers.start(quick)
    await quick.drain()
    assert await things(database) == []  # the lease holds
    clock.advance(30)
    await quick.drain()
    answered.set()
    with capture_logs() as logs:
        await slow.drain()
    assert outcomes == [Code.CLAIM_LOST]
    assert await things(database) == ["quick"]
    assert logs == []


async def test_the_row_of_a_killed_process_is_taken_when_its_lease_is_over(
    databases: Databases, database: Database, workers: Workers, clock: ManualClock
) -> None:
    victim = await asyncio.create_subprocess_exec(
        sys.executable, VICTIM, databases.opened[0].dsn, clock.now().isoformat(), stdout=asyncio.subprocess.PIPE
    )
    assert victim.stdout is not None
    assert await victim.stdout.readline() == b"asking\n"
    victim.kill()
    await victim.wait()
    assert (await row_of(database, "k"))["lease_owner"] == "victim"
    alive = workers.make("alive")

    async def handle(item: WorkItem) -> None:
        await alive.commit(thing(item.payload.decode()), done=item)

    alive.register("ask", handle)
    await workers.start(alive)
    clock.advance(29.9)
    await alive.drain()
    assert await things(database) == []
    clock.advance(0.1)
    await alive.drain()
    assert await things(database) == ["left behind"]


async def test_a_restart_under_the_same_name_resumes_at_once(database: Database, workers: Workers) -> None:
    before, after = workers.make("same"), workers.make("same")
    asked = asyncio.Event()

    async def hang(_item: WorkItem) -> None:
        asked.set()
        await asyncio.Event().wait()

    async def handle(item: WorkItem) -> None:
        await after.commit(thing("resumed"), done=item)

    before.register("ask", hang)
    after.register("ask", handle)
    await workers.start(before)
    await before.commit(then=[before.new("k", "ask")])
    await asked.wait()
    await workers.start(after)
    await after.drain()
    assert await things(database) == ["resumed"]


async def test_a_failed_commit_starts_nothing(database: Database, workers: Workers) -> None:
    work = workers.make("one")
    runs: list[str] = []

    async def handle(item: WorkItem) -> None:
        runs.append(item.key)
        await work.commit(done=item)

    work.register("ask", handle)
    await workers.start(work)
    await database.commit(thing("taken"))
    with pytest.raises(StrongroomError) as caught:
        await work.commit(thing("taken"), then=[work.new("k", "ask")])
    assert caught.value.code is Code.CONFLICT
    await work.drain()
    assert runs == []
    assert await database.fetchval("select count(*) from work") == 0


async def test_more_calls_than_slots_all_run_and_never_too_many_at_once(database: Database, workers: Workers) -> None:
    work = workers.make("one", concurrency=4)
    running: set[str] = set()
    most = 0

    async def handle(item: WorkItem) -> None:
        nonlocal most
        running.add(item.key)
        most = max(most, len(running))
        await asyncio.sleep(0.001)
        running.discard(item.key)
        await work.commit(thing(item.key), done=item)

    work.register("ask", handle)
    await workers.start(work)
    await asyncio.gather(*(work.commit(then=[work.new(f"k{n}", "ask")]) for n in range(60)))
    await work.drain()
    assert sorted(await things(database)) == sorted(f"k{n}" for n in range(60))
    assert 1 < most <= 4


async def test_two_workers_share_a_backlog_without_overlap(database: Database, workers: Workers) -> None:
    one, two = workers.make("one", concurrency=3), workers.make("two", concurrency=3)
    done_by: dict[str, str] = {}

    for name, work in (("one", one), ("two", two)):

        async def handle(item: WorkItem, *, name: str = name, work: Work = work) -> None:
            await work.commit(thing(item.key), done=item)
            assert item.key not in done_by
            done_by[item.key] = name

        work.register("ask", handle)
    await one.commit(then=[one.new(f"k{n}", "ask") for n in range(40)])  # before any start: rows that wait
    await workers.start(one)
    await workers.start(two)
    await asyncio.gather(one.drain(), two.drain())
    await one.drain()
    assert sorted(await things(database)) == sorted(f"k{n}" for n in range(40))
    assert set(done_by.values()) == {"one", "two"}


async def test_stop_waits_for_handlers_then_gives_rows_back(database: Database, workers: Workers) -> None:
    work = workers.make("one")
    asked = asyncio.Event()

    async def finish(item: WorkItem) -> None:
        await asyncio.sleep(0.02)
        await work.commit(thing("finished"), done=item, then=[work.new("next", "hang")])

    async def hang(_item: WorkItem) -> None:
        asked.set()
        await asyncio.Event().wait()

    work.register("finish", finish)
    work.register("hang", hang)
    await workers.start(work)
    await work.commit(then=[work.new("stuck", "hang"), work.new("k", "finish")])
    await asked.wait()
    await work.stop(grace_s=0.2)
    assert await things(database) == ["finished"]
    for key in ("stuck", "next"):
        row = await row_of(database, key)
        assert (row["lease_owner"], row["finished_at"]) == (None, None)


async def test_a_step_is_one_transaction(database: Database, workers: Workers) -> None:
    work = workers.make("one")

    async def handle(item: WorkItem) -> None:
        await work.commit(thing("a"), thing("b"), done=item, then=[work.new("later", "ask", due_in_s=60)])

    work.register("ask", handle)
    await workers.start(work)
    await work.commit(then=[work.new("k", "ask")])
    await work.drain()
    made_by = """select xmin::text from things union select xmin::text from work"""
    assert len(await database.fetch(made_by)) == 1


async def test_a_call_that_nobody_would_make_is_refused(workers: Workers) -> None:
    with pytest.raises(KeyError):
        workers.make("one").new("k", "unheard_of")


async def test_a_call_that_was_withdrawn_is_never_made(
    database: Database, workers: Workers, clock: ManualClock
) -> None:
    work = workers.make("one")
    runs: list[str] = []

    async def run(item: WorkItem) -> None:
        runs.append(item.key)
        await work.commit(done=item)

    work.register("expire", run)
    await workers.start(work)
    await work.commit(then=[work.new(key, "expire", due_in_s=5) for key in ("kept", "withdrawn")])
    await work.commit(thing("a"), work.withdraw("withdrawn", "expire"))
    clock.advance(5)
    await work.drain()
    assert (runs, await things(database)) == (["kept"], ["a"])
    await work.commit(thing("b"), work.withdraw("withdrawn", "expire"), work.withdraw("never was", "expire"))
    assert await things(database) == ["a", "b"]


async def test_whoever_makes_a_call_that_is_withdrawn_stores_nothing(database: Database, workers: Workers) -> None:
    work = workers.make("one")
    outcomes: list[object] = []

    async def run(item: WorkItem) -> None:
        await work.commit(thing("elsewhere"), work.withdraw(item.key, "expire"))
        try:
            await work.commit(thing("here"), done=item)
        except StrongroomError as error:
            outcomes.append(error.code)

    work.register("expire", run)
    await workers.start(work)
    await work.commit(then=[work.new("k", "expire")])
    await work.drain()
    assert (outcomes, await things(database)) == ([Code.CLAIM_LOST], ["elsewhere"])
