"""A transaction that ends while people are asked: nothing waits any more, and an answer is refused with the reason."""

import asyncio
from typing import Any

import pytest

from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2 as pb
from strongroom.kernel.documents.approval import ApprovalAnswer
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import list_handoffs
from tests.custody.policy_engine.world import Asked, World, ask, next_attempt, next_version
from tests.fixtures.platform import on_behalf, refused
from tests.fixtures.tenant import MadeTenant, allow_up_to, ask_approvers

WHY = "Cancelled by ops."


@pytest.fixture
async def tenant(world: World) -> MadeTenant:
    """A published tenant where two of anna, ben and carla must agree."""
    made = world.tenant(rules=(allow_up_to(1), ask_approvers(2)))
    await world.publish(made)
    return made


async def close(world: World, asked: Asked, *, attempt: int = 0, reason: str = WHY, by: Any = None) -> None:
    request = pb.CloseApprovalRequest(
        tenant_id=asked.intent.tenant, transaction_id=str(asked.id), attempt=attempt, reason=reason
    )
    await (by or world.manager).CloseApproval(request, metadata=on_behalf(str(asked.id)))


async def waiting(world: World) -> list[str]:
    page = await world.gateway.ListApprovals(pb.ListApprovalsRequest(tenant_id="acme", page_size=10))
    return [state.transaction_id for state in page.approvals]


async def answers(world: World, asked: Asked) -> list[str]:
    rows = await world.database.fetch(
        "select answer from approval_decisions where transaction_id = $1 order by number", asked.id
    )
    return [row["answer"] for row in rows]


async def test_what_was_cancelled_waits_for_nobody(world: World, tenant: MadeTenant) -> None:
    asked, other = ask(tenant), ask(tenant, note="goes on")
    for one in (asked, other):
        await world.evaluate(one)
    await world.submit(asked, tenant.approval("anna", asked.intent))
    await close(world, asked)
    assert await waiting(world) == [str(other.id)]
    shown = await world.show(asked)
    assert (shown.state, shown.reason) == ("CLOSED", WHY)
    assert (await world.show(other)).reason == ""
    for answer in ApprovalAnswer:
        with pytest.raises(StrongroomError, match=f"are CLOSED: {WHY}") as refusal:
            await world.submit(asked, tenant.approval("ben", asked.intent, answer=answer))
        assert refusal.value.code is Code.STATUS_CONFLICT
    await world.stage.settle()
    world.clock.advance(2 * 3600)
    await world.stage.settle()
    assert await answers(world, asked) == ["ASKED", "APPROVE", "CLOSED"]
    steps = [report.steps[-1].step for report in world.around.manager.reports if report.transaction_id == str(asked.id)]
    assert steps == ["6"]


async def test_it_is_closed_once_and_each_call_leaves_its_handoff(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    for reason in (WHY, "Said again."):
        await close(world, asked, reason=reason)
    assert (await world.show(asked)).reason == WHY
    assert await answers(world, asked) == ["ASKED", "CLOSED"]
    methods = [
        event.method.rpartition("/")[2] for event in await list_handoffs(world.database, transaction_id=asked.id)
    ]
    assert methods == ["EvaluateTransaction", "CloseApproval", "CloseApproval"]
    assert await refused(close(world, asked, reason="")) is Code.REQUEST_INVALID
    assert await refused(close(world, asked, by=world.gateway)) is Code.CALLER_NOT_ALLOWED


async def test_what_has_ended_otherwise_stays_as_it_is(world: World, tenant: MadeTenant) -> None:
    approved, rejected = ask(tenant), ask(tenant, note="rejected")
    for one in (approved, rejected):
        await world.evaluate(one)
    await world.submit(rejected, tenant.approval("anna", rejected.intent, answer=ApprovalAnswer.REJECT))
    for name in ("anna", "ben"):
        await world.submit(approved, tenant.approval(name, approved.intent))
    for one in (approved, rejected):
        await close(world, one)
    assert [(await world.show(one)).state for one in (approved, rejected)] == ["APPROVED", "REJECTED"]


@pytest.mark.parametrize("amount", ["0.2", "0.000000000000000001"])
async def test_a_question_that_comes_after_the_end_asks_nobody(world: World, tenant: MadeTenant, amount: str) -> None:
    asked = ask(tenant, amount=amount)
    await close(world, asked)
    assert await refused(world.evaluate(asked)) is Code.STATUS_CONFLICT
    await world.stage.settle()
    assert (await waiting(world), world.around.manager.reports, world.around.vault.admitted) == ([], [], [])
    assert await refused(world.show(asked)) is Code.TRANSACTION_UNKNOWN


async def test_the_same_question_gets_its_answer_also_after_the_end(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    answer = await world.evaluate(asked)
    await close(world, asked)
    assert await world.evaluate(asked) == answer
    assert await answers(world, asked) == ["ASKED", "CLOSED"]


async def test_an_attempt_that_waits_is_closed_though_a_new_one_had_begun(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    await close(world, asked, attempt=1)
    assert ((await world.show(asked)).state, await waiting(world)) == ("CLOSED", [])
    assert await refused(world.evaluate(next_attempt(asked, tenant))) is Code.STATUS_CONFLICT


async def test_an_outdated_attempt_that_is_not_decided_again_is_closed(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    await world.publish(next_version(tenant, request_lifetime_s=60))
    await world.stage.settle()
    assert (await world.show(asked)).state == "OUTDATED"
    await close(world, asked)
    shown = await world.show(asked)
    assert (shown.state, shown.reason) == ("CLOSED", WHY)
    assert await refused(world.submit(asked, tenant.approval("anna", asked.intent))) is Code.STATUS_CONFLICT


async def test_the_end_and_the_last_approval_at_once_agree_on_one_story(world: World, tenant: MadeTenant) -> None:
    for number in range(5):
        asked = ask(tenant, note=str(number))
        await world.evaluate(asked)
        await world.submit(asked, tenant.approval("anna", asked.intent))
        last = world.submit(asked, tenant.approval("ben", asked.intent))
        said, _ = await asyncio.gather(last, close(world, asked), return_exceptions=True)
        state = (await world.show(asked)).state
        refusal = said.code if isinstance(said, StrongroomError) else None
        assert (state, refusal) == (("CLOSED", Code.STATUS_CONFLICT) if refusal else ("APPROVED", None))


async def test_the_end_and_the_question_at_once_leave_nothing_waiting(world: World, tenant: MadeTenant) -> None:
    for number in range(5):
        asked = ask(tenant, note=str(number))
        await asyncio.gather(world.evaluate(asked), close(world, asked), return_exceptions=True)
        assert await waiting(world) == []
        assert (await answers(world, asked))[-1] == "CLOSED"
