from collections.abc import AsyncIterator

import pytest

from strongroom.runtime.clock import ManualClock
from strongroom.runtime.db import Database
from tests.fixtures.postgres import Databases
from tests.runtime.work.world import PROBE, Workers


@pytest.fixture
async def database(databases: Databases) -> Database:
    return await databases.open("probe", migrations=PROBE / "migrations", grants=PROBE / "grants.sql")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def workers(database: Database, clock: ManualClock) -> AsyncIterator[Workers]:
    made = Workers(database, clock)
    yield made
    await made.stop()
