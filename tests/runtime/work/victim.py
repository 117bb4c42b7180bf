"""A process that takes one call and is killed while it asks: ``python victim.py DSN NOW``."""

import asyncio
import sys
from datetime import datetime

from strongroom.runtime.clock import ManualClock
from strongroom.runtime.db import Database, DatabaseConfig
from strongroom.runtime.work import Work, WorkItem


async def _ask(_item: WorkItem) -> None:
    sys.stdout.write("asking\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


async def main(dsn: str, now: str) -> None:
    """Never returns."""
    async with await Database.open(DatabaseConfig(dsn=dsn)) as database:
        work = Work(database, clock=ManualClock(datetime.fromisoformat(now)), worker_id="victim")
        work.register("ask", _ask)
        await work.start()
        await work.commit(then=[work.new("k", "ask", b"left behind")])
        await asyncio.Event().wait()


asyncio.run(main(sys.argv[1], sys.argv[2]))
