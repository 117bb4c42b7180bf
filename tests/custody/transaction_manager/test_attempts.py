"""A decision that no longer holds is made again: the same intent, nonce and payload, or the end as outdated."""

import asyncio

import pytest
from msgspec import structs

from strongroom.kernel.documents.document_set import Action, Policy, PolicyRule
from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.transaction_manager.world import World, refused
from tests.fixtures.tenant import MadeTenant, ask_approvers

OUTDATED = "ATTEMPT_OUTDATED"


async def _created(world: World, *, until: str = "") -> str:
    transaction_id = await world.create()
    await world.settle()
    if until:
        await world.walk(transaction_id, until=until)
    return transaction_id


def _next(tenant: MadeTenant, **changes: object) -> MadeTenant:
    current = tenant.document_set
    return tenant.with_document_set(version=current.version + 1, previous=current.hash(), **changes)


async def _finish(world: World, transaction_id: str, *, attempt: int, begin: str = "6") -> None:
    every = (("6", "7"), ("8",), ("9",), ("10",), ("11",), ("12",), ("13",))
    for steps in every[[step[0] for step in every].index(begin) :]:
        await world.report(transaction_id, *steps, attempt=attempt)
    assert (await world.confirm(transaction_id, depth=2)).status == "COMPLETED"


@pytest.mark.parametrize(("until", "step"), [("", "7"), ("7", "7"), ("7", "8"), ("8", "8"), ("9", "10")])
async def test_it_is_screened_and_decided_again(world: World, until: str, step: str) -> None:
    transaction_id = await _created(world, until=until)
    before = await world.rows("select payload, nonce, intent from transactions")
    answer = await world.report(transaction_id, step, outcome=OUTDATED)
    assert (answer.status, answer.ended) == ("PENDING_AML_SCREENING", True)
    assert (await world.get(transaction_id)).decision == b""
    await world.settle()
    found = await world.get(transaction_id)
    assert (found.status, found.attempt) == ("PENDING_AUTHORIZATION", 1)
    assert [request.attempt for request in world.neighbours.policy_engine.requests] == [0, 1]
    assert await world.rows("select payload, nonce, intent from transactions") == before
    assert (await world.report(transaction_id, step, outcome=OUTDATED)).ended
    assert (await world.get(transaction_id)).attempt == 1
    await _finish(world, transaction_id, attempt=1)


async def test_the_history_reads_attempt_after_attempt(world: World) -> None:
    transaction_id = await _created(world, until="9")
    await world.report(transaction_id, "10", outcome=OUTDATED)
    await world.settle()
    await world.report(transaction_id, "6", "7", attempt=1)
    steps = [(one.attempt, one.step, one.outcome) for one in (await world.get(transaction_id)).steps]
    assert steps[4:] == [
        (0, "5", "OK"),
        (0, "5a", "OK"),
        (0, "5b", "OK"),
        (0, "5c", "OK"),
        (0, "6", "OK"),
        (0, "7", "OK"),
        (0, "8", "OK"),
        (0, "9", "OK"),
        *((0, "10", OUTDATED) for _ in range(3)),
        (1, "5b", "OK"),
        (1, "5c", "OK"),
        (1, "6", "OK"),
        (1, "7", "OK"),
    ]


async def test_nonce_payload_and_slot_are_for_life(world: World) -> None:
    transaction_id = await _created(world, until="7")
    payload = (await world.report(transaction_id, "8")).payload
    world.neighbours.nodes.base_fee = 10**12  # it could not take a new one
    for attempt in (0, 1, 2):
        await world.report(transaction_id, "8", attempt=attempt, outcome=OUTDATED)
        world.clock.advance(60)
        await world.settle()
        await world.report(transaction_id, "6", "7", attempt=attempt + 1)
        answer = await world.report(transaction_id, "8", attempt=attempt + 1)
        assert (answer.status, answer.payload) == ("PENDING_SIGNATURE", payload)
    slots = await world.rows("select nonce, state from spend_slots")
    assert [(row["nonce"], row["state"]) for row in slots] == [(0, "LIVE")]


