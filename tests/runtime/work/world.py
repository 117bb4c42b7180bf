"""What the tests of durable work share: workers over one database of things."""

from pathlib import Path

from strongroom.runtime.clock import ManualClock
from strongroom.runtime.db import Database, Statement
from strongroom.runtime.work import Work

PROBE = Path(__file__).parents[1] / "db" / "probe"


class Workers:
    """Starts workers over one database, and stops them after the test."""

    def __init__(self, database: Database, clock: ManualClock) -> None:
        self._database = database
        self._clock = clock
        self._started: list[Work] = []

    def make(self, worker_id: str, *, concurrency: int = 64, clock: ManualClock | None = None) -> Work:
        return Work(
            self._database, clock=clock or self._clock, worker_id=worker_id, lease_s=30, concurrency=concurrency
        )

    async def start(self, work: Work) -> Work:
        await work.start()
        self._started.append(work)
        return work

    async def stop(self) -> None:
        for work in self._started:
            await work.stop(grace_s=0)


def thing(name: str) -> Statement:
    return Statement("insert into things (name) values ($1)", (name,))


async def things(database: Database) -> list[str]:
    return [row["name"] for row in await database.fetch("select name from things order by id")]


async def row_of(database: Database, key: str) -> dict[str, object]:
    row = await database.fetchrow(
        """select version, lease_owner, lease_until, due_at, tries, last_error, finished_at
        from work where key = $1""",
        key,
    )
    assert row is not None
    return dict(row)
