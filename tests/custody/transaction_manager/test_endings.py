"""How a transaction ends before it is signed, and what only makes it wait."""

import pytest

from strongroom.kernel.documents.document_set import Action, PolicyRule
from strongroom.kernel.documents.intent import address_at
from strongroom.kernel.documents.verdict import TravelRuleOutcome
from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.transaction_manager.world import World, refused
from tests.fixtures.tenant import made_key, make_tenant

SENDER = address_at(made_key(), "m/44/60/0/0/0")
ETH = 10**18
FEE = 10**16


async def test_the_balance_must_cover_value_and_fee(world: World) -> None:
    for account, (balance_units, ending) in enumerate(
        (
            (ETH - 1, ("FAILED", "INSUFFICIENT_FUNDS")),
            (ETH, ("FAILED", "INSUFFICIENT_FUNDS_FOR_FEE")),
            (ETH + FEE - 1, ("FAILED", "INSUFFICIENT_FUNDS_FOR_FEE")),
            (ETH + FEE, ("PENDING_AUTHORIZATION", "")),
        )
    ):
        world.neighbours.nodes.balances[address_at(made_key(), f"m/44/60/{account}/0/0")] = balance_units
        transaction_id = await world.create(source={"type": "VAULT_ACCOUNT", "id": str(account)})
        await world.settle()
        assert await world.status(transaction_id) == ending


async def test_what_others_may_still_spend_is_not_there_twice(world: World) -> None:
    world.neighbours.nodes.balances[SENDER] = 2 * (ETH + FEE)
    made: list[str] = []
    for _ in range(3):
        world.clock.advance(0.001)
        made.append(await world.create())
    await world.settle()
    assert [(await world.status(one))[0] for one in made] == [
        "PENDING_AUTHORIZATION",
        "PENDING_AUTHORIZATION",
        "FAILED",
    ]
    await world.report(made[0], "6", outcome="FORBIDDEN")
    await world.settle()
    late = await world.create()
    await world.settle()
    assert (await world.status(late))[0] == "PENDING_AUTHORIZATION"


async def test_a_node_that_is_down_or_answers_garbage_makes_it_wait(world: World) -> None:
    nodes = world.neighbours.nodes
    nodes.failure = StrongroomError(Code.NODE_UNAVAILABLE)
    transaction_id = await world.create()
    await world.settle()
    assert await world.status(transaction_id) == ("SUBMITTED", "")
    nodes.failure, nodes.garbage = None, "plenty"
    world.clock.advance(1)
    await world.settle()
    assert await world.status(transaction_id) == ("SUBMITTED", "")
    nodes.garbage = None
    world.clock.advance(60)
    await world.settle()
    assert await world.status(transaction_id) == ("PENDING_AUTHORIZATION", "")


async def test_a_sanctioned_destination_is_rejected(world: World) -> None:
    world.neighbours.screening.aml = "REJECT"
    transaction_id = await world.create()
    await world.settle()
    found = await world.get(transaction_id)
    assert (found.status, found.sub_status) == ("REJECTED", "REJECTED_AML_SCREENING")
    assert found.reason == "1 list consulted"
    assert (found.steps[-1].step, found.steps[-1].outcome) == ("5b", "SANCTIONED_ADDRESS")
    assert len(world.neighbours.policy_engine.requests) == 0


async def test_screening_that_cannot_answer_stops_everything(world: World) -> None:
    screening = world.neighbours.screening
    screening.failure = StrongroomError(Code.SCREENING_UNAVAILABLE)
    transaction_id = await world.create()
    await world.settle()
    assert await world.status(transaction_id) == ("PENDING_AML_SCREENING", "")
    screening.failure = None
    world.clock.advance(60)
    await world.settle()
    assert await world.status(transaction_id) == ("PENDING_AUTHORIZATION", "")


async def test_an_answer_that_is_no_pass_is_no_pass(world: World) -> None:
    world.neighbours.screening.aml = ""
    transaction_id = await world.create()
    await world.settle()
    assert (await world.status(transaction_id))[0] == "REJECTED"


