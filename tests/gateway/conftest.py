from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from strongroom.runtime.clock import ManualClock
from tests.fixtures.postgres import Databases
from tests.gateway.world import World


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.fromtimestamp(1_800_000_000, UTC))


@pytest.fixture
async def world(databases: Databases, clock: ManualClock) -> AsyncIterator[World]:
    made = await World.open(databases, clock)
    yield made
    await made.close()
