"""KYT through the API: attempts and transfers, polled until assessed, told by callback; a failure is never clean."""

import asyncio
from itertools import cycle

import msgspec
import pytest
import sqlalchemy as sa

from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.schema import chainalysis_kyt_alerts
from strongroom.vendors.faults import Fault
from strongroom.vendors.simulated import Order
from tests.travel_rule.enclave.assessments.world import (
    HERE,
    KYT,
    QUICK,
    THERE,
    TX_HASH,
    Companies,
    World,
    verification,
    world,
)
from tests.travel_rule.enclave.pair import until_true
from tests.vendors.failing import WAYS

TOLD = "CHAINALYSIS_KYT_RESULT"
USER = "customer-17"


async def ask(world: World, uuid: str) -> str:
    got = await world.post(KYT, {"verificationUuid": uuid, "userId": USER})
    assert got["status"] == "REGISTERED"
    assert got["alertCount"] is None
    return got["requestId"]


async def count_alerts(world: World) -> int:
    async def count(tx: Transaction) -> int:
        return len(await tx.rows(sa.select(chainalysis_kyt_alerts.c.alert_id)))

    return await world.enclave.means.database.read(count)


async def test_before_the_report_the_originators_attempt_is_assessed(screened: World, sanctioned: list[str]) -> None:
    for there, alerts in ((sanctioned[0], 3), (THERE, 0)):
        request_id = await ask(screened, await screened.put(verification(there=there)))
        got = await screened.ended(KYT, request_id)
        assert (got["status"], got["apiType"], got["direction"]) == ("PROCESSED", "ATTEMPT", "OUTGOING")
        assert (got["alertCount"], len(got["alerts"])) == (alerts, alerts)
        assert got["network"] == "Ethereum"
        assert got["usdPrice"] == "1.000000000000000001", "as the company said it, to the last digit"
        assert got["assessedAt"]
        assert await screened.told(TOLD, request_id) == got, "the back end is told the same"
        assert request_id in screened.chainalysis.registrations
    assert got["alerts"] == []


async def test_after_the_report_both_sides_assess_the_transfer(screened: World, sanctioned: list[str]) -> None:
    outgoing = verification(there=sanctioned[0], tx_hash=TX_HASH)
    incoming = verification(is_outgoing=False, tx_hash=f"{TX_HASH[:-2]}ee")
    for row, direction, reference, alerts in (
        (outgoing, "OUTGOING", f"{TX_HASH}:{sanctioned[0]}", 3),
        (incoming, "INCOMING", f"{TX_HASH[:-2]}ee:{HERE}", 0),
    ):
        request_id = await ask(screened, await screened.put(row))
        got = await screened.ended(KYT, request_id)
        assert (got["status"], got["apiType"], got["direction"]) == ("PROCESSED", "TRANSFER", direction)
        assert got["alertCount"] == alerts
        assert screened.chainalysis.registrations[-1] == reference
        assert (await screened.told(TOLD, request_id))["status"] == "PROCESSED"


async def test_a_beneficiary_is_refused_before_the_report(screened_once: World) -> None:
    uuid = await screened_once.put(verification(is_outgoing=False))
    body = {"verificationUuid": uuid, "userId": USER}
    assert await screened_once.refused(KYT, body) == "UNSUPPORTED-RISK-ASSESSMENT"
    assert screened_once.chainalysis.asked == {}


async def test_a_network_that_nobody_named_is_refused(screened_once: World) -> None:
    uuid = await screened_once.put(verification(network=None, symbol="WHO"))
    assert await screened_once.refused(KYT, {"verificationUuid": uuid, "userId": USER}) == "UNSUPPORTED-RISK-ASSESSMENT"
    uuid = await screened_once.put(verification(network=None, symbol="BTC"))
    assert (await screened_once.post(KYT, {"verificationUuid": uuid, "userId": USER}))["network"] == "Bitcoin"


@pytest.mark.parametrize("user_id", ["", "two words", "x" * 129, "홍길동", 7, None])
async def test_a_user_id_is_a_pseudonym_that_a_path_can_hold(screened_once: World, user_id: object) -> None:
    uuid = await screened_once.put(verification())
    assert await screened_once.refused(KYT, {"verificationUuid": uuid, "userId": user_id}) == "INVALID-FORMAT"


