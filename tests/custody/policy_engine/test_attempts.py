"""A new document set while people are asked: decided again once, and what they said counts again where it holds."""

import asyncio

import msgspec
import pytest

from strongroom.kernel.documents.approval import ApprovalAnswer
from strongroom.kernel.documents.document_set import AccountRange, AddressEntry
from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.policy_engine.world import NOW_S, World, ask, next_attempt, next_version
from tests.fixtures.platform import refused
from tests.fixtures.tenant import CHAIN_ID, STRANGER, MadeTenant, allow_up_to, ask_approvers

RANGES = (AccountRange(first=0, last=999),)
LISTED = (AddressEntry(id="stranger", name="Stranger", chain_id=CHAIN_ID, address=STRANGER),)


@pytest.fixture
async def tenant(world: World) -> MadeTenant:
    """A published tenant where two of anna, ben and carla must agree."""
    made = world.tenant(rules=(ask_approvers(2),))
    await world.publish(made)
    return made


def reported(world: World, outcome: str) -> list[tuple[str, int]]:
    return [
        (report.transaction_id, report.attempt) for report in world.around.manager.reports if report.outcome == outcome
    ]


async def test_what_waits_under_an_older_version_is_decided_again_exactly_once(
    world: World, tenant: MadeTenant
) -> None:
    waiting = [ask(tenant, note=str(number)) for number in range(3)]
    for asked in waiting:
        await world.evaluate(asked)
    done = ask(tenant, note="approved already")
    await world.evaluate(done)
    for name in ("anna", "ben"):
        await world.submit(done, tenant.approval(name, done.intent))
    second = next_version(tenant, vault_accounts=RANGES)
    await asyncio.gather(*(world.publish(second) for _ in range(3)))
    await world.stage.settle()
    await world.publish(next_version(second, request_lifetime_s=60))
    await world.stage.settle()
    assert sorted(reported(world, "ATTEMPT_OUTDATED")) == sorted((str(asked.id), 0) for asked in waiting)
    assert (await world.show(waiting[0])).state == "OUTDATED"
    late = second.approval("anna", waiting[0].intent)
    assert await refused(world.submit(waiting[0], late)) is Code.ATTEMPT_OUTDATED


async def test_everyone_has_the_version_before_anything_is_decided_again(world: World, tenant: MadeTenant) -> None:
    await world.evaluate(ask(tenant))
    await world.stage.settle()
    world.around.engine.failures += [StrongroomError(Code.UNAVAILABLE)] * 3
    publishing = asyncio.create_task(world.publish(next_version(tenant, vault_accounts=RANGES)))
    for _ in range(400):
        if publishing.done():
            break
        if world.around.engine.failures:
            assert reported(world, "ATTEMPT_OUTDATED") == []
        world.clock.advance(2)
        await asyncio.sleep(0.005)
    await publishing
    await world.stage.settle()
    assert len(reported(world, "ATTEMPT_OUTDATED")) == 1


