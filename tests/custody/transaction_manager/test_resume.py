"""A process that dies between a commit and the next call: another takes the work up, and nothing is done twice."""

import pytest

from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.transaction_manager.world import World


@pytest.mark.parametrize("at", ["balance", "screening", "policy"])
async def test_another_process_goes_on_where_one_died(world: World, at: str) -> None:
    around = world.neighbours
    fake = {"balance": around.nodes, "screening": around.screening, "policy": around.policy_engine}[at]
    fake.failure = StrongroomError(Code.UNAVAILABLE)
    transaction_id = await world.create()
    await world.settle()
    await world.stop()
    stopped_at = (await world.rows("select step from transactions"))[0]["step"]
    assert stopped_at == {"balance": "5", "screening": "5a", "policy": "5c"}[at]
    fake.failure = None
    world.clock.advance(60)
    reborn = await World(world.database, around, world.clock, worker_id="second").start()
    try:
        await reborn.settle()
        assert await reborn.status(transaction_id) == ("PENDING_AUTHORIZATION", "")
        await reborn.walk(transaction_id, until="13")
        assert (await reborn.confirm(transaction_id, depth=2)).final
    finally:
        await reborn.stop()
    steps = await world.rows("select step, count(*) as n from transaction_steps group by step having step <> '10'")
    assert {row["n"] for row in steps} == {1}


async def test_a_lease_of_the_dead_is_taken_over_and_the_answer_stored_once(world: World) -> None:
    around = world.neighbours
    around.nodes.failure = StrongroomError(Code.UNAVAILABLE)
    transaction_id = await world.create()
    await world.settle()
    around.nodes.failure = None
    world.clock.advance(60)
    second = await World(world.database, around, world.clock, worker_id="second").start()
    third = await World(world.database, around, world.clock, worker_id="third").start()
    try:
        for process in (second, third, world):
            await process.settle()
        assert await world.status(transaction_id) == ("PENDING_AUTHORIZATION", "")
    finally:
        await third.stop()
        await second.stop()
    statuses = await world.history(transaction_id)
    assert statuses == ["SUBMITTED", "PENDING_AML_SCREENING", "PENDING_AUTHORIZATION"]
    assert len(await world.rows("select key from work where finished_at is not null")) == 4
