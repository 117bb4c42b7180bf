"""Step 7 where a rule asks people: enough of them, once; one rejection; two hours; and nobody else's word."""

import asyncio
from typing import Any

import pytest

from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2 as pb
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.approval import ApprovalAnswer
from strongroom.kernel.documents.decision import open_decision
from strongroom.kernel.documents.document_set import Action
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.policy import check_approvals
from strongroom.runtime.db import list_handoffs
from tests.custody.policy_engine.world import NOW_S, World, ask
from tests.fixtures.platform import refused
from tests.fixtures.tenant import MadeTenant, Person, allow_up_to, ask_approvers

TWO_HOURS_S = 2 * 3600
REJECT = ApprovalAnswer.REJECT


@pytest.fixture
async def tenant(world: World) -> MadeTenant:
    """A published tenant where two of anna, ben and carla must agree."""
    made = world.tenant(rules=(allow_up_to(1), ask_approvers(2)))
    await world.publish(made)
    return made


def outcomes(world: World) -> list[tuple[str, str]]:
    """Step and outcome of every report, in order."""
    return [(report.steps[-1].step, report.outcome) for report in world.around.manager.reports]


async def answers(world: World) -> list[tuple[str, str, str]]:
    rows = await world.database.fetch("select approver, answer, state from approval_decisions order by number")
    return [tuple(row) for row in rows]


