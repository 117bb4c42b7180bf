"""World-Check One's client against its stand-in, and its signature against the recipe, worked out here once more."""

import base64
import hashlib
import hmac
import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import final
from uuid import uuid4

import msgspec
import pytest

from strongroom.runtime.clock import ManualClock, SystemClock
from strongroom.vendors.faults import Fault, VendorError
from strongroom.vendors.refinitiv.signing import signed_headers
from strongroom.vendors.refinitiv.simulator import GROUP, KEY, SECRET, WorldCheckSimulator
from strongroom.vendors.refinitiv.world_check import EntityType, NewCase, SecondaryField, WorldCheckClient
from strongroom.vendors.simulated import Reply, Request, Simulator
from tests.fixtures.vendors import serving
from tests.vendors.failing import WAYS

LISTED = "Gildong Hong"
CASE = NewCase(
    group_id=GROUP,
    entity_type=EntityType.INDIVIDUAL,
    case_id="request-1",
    name="홍 길동 Gildong",
    secondary_fields=(
        SecondaryField(type_id="SFCT_2", date_time_value="1980-02-29"),
        SecondaryField(type_id="SFCT_5", value="KOR"),
    ),
)


@final
class Recorder(Simulator):
    """Keeps what came, and answers as a case would be."""

    def __init__(self) -> None:
        super().__init__()
        self.got: list[Request] = []

    def answer(self, request: Request) -> Reply:
        self.got.append(request)
        return Reply(value={"caseSystemId": "s", "caseId": CASE.case_id})


@pytest.fixture
def simulator() -> WorldCheckSimulator:
    return WorldCheckSimulator(listed=frozenset({LISTED}), polls=2, results=3)


@pytest.fixture
async def url(simulator: WorldCheckSimulator) -> AsyncGenerator[str]:
    async with serving(simulator) as url:
        yield f"{url}/v2"


@pytest.fixture
async def client(url: str) -> AsyncGenerator[WorldCheckClient]:
    async with WorldCheckClient(key=KEY, secret=SECRET, clock=SystemClock(), base_url=url, timeout_s=20) as client:
        yield client


def listed(case_id: str = "request-2") -> NewCase:
    return NewCase(group_id=GROUP, entity_type=EntityType.ORGANISATION, case_id=case_id, name="hong GILDONG")


async def test_a_request_with_a_body_signs_the_exact_string_of_the_recipe() -> None:
    recorder = Recorder()
    async with (
        serving(recorder) as url,
        WorldCheckClient(key="k-1", secret="s-1", clock=SystemClock(), base_url=f"{url}/v2") as client,
    ):
        await client.create_case(CASE)
    (got,) = recorder.got
    body, host, date = got.body, url.removeprefix("http://"), got.headers["date"]
    assert len(body) > len(body.decode()), "the length is in bytes, not in characters"
    exact = (
        f"(request-target): post /v2/cases\nhost: {host}\ndate: {date}\n"
        f"content-type: application/json\ncontent-length: {len(body)}\n"
    ).encode() + body
    expected = base64.b64encode(hmac.new(b"s-1", exact, hashlib.sha256).digest()).decode()
    assert got.headers["authorization"] == (
        'Signature keyId="k-1",algorithm="hmac-sha256",'
        f'headers="(request-target) host date content-type content-length",signature="{expected}"'
    )
    assert got.headers["content-length"] == str(len(body))
    assert got.headers["content-type"] == "application/json"
    assert re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", date)


async def test_a_request_without_a_body_signs_neither_type_nor_length() -> None:
    recorder = Recorder()
    async with (
        serving(recorder) as url,
        WorldCheckClient(key="k-1", secret="s-1", clock=SystemClock(), base_url=f"{url}/v2") as client,
    ):
        await client.request_screening("case-1")
    (got,) = recorder.got
    exact = (
        f"(request-target): post /v2/cases/case-1/screeningRequest\nhost: {url.removeprefix('http://')}\n"
        f"date: {got.headers['date']}"
    )
    expected = base64.b64encode(hmac.new(b"s-1", exact.encode(), hashlib.sha256).digest()).decode()
    assert got.body == b""
    assert got.headers["authorization"] == (
        f'Signature keyId="k-1",algorithm="hmac-sha256",headers="(request-target) host date",signature="{expected}"'
    )


