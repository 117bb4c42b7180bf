"""What is logged of assessments, of those that fail too: no name, no birth date, no key, no address."""

import io
from collections.abc import Iterator

import pytest

from strongroom.vendors.chainalysis.simulator import API_KEY, TOKEN
from strongroom.vendors.refinitiv.simulator import KEY, SECRET
from strongroom.vendors.simulated import Order
from tests.fixtures.logs import listening
from tests.travel_rule.enclave.assessments.world import KYT, SANCTION, WCO, World, person, verification

PLANTED = ("Plantedfamily", "Plantedgiven", "1971-03-04")


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    """Everything that is logged from here on."""
    with listening("enclave", level="DEBUG") as stream:
        yield stream


async def test_nothing_personal_and_no_key_is_logged(
    screened_once: World, sanctioned: list[str], out: io.StringIO
) -> None:
    planted = person(PLANTED[0], PLANTED[1], born=PLANTED[2])
    uuid = await screened_once.put(verification(there=sanctioned[0], beneficiary=(planted,)))
    screened_once.chainalysis.misbehave(Order(way="half-body", path="/address/"))
    screened_once.chainalysis.misbehave(Order(way="refused", path="/alerts"))
    screened_once.world_check.misbehave(Order(way="wrapped"))
    await screened_once.post(SANCTION, {"verificationUuid": uuid})
    attempt = await screened_once.post(KYT, {"verificationUuid": uuid, "userId": "customer-17"})
    (named,) = (await screened_once.post(WCO, {"verificationUuid": uuid}))["results"]
    await screened_once.ended(KYT, attempt["requestId"])
    await screened_once.ended(WCO, named["requestId"])
    logged = out.getvalue()
    assert attempt["requestId"] in logged, "the log was there"
    for hidden in (*PLANTED, sanctioned[0], "customer-17", API_KEY, TOKEN, KEY, SECRET):
        assert hidden.lower() not in logged.lower(), hidden
