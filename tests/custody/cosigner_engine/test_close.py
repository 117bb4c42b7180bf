"""Close orders: told to every co-signer whenever it comes, shown to the others, reported as trust.md 5 says."""

import asyncio

import pytest

from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.cosigner_engine.scripted import (
    Answer,
    entomb,
    fault,
    once,
    refuse_with,
    released,
    silent,
)
from tests.custody.cosigner_engine.world import MakeWorld, Neighbours, World

ALL = [(1, "TOMBSTONE"), (2, "TOMBSTONE"), (3, "TOMBSTONE")]


async def test_a_transaction_without_a_ceremony_is_closed_by_all(world: World) -> None:
    await world.connect()
    opening = world.opening()
    await world.close(opening)
    await world.until_idle()
    (report,) = world.around.manager.closes
    assert len(report.tombstones) == 3
    assert report.transaction_id == opening.transaction_id
    assert await world.close_answers(opening.transaction_id) == ALL
    assert world.cosigners[1].orders[0].close.reason == "CANCELLED_BY_USER"
    assert world.cosigners[1].names() == ["close"]


async def test_it_is_idempotent_and_the_first_reason_stays(world: World) -> None:
    await world.connect()
    opening = world.opening()
    await asyncio.gather(*(world.close(opening, reason=reason) for reason in ("A", "B", "C")))
    await world.until_idle()
    await world.close(opening)
    await world.until_idle()
    assert len(world.around.manager.closes) == 1
    assert world.cosigners[3].names() == ["close"]
    assert await world.database.fetchval("select count(*) from service_handoff_events") == 4


async def test_a_request_hash_of_another_transaction_is_refused(world: World) -> None:
    with pytest.raises(StrongroomError) as caught:
        await world.close(world.opening(), request_hash=b"\x01" * 32)
    assert caught.value.code is Code.INTENT_MISMATCH


async def test_the_manager_is_asked_again_until_it_answers(world: World) -> None:
    await world.connect()
    world.around.manager.failures = [StrongroomError(Code.UNAVAILABLE)] * 2
    await world.close(world.opening())
    await world.until_idle()
    assert len(world.around.manager.closes) == 3


async def test_co_signer_3_decides_and_an_absent_one_is_told_when_it_returns(world: World) -> None:
    await world.connect(1, 3)
    opening = world.opening()
    await world.close(opening)

    async def reported() -> bool:
        return bool(world.around.manager.closes)

    await world.until(reported)
    assert await world.close_answers(opening.transaction_id) == [(1, "TOMBSTONE"), (3, "TOMBSTONE")]
    await world.connect(2)
    await world.until_idle()
    assert await world.close_answers(opening.transaction_id) == ALL
    assert len(world.around.manager.closes) == 1


async def test_without_co_signer_3_nothing_is_reported_until_it_comes(world: World) -> None:
    await world.connect(1, 2)
    opening = world.opening()
    await world.close(opening)
    await asyncio.sleep(0.3)
    assert world.around.manager.closes == []
    assert world.cosigners[1].names() == ["close"]
    await world.connect(3)
    await world.until_idle()
    assert len(world.around.manager.closes[0].tombstones) == 3


@pytest.mark.parametrize("answer", [silent, fault, entomb, refuse_with("JOURNAL_ROLLED_BACK")])
async def test_a_co_signer_that_does_not_answer_it_is_asked_again(world: World, answer: Answer) -> None:
    """``entomb`` gives the tombstone of another request, which counts for nothing."""
    await world.connect()
    world.cosigners[3].answers["close"] = once(answer)
    opening = world.opening()
    await world.close(opening)
    await world.until_idle()
    assert world.cosigners[3].names() == ["close", "close"]
    assert world.cosigners[1].names() == ["close"]
    assert await world.close_answers(opening.transaction_id) == ALL


async def test_a_release_of_co_signer_3_is_told_by_the_others_tombstones_once(world: World) -> None:
    await world.connect()
    world.cosigners[3].answers["close"] = released
    opening = world.opening()
    await world.close(opening)
    await world.until_idle()
    (report,) = world.around.manager.closes
    assert len(report.tombstones) == 2
    answers = await world.close_answers(opening.transaction_id)
    assert answers == [(1, "TOMBSTONE"), (2, "TOMBSTONE"), (3, "HONOURED"), (3, "RELEASED")]
    assert world.cosigners[3].orders[1].honour_tombstone.signer == 1


async def test_a_provider_that_has_released_is_shown_the_customer_s_tombstone(world: World) -> None:
    await world.connect()
    world.cosigners[1].answers["close"] = released
    world.cosigners[1].answers["honour_tombstone"] = once(refuse_with("JOURNAL_ROLLED_BACK"))
    opening = world.opening()
    await world.close(opening)
    await world.until_idle()
    assert (1, "HONOURED") in await world.close_answers(opening.transaction_id)
    assert [order.honour_tombstone.signer for order in world.cosigners[1].orders[1:]] == [2, 3]


async def test_when_all_have_released_the_ceremony_goes_on_and_nothing_is_reported(world: World) -> None:
    """The ceremony had been given up for a new attempt; a digest that all released may land without us."""
    await world.connect()
    world.cosigners[2].answers["seek_consent"] = once(refuse_with("SCREENING_UNAVAILABLE"))
    opening = await world.open()
    await world.until_status(opening.transaction_id, "SUPERSEDED")
    await world.until_idle()
    for cosigner in world.cosigners.values():
        cosigner.answers["close"] = released
    await world.close(opening)
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    await world.until_idle()
    assert world.around.manager.closes == []
    assert len(world.around.vault.assembled) == 1


async def test_a_close_order_meets_a_running_ceremony(world: World) -> None:
    """Whoever wins, the ceremony ends by the tombstones, and the manager hears of both."""
    await world.connect()
    world.cosigners[2].answers["seek_consent"] = once(refuse_with("LIMIT_EXCEEDED"))
    opening = await world.open()
    await world.until_event(opening.transaction_id, 2, "REFUSAL")
    for cosigner in world.cosigners.values():
        cosigner.answers["seek_consent"] = entomb
    await world.close(opening)
    await world.until_status(opening.transaction_id, "CLOSED")
    await world.until_idle()
    assert len(world.around.manager.closes) == 1
    assert world.around.vault.assembled == []


async def test_a_tombstone_seen_in_a_ceremony_is_shown_to_the_others(world: World) -> None:
    await world.connect()
    world.cosigners[1].answers["seek_consent"] = entomb
    opening = await world.open()
    await world.until_status(opening.transaction_id, "CLOSED")
    await world.until_idle()
    assert [
        order.honour_tombstone.signer for order in world.cosigners[2].orders if order.HasField("honour_tombstone")
    ] == [1]
    assert "honour_tombstone" not in world.cosigners[1].names()
    report = world.around.manager.report("10")
    assert report.outcome == "POLICY_BLOCKED"
    assert "Co-signer 1" in report.reason


async def test_an_engine_that_dies_goes_on_closing(make_world: MakeWorld) -> None:
    around = Neighbours()
    first = await make_world(around)
    await first.connect(1)
    opening = first.opening()
    await first.close(opening)

    async def told() -> bool:
        return await first.close_answers(opening.transaction_id) == [(1, "TOMBSTONE")]

    await first.until(told)
    await first.stop()
    second = await make_world(around)
    await second.connect(1, 2, 3)
    await second.until_idle()
    assert await second.close_answers(opening.transaction_id) == ALL
    assert second.cosigners[1].names() == []
    assert len(around.manager.closes) == 1
