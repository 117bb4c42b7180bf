"""World-Check One through the API: a case a person, read once it is screened, told by callback; errors never clean."""

import json
from itertools import cycle

import msgspec
import pytest

from strongroom.runtime.kms import MemoryKms
from strongroom.vendors.faults import Fault
from strongroom.vendors.simulated import Order
from tests.travel_rule.enclave.assessments.world import (
    QUICK,
    WCO,
    Companies,
    World,
    company,
    person,
    verification,
    world,
)
from tests.vendors.failing import WAYS

TOLD = "REFINITIV_WCO_RESULT"
GILDONG = person("Hong", "Gildong", born="1980-02-29")


async def ask(world: World, uuid: str, **more: str) -> list[str]:
    got = await world.post(WCO, {"verificationUuid": uuid, **more})
    assert {each["status"] for each in got["results"]} == {"REGISTERED"}
    assert len({each["caseSystemId"] for each in got["results"]}) == len(got["results"])
    return [each["requestId"] for each in got["results"]]


@pytest.mark.parametrize("is_outgoing", [True, False])
async def test_the_counterpartys_customer_is_screened(screened: World, *, is_outgoing: bool) -> None:
    ours, theirs = (person("Nobody"),), (GILDONG,)
    originator, beneficiary = (ours, theirs) if is_outgoing else (theirs, ours)
    row = verification(is_outgoing=is_outgoing, originator=originator, beneficiary=beneficiary)
    (request_id,) = await ask(screened, await screened.put(row))
    got = await screened.ended(WCO, request_id)
    assert (got["status"], got["direction"]) == ("PROCESSED", "OUTGOING" if is_outgoing else "INCOMING")
    summary = got["aggregatedResultSummaries"]
    assert summary["count"] == 5
    assert summary["strengths"] == {"EXACT": 2, "STRONG": 1, "MEDIUM": 1, "WEAK": 1}
    assert summary["categories"] == {"PEP": 5, "Law Enforcement": 5}
    assert summary["references"][0] == "e_tr_wci_1"
    assert "Gildong" not in json.dumps(got), "what is stored and told names nobody"
    assert await screened.told(TOLD, request_id) == got


async def test_the_own_customer_is_screened_when_asked_for(screened: World) -> None:
    uuid = await screened.put(verification(originator=(GILDONG,), beneficiary=(person("Nobody"),)))
    for target, count in (("ORIGINATOR", 5), ("BENEFICIARY", 0)):
        (request_id,) = await ask(screened, uuid, target=target)
        got = await screened.ended(WCO, request_id)
        assert (got["status"], got["aggregatedResultSummaries"]["count"]) == ("PROCESSED", count)


async def test_a_company_and_its_representative_are_two_cases(screened_once: World) -> None:
    persons = (company("Sanctioned Trading Limited"), person("Nobody", "At All"))
    requests = await ask(screened_once, await screened_once.put(verification(beneficiary=persons)))
    counts = [(await screened_once.ended(WCO, each))["aggregatedResultSummaries"]["count"] for each in requests]
    assert counts == [5, 0]


async def test_a_side_without_persons_is_refused(screened_once: World) -> None:
    uuid = await screened_once.put(verification(beneficiary=()))
    assert await screened_once.refused(WCO, {"verificationUuid": uuid}) == "UNSUPPORTED-RISK-ASSESSMENT"
    uuid = await screened_once.put(verification())
    assert await screened_once.refused(WCO, {"verificationUuid": uuid, "target": "BOTH"}) == "INVALID-FORMAT"


async def test_results_that_are_many_still_fit_their_column(postgres_url: str, companies: Companies) -> None:
    companies.world_check.results = 5000
    async with world(postgres_url, companies) as made:
        (request_id,) = await ask(made, await made.put(verification(beneficiary=(GILDONG,))))
        summary = (await made.ended(WCO, request_id))["aggregatedResultSummaries"]
        assert summary["count"] == 5000
        assert sum(summary["strengths"].values()) == 5000
        assert len(json.dumps(summary)) <= 4096


async def test_every_failure_is_overcome_without_losing_a_match(postgres_url: str, companies: Companies) -> None:
    """Each way at another call: asking for the screening, looking for its event, reading its results."""
    failing = [(order, fault) for order, fault in WAYS[1::2] if fault is not Fault.REFUSED]
    stages = cycle(["/auditEvents", "/results", "/screeningRequest"])
    async with world(postgres_url, companies, assessments=msgspec.structs.replace(QUICK, timeout_s=2)) as made:
        for (order, _), stage in zip(failing, stages, strict=False):
            made.world_check.misbehave(msgspec.structs.replace(order, path=stage, seconds=min(order.seconds, 1)))
            (request_id,) = await ask(made, await made.put(verification(beneficiary=(GILDONG,))))
            got = await made.ended(WCO, request_id)
            assert got["status"] == "PROCESSED", (order, stage)
            assert got["aggregatedResultSummaries"]["count"] == 5, (order, stage)


async def test_a_case_that_cannot_be_saved_is_an_error_at_once(postgres_url: str, companies: Companies) -> None:
    kms = MemoryKms()
    for way in ("refused", "nulled"):
        async with world(postgres_url, companies, kms=kms) as fresh:  # a company that failed is left alone: begin anew
            uuid = await fresh.put(verification(beneficiary=(GILDONG,)))
            fresh.world_check.misbehave(msgspec.convert({"way": way, "times": 10}, Order))
            (result,) = (await fresh.post(WCO, {"verificationUuid": uuid}))["results"]
            assert (result["status"], result["caseSystemId"]) == ("ERROR", "")
            assert result["aggregatedResultSummaries"] is None
            assert (await fresh.get(WCO, result["requestId"]))["status"] == "ERROR"
            fresh.world_check.behave()


async def test_what_is_refused_or_never_screened_ends_with_an_error(postgres_url: str, companies: Companies) -> None:
    async with world(postgres_url, companies, assessments=msgspec.structs.replace(QUICK, give_up_s=1)) as made:
        for stage in ("/screeningRequest", "/auditEvents", "/results"):
            made.world_check.misbehave(Order(way="not-found", path=stage))
            (request_id,) = await ask(made, await made.put(verification(beneficiary=(GILDONG,))))
            got = await made.ended(WCO, request_id)
            assert (got["status"], got["aggregatedResultSummaries"]) == ("ERROR", None), stage
            assert await made.told(TOLD, request_id) == got
        companies.world_check.polls = 1_000_000
        (request_id,) = await ask(made, await made.put(verification(beneficiary=(GILDONG,))))
        assert (await made.ended(WCO, request_id))["status"] == "ERROR"
