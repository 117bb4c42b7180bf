"""A request is logged by its route: what somebody put into its path by mistake may be a name."""

import io
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.fixtures.logs import listening
from tests.travel_rule.enclave.pair import Pair

NAME = "Plantedfamily"


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """Everything that is logged from here on."""
    with listening("enclave") as stream:
        yield stream


async def test_a_path_is_logged_as_its_route(out: io.StringIO, enclaves: Pair) -> None:
    for path in (f"/v1/verifications/{NAME}", f"/v1/{NAME}", quote(f"/v1/verifications/{NAME} Plantedgiven")):
        await enclaves.a.api.get(path)
        await enclaves.a.api.get(path, headers={"authorization": "Bearer another"})
    logged = out.getvalue()
    assert "/v1/verifications/{uuid}" in logged
    assert NAME not in logged