async def test_a_refused_travel_rule_exchange_is_rejected(world: World) -> None:
    world.neighbours.screening.outcome = TravelRuleOutcome.REFUSED
    transaction_id = await world.create()
    await world.settle()
    assert await world.status(transaction_id) == ("REJECTED", "REJECTED_AML_SCREENING")


async def test_a_verdict_about_another_intent_leads_nowhere(world: World) -> None:
    world.neighbours.screening.about = bytes(32)
    transaction_id = await world.create()
    await world.settle()
    assert await world.status(transaction_id) == ("PENDING_AML_SCREENING", "")
    assert len(world.neighbours.policy_engine.requests) == 0


async def test_a_verdict_signed_by_anyone_else_leads_nowhere(world: World) -> None:
    world.neighbours.screening.tenant = make_tenant()
    transaction_id = await world.create()
    await world.settle()
    assert await world.status(transaction_id) == ("PENDING_AML_SCREENING", "")


async def test_a_policy_block_names_its_rule(world: World) -> None:
    rules = (PolicyRule(id="never", name="Never", action=Action.BLOCK),)
    current = world.tenant.document_set
    blocking = world.tenant.with_document_set(
        version=2, previous=current.hash(), policy=type(current.policy)(rules=rules)
    )
    world.neighbours.policy_engine.tenant = blocking
    transaction_id = await world.create()
    await world.settle()
    found = await world.get(transaction_id)
    assert (found.status, found.sub_status, found.reason) == (
        "BLOCKED",
        "BLOCKED_BY_POLICY",
        "Blocked by rule 1 (never).",
    )
    assert found.decision == world.neighbours.policy_engine.decisions[transaction_id]
    assert found.steps[-1].outcome == "POLICY_BLOCKED"


async def test_the_unwritten_last_rule_blocks(world: World) -> None:
    transaction_id = await world.create(amount="11")
    await world.settle()
    assert await world.status(transaction_id) == ("BLOCKED", "BLOCKED_BY_POLICY")
    assert "unwritten" in (await world.get(transaction_id)).reason


@pytest.mark.parametrize("stage", ["5a", "5b", "6", "7", "8"])
async def test_time_is_over_before_anything_could_be_signed(world: World, stage: str) -> None:
    around = world.neighbours
    if stage == "5a":
        around.nodes.failure = StrongroomError(Code.NODE_UNAVAILABLE)
    if stage == "5b":
        around.screening.failure = StrongroomError(Code.SCREENING_UNAVAILABLE)
    transaction_id = await world.create()
    await world.settle()
    if stage in ("7", "8"):
        await world.report(transaction_id, "6", "7")
    if stage == "8":
        around.nodes.base_fee = 10**18
        assert (await world.report(transaction_id, "8")).status == "QUEUED"
    world.clock.advance(24 * 3600)
    await world.settle()
    if stage == "6":
        assert (await world.report(transaction_id, "6", "7")).ended
    if stage in ("7", "8"):
        assert (await world.report(transaction_id, "8")).ended
    await world.settle()
    assert await world.status(transaction_id) == ("FAILED", "TIMEOUT")
    assert await world.rows("select nonce from spend_slots") == []


@pytest.mark.parametrize("until", ["8", "9", "10", "11"])
async def test_time_is_over_while_it_is_being_signed(world: World, until: str) -> None:
    transaction_id = await world.create()
    await world.settle()
    await world.walk(transaction_id, until=until)
    world.clock.advance(24 * 3600)
    await world.settle()
    assert await world.status(transaction_id) == ("FAILED", "TIMEOUT")
    assert world.neighbours.engine.closings[0].reason == "REQUEST_EXPIRED"


async def test_time_does_not_end_what_is_signed(world: World) -> None:
    transaction_id = await world.create()
    await world.settle()
    await world.walk(transaction_id, until="12")
    world.clock.advance(48 * 3600)
    await world.settle()
    assert (await world.report(transaction_id, "13")).status == "BROADCASTING"
    assert await world.rows("select key from work where operation = 'expire' and finished_at is null") == []