async def test_the_alerts_of_a_transfer_are_stored_once(screened: World, sanctioned: list[str]) -> None:
    uuid = await screened.put(verification(there=sanctioned[0], tx_hash=TX_HASH))
    requests = await asyncio.gather(*(ask(screened, uuid) for _ in range(4)))
    for request_id in requests:
        assert (await screened.ended(KYT, request_id))["alertCount"] == 3
    assert await count_alerts(screened) == 3


async def test_every_failure_is_overcome_without_losing_an_alert(
    postgres_url: str, companies: Companies, sanctioned: list[str]
) -> None:
    """Each way at another call: registering, looking, reading alerts. Every other way; World-Check has the rest."""
    failing = [(order, fault) for order, fault in WAYS[::2] if fault is not Fault.REFUSED]
    stages = cycle(["/users/", "/withdrawal-attempts/", "/alerts"])
    impatient = msgspec.structs.replace(QUICK, timeout_s=2)
    async with world(postgres_url, companies, assessments=impatient) as made:
        for (order, _), stage in zip(failing, stages, strict=False):
            made.chainalysis.misbehave(msgspec.structs.replace(order, path=stage, seconds=min(order.seconds, 1)))
            request_id = await ask(made, await made.put(verification(there=sanctioned[0])))
            got = await made.ended(KYT, request_id)
            assert (got["status"], got["alertCount"]) == ("PROCESSED", 3), (order, stage)


async def test_what_the_company_refuses_ends_with_an_error(screened_once: World, sanctioned: list[str]) -> None:
    for stage in ("/users/", "/withdrawal-attempts/", "/alerts"):
        screened_once.chainalysis.misbehave(Order(way="refused", path=stage))
        request_id = await ask(screened_once, await screened_once.put(verification(there=sanctioned[0])))
        got = await screened_once.ended(KYT, request_id)
        assert (got["status"], got["alertCount"], got["alerts"]) == ("ERROR", None, []), stage
        assert await screened_once.told(TOLD, request_id) == got


@pytest.mark.parametrize("way", ["forbidden-html", "wrapped", "rate-limited"])
async def test_a_company_that_never_recovers_ends_with_an_error(
    postgres_url: str, companies: Companies, sanctioned: list[str], way: str
) -> None:
    hasty = msgspec.structs.replace(QUICK, give_up_s=2)
    async with world(postgres_url, companies, assessments=hasty) as made:
        made.chainalysis.misbehave(msgspec.convert({"way": way, "times": 100_000, "seconds": 1}, Order))
        request_id = await ask(made, await made.put(verification(there=sanctioned[0])))
        got = await made.ended(KYT, request_id)
        assert (got["status"], got["alertCount"]) == ("ERROR", None)
        assert (await made.told(TOLD, request_id))["status"] == "ERROR"
        made.chainalysis.behave()


async def test_what_is_never_assessed_ends_with_an_error(
    postgres_url: str, companies: Companies, sanctioned: list[str]
) -> None:
    companies.chainalysis.polls = 1_000_000
    async with world(postgres_url, companies, assessments=msgspec.structs.replace(QUICK, give_up_s=1)) as made:
        request_id = await ask(made, await made.put(verification(there=sanctioned[0])))
        assert (await made.ended(KYT, request_id))["status"] == "ERROR"


async def test_a_company_that_asks_to_wait_is_left_alone(screened_once: World) -> None:
    screened_once.chainalysis.misbehave(Order(way="rate-limited", seconds=3600))
    first = await ask(screened_once, await screened_once.put(verification()))
    await until_true(lambda: screened_once.chainalysis.asked)
    second = await ask(screened_once, await screened_once.put(verification()))
    await asyncio.sleep(0.5)
    assert sum(screened_once.chainalysis.asked.values()) == 1
    for request_id in (first, second):
        assert (await screened_once.get(KYT, request_id))["status"] == "REGISTERED"
