"""A fresh world for each test."""

from collections.abc import AsyncIterator

import pytest

from strongroom.runtime.clock import ManualClock
from strongroom.runtime.db import Database
from tests.custody.transaction_manager.world import GRANTS, MIGRATIONS, NOW, Neighbours, World
from tests.fixtures.postgres import Databases


@pytest.fixture
async def manager_database(databases: Databases) -> Database:
    return await databases.open("transaction_manager", migrations=MIGRATIONS, grants=GRANTS)


@pytest.fixture
async def world(manager_database: Database) -> AsyncIterator[World]:
    """A running manager that knows the tenant."""
    made = await World(manager_database, Neighbours(), ManualClock(NOW)).start()
    await made.publish()
    yield made
    await made.stop()
