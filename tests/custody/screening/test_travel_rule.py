"""Step 5c: obligation, exchange, and a verdict that anyone with the document set can open."""

import asyncio

import pytest

from strongroom.custody.screening.config import ScreeningConfig
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import encode
from strongroom.kernel.documents.verdict import VERDICT_LIFETIME_S, TravelRuleOutcome, open_verdict
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import ManualClock
from tests.custody.screening.world import LISTED, World, intent_to
from tests.fixtures.platform import refused
from tests.fixtures.postgres import Databases
from tests.fixtures.tenant import ASSET, FRIEND, STRANGER

NOW_S = 1_800_000_000


async def test_the_verdict_verifies_and_covers_both_answers(world: World) -> None:
    await world.load(STRANGER)
    intent = intent_to(FRIEND)
    await world.screen(intent, attempt=3)
    answer = await world.exchange(intent, attempt=3)
    document_set = world.tenant().document_set
    verdict = open_verdict(data=answer.verdict, document_set=document_set, intent_hash=intent.hash(), now_s=NOW_S)
    assert (verdict.transaction_id, verdict.attempt) == (intent.transaction_id, 3)
    assert (verdict.aml, verdict.aml_provider) == ("PASS", "address-lists")
    assert (verdict.travel_rule, verdict.travel_rule_counterparty) == ("EXCHANGED", answer.counterparty)
    content_hash = await world.database.fetchval("select content_hash from screening_lists")
    assert verdict.evidence_hash == sha256(encode([["test", content_hash]]))
    assert (verdict.decided_at, verdict.expires_at) == (NOW_S, NOW_S + VERDICT_LIFETIME_S)


async def test_the_verdict_holds_for_this_intent_this_signer_and_six_hours(world: World) -> None:
    await world.load(STRANGER)
    intent = intent_to(FRIEND)
    await world.screen(intent)
    data = (await world.exchange(intent)).verdict
    believers, others = world.tenant().document_set, world.tenant().with_document_set(tenant="other").document_set
    late = NOW_S + VERDICT_LIFETIME_S
    for document_set, intent_hash, now_s, code in (
        (believers, bytes(32), NOW_S, Code.INTENT_MISMATCH),
        (believers, intent.hash(), late, Code.SCREENING_UNAVAILABLE),
        (others, intent.hash(), NOW_S, Code.DOCUMENT_FOREIGN),
    ):
        with pytest.raises(StrongroomError) as caught:
            open_verdict(data=data, document_set=document_set, intent_hash=intent_hash, now_s=now_s)
        assert caught.value.code is code


@pytest.mark.parametrize(
    ("changes", "required", "words"),
    [
        ({"amount_units": 999}, 0, "below the threshold of 1000 base units"),
        ({"amount_units": 1000}, 1, "at or above the threshold of 1000 base units"),
        ({"amount_units": 10**30, "destination_account": 7}, 0, "between vault accounts of one institution"),
        ({"amount_units": 1, "asset_id": "OTHER"}, 1, "at or above the threshold of 0 base units"),
    ],
)
async def test_the_obligation_follows_amount_asset_and_destination(
    databases: Databases, clock: ManualClock, changes: dict[str, object], required: int, words: str
) -> None:
    config = ScreeningConfig(travel_rule_thresholds={ASSET: 1000})
    world = await World.open(databases, clock, config=config)
    await world.load(STRANGER)
    intent = intent_to(FRIEND, **changes)
    await world.screen(intent)
    answer = await world.exchange(intent)
    row = await world.database.fetchrow("select * from travel_rule_records")
    assert row is not None
    assert (answer.outcome, answer.detail) == ("EXCHANGED" if required else "NOT_REQUIRED", words)
    assert (row["required"], row["reason"], row["outcome"]) == (required, words, answer.outcome)
    assert (row["tenant_id"], row["verdict"], row["simulated"]) == ("acme", answer.verdict, required)
    assert row["counterparty"] == answer.counterparty
    assert ("simulated" in answer.counterparty) == required
    await world.stage.stop()


async def test_5c_needs_a_pass_of_the_same_intent_in_the_same_attempt(world: World) -> None:
    await world.load(LISTED)
    intent, listed = intent_to(FRIEND), intent_to(LISTED)
    assert await refused(world.exchange(intent)) is Code.STATUS_CONFLICT
    await world.screen(intent, attempt=1)
    assert await refused(world.exchange(intent)) is Code.STATUS_CONFLICT
    other = intent_to(STRANGER, transaction_id=intent.transaction_id)
    assert await refused(world.exchange(other, attempt=1)) is Code.STATUS_CONFLICT
    await world.screen(listed, attempt=2)
    assert await refused(world.exchange(listed, attempt=2)) is Code.STATUS_CONFLICT
    assert await world.count("travel_rule_records") == 0


async def test_the_same_question_gets_the_same_verdict(world: World) -> None:
    await world.load(STRANGER)
    intent = intent_to(FRIEND)
    await world.screen(intent)
    answers = await asyncio.gather(*(world.exchange(intent) for _ in range(4)))
    world.clock.advance(60)
    answers.append(await world.exchange(intent))
    assert len({answer.SerializeToString() for answer in answers}) == 1
    assert answers[0].outcome == TravelRuleOutcome.EXCHANGED
    assert await world.count("travel_rule_records") == 1


async def test_a_new_attempt_is_screened_afresh_and_the_earlier_one_stays(world: World) -> None:
    await world.load(STRANGER)
    intent, document_set = intent_to(FRIEND), world.tenant().document_set
    await world.screen(intent)
    first = (await world.exchange(intent)).verdict
    before = await world.database.fetch("select * from travel_rule_records")
    world.clock.advance(VERDICT_LIFETIME_S)
    late = NOW_S + VERDICT_LIFETIME_S
    assert (await world.exchange(intent)).verdict == first  # the same attempt keeps its answer, lapsed as it is
    await world.screen(intent, attempt=1)
    second = (await world.exchange(intent, attempt=1)).verdict
    verdict = open_verdict(data=second, document_set=document_set, intent_hash=intent.hash(), now_s=late)
    assert (verdict.attempt, verdict.decided_at, verdict.expires_at) == (1, late, late + VERDICT_LIFETIME_S)
    assert (await world.database.fetch("select * from travel_rule_records order by attempt"))[:1] == before
    assert await world.count("aml_screening_results") == await world.count("travel_rule_records") == 2
    await world.load(FRIEND)
    assert (await world.screen(intent, attempt=2)).aml == "REJECT"
    assert await refused(world.exchange(intent, attempt=2)) is Code.STATUS_CONFLICT


async def test_another_process_goes_on_where_this_one_screened(world: World) -> None:
    await world.load(STRANGER)
    intent = intent_to(FRIEND)
    await world.screen(intent)
    other = World(world.database, world.clock)
    await other.stage.start()
    answer = await other.exchange(intent)
    assert answer.outcome == TravelRuleOutcome.EXCHANGED
    assert (await world.exchange(intent)).verdict == answer.verdict
    await other.stage.stop()
