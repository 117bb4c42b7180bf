"""What screening hears of a transfer that data was exchanged for: the hash, a failure, and nothing of any other."""

from typing import Any

import asyncpg
import pytest

from strongroom.kernel.documents.verdict import TravelRuleOutcome
from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.transaction_manager.world import World

TX = "0x" + "ab" * 32
CANCEL = "CANCELLED_BY_USER_REQUEST"


def reports(world: World, transaction_id: str) -> list[tuple[str, str]]:
    found = [one for one in world.neighbours.screening.reports if one.transaction_id == transaction_id]
    return [(one.tx_hash, one.failure) for one in found]


async def exchanged(world: World, *, until: str = "", **changes: Any) -> str:
    """A transaction whose parties were told to another institution."""
    screening = world.neighbours.screening
    screening.outcome, screening.report_due = TravelRuleOutcome.EXCHANGED, True
    transaction_id = await world.create(**changes)
    await world.settle()
    if until:
        await world.walk(transaction_id, until=until)
    return transaction_id


async def test_the_hash_is_reported_once_when_it_is_seen(world: World) -> None:
    transaction_id = await exchanged(world, until="13")
    await world.settle()
    assert reports(world, transaction_id) == []
    for depth in (1, 1, 2, 10, 100):
        await world.confirm(transaction_id, depth=depth)
        await world.settle()
    assert (await world.status(transaction_id))[0] == "COMPLETED"
    assert reports(world, transaction_id) == [(TX, "")]


async def test_screening_that_is_away_is_told_later_and_holds_nothing_up(world: World) -> None:
    transaction_id = await exchanged(world, until="13")
    world.neighbours.screening.failure = StrongroomError(Code.TRAVEL_RULE_PENDING)
    await world.confirm(transaction_id, depth=100)
    await world.settle()
    assert (await world.status(transaction_id))[0] == "COMPLETED"
    assert reports(world, transaction_id) == []
    world.neighbours.screening.failure = None
    world.clock.advance(60)
    await world.settle()
    assert reports(world, transaction_id) == [(TX, "")]


@pytest.mark.parametrize("until", ["", "7", "9"])
async def test_a_cancelled_transfer_is_reported_once_co_signer_3_has_closed_it(world: World, until: str) -> None:
    transaction_id = await exchanged(world, until=until)
    world.neighbours.closers = ()
    await world.cancel(transaction_id)
    await world.settle()
    assert reports(world, transaction_id) == []  # it may still land
    world.neighbours.closers = (1, 2, 3)
    await world.settle()
    assert (await world.status(transaction_id))[0] == "CANCELLED"
    assert reports(world, transaction_id) == [("", CANCEL)]


async def test_an_end_while_the_other_institution_is_asked_is_reported(world: World) -> None:
    """It may agree after we gave up: only screening knows."""
    screening = world.neighbours.screening
    screening.unanswered = StrongroomError(Code.TRAVEL_RULE_PENDING)
    transaction_id = await exchanged(world)
    assert await world.status(transaction_id) == ("PENDING_AML_SCREENING", "")
    await world.cancel(transaction_id)
    await world.settle()
    assert (await world.status(transaction_id))[0] == "CANCELLED"
    assert reports(world, transaction_id) == [("", CANCEL)]


async def test_waiting_for_the_other_institution_ends_with_the_lifetime(world: World) -> None:
    world.neighbours.screening.unanswered = StrongroomError(Code.TRAVEL_RULE_PENDING)
    transaction_id = await exchanged(world)
    for _ in range(3):
        world.clock.advance(3600)
        await world.settle()
        assert await world.status(transaction_id) == ("PENDING_AML_SCREENING", "")
    world.clock.advance(86400)
    await world.settle()
    assert await world.status(transaction_id) == ("FAILED", "TIMEOUT")
    assert reports(world, transaction_id) == [("", "TIMEOUT")]


async def test_an_answer_that_comes_late_lets_the_payment_go_on(world: World) -> None:
    screening = world.neighbours.screening
    screening.unanswered = StrongroomError(Code.TRAVEL_RULE_PENDING)
    transaction_id = await exchanged(world)
    screening.unanswered = None
    world.clock.advance(60)
    await world.settle()
    assert (await world.status(transaction_id))[0] == "PENDING_AUTHORIZATION"


@pytest.mark.parametrize(
    ("changes", "sub_status"),
    [({"succeeded": False}, "SMART_CONTRACT_EXECUTION_FAILED"), ({"ours": False}, "DROPPED_BY_BLOCKCHAIN")],
)
async def test_a_transfer_that_fails_on_chain_is_reported(
    world: World, changes: dict[str, bool], sub_status: str
) -> None:
    transaction_id = await exchanged(world, until="13")
    await world.confirm(transaction_id, depth=100, **changes)
    await world.settle()
    assert await world.status(transaction_id) == ("FAILED", sub_status)
    assert reports(world, transaction_id) == [("" if "ours" in changes else TX, sub_status)]


async def test_refused_by_the_other_institution_it_names_the_rule_and_needs_no_report(world: World) -> None:
    world.neighbours.screening.outcome = TravelRuleOutcome.REFUSED
    transaction_id = await world.create()
    await world.settle()
    found = await world.get(transaction_id)
    assert (found.status, found.reason) == ("REJECTED", "by the book")
    assert (found.steps[-1].step, found.steps[-1].outcome) == ("5c", "TRAVEL_RULE_REFUSED")
    assert reports(world, transaction_id) == []


async def test_without_an_exchange_nothing_is_reported(world: World) -> None:
    landed, cancelled = await world.create(amount="0.1"), await world.create(amount="0.2")
    await world.settle()
    await world.walk(landed, until="13")
    await world.confirm(landed, depth=100)
    await world.cancel(cancelled)
    world.neighbours.screening.aml = "REJECT"
    await world.create(amount="0.3")
    await world.settle()
    assert world.neighbours.screening.reports == []
    assert await world.rows("select 1 from work where operation = 'report_transfer'") == []


async def test_a_report_that_is_due_stays_due(world: World) -> None:
    transaction_id = await exchanged(world)
    with pytest.raises((asyncpg.PostgresError, StrongroomError)):
        await world.rows("update transactions set report_due = false where id = $1", transaction_id)
