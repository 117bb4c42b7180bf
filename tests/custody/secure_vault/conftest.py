"""A fresh vault for each test."""

from collections.abc import AsyncIterator

import pytest

from strongroom.runtime.db import Database
from tests.custody.secure_vault.world import GRANTS, MIGRATIONS, Neighbours, World
from tests.fixtures.postgres import Databases


@pytest.fixture
async def vault_database(databases: Databases) -> Database:
    return await databases.open("secure_vault", migrations=MIGRATIONS, grants=GRANTS)


@pytest.fixture
async def world(vault_database: Database) -> AsyncIterator[World]:
    """A running vault that knows nobody."""
    made = await World(vault_database, Neighbours()).start()
    yield made
    await made.stop()
