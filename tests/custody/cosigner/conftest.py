"""Three co-signer cores, joined in memory; the key is made once and copied."""

from collections.abc import Generator
from pathlib import Path

import pytest

from strongroom.custody.cosigner.domain.reports import KeyRecorded
from tests.custody.cosigner.world import World
from tests.fakes.memory_engine import MemoryEngine


@pytest.fixture(scope="session")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A tenant whose co-signers have generated its key, with closed journals."""
    made = World(tmp_path_factory.mktemp("keyed"))
    reports = MemoryEngine(cores=made.cores).generate_key(tenant_id="acme", key_request=made.key_request())
    assert [type(report) for report in reports] == [KeyRecorded] * 3
    made.close()
    return made


@pytest.fixture
def world(keyed: World, tmp_path: Path) -> Generator[World]:
    made = keyed.clone(tmp_path)
    yield made
    made.close()


@pytest.fixture
def engine(world: World) -> MemoryEngine:
    return MemoryEngine(cores=world.cores)


@pytest.fixture
def keyless(tmp_path: Path) -> Generator[World]:
    """A tenant without a key."""
    made = World(tmp_path)
    yield made
    made.close()
