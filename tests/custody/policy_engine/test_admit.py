"""What follows an approval: reported and admitted, whoever fails or dies on the way, once and only once."""

import asyncio

import pytest

from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.policy_engine.world import World, ask
from tests.fixtures.tenant import MadeTenant


@pytest.fixture
async def tenant(world: World) -> MadeTenant:
    made = world.tenant()
    await world.publish(made)
    return made


async def until_admitted(world: World, *, times: int = 1) -> None:
    """Let time pass until the vault has it."""
    for _ in range(400):
        if len(world.around.vault.admitted) >= times:
            break
        world.clock.advance(2)
        await asyncio.sleep(0.005)
    await world.stage.settle()
    assert len(world.around.vault.admitted) == times


@pytest.mark.parametrize("code", [Code.UNAVAILABLE, Code.INTERNAL, Code.DEADLINE_EXCEEDED])
async def test_a_neighbour_that_fails_is_asked_again(world: World, tenant: MadeTenant, code: Code) -> None:
    world.around.manager.failures += [StrongroomError(code)] * 2
    world.around.vault.failures += [StrongroomError(code)] * 2
    await world.evaluate(ask(tenant))
    await until_admitted(world)
    assert world.around.manager.counts()["6"] == 5
    assert await world.database.fetchval("select count(*) from work where finished_at is null") == 0


async def test_nothing_is_admitted_before_the_manager_has_the_decision(world: World, tenant: MadeTenant) -> None:
    world.around.manager.failures.append(StrongroomError(Code.UNAVAILABLE))
    await world.evaluate(ask(tenant))
    await world.stage.settle()
    assert len(world.around.manager.reports) == 1
    assert world.around.vault.admitted == []
    await until_admitted(world)


async def test_an_ended_transaction_is_not_admitted(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    world.around.manager.ended.add(str(asked.id))
    await world.evaluate(asked)
    await world.stage.settle()
    world.clock.advance(600)
    await world.stage.settle()
    assert world.around.vault.admitted == []
    assert len(world.around.manager.reports) == 1


async def test_a_crash_after_the_commit_loses_nothing_and_repeats_nothing(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    world.around.manager.failures.append(StrongroomError(Code.UNAVAILABLE))
    answer = await world.evaluate(asked)
    await world.stage.settle()
    await world.stage.stop()
    world.clock.advance(600)
    after = await world.successor()
    await until_admitted(after)
    assert after.around.vault.admitted[0].decision == answer.decision
    assert await after.evaluate(asked) == answer
    await after.stage.settle()
    assert len(after.around.vault.admitted) == 1
    await after.stage.stop()
    last = await world.successor()
    await last.stage.settle()
    assert len(last.around.vault.admitted) == 1
    await last.stage.stop()
