"""A process that takes one call and stores it once it is answered: ``python slow.py DSN LEASE_S``.

It says ``asking`` whenever the call is made, and then ``stored`` or the name of what refused it. Its answer is a line.
"""

import asyncio
import sys

from strongroom.kernel.errors import StrongroomError
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.db import Database, DatabaseConfig, Statement
from strongroom.runtime.work import Work, WorkItem


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main(dsn: str, lease_s: float) -> None:
    """Never returns."""
    answered = asyncio.Event()
    async with await Database.open(DatabaseConfig(dsn=dsn)) as database:
        work = Work(database, clock=SystemClock(), worker_id="slow", lease_s=lease_s, poll_s=lease_s / 4)

        async def ask(item: WorkItem) -> None:
            _say("asking")
            await answered.wait()
            try:
                await work.commit(Statement("insert into things (name) values ($1)", ("slow",)), done=item)
            except StrongroomError as error:
                _say(error.code.name)
                raise
            _say("stored")

        work.register("ask", ask)
        await work.start()
        await work.commit(then=[work.new("k", "ask")])
        await asyncio.to_thread(sys.stdin.readline)
        answered.set()
        await asyncio.Event().wait()


asyncio.run(main(sys.argv[1], float(sys.argv[2])))
