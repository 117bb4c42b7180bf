"""Step 5b: lists, hits, and nothing without a list."""

import asyncio
from uuid import UUID

import pytest

from strongroom.interfaces.screening.v1 import screening_pb2 as pb
from strongroom.kernel.errors import Code
from strongroom.runtime.clock import ManualClock
from strongroom.runtime.db import list_handoffs
from strongroom.runtime.entropy import SeededEntropy
from tests.custody.screening.world import LISTED, World, intent_to
from tests.fixtures.platform import refused
from tests.fixtures.postgres import Databases
from tests.fixtures.tenant import FRIEND, STRANGER


async def test_an_address_on_no_list_passes(world: World) -> None:
    await world.load(LISTED, STRANGER)
    answer = await world.screen(intent_to(FRIEND))
    assert (answer.aml, answer.provider) == ("PASS", "address-lists")
    assert answer.detail == "on none of 1 lists with 2 addresses"
    row = await world.database.fetchrow("select * from aml_screening_results")
    assert row is not None
    assert (row["tenant_id"], row["address"], row["aml"], row["matched_list"]) == ("acme", FRIEND, "PASS", None)
    assert row["screened_at"] == world.clock.now()


@pytest.mark.parametrize("written", [LISTED, LISTED.lower(), "0x" + LISTED[2:].upper(), f"0X{LISTED[2:]}"])
async def test_a_listed_address_is_rejected_however_the_list_writes_it(world: World, written: str) -> None:
    await world.load(STRANGER, name="another")
    await world.load(written, name="ofac")
    answer = await world.screen(intent_to(LISTED))
    assert (answer.aml, answer.detail) == ("REJECT", "on the list ofac")
    assert await world.database.fetchval("select matched_list from aml_screening_results") == "ofac"


async def test_an_intent_in_lower_case_is_found_too(world: World) -> None:
    await world.load(LISTED)
    assert (await world.screen(intent_to(LISTED.lower()))).aml == "REJECT"


async def test_without_a_list_nothing_is_answered_and_nothing_stored(world: World) -> None:
    intent = intent_to(FRIEND)
    assert await refused(world.screen(intent)) is Code.SCREENING_UNAVAILABLE
    assert Code.SCREENING_UNAVAILABLE.meaning.retryable
    assert await world.count("aml_screening_results") == 0
    assert await refused(world.exchange(intent)) is Code.STATUS_CONFLICT
    await world.load(STRANGER)
    assert (await world.screen(intent)).aml == "PASS"


async def test_the_same_question_keeps_its_answer_whatever_is_imported_meanwhile(world: World) -> None:
    await world.load(STRANGER)
    intent = intent_to(FRIEND)
    first = await world.screen(intent)
    await world.load(FRIEND)
    second = await world.screen(intent)
    assert (second.aml, second.detail) == (first.aml, first.detail) == ("PASS", first.detail)
    assert await world.count("aml_screening_results") == 1
    assert (await world.screen(intent, attempt=1)).aml == "REJECT"
    assert await world.count("aml_screening_results") == 2


async def test_two_at_once_store_one_row(world: World) -> None:
    await world.load(STRANGER)
    intent = intent_to(FRIEND)
    answers = await asyncio.gather(*(world.screen(intent) for _ in range(4)))
    assert {answer.aml for answer in answers} == {"PASS"}
    assert await world.count("aml_screening_results") == 1


async def test_another_intent_in_the_same_attempt_is_refused(world: World) -> None:
    await world.load(STRANGER)
    intent = intent_to(FRIEND)
    await world.screen(intent)
    other = intent_to(LISTED, transaction_id=intent.transaction_id)
    assert await refused(world.screen(other)) is Code.INTENT_MISMATCH
    assert await world.database.fetchval("select address from aml_screening_results") == FRIEND


@pytest.mark.parametrize("change", [{"tenant": "other"}, {"environment": "live"}, {"transaction_id": b"short"}])
async def test_an_intent_of_something_else_is_refused(world: World, change: dict[str, object]) -> None:
    await world.load(STRANGER)
    right = intent_to(FRIEND)
    wrong = intent_to(FRIEND, **({"transaction_id": right.transaction_id} | change))
    code = await refused(world.screen(right, intent=wrong.encode()))
    assert code is Code.INTENT_MISMATCH
    assert await world.count("aml_screening_results") == 0


async def test_an_intent_of_another_transaction_or_no_intent_is_refused(world: World) -> None:
    await world.load(STRANGER)
    intent = intent_to(FRIEND)
    other = str(UUID(int=5))
    assert await refused(world.screen(intent, transaction_id=other)) is Code.INTENT_MISMATCH
    assert await refused(world.screen(intent, intent=b"\xff")) is Code.DOCUMENT_MALFORMED
    assert await world.count("aml_screening_results") == 0


async def test_every_call_leaves_its_handoff(world: World) -> None:
    await world.load(STRANGER)
    intent = intent_to(FRIEND)
    await world.screen(intent)
    await world.screen(intent)
    await world.exchange(intent)
    await world.exchange(intent)
    events = await list_handoffs(world.database, transaction_id=intent.id)
    assert [event.method.partition("/")[2] for event in events] == [
        "ScreenTransaction",
        "ScreenTransaction",
        "ExchangeTravelRule",
        "ExchangeTravelRule",
    ]
    assert {(event.from_service, event.to_service) for event in events} == {("transaction_manager", "screening")}


async def test_a_handoff_is_taken_once_even_by_a_new_process(databases: Databases, clock: ManualClock) -> None:
    first = await World.open(databases, clock, entropy=SeededEntropy("the same ids again"))
    await first.gateway.ListLists(pb.ListListsRequest(page_size=1))  # the first id goes to whoever calls first
    await _insert_list(first)
    await first.screen(intent_to(FRIEND))
    await first.stage.stop()
    second = World(first.database, clock, entropy=SeededEntropy("the same ids again"))
    await second.stage.start()
    await second.gateway.ListLists(pb.ListListsRequest(page_size=1))
    assert await refused(second.screen(intent_to(FRIEND), attempt=1)) is Code.CONFLICT
    assert await second.count("aml_screening_results") == 1
    await second.stage.stop()


async def _insert_list(world: World) -> None:
    async with world.database.transaction() as tx:
        await tx.execute(
            "insert into screening_lists (name, content_hash, addresses, imported_at) values ('a', $1, 1, $2)",
            bytes(32),
            world.clock.now(),
        )


@pytest.mark.parametrize("table", ["aml_screening_results", "travel_rule_records"])
@pytest.mark.parametrize("change", ["update {} set tenant_id = 'x'", "delete from {}", "truncate {}"])
async def test_what_was_screened_cannot_be_changed(world: World, table: str, change: str) -> None:
    await world.load(STRANGER)
    intent = intent_to(FRIEND)
    await world.screen(intent)
    await world.exchange(intent)
    with pytest.raises(Exception, match="permission denied"):
        async with world.database.transaction() as tx:
            await tx.execute(change.format(table))
    assert await world.count(table) == 1
