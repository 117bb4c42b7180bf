from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from strongroom.custody.screening.config import EnclaveAsset, EnclaveConfig, ScreeningConfig
from strongroom.runtime.clock import ManualClock
from tests.custody.screening.world import World
from tests.fakes.enclave import TOKEN, FakeEnclave, fake_enclave
from tests.fixtures.postgres import Databases
from tests.fixtures.tenant import ASSET

BACKEND_TOKEN = "screening-wants-this-token"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime.fromtimestamp(1_800_000_000, UTC))


@pytest.fixture
async def world(databases: Databases, clock: ManualClock) -> AsyncIterator[World]:
    """Screening without any list."""
    made = await World.open(databases, clock)
    yield made
    await made.stage.stop()


@pytest.fixture
async def enclave() -> AsyncIterator[FakeEnclave]:
    async with fake_enclave() as made:
        yield made


@pytest.fixture
def config(enclave: FakeEnclave) -> ScreeningConfig:
    """Asks the enclave once a call: whoever waits for an answer calls again."""
    asset = EnclaveAsset(symbol="ETH", network="Ethereum", price="2500.10", currency="EUR")
    settings = EnclaveConfig(
        url=enclave.url, token=TOKEN, backend_token=BACKEND_TOKEN, answer_s=0, timeout_s=30, assets={ASSET: asset}
    )
    return ScreeningConfig(travel_rule_thresholds={ASSET: 1000}, enclave=settings)


@pytest.fixture
async def asking(databases: Databases, clock: ManualClock, config: ScreeningConfig) -> AsyncIterator[World]:
    """Screening with an enclave."""
    made = await World.open(databases, clock, config=config)
    yield made
    await made.stage.stop()
