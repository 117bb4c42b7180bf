from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from strongroom.runtime.clock import ManualClock
from tests.custody.policy_engine.world import NOW_S, World
from tests.fixtures.postgres import Databases


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.fromtimestamp(NOW_S, UTC))


@pytest.fixture
async def world(databases: Databases, clock: ManualClock) -> AsyncIterator[World]:
    """A policy engine that knows no tenant."""
    made = await World.open(databases, clock)
    yield made
    await made.stage.stop()
