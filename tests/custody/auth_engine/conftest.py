from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from strongroom.runtime.clock import ManualClock
from tests.custody.auth_engine.world import World
from tests.fixtures.postgres import Databases


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.fromtimestamp(1_800_000_000, UTC))


@pytest.fixture
async def world(databases: Databases, clock: ManualClock) -> AsyncIterator[World]:
    made = await World.open(databases, clock)
    yield made
    await made.stage.stop()
