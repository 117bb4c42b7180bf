"""Chainalysis' two clients against its stand-in: what they read, and what they make of every failure."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import httpx
import msgspec
import pytest

from strongroom.runtime.clock import SystemClock
from strongroom.vendors.chainalysis.kyt import Kind, KytClient, Transfer, WithdrawalAttempt, format_timestamp
from strongroom.vendors.chainalysis.sanctions import SanctionsClient
from strongroom.vendors.chainalysis.simulator import API_KEY, TOKEN, ChainalysisSimulator
from strongroom.vendors.faults import Fault, VendorError
from strongroom.vendors.simulated import Order
from tests.fixtures.vendors import serving
from tests.vendors.failing import WAY_NAMES, WAYS

LISTS = Path(__file__).parents[1] / "data" / "sanctions"
BITCOIN = msgspec.json.decode((LISTS / "sanctioned_addresses_XBT.json").read_bytes(), type=list[str])
ETHER = msgspec.json.decode((LISTS / "sanctioned_addresses_ETH.json").read_bytes(), type=list[str])
CLEAN = "0x00000000000000000000000000000000000000aa"
RISKY = ETHER[0]
TRANSFER = Transfer(
    network="Ethereum",
    asset="ETH",
    transfer_reference=f"0x{'ab' * 32}:{RISKY}",
    direction="sent",
    transfer_timestamp="2026-11-21T16:00:00.000000",
    asset_amount=Decimal("1.000000000000000001"),
    output_address=RISKY,
)
ATTEMPT = WithdrawalAttempt(
    network="Bitcoin",
    asset="BTC",
    address=BITCOIN[0],
    attempt_identifier="attempt/1 äöü",
    asset_amount=Decimal("0.1"),
    attempt_timestamp="2026-11-21T16:00:00.000000",
)


@pytest.fixture
def simulator() -> ChainalysisSimulator:
    return ChainalysisSimulator(
        sanctioned=frozenset(BITCOIN + ETHER), risky=frozenset({RISKY, BITCOIN[0]}), polls=2, alerts=4
    )


@pytest.fixture
async def url(simulator: ChainalysisSimulator) -> AsyncGenerator[str]:
    async with serving(simulator) as url:
        yield url


@pytest.fixture
async def sanctions(url: str) -> AsyncGenerator[SanctionsClient]:
    async with SanctionsClient(api_key=API_KEY, clock=SystemClock(), base_url=f"{url}/api/v1", timeout_s=20) as client:
        yield client


@pytest.fixture
async def kyt(url: str) -> AsyncGenerator[KytClient]:
    async with KytClient(token=TOKEN, clock=SystemClock(), base_url=f"{url}/api/kyt", timeout_s=20) as client:
        yield client


@pytest.mark.parametrize("address", [BITCOIN[0], BITCOIN[-1], ETHER[0], ETHER[-1], ETHER[1].lower()])
async def test_a_sanctioned_address_is_identified(sanctions: SanctionsClient, address: str) -> None:
    (found,) = await sanctions.list_identifications(address)
    assert found.category == "sanctions"
    assert found.name
    assert found.url


@pytest.mark.parametrize("address", [CLEAN, "a/b?c#d", "../../kyt", "공간 주소"])
async def test_an_address_that_is_not_listed_has_no_identification(
    sanctions: SanctionsClient, simulator: ChainalysisSimulator, address: str
) -> None:
    assert await sanctions.list_identifications(address) == ()
    assert list(simulator.asked) == [f"GET /api/v1/address/{address}"]


async def test_a_transfer_is_assessed_after_it_was_polled(kyt: KytClient) -> None:
    registered = await kyt.register("user-1", TRANSFER)
    assert not registered.is_assessed
    assert registered.usd_amount is None
    assert not (await kyt.get(Kind.TRANSFER, registered.external_id)).is_assessed
    assessed = await kyt.get(Kind.TRANSFER, registered.external_id)
    assert assessed.is_assessed
    assert assessed.usd_amount == Decimal("1.000000000000000001"), "no digit is lost on the way there and back"
    alerts = await kyt.list_alerts(Kind.TRANSFER, registered.external_id)
    assert [alert.alert_level for alert in alerts] == ["SEVERE", "HIGH", "MEDIUM", "LOW"]
    assert alerts[0].alert_amount == Decimal("1500.25")
    assert len({alert.external_id for alert in alerts}) == 4


async def test_an_attempt_is_assessed_after_it_was_polled(kyt: KytClient) -> None:
    registered = await kyt.register("user/1", ATTEMPT)
    for expected in (False, True):
        found = await kyt.get(Kind.WITHDRAWAL_ATTEMPT, registered.external_id)
        assert found.is_assessed is expected
    assert await kyt.list_alerts(Kind.WITHDRAWAL_ATTEMPT, registered.external_id)


async def test_the_same_reference_again_is_the_same_registration(kyt: KytClient) -> None:
    first, again = await kyt.register("u", TRANSFER), await kyt.register("u", TRANSFER)
    assert first == again
    assert (await kyt.register("other", TRANSFER)).external_id != first.external_id


async def test_the_kinds_do_not_mix(kyt: KytClient) -> None:
    registered = await kyt.register("u", ATTEMPT)
    with pytest.raises(VendorError) as refused:
        await kyt.get(Kind.TRANSFER, registered.external_id)
    assert refused.value.fault is Fault.REFUSED


async def test_a_reference_without_an_output_is_refused(kyt: KytClient) -> None:
    with pytest.raises(VendorError) as refused:
        await kyt.register("u", msgspec.structs.replace(TRANSFER, transfer_reference="0xabc"))
    assert refused.value.fault is Fault.REFUSED


@pytest.mark.parametrize(("order", "fault"), WAYS, ids=WAY_NAMES)
async def test_every_failure_of_the_sanctions_api_is_told_apart(
    sanctions: SanctionsClient, url: str, simulator: ChainalysisSimulator, order: Order, fault: Fault
) -> None:
    simulator.misbehave(order)
    hasty = SanctionsClient(api_key=API_KEY, clock=SystemClock(), base_url=f"{url}/api/v1", timeout_s=0.3)
    asked = hasty if order.way == "slow" else sanctions
    with pytest.raises(VendorError) as failed:
        await asked.list_identifications(BITCOIN[0])
    await hasty.close()
    assert failed.value.fault is fault
    assert failed.value.retry_after_s == (7 if order.way == "rate-limited" else None)
    assert API_KEY not in str(failed.value)
    assert BITCOIN[0] not in str(failed.value)
    assert await sanctions.list_identifications(BITCOIN[0]), "and it goes on afterwards"


@pytest.mark.parametrize("call", ["register", "get", "alerts"])
async def test_every_failure_of_kyt_is_told_apart(kyt: KytClient, simulator: ChainalysisSimulator, call: str) -> None:
    known = await kyt.register("u", ATTEMPT)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "register": lambda: kyt.register("u", TRANSFER),
        "get": lambda: kyt.get(Kind.WITHDRAWAL_ATTEMPT, known.external_id),
        "alerts": lambda: kyt.list_alerts(Kind.WITHDRAWAL_ATTEMPT, known.external_id),
    }
    for order, fault in WAYS:
        if order.way == "slow":
            continue  # shown for the other client of the same HTTP
        simulator.misbehave(order)
        with pytest.raises(VendorError) as failed:
            await calls[call]()
        assert failed.value.fault is fault, order
        assert TOKEN not in str(failed.value)


@pytest.mark.parametrize("wrong", ["", "simulated-kyt-toke", "simulated-kyt-token2", "Simulated-kyt-token"])
async def test_the_keys_are_compared_byte_for_byte(url: str, wrong: str) -> None:
    async with KytClient(token=wrong, clock=SystemClock(), base_url=f"{url}/api/kyt") as kyt:
        with pytest.raises(VendorError) as failed:
            await kyt.register("u", TRANSFER)
    assert failed.value.fault is Fault.CREDENTIALS
    async with SanctionsClient(api_key=wrong, clock=SystemClock(), base_url=f"{url}/api/v1") as sanctions:
        with pytest.raises(VendorError) as failed:
            await sanctions.list_identifications(CLEAN)
    assert failed.value.fault is Fault.CREDENTIALS


async def test_nobody_there_is_unavailable() -> None:
    async with SanctionsClient(api_key="k", clock=SystemClock(), base_url="http://127.0.0.1:1/api/v1") as client:
        with pytest.raises(VendorError) as failed:
            await client.list_identifications(CLEAN)
    assert failed.value.fault is Fault.UNAVAILABLE


async def test_misbehaviour_is_ordered_over_http(url: str, sanctions: SanctionsClient) -> None:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as control:
        await control.post("/simulator/misbehave", json={"way": "server-error", "times": 2, "path": "/address/"})
        for _ in range(2):
            with pytest.raises(VendorError):
                await sanctions.list_identifications(CLEAN)
        assert await sanctions.list_identifications(CLEAN) == ()
        await control.post("/simulator/misbehave", json={"way": "server-error", "times": 9})
        await control.post("/simulator/behave")
        assert await sanctions.list_identifications(CLEAN) == ()
        assert (await control.get("/simulator/asked")).json() == {f"GET /api/v1/address/{CLEAN}": 4}


def test_a_moment_is_written_as_kyt_writes_it() -> None:
    at = datetime(2020, 12, 9, 17, 25, 40, 8307, tzinfo=UTC)
    assert format_timestamp(at) == "2020-12-09T17:25:40.008307"
