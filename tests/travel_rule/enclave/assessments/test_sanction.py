"""Sanctions screening through the API: when it is possible, what it says; no failure is ever a clean address."""

import re

import msgspec
import pytest

from strongroom.runtime.kms import MemoryKms
from strongroom.travel_rule.enclave.domain.verifications import Result
from strongroom.vendors.simulated import Order
from tests.travel_rule.enclave.assessments.world import (
    KYT,
    SANCTION,
    THEIRS,
    THERE,
    WCO,
    Companies,
    World,
    verification,
    world,
)


@pytest.mark.parametrize("is_outgoing", [True, False])
async def test_the_counterpartys_address_is_compared_with_the_lists(
    screened: World, sanctioned: list[str], *, is_outgoing: bool
) -> None:
    for there, status in ((sanctioned[0], "SANCTION"), (THERE, "NOHIT")):
        uuid = await screened.put(verification(is_outgoing=is_outgoing, there=there))
        got = await screened.post(SANCTION, {"verificationUuid": uuid})
        assert (got["status"], got["address"]) == (status, there)
        assert got["direction"] == ("OUTGOING" if is_outgoing else "INCOMING")
        assert got["counterpartyVaspId"] == THEIRS, "an id above 2^53 stays a text"
        assert got["verificationUuid"] == uuid
        assert bool(got["ofacName"]) is (status == "SANCTION")
        assert await screened.get(SANCTION, got["requestId"]) == got, "and it is kept"


async def test_every_screening_is_a_request_of_its_own(screened: World) -> None:
    uuid = await screened.put(verification())
    got = [(await screened.post(SANCTION, {"verificationUuid": uuid}))["requestId"] for _ in range(3)]
    assert len(set(got)) == 3
    assert all(re.fullmatch(r"[0-9a-f-]{36}", request_id) for request_id in got)


async def test_it_needs_a_completed_verification_with_an_address(screened_once: World) -> None:
    for result in (Result.WAIT, Result.PENDING):
        uuid = await screened_once.put(verification(result=result))
        assert await screened_once.refused(SANCTION, {"verificationUuid": uuid}) == "UNSUPPORTED-RISK-ASSESSMENT"
    for result in (Result.VERIFIED, Result.DENIED, Result.UNKNOWN, Result.ERROR):
        uuid = await screened_once.put(verification(result=result))
        assert (await screened_once.post(SANCTION, {"verificationUuid": uuid}))["status"] == "NOHIT"
    uuid = await screened_once.put(verification(there=None))
    assert await screened_once.refused(SANCTION, {"verificationUuid": uuid}) == "UNSUPPORTED-RISK-ASSESSMENT"
    assert sum(screened_once.chainalysis.asked.values()) == 4, "what is refused is never asked"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "MISSING-VERIFICATION-UUID"),
        ({"verificationUuid": "00000000-0000-4000-8000-000000000000"}, "VERIFICATION-NOT-FOUND"),
        ({"verificationUuid": 7}, "INVALID-FORMAT"),
        ({"verificationUuid": "a", "more": 1}, "INVALID-FORMAT"),
    ],
)
async def test_what_names_no_verification_is_refused(screened_once: World, body: dict[str, object], code: str) -> None:
    assert await screened_once.refused(SANCTION, body) == code


@pytest.mark.parametrize("path", [SANCTION, KYT, WCO])
async def test_an_unknown_request_is_refused(screened_once: World, path: str) -> None:
    refused = await screened_once.get(path, "00000000-0000-4000-8000-000000000000", 404)
    assert refused["code"] == "RISK-ASSESSMENT-UNKNOWN"


async def test_what_is_switched_off_is_refused(postgres_url: str, companies: Companies) -> None:
    async with world(postgres_url, companies, features=()) as off:
        uuid = await off.put(verification())
        assert await off.refused(SANCTION, {"verificationUuid": uuid}) == "UNSUPPORTED-RISK-ASSESSMENT"
        for path in (SANCTION, KYT, WCO):
            assert (await off.get(path, "x", 404))["code"] == "RISK-ASSESSMENT-UNKNOWN"


async def test_one_failure_is_tried_again(screened_once: World, sanctioned: list[str]) -> None:
    uuid = await screened_once.put(verification(there=sanctioned[0]))
    for way in ("server-error", "half-body", "wrapped"):
        screened_once.chainalysis.misbehave(Order(way=way))
        assert (await screened_once.post(SANCTION, {"verificationUuid": uuid}))["status"] == "SANCTION"


async def test_a_company_that_fails_for_good_never_means_a_clean_address(
    postgres_url: str, sanctioned: list[str], companies: Companies
) -> None:
    kms = MemoryKms()
    for way in ("forbidden-html", "half-body", "nulled"):
        async with world(postgres_url, companies, kms=kms) as fresh:  # a company that failed is left alone: begin anew
            uuid = await fresh.put(verification(there=sanctioned[0]))
            fresh.chainalysis.misbehave(msgspec.convert({"way": way, "times": 10}, Order))
            got = await fresh.post(SANCTION, {"verificationUuid": uuid})
            assert (got["status"], got["ofacName"]) == ("ERROR", None), way
            assert (await fresh.get(SANCTION, got["requestId"]))["status"] == "ERROR"
            fresh.chainalysis.behave()