async def test_what_asks_people_waits_and_says_so(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    answer = await world.evaluate(asked)
    await world.stage.settle()
    assert (answer.action, answer.rule_id, answer.rule_number) == ("APPROVE", "ask", 2)
    decision = open_decision(data=answer.decision, document_set=tenant.document_set)
    assert decision.evaluation.action is Action.APPROVE
    assert [trace.matched for trace in decision.evaluation.trace] == [False, True]
    (report,) = world.around.manager.reports
    assert [step.step for step in report.steps] == ["6"]
    assert (report.outcome, report.document, report.steps[0].detail) == ("OK", b"", "rule 2 (ask): APPROVE")
    assert world.around.vault.admitted == []
    state = await world.show(asked)
    assert (state.transaction_id, state.attempt, state.state) == (str(asked.id), 0, "WAITING")
    assert (state.intent, state.decision, list(state.approvals)) == (asked.intent.encode(), answer.decision, [])
    assert (state.requested_at_ms, state.expires_at_ms) == (NOW_S * 1000, (NOW_S + TWO_HOURS_S) * 1000)


async def test_enough_approvals_go_on_with_what_everyone_can_check(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    decision = (await world.evaluate(asked)).decision
    anna, ben = (tenant.approval(name, asked.intent) for name in ("anna", "ben"))
    assert await world.submit(asked, anna) == "WAITING"
    world.clock.advance(60)
    assert await world.submit(asked, ben) == "APPROVED"
    await world.stage.settle()
    assert outcomes(world) == [("6", "OK"), ("6", "OK"), ("7", "OK")]
    report = world.around.manager.report("7")
    assert (report.document, report.steps[0].detail) == (decision, "approved by anna, ben")
    assert report.steps[0].duration_us == 60_000_000
    (admitted,) = world.around.vault.admitted
    assert (admitted.decision, list(admitted.approvals)) == (decision, [anna, ben])
    check_approvals(
        evaluation=open_decision(data=admitted.decision, document_set=tenant.document_set).evaluation,
        approvals=tuple(admitted.approvals),
        intent=asked.intent,
        document_set=tenant.document_set,
        now_s=NOW_S + 60,
    )
    state = await world.show(asked)
    assert (state.state, list(state.approvals)) == ("APPROVED", [anna, ben])
    assert await answers(world) == [
        ("policy", "ASKED", "WAITING"),
        ("anna", "APPROVE", "WAITING"),
        ("ben", "APPROVE", "APPROVED"),
    ]


async def test_the_calls_that_follow_name_both_handoffs_they_act_under(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    await world.submit(asked, tenant.approval("anna", asked.intent))
    await world.submit(asked, tenant.approval("carla", asked.intent))
    await world.stage.settle()
    evaluated, _, submitted = await list_handoffs(world.database, transaction_id=asked.id)
    (admitted,) = world.around.vault.calls[1:]
    assert admitted.handoff is not None
    assert admitted.handoff.parents == tuple(sha256(event.token.encode()).hex() for event in (evaluated, submitted))


async def test_one_rejection_ends_it(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    await world.submit(asked, tenant.approval("anna", asked.intent))
    assert await world.submit(asked, tenant.approval("anna", asked.intent, answer=REJECT)) == "REJECTED"
    await world.stage.settle()
    assert outcomes(world)[-1] == ("7", "APPROVAL_REJECTED")
    assert world.around.manager.report("7").reason == "anna rejected it."
    assert await refused(world.submit(asked, tenant.approval("ben", asked.intent))) is Code.STATUS_CONFLICT
    assert (await world.show(asked)).state == "REJECTED"
    assert await world.count("approval_decisions") == 3
    assert world.around.vault.admitted == []


async def test_two_at_the_same_moment_go_on_once(world: World, tenant: MadeTenant) -> None:
    for number in range(5):
        asked = ask(tenant, note=str(number))
        await world.evaluate(asked)
        given = [tenant.approval(name, asked.intent) for name in ("anna", "ben", "carla")]
        states = await asyncio.gather(*(world.submit(asked, data) for data in given), return_exceptions=True)
        late = [state for state in states if isinstance(state, StrongroomError)]
        assert sorted(str(state) for state in states if isinstance(state, str)) == ["APPROVED", "WAITING"]
        assert [error.code for error in late] == [Code.STATUS_CONFLICT]
        await world.stage.settle()
        assert len(world.around.vault.admitted) == number + 1
    assert world.around.manager.counts()["7"] == 5


async def test_an_approval_and_a_rejection_at_the_same_moment_have_one_winner(world: World, tenant: MadeTenant) -> None:
    for number in range(5):
        asked = ask(tenant, note=str(number))
        await world.evaluate(asked)
        await world.submit(asked, tenant.approval("anna", asked.intent))
        given = (tenant.approval("ben", asked.intent), tenant.approval("carla", asked.intent, answer=REJECT))
        states = await asyncio.gather(*(world.submit(asked, data) for data in given), return_exceptions=True)
        assert len([state for state in states if isinstance(state, str)]) == 1
        await world.stage.settle()
    assert await world.database.fetchval("select count(*) from approval_decisions where state <> 'WAITING'") == 5
    assert world.around.manager.counts()["7"] == 5


async def test_the_same_answer_again_is_answered_and_stored_once(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    anna, ben = (tenant.approval(name, asked.intent) for name in ("anna", "ben"))
    assert [await world.submit(asked, anna) for _ in range(3)] == ["WAITING"] * 3
    another = tenant.approval("anna", asked.intent, expires_at=NOW_S + 100)
    assert await world.submit(asked, another) == "WAITING"
    assert await world.count("approval_decisions") == 2
    assert [await world.submit(asked, ben) for _ in range(2)] == ["APPROVED"] * 2
    assert await world.submit(asked, anna) == "APPROVED"
    await world.stage.settle()
    assert await world.count("approval_decisions") == 3
    assert len(world.around.vault.admitted) == 1
    assert len(await list_handoffs(world.database, transaction_id=asked.id)) == 8


async def test_after_two_hours_it_has_timed_out(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    await world.submit(asked, tenant.approval("anna", asked.intent))
    await world.stage.settle()
    world.clock.advance(TWO_HOURS_S - 1)
    await world.stage.settle()
    assert (await world.show(asked)).state == "WAITING"
    world.clock.advance(1)
    assert (await world.show(asked)).state == "EXPIRED"
    assert await refused(world.submit(asked, tenant.approval("ben", asked.intent))) is Code.STATUS_CONFLICT
    await world.stage.settle()
    assert outcomes(world)[-1] == ("7", "APPROVAL_TIMED_OUT")
    assert await answers(world) == [
        ("policy", "ASKED", "WAITING"),
        ("anna", "APPROVE", "WAITING"),
        ("policy", "TIMED_OUT", "EXPIRED"),
    ]
    assert await refused(world.submit(asked, tenant.approval("ben", asked.intent))) is Code.STATUS_CONFLICT
    assert await world.count("approval_decisions") == 3
    assert world.around.vault.admitted == []


async def test_the_time_out_outlives_the_process_and_is_reported_once(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    await world.stage.settle()
    await world.stage.stop()
    world.clock.advance(TWO_HOURS_S + 5)
    after = await world.successor()
    await after.stage.settle()
    after.clock.advance(TWO_HOURS_S)
    await after.stage.settle()
    assert outcomes(world).count(("7", "APPROVAL_TIMED_OUT")) == 1
    await after.stage.stop()


async def test_what_was_approved_in_time_does_not_time_out(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    for name in ("ben", "carla"):
        await world.submit(asked, tenant.approval(name, asked.intent))
    await world.stage.settle()
    world.clock.advance(TWO_HOURS_S)
    await world.stage.settle()
    assert [outcome for step, outcome in outcomes(world) if step == "7"] == ["OK"]
    assert (await world.show(asked)).state == "APPROVED"


async def test_approvals_that_outrun_step_6_wait_for_it(world: World, tenant: MadeTenant) -> None:
    world.around.manager.failures += [StrongroomError(Code.UNAVAILABLE)] * 2
    asked = ask(tenant)
    await world.evaluate(asked)
    for name in ("anna", "ben"):
        await world.submit(asked, tenant.approval(name, asked.intent))
    for _ in range(400):
        if world.around.vault.admitted:
            break
        world.clock.advance(2)
        await asyncio.sleep(0.005)
    await world.stage.settle()
    reported = [report for report in world.around.manager.reports if report.steps[0].step == "7"]
    first_seven = world.around.manager.reports.index(reported[0])
    assert ("6", "OK") in outcomes(world)[2:first_seven]
    assert len(world.around.vault.admitted) == 1


WRONG: list[tuple[dict[str, Any], Code]] = [
    ({"intent_hash": b"\x01" * 32}, Code.APPROVAL_INVALID),
    ({"transaction_id": b"\x01" * 16}, Code.APPROVAL_INVALID),
    ({"roster_hash": b"\x01" * 32}, Code.APPROVAL_INVALID),
    ({"policy_hash": b"\x01" * 32}, Code.APPROVAL_INVALID),
    ({"assets_hash": b"\x01" * 32}, Code.APPROVAL_INVALID),
    ({"expires_at": NOW_S}, Code.APPROVAL_INVALID),
    ({"expires_at": NOW_S - 1, "answer": REJECT}, Code.APPROVAL_INVALID),
]


async def test_an_answer_that_does_not_hold_is_refused_and_leaves_nothing(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    for changes, code in WRONG:
        assert await refused(world.submit(asked, tenant.approval("anna", asked.intent, **changes))) is code, changes
    other = ask(tenant, note="another payment")
    assert await refused(world.submit(asked, tenant.approval("anna", other.intent))) is Code.APPROVAL_INVALID
    assert await refused(world.submit(asked, b"\xff")) is Code.DOCUMENT_MALFORMED
    forged = tenant.with_people(Person("anna"))
    assert await refused(world.submit(asked, forged.approval("anna", asked.intent))) is Code.DOCUMENT_SIGNATURE_INVALID
    invented = tenant.with_people(Person("mallory"))
    assert await refused(world.submit(asked, invented.approval("mallory", asked.intent))) is Code.APPROVAL_INVALID
    elsewhere = world.tenant("rival").with_people(*tenant.people).approval("anna", asked.intent)
    assert await refused(world.submit(asked, elsewhere)) is Code.DOCUMENT_FOREIGN
    assert await world.count("approval_decisions") == 1


async def test_whoever_is_not_asked_neither_approves_nor_rejects(world: World) -> None:
    outsider = Person("dora", groups=())
    tenant = world.tenant(rules=(ask_approvers(2),)).with_user(outsider).held_by("ben")
    await world.publish(tenant)
    asked = ask(tenant)
    await world.evaluate(asked)
    for name in ("dora", "ben"):
        for answer in ApprovalAnswer:
            data = tenant.approval(name, asked.intent, answer=answer)
            assert await refused(world.submit(asked, data)) is Code.APPROVAL_INVALID
    assert await world.count("approval_decisions") == 1
    assert await world.submit(asked, tenant.approval("anna", asked.intent)) == "WAITING"
    assert await world.submit(asked, tenant.approval("carla", asked.intent)) == "APPROVED"


async def test_the_initiators_holder_counts_where_the_rule_says_so(world: World) -> None:
    tenant = world.tenant(rules=(ask_approvers(2, can_initiator_approve=True),)).held_by("ben")
    await world.publish(tenant)
    asked = ask(tenant)
    await world.evaluate(asked)
    await world.submit(asked, tenant.approval("ben", asked.intent))
    assert await world.submit(asked, tenant.approval("anna", asked.intent)) == "APPROVED"


async def test_an_approval_that_lapsed_while_waiting_is_given_again(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    await world.submit(asked, tenant.approval("anna", asked.intent, expires_at=NOW_S + 60))
    world.clock.advance(60)
    assert list((await world.show(asked)).approvals) == []
    assert await world.submit(asked, tenant.approval("ben", asked.intent)) == "WAITING"
    assert await world.submit(asked, tenant.approval("anna", asked.intent)) == "APPROVED"


async def test_nobody_approves_what_nobody_is_asked_about(world: World, tenant: MadeTenant) -> None:
    allowed = ask(tenant, amount="0.000000000000000001")
    assert (await world.evaluate(allowed)).action == "ALLOW"
    assert await refused(world.submit(allowed, tenant.approval("anna", allowed.intent))) is Code.STATUS_CONFLICT
    assert (await world.show(allowed)).state == "NOT_ASKED"
    assert (await world.show(allowed)).expires_at_ms == 0
    unknown = ask(tenant, note="never evaluated")
    assert await refused(world.submit(unknown, tenant.approval("anna", unknown.intent))) is Code.TRANSACTION_UNKNOWN
    assert await refused(world.show(unknown)) is Code.TRANSACTION_UNKNOWN


async def test_another_tenants_transaction_does_not_exist(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    data = tenant.approval("anna", asked.intent)
    assert await refused(world.submit(asked, data, tenant_id="rival")) is Code.TRANSACTION_UNKNOWN
    listed = await world.gateway.ListApprovals(pb.ListApprovalsRequest(tenant_id="rival", page_size=10))
    assert list(listed.approvals) == []


async def test_what_waits_is_listed_by_pages_oldest_first(world: World, tenant: MadeTenant) -> None:
    waiting = [ask(tenant, note=str(number)) for number in range(6)]
    for asked in waiting:
        await world.evaluate(asked)
        world.clock.advance(1)
    await world.evaluate(ask(tenant, amount="0.000000000000000001"))
    await world.submit(waiting[1], tenant.approval("anna", waiting[1].intent, answer=REJECT))
    first = tenant.approval("anna", waiting[2].intent)
    await world.submit(waiting[2], first)
    seen: list[pb.ApprovalState] = []
    cursor, pages = "", 0
    while pages == 0 or cursor:
        request = pb.ListApprovalsRequest(tenant_id="acme", page_size=2, cursor=cursor)
        page = await world.gateway.ListApprovals(request)
        seen += page.approvals
        cursor, pages = page.next_cursor, pages + 1
    assert [state.transaction_id for state in seen] == [str(asked.id) for asked in waiting if asked is not waiting[1]]
    assert (pages, {state.state for state in seen}) == (3, {"WAITING"})
    assert [list(state.approvals) for state in seen][1] == [first]
    world.clock.advance(TWO_HOURS_S)
    page = await world.gateway.ListApprovals(pb.ListApprovalsRequest(tenant_id="acme", page_size=2))
    assert list(page.approvals) == []


@pytest.mark.parametrize(("size", "cursor"), [(0, ""), (501, ""), (1, "!"), (1, "YQ"), (1, "MQoy")])
async def test_an_impossible_page_is_refused(world: World, tenant: MadeTenant, size: int, cursor: str) -> None:
    request = pb.ListApprovalsRequest(tenant_id=tenant.document_set.tenant, page_size=size, cursor=cursor)
    assert await refused(world.gateway.ListApprovals(request)) is Code.PAGE_INVALID


async def test_a_crash_after_the_last_approval_loses_nothing(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    await world.stage.settle()
    anna, carla = (tenant.approval(name, asked.intent) for name in ("anna", "carla"))
    await world.submit(asked, carla)
    world.around.manager.failures.append(StrongroomError(Code.UNAVAILABLE))
    await world.submit(asked, anna)
    await world.stage.stop()
    world.clock.advance(600)
    after = await world.successor()
    await after.stage.settle()
    (admitted,) = after.around.vault.admitted
    assert list(admitted.approvals) == [carla, anna]
    await after.stage.stop()


async def test_an_ended_transaction_is_neither_approved_nor_admitted(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    await world.stage.settle()
    world.around.manager.ended.add(str(asked.id))
    for name in ("anna", "ben"):
        await world.submit(asked, tenant.approval(name, asked.intent))
    await world.stage.settle()
    assert ("7", "OK") not in outcomes(world)
    assert world.around.vault.admitted == []


@pytest.mark.parametrize("code", [Code.DECISION_MISMATCH, Code.TENANT_UNKNOWN, Code.ATTEMPT_OUTDATED])
async def test_what_the_vault_refuses_for_good_is_reported_and_not_asked_again(
    world: World, tenant: MadeTenant, code: Code
) -> None:
    world.around.vault.failures.append(StrongroomError(code))
    await world.evaluate(ask(tenant, amount="0.000000000000000001"))
    await world.stage.settle()
    world.clock.advance(600)
    await world.stage.settle()
    assert outcomes(world) == [("7", "OK"), ("7", code.name)]
    assert world.around.vault.admitted == []


async def test_what_people_answered_cannot_be_changed_nor_ended_twice(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    await world.submit(asked, tenant.approval("anna", asked.intent, answer=REJECT))
    for change in ("update approval_decisions set state = 'WAITING'", "delete from approval_decisions"):
        with pytest.raises(Exception, match="permission denied"):
            async with world.database.transaction() as tx:
                await tx.execute(change)
    with pytest.raises(StrongroomError, match="approval_decisions_one_end"):
        async with world.database.transaction() as tx:
            await tx.execute(
                """insert into approval_decisions (tenant_id, transaction_id, number, attempt, approver, answer, state,
                    decided_at) values ('acme', $1, 2, 0, 'policy', 'TIMED_OUT', 'EXPIRED', $2)""",
                asked.id,
                world.clock.now(),
            )