async def test_an_approval_outlives_a_version_that_leaves_what_it_covers(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    anna = tenant.approval("anna", asked.intent)
    await world.submit(asked, anna)
    second = next_version(tenant, addresses=LISTED)
    await world.publish(second)
    again = next_attempt(asked, second)
    await world.evaluate(again)
    await world.stage.settle()
    state = await world.show(again)
    assert (state.attempt, state.state, list(state.approvals)) == (1, "WAITING", [anna])
    assert await world.submit(again, anna) == "WAITING"
    ben = second.approval("ben", asked.intent)
    assert await world.submit(again, ben) == "APPROVED"
    await world.stage.settle()
    (admitted,) = world.around.vault.admitted
    assert (admitted.attempt, list(admitted.approvals)) == (1, [anna, ben])


async def test_enough_from_before_goes_on_at_once(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    given = [tenant.approval(name, asked.intent) for name in ("anna", "ben")]
    for approval in given:
        await world.submit(asked, approval)
    second = next_version(tenant, vault_accounts=RANGES)
    await world.publish(second)
    again = next_attempt(asked, second)
    assert (await world.evaluate(again)).action == "APPROVE"
    await world.stage.settle()
    assert [admitted.attempt for admitted in world.around.vault.admitted] == [0, 1]
    assert list(world.around.vault.admitted[1].approvals) == given
    assert (await world.show(again)).state == "APPROVED"
    steps = [(report.attempt, report.steps[0].step) for report in world.around.manager.reports if report.attempt == 1]
    assert steps == [(1, "6"), (1, "7")]


async def test_a_version_that_changes_what_it_covers_asks_everyone_again(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    for name in ("anna", "ben"):
        await world.submit(asked, tenant.approval(name, asked.intent))
    policy = msgspec.structs.replace(tenant.document_set.policy, rules=(allow_up_to(1), ask_approvers(2)))
    second = next_version(tenant, policy=policy)
    await world.publish(second)
    again = next_attempt(asked, second)
    await world.evaluate(again)
    await world.stage.settle()
    assert (await world.show(again)).state == "WAITING"
    assert list((await world.show(again)).approvals) == []
    old = tenant.approval("carla", asked.intent)
    assert await refused(world.submit(again, old)) is Code.APPROVAL_INVALID
    assert len(world.around.vault.admitted) == 1


async def test_a_lapsed_approval_is_not_carried_over(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    await world.submit(asked, tenant.approval("anna", asked.intent, expires_at=NOW_S + 60))
    await world.submit(asked, tenant.approval("ben", asked.intent))
    world.clock.advance(60)
    await world.evaluate(next_attempt(asked, tenant))
    assert (await world.show(asked)).state == "WAITING"
    assert len((await world.show(asked)).approvals) == 1


async def test_a_rejection_that_came_too_late_for_its_attempt_ends_the_next(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    world.around.manager.ended.add(str(asked.id))  # superseded: the manager listens to a later attempt only
    await world.submit(asked, tenant.approval("carla", asked.intent, answer=ApprovalAnswer.REJECT))
    await world.stage.settle()
    world.around.manager.ended.clear()
    await world.evaluate(next_attempt(asked, tenant))
    await world.stage.settle()
    assert reported(world, "APPROVAL_REJECTED") == [(str(asked.id), 1)]
    assert (await world.show(asked)).state == "REJECTED"


async def test_an_approval_beside_a_new_attempt_is_never_lost(world: World, tenant: MadeTenant) -> None:
    """Whichever comes first, the approval counts: the two cannot be stored without seeing each other."""
    for number in range(5):
        asked = ask(tenant, note=str(number))
        await world.evaluate(asked)
        await world.submit(asked, tenant.approval("anna", asked.intent))
        again = next_attempt(asked, tenant)
        await asyncio.gather(world.submit(asked, tenant.approval("ben", asked.intent)), world.evaluate(again))
        await world.stage.settle()
        assert (await world.show(again)).state == "APPROVED"
        assert 1 in {one.attempt for one in world.around.vault.admitted if one.transaction_id == str(asked.id)}


async def test_an_approval_under_a_version_that_another_process_replaced_is_not_stored(
    world: World, tenant: MadeTenant
) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    async with world.database.transaction() as tx:  # published, but not swept yet, by a process that just died
        second = next_version(tenant, vault_accounts=RANGES)
        await tx.execute(
            "insert into document_sets (tenant_id, version, hash, signed, published_at) values ($1, 2, $2, $3, $4)",
            second.document_set.tenant,
            second.document_set.hash(),
            second.signed_document_set().encode(),
            world.clock.now(),
        )
    assert await refused(world.submit(asked, tenant.approval("anna", asked.intent))) is Code.ATTEMPT_OUTDATED
    await world.stage.settle()
    assert reported(world, "ATTEMPT_OUTDATED") == [(str(asked.id), 0)]
    rows = await world.database.fetch("select answer from approval_decisions order by number")
    assert [row["answer"] for row in rows] == ["ASKED", "OUTDATED"]
