"""Step 14: what nodes saw, and what follows from it."""

import pytest

from strongroom.kernel.errors import Code
from tests.custody.transaction_manager.world import World, refused


@pytest.fixture
async def broadcast(world: World) -> str:
    transaction_id = await world.create()
    await world.settle()
    await world.walk(transaction_id, until="13")
    return transaction_id


async def test_nothing_can_be_seen_before_it_was_sent(world: World) -> None:
    transaction_id = await world.create()
    await world.settle()
    await world.walk(transaction_id, until="12")
    assert await refused(world.confirm(transaction_id, depth=9)) is Code.STATUS_CONFLICT


async def test_a_block_may_be_replaced_and_confirmations_are_counted_again(world: World, broadcast: str) -> None:
    tenant = world.tenant
    assert tenant.document_set.assets[0].confirmations == 2
    await world.confirm(broadcast, depth=1, block_number=5)
    await world.confirm(broadcast, depth=1, block_number=6, block_hash="0x" + "ee" * 32)
    found = await world.get(broadcast)
    assert (found.status, found.block_number, found.confirmations) == ("CONFIRMING", 6, 1)
    await world.confirm(broadcast, depth=0, block_number=7)
    found = await world.get(broadcast)
    assert (found.status, found.block_number, found.confirmations) == ("CONFIRMING", 7, 0)
    assert (await world.history(broadcast)).count("CONFIRMING") == 1


async def test_an_observer_who_is_behind_takes_no_confirmation_back(world: World, broadcast: str) -> None:
    await world.confirm(broadcast, depth=1)
    await world.confirm(broadcast, depth=0)
    assert (await world.get(broadcast)).confirmations == 1


async def test_a_first_sight_at_finality_passes_through_confirming(world: World, broadcast: str) -> None:
    assert (await world.confirm(broadcast, depth=5)).final
    assert (await world.history(broadcast))[-2:] == ["CONFIRMING", "COMPLETED"]


async def test_a_reverted_transaction_fails_at_finality_and_not_before(world: World, broadcast: str) -> None:
    assert (await world.confirm(broadcast, depth=1, succeeded=False)).status == "CONFIRMING"
    assert (await world.confirm(broadcast, depth=2, succeeded=False)).status == "FAILED"
    assert await world.status(broadcast) == ("FAILED", "SMART_CONTRACT_EXECUTION_FAILED")
    assert (await world.get(broadcast)).reason == "The transaction was reverted on chain."


async def test_the_reason_of_a_revert_is_the_nodes(world: World, broadcast: str) -> None:
    await world.confirm(broadcast, depth=1, succeeded=False, revert_reason="paused")
    assert (await world.get(broadcast)).reason == ""
    await world.confirm(broadcast, depth=2, succeeded=False, revert_reason="paused")
    assert (await world.get(broadcast)).reason == "The transaction was reverted on chain: paused"


async def test_a_reverted_transaction_that_a_reorganisation_mends_is_completed(world: World, broadcast: str) -> None:
    await world.confirm(broadcast, depth=1, succeeded=False)
    await world.confirm(broadcast, depth=1, block_number=6, block_hash="0x" + "ee" * 32)
    await world.confirm(broadcast, depth=2, block_number=6, block_hash="0x" + "ee" * 32)
    assert await world.status(broadcast) == ("COMPLETED", "CONFIRMED")


async def test_a_nonce_consumed_by_another_digest_fails_at_finality_and_not_before(
    world: World, broadcast: str
) -> None:
    assert (await world.confirm(broadcast, depth=1, ours=False)).status == "BROADCASTING"
    assert (await world.get(broadcast)).tx_hash == ""
    assert (await world.confirm(broadcast, depth=2, ours=False)).final
    assert await world.status(broadcast) == ("FAILED", "DROPPED_BY_BLOCKCHAIN")


async def test_the_hash_stays_the_first_one(world: World, broadcast: str) -> None:
    await world.confirm(broadcast, depth=1)
    await world.confirm(broadcast, depth=2, tx_hash="0x" + "12" * 32)
    assert (await world.get(broadcast)).tx_hash == "0x" + "ab" * 32


async def test_an_end_is_the_end(world: World, broadcast: str) -> None:
    await world.confirm(broadcast, depth=2)
    before = await world.get(broadcast)
    assert (await world.confirm(broadcast, depth=9, succeeded=False)).status == "COMPLETED"
    assert (await world.report(broadcast, "13")).ended
    assert await world.get(broadcast) == before
    (slot,) = await world.rows("select state from spend_slots")
    assert slot["state"] == "CONSUMED"


async def test_a_fee_that_is_no_number_is_refused(world: World, broadcast: str) -> None:
    assert await refused(world.confirm(broadcast, depth=1, fee_units="many")) is Code.REQUEST_INVALID
