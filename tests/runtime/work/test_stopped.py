"""A process that is stopped (SIGSTOP) past its lease and goes on as if nothing had been: its claim stores nothing."""

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from strongroom.runtime.clock import SystemClock
from strongroom.runtime.db import Database, Statement
from strongroom.runtime.work import Work, WorkItem
from tests.fixtures.postgres import Databases

SLOW = Path(__file__).parent / "slow.py"
LEASE_S = 1.0
PATIENCE_S = 60.0


@asynccontextmanager
async def slow_worker(dsn: str) -> AsyncGenerator[Process]:
    """A worker in a process of its own that has taken the call."""
    process = await asyncio.create_subprocess_exec(sys.executable, SLOW, dsn, str(LEASE_S), stdin=PIPE, stdout=PIPE)
    try:
        assert await read_line(process) == "asking"
        yield process
    finally:
        process.kill()
        await process.wait()


async def read_line(process: Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        return (await process.stdout.readline()).decode().strip()


def answer(process: Process) -> None:
    assert process.stdin is not None
    process.stdin.write(b"\n")


async def things(database: Database) -> list[str]:
    return [row["name"] for row in await database.fetch("select name from things order by id")]


async def test_what_another_took_meanwhile_is_lost_to_a_process_that_was_stopped(
    databases: Databases, database: Database
) -> None:
    stored = asyncio.Event()
    other = Work(database, clock=SystemClock(), worker_id="other", lease_s=LEASE_S, poll_s=0.1)

    async def handle(item: WorkItem) -> None:
        await other.commit(Statement("insert into things (name) values ($1)", ("other",)), done=item)
        stored.set()

    other.register("ask", handle)
    async with slow_worker(databases.opened[0].dsn) as slow:
        slow.send_signal(signal.SIGSTOP)
        await other.start()
        try:
            async with asyncio.timeout(PATIENCE_S):
                await stored.wait()
        finally:
            await other.stop(grace_s=0)
        answer(slow)
        slow.send_signal(signal.SIGCONT)
        assert await read_line(slow) == "CLAIM_LOST"
        assert await things(database) == ["other"]


async def test_what_nobody_took_meanwhile_is_stored_once_by_a_process_that_was_stopped(
    databases: Databases, database: Database
) -> None:
    async with slow_worker(databases.opened[0].dsn) as slow:
        slow.send_signal(signal.SIGSTOP)
        await asyncio.sleep(2 * LEASE_S)
        slow.send_signal(signal.SIGCONT)
        answer(slow)
        said = [await read_line(slow)]
        while said[-1] != "stored":  # its own poll may have taken the row again, and then the first call stores nothing
            said.append(await read_line(slow))
        assert set(said) <= {"asking", "CLAIM_LOST", "stored"}
        await asyncio.sleep(LEASE_S)
        assert await things(database) == ["slow"]
