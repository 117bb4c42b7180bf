"""A chain of this folder's own, whose blocks come only when a test says so, behind a proxy that may misbehave."""

from collections.abc import AsyncIterator, Iterator

import pytest

from strongroom.apps.embedded.anvil import RunningAnvil, start_anvil
from tests.custody.nodes.world import Chain, World
from tests.fakes.proxy_node import ProxyNode, proxy_node
from tests.fixtures.postgres import Databases


@pytest.fixture(scope="session")
def quiet_anvil(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningAnvil]:
    running = start_anvil(tmp_path_factory.mktemp("quiet-anvil"), block_time_s=3600)
    yield running
    running.stop()


@pytest.fixture
async def chain(quiet_anvil: RunningAnvil) -> AsyncIterator[Chain]:
    made = Chain(quiet_anvil.rpc_url)
    await made.ask("evm_setAutomine", True)  # noqa: FBT003 - JSON-RPC has positions
    await made.mine(3)
    yield made
    await made.ask("anvil_dropAllTransactions")
    await made.close()


@pytest.fixture
async def node(chain: Chain) -> AsyncIterator[ProxyNode]:
    async with proxy_node(chain.url) as made:
        yield made


@pytest.fixture
async def world(databases: Databases, node: ProxyNode) -> AsyncIterator[World]:
    made = await World.open(databases, node)
    yield made
    await made.stage.stop()
