"""What the vault asks of approvals and of time: too few, lapsed or outdated is decided again, and never opened."""

from typing import Any

import msgspec
import pytest

from strongroom.kernel.documents.approval import ApprovalAnswer
from strongroom.kernel.errors import Code
from tests.custody.secure_vault.world import NOW, Transfer, World
from tests.fixtures.tenant import MadeTenant, ask_approvers, make_tenant

NOW_S = int(NOW.timestamp())
HOUR_S = 3600


def approved(world: World, *people: str, expires_at: int | None = None) -> tuple[Transfer, list[bytes]]:
    """A transfer that asked people, and what these people said."""
    transfer = world.transfer()
    given = [world.tenant.approval(name, transfer.intent, expires_at=expires_at) for name in people]
    return transfer, given


async def ready(world: World) -> None:
    world.around.tenant = make_tenant(rules=(ask_approvers(2),))
    await world.make_ready()


def successor(tenant: MadeTenant, **changes: Any) -> MadeTenant:
    current = tenant.document_set
    return tenant.with_document_set(version=current.version + 1, previous=current.hash(), **changes)


def ends(world: World) -> list[str]:
    return [report.outcome for report in world.around.manager.reports]


async def test_what_people_approved_is_admitted_and_their_words_are_passed_on(world: World) -> None:
    await ready(world)
    transfer, given = approved(world, "anna", "carla")
    await world.admit(transfer, approvals=given)
    await world.settle()
    (opening,) = world.around.engine.openings
    assert list(opening.approvals) == given
    assert ends(world) == ["OK"]


async def test_too_few_or_other_words_are_never_admitted(world: World) -> None:
    await ready(world)
    cases: list[tuple[Transfer, list[bytes], Code]] = []
    transfer, given = approved(world, "anna")
    cases.append((transfer, given, Code.ATTEMPT_OUTDATED))
    transfer, given = approved(world, "anna")
    cases.append((transfer, given * 2, Code.ATTEMPT_OUTDATED))
    transfer, _ = approved(world)
    other, given = approved(world, "anna", "ben")
    cases.append((transfer, given, Code.APPROVAL_INVALID))
    transfer, given = approved(world, "anna", "ben")
    rejected = world.tenant.approval("carla", transfer.intent, answer=ApprovalAnswer.REJECT)
    cases.append((transfer, [*given, rejected], Code.APPROVAL_REJECTED))
    for case, approvals, _ in cases:
        await world.admit(case, approvals=approvals)
    await world.settle()
    wanted = {case.id: code.name for case, _, code in cases}
    assert {report.transaction_id: report.outcome for report in world.around.manager.reports} == wanted
    assert await world.database.fetchval("select count(*) from admissions") == 0
    assert other.id not in wanted


async def test_a_decision_on_an_earlier_document_set_is_decided_again(world: World) -> None:
    await world.make_ready()
    transfer = world.transfer()
    await world.publish(successor(world.tenant, request_lifetime_s=HOUR_S))
    for _ in range(2):
        await world.admit(transfer)
    await world.settle()
    assert ends(world) == ["ATTEMPT_OUTDATED"]
    assert await world.database.fetchval("select count(*) from admissions") == 0


async def test_even_a_new_policy_engine_key_leaves_an_earlier_decision_only_outdated(world: World) -> None:
    await world.make_ready()
    transfer = world.transfer()
    roster = msgspec.structs.replace(world.tenant.document_set.roster, policy_engine_key=b"\x09" * 32)
    await world.publish(successor(world.tenant, roster=roster))
    await world.admit(transfer)
    await world.settle()
    assert ends(world) == ["ATTEMPT_OUTDATED"]


@pytest.mark.parametrize("what", ["verdict", "approvals", "document-set"])
async def test_what_lapses_while_its_lane_is_busy_is_not_opened(world: World, what: str) -> None:
    await ready(world)
    expires_at = NOW_S + HOUR_S if what == "approvals" else None
    transfer, given = approved(world, "anna", "ben", expires_at=expires_at)
    world.around.manager.busy = 10**6
    await world.admit(transfer, approvals=given)
    await world.work.drain()
    if what == "document-set":
        await world.publish(successor(world.tenant, request_lifetime_s=HOUR_S))
    world.clock.advance({"verdict": 7, "approvals": 2, "document-set": 1}[what] * HOUR_S)
    await world.settle()
    assert set(ends(world)[:-1]) == {"OK"}
    assert ends(world)[-1] == "ATTEMPT_OUTDATED"
    assert world.around.engine.openings == []
    assert await world.database.fetchval("select count(*) from work where finished_at is null") == 0


async def test_an_admission_that_is_repeated_late_is_still_the_same_one(world: World) -> None:
    await world.make_ready()
    transfer = world.transfer()
    await world.admit(transfer)
    await world.settle()
    world.clock.advance(7 * HOUR_S)
    await world.admit(transfer)
    await world.settle()
    assert ends(world) == ["OK"]
    assert len(world.around.engine.openings) == 1


async def test_a_superseded_attempt_stops_and_what_it_released_is_still_assembled(world: World) -> None:
    """The first attempt's payload never came to be stored; the second's is the same, for it is the transaction's."""
    await world.make_ready()
    first = world.transfer()
    world.around.manager.busy = 10**6
    await world.admit(first)
    await world.work.drain()
    world.around.manager.ended.add(first.id)
    await world.settle()
    assert world.around.engine.openings == []
    world.around.manager.ended.clear()
    world.around.manager.busy = 0
    decision = msgspec.structs.replace(first.decision, attempt=1)
    await world.admit(first, attempt=1, decision=world.sign_decision(decision))
    await world.settle()
    assert [opening.attempt for opening in world.around.engine.openings] == [1]
    await world.assemble(first)
    await world.settle()
    (sent,) = world.around.nodes.broadcasts
    assert sent.attempt == 0
