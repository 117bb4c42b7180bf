"""A fresh engine for each test."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from strongroom.runtime.db import Database
from tests.custody.cosigner_engine.world import GRANTS, MIGRATIONS, MakeWorld, Neighbours, World
from tests.fixtures.postgres import Databases


@pytest.fixture
async def engine_database(databases: Databases) -> Database:
    return await databases.open("cosigner_engine", migrations=MIGRATIONS, grants=GRANTS)


@pytest.fixture
async def make_world(engine_database: Database) -> AsyncIterator[MakeWorld]:
    """Engines on one database, one after the other; whatever a failed test leaves running is stopped."""
    made: list[World] = []

    async def make(around: Neighbours, **settings: Any) -> World:
        made.append(World(engine_database, around, **settings))
        return await made[-1].start()

    yield make
    for world in made:
        await world.stop()


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    """A running engine that nobody has dialled."""
    return await make_world(Neighbours())