@pytest.mark.parametrize(
    ("step", "outcome", "ending"),
    [
        ("8", "KEY_UNKNOWN", ("FAILED", "VAULT_WALLET_NOT_READY")),
        ("9", "INTERNAL", ("FAILED", "INTERNAL_ERROR")),
        ("10", "POLICY_BLOCKED", ("FAILED", "AUTHORIZATION_FAILED")),
        ("7", "APPROVAL_REJECTED", ("REJECTED", "REJECTED_BY_USER")),
        ("7", "APPROVAL_TIMED_OUT", ("FAILED", "TIMEOUT")),
        ("7", "TRANSACTION_OUTDATED", ("FAILED", "TX_OUTDATED")),
        ("10", "TOMBSTONED", ("CANCELLED", "REJECTED_BY_USER")),
        ("10", "REQUEST_EXPIRED", ("FAILED", "TIMEOUT")),
        ("10", "no such code", ("FAILED", "INTERNAL_ERROR")),
    ],
)
async def test_a_report_ends_it_with_the_public_words(
    world: World, step: str, outcome: str, ending: tuple[str, str]
) -> None:
    transaction_id = await world.create()
    await world.settle()
    if step == "7":
        await world.report(transaction_id, "6")
    else:
        await world.walk(transaction_id, until={"8": "7", "9": "8", "10": "9"}[step])
    answer = await world.report(transaction_id, step, outcome=outcome)
    assert (answer.ended, answer.status) == (True, "CANCELLING")
    assert await world.status(transaction_id) == ("CANCELLING", ending[1])
    await world.settle()
    assert await world.status(transaction_id) == ending
    assert (await world.report(transaction_id, step, outcome=outcome)).ended


async def test_what_only_asks_for_patience_ends_nothing(world: World) -> None:
    transaction_id = await world.create()
    await world.settle()
    await world.walk(transaction_id, until="9")
    assert await refused(world.report(transaction_id, "10", outcome="NOT_NOW")) is Code.REQUEST_INVALID
    assert await world.status(transaction_id) == ("PENDING_SIGNATURE", "")


async def test_nothing_ends_where_the_flow_has_no_end(world: World) -> None:
    transaction_id = await world.create()
    await world.settle()
    await world.walk(transaction_id, until="10")
    for step in ("11", "12", "13"):
        assert await refused(world.report(transaction_id, step, outcome="INTERNAL")) is Code.STATUS_CONFLICT
        await world.report(transaction_id, step)


@pytest.mark.parametrize("code", [Code.REQUEST_INVALID, Code.DECISION_MISMATCH, Code.DOCUMENT_SIGNATURE_INVALID])
async def test_what_a_peer_refuses_for_good_ends_it(world: World, code: Code) -> None:
    around = world.neighbours
    for fake, step in ((around.nodes, "5a"), (around.screening, "5b"), (around.policy_engine, "6")):
        fake.failure = StrongroomError(code, "for good")
        transaction_id = await world.create()
        await world.settle()
        found = await world.get(transaction_id)
        assert (found.status, found.reason) == ("FAILED", "for good"), step
        assert (found.steps[-1].step, found.steps[-1].outcome) == (step, code.name)
        fake.failure = None


@pytest.mark.parametrize("code", [Code.INTERNAL, Code.HANDOFF_INVALID, Code.UNAVAILABLE])
async def test_a_peer_in_trouble_ends_nothing(world: World, code: Code) -> None:
    world.neighbours.policy_engine.failure = StrongroomError(code)
    transaction_id = await world.create()
    await world.settle()
    assert await world.status(transaction_id) == ("PENDING_AUTHORIZATION", "")
    world.neighbours.policy_engine.failure = None
    world.clock.advance(60)
    await world.settle()
    assert (await world.report(transaction_id, "6", "7")).status == "PENDING_AUTHORIZATION"
