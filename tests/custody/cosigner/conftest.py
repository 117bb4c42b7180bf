"""Three co-signer cores with a key, joined in memory."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.custody.cosigner.world import World
from tests.fakes.memory_engine import MemoryEngine


@pytest.fixture
def world(tmp_path: Path) -> Generator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def engine(world: World) -> MemoryEngine:
    """An engine whose co-signers have generated the tenant's key."""
    joined = MemoryEngine(cores=world.cores)
    joined.generate_key(tenant_id="acme", key_request=world.key_request())
    joined.sent.clear()
    return joined