async def test_a_verdict_that_lapsed_while_the_policy_engine_was_away_is_asked_for_again(world: World) -> None:
    around = world.neighbours
    around.policy_engine.failure = StrongroomError(Code.UNAVAILABLE)
    transaction_id = await _created(world)
    world.clock.advance(6 * 3600)
    around.screening.now_s += 6 * 3600
    await world.settle()
    around.policy_engine.failure = None
    world.clock.advance(60)
    await world.settle()
    assert [request.attempt for request in around.policy_engine.requests] == [1]
    await _finish(world, transaction_id, attempt=1)


async def test_a_policy_engine_that_finds_the_attempt_outdated_gets_the_next_one(world: World) -> None:
    policy_engine = world.neighbours.policy_engine
    policy_engine.failure = StrongroomError(Code.ATTEMPT_OUTDATED)
    transaction_id = await world.create()
    await world.settle()
    assert (await world.get(transaction_id)).attempt == 2  # the first at once, the others later and later
    await world.settle()
    assert (await world.get(transaction_id)).attempt == 2
    world.clock.advance(0.5)
    await world.settle()
    policy_engine.failure = None
    world.clock.advance(0.9)
    await world.settle()
    assert policy_engine.requests == []
    world.clock.advance(0.1)
    await world.settle()
    await _finish(world, transaction_id, attempt=3)


async def test_documents_that_still_mean_the_same_go_on(world: World) -> None:
    transaction_id = await _created(world, until="8")
    newer = _next(world.tenant, addresses=())
    await world.publish(newer)
    world.neighbours.policy_engine.tenant = newer
    await world.report(transaction_id, "8", outcome=OUTDATED)
    await world.settle()
    assert (await world.get(transaction_id)).attempt == 1
    await _finish(world, transaction_id, attempt=1)


@pytest.mark.parametrize("what", ["lifetime", "asset", "initiator", "fee"])
async def test_documents_that_mean_something_else_end_it_as_outdated(world: World, what: str) -> None:
    transaction_id = await _created(world, until="8")
    current = world.tenant.document_set
    changes: dict[str, dict[str, object]] = {
        "lifetime": {"request_lifetime_s": 3600},
        "asset": {"assets": ()},
        "initiator": {"roster": _without_api_users(world.tenant)},
        "fee": {"assets": (structs.replace(current.assets[0], max_fee_units=10**15),)},
    }
    await world.publish(_next(world.tenant, policy=Policy(rules=()), **changes[what]))
    assert (await world.report(transaction_id, "8", outcome=OUTDATED)).status == "CANCELLING"
    await world.settle()
    found = await world.get(transaction_id)
    assert (found.status, found.sub_status, found.attempt) == ("FAILED", "TX_OUTDATED", 0)
    assert world.neighbours.engine.closings[0].reason == "TRANSACTION_OUTDATED"


def _without_api_users(tenant: MadeTenant) -> object:
    return structs.replace(tenant.document_set.roster, api_users=())


async def test_a_policy_that_now_says_no_ends_it_as_outdated(world: World) -> None:
    transaction_id = await _created(world, until="8")
    newer = _next(world.tenant, policy=Policy(rules=(PolicyRule(id="never", name="Never", action=Action.BLOCK),)))
    await world.publish(newer)
    world.neighbours.policy_engine.tenant = newer
    await world.report(transaction_id, "8", outcome=OUTDATED)
    await world.settle()
    found = await world.get(transaction_id)
    assert (found.status, found.sub_status, found.reason) == ("FAILED", "TX_OUTDATED", "Blocked by rule 1 (never).")


async def test_a_new_attempt_after_the_lifetime_is_a_time_out(world: World) -> None:
    transaction_id = await _created(world, until="8")
    world.clock.advance(24 * 3600)
    await world.report(transaction_id, "8", outcome=OUTDATED)
    await world.settle()
    assert await world.status(transaction_id) == ("FAILED", "TIMEOUT")


async def test_what_is_signed_is_not_decided_again(world: World) -> None:
    transaction_id = await _created(world, until="12")
    answer = await world.report(transaction_id, "10", outcome=OUTDATED)
    assert (answer.ended, (await world.get(transaction_id)).attempt) == (True, 0)
    await world.report(transaction_id, "13")


