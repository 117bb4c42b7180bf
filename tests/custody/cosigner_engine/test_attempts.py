"""What no longer holds is decided again in a new attempt; what only needs patience is asked again in this one."""

import asyncio
from uuid import UUID

import pytest

from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from tests.custody.cosigner_engine.scripted import entomb, once, refuse_with, silent
from tests.custody.cosigner_engine.world import World

OUTDATED = [
    "SCREENING_UNAVAILABLE",
    "APPROVALS_MISSING",
    "APPROVAL_INVALID",
    "DOCUMENT_VERSION_INVALID",
    "DECISION_MISMATCH",
]


def again(opening: pb.OpenCeremonyRequest, attempt: int) -> pb.OpenCeremonyRequest:
    changed = pb.OpenCeremonyRequest()
    changed.CopyFrom(opening)
    changed.attempt = attempt
    return changed


async def statuses(world: World, transaction_id: str) -> list[str]:
    rows = await world.database.fetch(
        "select status from signing_requests where transaction_id = $1 order by attempt", UUID(transaction_id)
    )
    return [row["status"] for row in rows]


@pytest.mark.parametrize("reason", OUTDATED)
async def test_what_no_longer_holds_is_reported_once_and_signed_in_the_next_attempt(world: World, reason: str) -> None:
    await world.connect()
    world.cosigners[2].answers["seek_consent"] = once(refuse_with(reason))
    opening = await world.open()
    await world.until_status(opening.transaction_id, "SUPERSEDED")
    await world.until_idle()
    report = world.around.manager.report("10")
    assert (report.outcome, report.attempt) == ("ATTEMPT_OUTDATED", 0)
    assert report.reason.startswith(f"Co-signer 2: {reason}")
    assert world.cosigners[1].names() == ["seek_consent", "abort"]
    await world.open(again(opening, 1))
    await world.until_idle()
    assert await statuses(world, opening.transaction_id) == ["SUPERSEDED", "ASSEMBLED"]
    assert world.cosigners[1].orders[2].seek_consent.attempt == 1


@pytest.mark.parametrize("reason", ["NOT_NOW", "LIMIT_EXCEEDED", "COSIGNER_BANNED", "SLOT_TAKEN"])
async def test_what_only_needs_patience_stays_in_its_attempt(world: World, reason: str) -> None:
    await world.connect()
    world.cosigners[2].answers["seek_consent"] = once(refuse_with(reason))
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    assert "ATTEMPT_OUTDATED" not in {report.outcome for report in world.around.manager.reports}


async def test_a_tombstone_and_a_finished_signature_come_before_a_new_attempt(world: World) -> None:
    await world.connect()
    world.cosigners[2].answers["seek_consent"] = refuse_with("SCREENING_UNAVAILABLE")
    world.cosigners[3].answers["seek_consent"] = entomb
    opening = await world.open()
    await world.until_status(opening.transaction_id, "CLOSED")
    await world.until_idle()
    assert world.around.manager.report("10").outcome == "POLICY_BLOCKED"


async def test_a_later_attempt_takes_over_from_one_that_waits(world: World) -> None:
    """One ceremony at a time: the first has a co-signer that is never content, and asks nobody after the second."""
    await world.connect()
    world.cosigners[2].answers["seek_consent"] = refuse_with("LIMIT_EXCEEDED")
    opening = await world.open()
    await world.until_event(opening.transaction_id, 2, "REFUSAL")
    world.cosigners[2].answers.clear()
    world.cosigners[2].answers["seek_consent"] = once(refuse_with("LIMIT_EXCEEDED"))
    await world.open(again(opening, 1))
    await world.until_idle()
    found = await statuses(world, opening.transaction_id)
    assert found[1] == "ASSEMBLED"
    assert found[0] in {"SUPERSEDED", "ASSEMBLED"}
    assert len({one.signature for one in world.around.vault.assembled}) == 1


async def test_a_digest_that_was_signed_in_an_older_attempt_still_finishes(world: World) -> None:
    """The first attempt's ceremony is over when the second opens: one signature, for both."""
    await world.connect()
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    await world.open(again(opening, 1))
    await world.until_idle()
    assert len({one.signature for one in world.around.vault.assembled}) == 1
    assert [order for order in world.cosigners[1].names() if order == "start_ceremony"] == ["start_ceremony"]


@pytest.mark.parametrize("absent", [1, 2, 3])
async def test_an_attempt_waits_for_whoever_is_absent(world: World, absent: int) -> None:
    await world.connect(*({1, 2, 3} - {absent}))
    opening = await world.open()
    await asyncio.sleep(0.15)
    assert all(cosigner.orders == [] for cosigner in world.cosigners.values())
    await world.connect(absent)
    await world.until_status(opening.transaction_id, "ASSEMBLED")


@pytest.mark.parametrize("index", [1, 2, 3])
@pytest.mark.parametrize("name", ["seek_consent", "start_ceremony", "peer_message"])
async def test_a_co_signer_that_is_slow_once_holds_nothing_up_for_good(world: World, name: str, index: int) -> None:
    await world.connect()
    world.cosigners[index].answers[name] = once(silent)
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    assert len(world.around.vault.assembled) == 1
