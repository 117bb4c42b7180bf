"""The end of a transaction while people are asked about it: the policy engine hears of it, in spite of every crash."""

import asyncio
from uuid import UUID

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import list_handoffs
from tests.custody.transaction_manager.world import World

OUTDATED = "ATTEMPT_OUTDATED"


def _told(world: World) -> list[tuple[str, int, str]]:
    return [(one.transaction_id, one.attempt, one.reason) for one in world.neighbours.policy_engine.closings]


async def test_a_cancel_closes_what_people_are_asked(world: World) -> None:
    transaction_id = await world.create(amount="0.1")
    await world.settle()
    await world.report(transaction_id, "6")
    await world.cancel(transaction_id)
    await world.settle()
    assert _told(world) == [(transaction_id, 0, "Cancelled by ops.")]
    cancelled = (await list_handoffs(world.database, transaction_id=UUID(transaction_id)))[-1]
    call = world.neighbours.policy_engine.calls[-1]
    assert call.handoff is not None
    assert call.handoff.method.endswith("/CloseApproval")
    assert call.handoff.parents != ()
    assert cancelled.method.endswith("/RecordClose")


async def test_a_lifetime_that_ends_while_people_are_asked(world: World) -> None:
    transaction_id = await world.create(amount="0.1")
    await world.settle()
    await world.report(transaction_id, "6")
    world.clock.advance(24 * 3600)
    await world.settle()
    assert (await world.status(transaction_id))[0] == "FAILED"
    assert _told(world) == [(transaction_id, 0, "The request's lifetime ended before it was signed.")]


async def test_a_question_under_way_is_closed_too(world: World) -> None:
    world.neighbours.policy_engine.failure = StrongroomError(Code.UNAVAILABLE)
    transaction_id = await world.create(amount="0.1")
    await world.settle()
    await world.cancel(transaction_id)
    await world.settle()
    assert [told[0] for told in _told(world)] == [transaction_id]


async def test_nobody_is_told_where_nobody_can_be_asked(world: World) -> None:
    world.neighbours.screening.failure = StrongroomError(Code.SCREENING_UNAVAILABLE)
    early = await world.create(amount="0.1")
    await world.settle()
    await world.cancel(early)
    world.neighbours.screening.failure = None
    rejected, late = [await world.create(amount="0.1", note=note) for note in ("rejected", "late")]
    await world.settle()
    await world.report(rejected, "6")
    await world.report(rejected, "7", outcome="APPROVAL_REJECTED")
    await world.walk(late, until="9")
    await world.cancel(late)
    await world.settle()
    assert [await world.status(one) for one in (early, rejected, late)] == [
        ("CANCELLED", "CANCELLED_BY_USER_REQUEST"),
        ("REJECTED", "REJECTED_BY_USER"),
        ("CANCELLED", "CANCELLED_BY_USER_REQUEST"),
    ]
    assert _told(world) == []


async def test_an_earlier_attempt_that_is_signed_after_all_closes_the_new_question(world: World) -> None:
    transaction_id = await world.create(amount="0.1")
    await world.settle()
    await world.walk(transaction_id, until="9")
    await world.report(transaction_id, "10", outcome=OUTDATED)
    await world.settle()
    await world.report(transaction_id, "6", attempt=1)
    assert (await world.get(transaction_id)).status == "PENDING_AUTHORIZATION"
    await world.report(transaction_id, "12", attempt=0)
    await world.settle()
    assert [(told[0], told[1]) for told in _told(world)] == [(transaction_id, 1)]
    assert (await world.get(transaction_id)).status == "PENDING_SIGNATURE"


async def test_it_is_said_until_the_policy_engine_has_heard_it(world: World) -> None:
    transaction_id = await world.create(amount="0.1")
    await world.settle()
    await world.report(transaction_id, "6")
    world.neighbours.policy_engine.closing_failure = StrongroomError(Code.UNAVAILABLE)
    await world.cancel(transaction_id)
    await world.settle()
    assert (await world.status(transaction_id))[0] == "CANCELLED"
    await world.stop()
    world.neighbours.policy_engine.closing_failure = None
    after = await World(world.database, world.neighbours, world.clock, worker_id="second").start()
    for _ in range(400):
        if _told(after):
            break
        after.clock.advance(60)
        await asyncio.sleep(0.01)
    await after.stop()
    assert [told[0] for told in _told(after)] == [transaction_id]
