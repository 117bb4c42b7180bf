"""One key for the whole session; every test works on copies of the journals that hold it."""

from collections.abc import Generator
from pathlib import Path

import pytest

from strongroom.custody.cosigner.domain.reports import KeyRecorded
from tests.custody.cosigner.world import TENANT
from tests.fakes.memory_engine import MemoryEngine
from tests.trust.attacker import Attacker
from tests.trust.matrix import Party
from tests.trust.world import TrustWorld


@pytest.fixture(scope="session")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> TrustWorld:
    """A tenant whose co-signers have generated its key, with closed journals."""
    made = TrustWorld(tmp_path_factory.mktemp("trust"))
    reports = MemoryEngine(cores=made.cores).generate_key(tenant_id=TENANT, key_request=made.key_request())
    assert [type(report) for report in reports] == [KeyRecorded] * 3
    made.close()
    return made


@pytest.fixture
def world(keyed: TrustWorld, tmp_path: Path) -> Generator[TrustWorld]:
    made = keyed.clone(tmp_path)
    assert isinstance(made, TrustWorld)
    yield made
    made.close()


@pytest.fixture
def attacker(world: TrustWorld, request: pytest.FixtureRequest) -> Attacker:
    """The party that a test names, with its keys."""
    return Attacker(Party(request.param), world)