def test_a_date_is_written_in_gmt_whatever_zone_it_came_in() -> None:
    at = datetime(2026, 11, 1, 3, 4, 5, tzinfo=UTC)
    made = [
        signed_headers(method="GET", target="/", host="h", now=moment, key="k", secret="s", body=None)
        for moment in (at, at.astimezone())
    ]
    assert made[0] == made[1]
    assert made[0]["Date"] == "Sun, 01 Nov 2026 03:04:05 GMT"


async def test_a_listed_name_has_results_once_it_is_screened(client: WorldCheckClient) -> None:
    case_id = await client.create_case(listed())
    assert not await client.is_screened(case_id)
    await client.request_screening(case_id)
    assert not await client.is_screened(case_id)
    assert await client.list_results(case_id) == (), "read too early, a match looks like nobody"
    assert await client.is_screened(case_id)
    results = await client.list_results(case_id)
    assert [result.match_strength for result in results] == ["EXACT", "STRONG", "MEDIUM"]
    assert results[0].categories == ("PEP", "Law Enforcement")


async def test_a_name_that_is_not_listed_has_none(client: WorldCheckClient) -> None:
    case_id = await client.create_case(CASE)
    await client.request_screening(case_id)
    while not await client.is_screened(case_id):
        pass
    assert await client.list_results(case_id) == ()


@pytest.mark.parametrize("call", ["case", "screening", "events", "results"])
async def test_every_failure_is_told_apart(
    client: WorldCheckClient, url: str, simulator: WorldCheckSimulator, call: str
) -> None:
    case_id = await client.create_case(listed())
    async with WorldCheckClient(key=KEY, secret=SECRET, clock=SystemClock(), base_url=url, timeout_s=0.3) as hasty:
        for order, fault in WAYS:
            if call == "screening" and order.way in {"wrapped", "nulled"}:
                continue  # that call's answer says nothing, so nothing in it can be changed
            asked = hasty if order.way == "slow" else client
            simulator.misbehave(order)
            with pytest.raises(VendorError) as failed:
                await _call(asked, call, case_id)
            assert failed.value.fault is fault, order
            assert SECRET not in str(failed.value)
            assert "Gildong" not in str(failed.value)


async def _call(client: WorldCheckClient, call: str, case_id: str) -> object:
    match call:
        case "case":
            return await client.create_case(msgspec.structs.replace(CASE, case_id=str(uuid4())))
        case "screening":
            return await client.request_screening(case_id)
        case "events":
            return await client.is_screened(case_id)
        case _:
            return await client.list_results(case_id)


@pytest.mark.parametrize("skew", [timedelta(minutes=-2), timedelta(minutes=2)])
async def test_a_date_that_is_off_is_refused(url: str, skew: timedelta) -> None:
    clock = ManualClock(SystemClock().now() + skew)
    async with WorldCheckClient(key=KEY, secret=SECRET, clock=clock, base_url=url) as client:
        with pytest.raises(VendorError) as failed:
            await client.create_case(CASE)
    assert failed.value.fault is Fault.CREDENTIALS


@pytest.mark.parametrize(("key", "secret"), [(KEY, SECRET + "x"), (KEY.upper(), SECRET), ("", "")])
async def test_another_key_or_secret_is_refused(url: str, key: str, secret: str) -> None:
    async with WorldCheckClient(key=key, secret=secret, clock=SystemClock(), base_url=url) as client:
        with pytest.raises(VendorError) as failed:
            await client.create_case(CASE)
    assert failed.value.fault is Fault.CREDENTIALS


async def test_a_case_id_serves_once_and_an_unknown_group_is_refused(client: WorldCheckClient) -> None:
    await client.create_case(CASE)
    for wrong in (CASE, NewCase(group_id="other", entity_type=EntityType.INDIVIDUAL, case_id="new", name="n")):
        with pytest.raises(VendorError) as refused:
            await client.create_case(wrong)
        assert refused.value.fault is Fault.REFUSED