async def test_an_attempt_that_was_never_begun_is_refused(world: World) -> None:
    transaction_id = await _created(world)
    assert await refused(world.report(transaction_id, "7", attempt=1, outcome=OUTDATED)) is Code.STATUS_CONFLICT


async def test_late_reports_of_an_earlier_attempt(world: World) -> None:
    transaction_id = await _created(world, until="9")
    await world.report(transaction_id, "10", outcome=OUTDATED)
    await world.settle()
    before = await world.get(transaction_id)
    for steps in (("6", "7"), ("8",)):
        document = b"" if steps[-1] == "8" else None
        assert (await world.report(transaction_id, *steps, document=document)).ended
    for step in ("9", "10", "11"):
        assert not (await world.report(transaction_id, step)).ended
    assert (await world.report(transaction_id, "10", outcome="INTERNAL")).ended
    assert await world.get(transaction_id) == before


@pytest.mark.parametrize("until", ["", "7", "8", "10"])
async def test_a_signature_of_an_earlier_attempt_is_the_signature(world: World, until: str) -> None:
    transaction_id = await _created(world, until="9")
    await world.report(transaction_id, "10", outcome=OUTDATED)
    await world.settle()
    for steps in (("6", "7"), ("8",), ("9",), ("10",)):
        if until:
            await world.report(transaction_id, *steps, attempt=1)
        if not until or steps[-1] == until:
            break
    assert (await world.report(transaction_id, "12")).status == "PENDING_SIGNATURE"
    assert (await world.history(transaction_id))[-1] == "SIGNED"
    for steps in (("6", "7"), ("8",), ("9",), ("10",), ("11",), ("12",)):
        assert (await world.report(transaction_id, *steps, attempt=1)).ended, steps
    assert (await world.report(transaction_id, "13", attempt=1)).ended
    await world.report(transaction_id, "13")
    assert (await world.confirm(transaction_id, depth=2)).status == "COMPLETED"


async def test_a_signature_of_an_earlier_attempt_beats_a_cancel(world: World) -> None:
    transaction_id = await _created(world, until="9")
    await world.report(transaction_id, "10", outcome=OUTDATED)
    await world.settle()
    world.neighbours.closers = ()
    await world.cancel(transaction_id)
    await world.settle()
    assert (await world.report(transaction_id, "12")).status == "PENDING_SIGNATURE"


async def test_nothing_is_signed_that_never_had_a_payload(world: World) -> None:
    transaction_id = await _created(world)
    await world.report(transaction_id, "7", outcome=OUTDATED)
    await world.settle()
    assert await refused(world.report(transaction_id, "12")) is Code.STATUS_CONFLICT


async def test_one_attempt_begins_however_many_ask(world: World) -> None:
    transaction_id = await _created(world, until="9")
    other = await World(world.database, world.neighbours, world.clock, worker_id="second").start()
    try:
        answers = await asyncio.gather(
            *(process.report(transaction_id, "10", outcome=OUTDATED) for process in (world, other) * 3)
        )
        assert {answer.ended for answer in answers} == {True}
        await asyncio.gather(world.settle(), other.settle())
    finally:
        await other.stop()
    assert (await world.get(transaction_id)).attempt == 1
    await _finish(world, transaction_id, attempt=1)


async def test_step_6_alone_waits_for_approvals(world: World) -> None:
    asking = _next(world.tenant, policy=Policy(rules=(ask_approvers(),)))
    await world.publish(asking)
    world.neighbours.policy_engine.tenant = asking
    transaction_id = await _created(world)
    assert (await world.report(transaction_id, "6")).status == "PENDING_AUTHORIZATION"
    assert (await world.get(transaction_id)).decision == b""
    assert (await world.report(transaction_id, "6")).status == "PENDING_AUTHORIZATION"
    await world.report(transaction_id, "7")
    assert (await world.get(transaction_id)).decision == world.neighbours.policy_engine.decisions[transaction_id]
    await _finish(world, transaction_id, attempt=0, begin="8")
