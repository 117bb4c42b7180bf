"""Every end before SIGNED waits for co-signer 3's word; cancelling; what was released and lands all the same."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from msgspec import structs

from strongroom.interfaces.transaction_manager.v1 import transaction_manager_pb2 as pb
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.payload import Payload
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.rpc.context import acting
from tests.custody.transaction_manager.world import World, refused
from tests.fakes.cosigner_engine import tombstone
from tests.fixtures.tenant import TENANT, make_tenant

CANCELLED = ("CANCELLED", "CANCELLED_BY_USER_REQUEST")
CANCELLING = ("CANCELLING", "CANCELLED_BY_USER_REQUEST")


async def _created(world: World, *, until: str = "", **changes: Any) -> str:
    world.clock.advance(0.001)
    transaction_id = await world.create(amount="0.1", **changes)
    await world.settle()
    if until:
        await world.walk(transaction_id, until=until)
    return transaction_id


async def _cancelling(world: World, *, until: str = "") -> str:
    """A transaction that waits for the co-signers, who do not answer by themselves."""
    transaction_id = await _created(world, until=until)
    world.neighbours.closers = ()
    assert await world.cancel(transaction_id) == "CANCELLING"
    await world.settle()
    return transaction_id


def _stones(world: World, *indexes: int) -> list[bytes]:
    closing = world.neighbours.engine.closings[-1]
    return [tombstone(world.tenant, closing, index=index) for index in indexes]


async def _nonce(world: World, transaction_id: str) -> int | None:
    payload = (await world.report(transaction_id, "8")).payload
    return decode(payload, Payload).nonce if payload else None


@pytest.mark.parametrize("until", ["", "7", "8", "9", "10", "11"])
async def test_a_cancel_before_it_is_signed(world: World, until: str) -> None:
    transaction_id = await _cancelling(world, until=until)
    found = await world.get(transaction_id)
    assert (found.status, found.sub_status, found.ending) == (*CANCELLING, "CANCELLED")
    assert (found.reason, found.tombstone) == ("Cancelled by ops.", b"")
    (closing,) = world.neighbours.engine.closings
    (row,) = await world.rows("select request_hash from transactions")
    assert (closing.reason, closing.request_hash) == ("CANCELLED_BY_USER", row["request_hash"])
    stones = _stones(world, 1, 2, 3)
    assert await world.record_close(transaction_id, *stones) == "CANCELLED"
    found = await world.get(transaction_id)
    assert (found.status, found.sub_status, found.ending, found.tombstone) == (*CANCELLED, "", stones[2])
    slots = await world.rows("select state from spend_slots")
    assert [row["state"] for row in slots] == ([] if until in ("", "7") else ["FREED"])


async def test_a_cancel_while_screening_is_away_and_while_it_is_queued(world: World) -> None:
    world.neighbours.screening.failure = StrongroomError(Code.SCREENING_UNAVAILABLE)
    waiting = await _created(world)
    assert await world.status(waiting) == ("PENDING_AML_SCREENING", "")
    await world.cancel(waiting)
    world.neighbours.screening.failure = None
    first, queued = await _created(world, until="8"), await _created(world, until="7")
    assert (await world.report(queued, "8")).status == "QUEUED"
    await world.cancel(queued)
    await world.settle()
    assert [await world.status(one) for one in (waiting, queued)] == [CANCELLED, CANCELLED]
    await world.report(first, "9")
    assert (await world.report(queued, "8")).ended


async def test_a_cancel_is_repeated_and_comes_too_late(world: World) -> None:
    transaction_id = await _cancelling(world)
    assert await world.cancel(transaction_id) == "CANCELLING"
    assert len(await world.rows("select key from work where operation = 'close'")) == 1
    await world.record_close(transaction_id, *_stones(world, 3))
    assert await world.cancel(transaction_id) == "CANCELLED"
    signed = await _created(world, until="12")
    for step in ("12", "13"):
        await world.report(signed, step)
        assert await refused(world.cancel(signed)) is Code.STATUS_CONFLICT
    await world.confirm(signed, depth=2)
    assert await refused(world.cancel(signed)) is Code.STATUS_CONFLICT
    assert await refused(world.cancel("00000000-0000-4000-8000-000000000000")) is Code.TRANSACTION_UNKNOWN


async def test_another_tenants_transaction_cannot_be_cancelled(world: World) -> None:
    transaction_id = await _created(world)
    request = pb.CancelTransactionRequest(tenant_id="other", transaction_id=transaction_id)
    call = world.as_("gateway").CancelTransaction(request, metadata=acting(transaction_id=UUID(transaction_id)))
    assert await refused(call) is Code.TRANSACTION_UNKNOWN


async def test_a_signature_that_comes_after_the_cancel_wins(world: World) -> None:
    transaction_id = await _cancelling(world, until="9")
    for step in ("10", "11"):
        answer = await world.report(transaction_id, step)
        assert (answer.status, answer.ended) == ("CANCELLING", False)
    assert (await world.report(transaction_id, "12")).status == "PENDING_SIGNATURE"
    await world.report(transaction_id, "13")
    await world.confirm(transaction_id, depth=2)
    assert await world.status(transaction_id) == ("COMPLETED", "CONFIRMED")
    assert (await world.get(transaction_id)).ending == ""
    assert (await world.history(transaction_id))[-5:] == [
        "CANCELLING",
        "SIGNED",
        "BROADCASTING",
        "CONFIRMING",
        "COMPLETED",
    ]


async def test_a_cancel_and_a_signature_at_once_agree_on_one_story(world: World) -> None:
    for _ in range(5):
        transaction_id = await _created(world, until="11")
        cancelled, signed = await asyncio.gather(
            world.cancel(transaction_id), world.report(transaction_id, "12"), return_exceptions=True
        )
        assert not isinstance(signed, BaseException)
        assert cancelled == "CANCELLING" or getattr(cancelled, "code", None) is Code.STATUS_CONFLICT
        assert (await world.history(transaction_id))[-1] == "SIGNED"
        await world.report(transaction_id, "13")
        assert (await world.confirm(transaction_id, depth=2)).status == "COMPLETED"


async def test_nothing_new_begins_once_it_is_closing(world: World) -> None:
    transaction_id = await _cancelling(world)
    for steps in (("6", "7"), ("8",)):
        answer = await world.report(transaction_id, *steps)
        assert (answer.ended, answer.payload) == (True, b"")
    assert (await world.report(transaction_id, "7", outcome="ATTEMPT_OUTDATED")).ended
    assert (await world.report(transaction_id, "10", outcome="TOMBSTONED")).ended
    found = await world.get(transaction_id)
    assert (found.status, found.sub_status, found.ending, found.attempt) == (*CANCELLING, "CANCELLED", 0)


@pytest.mark.parametrize("until", ["8", "9", "10"])
async def test_the_vault_gets_the_payload_of_what_is_closing_too(world: World, until: str) -> None:
    """It may have died between opening the ceremony and storing the payload, and what is released is assembled."""
    transaction_id = await _created(world, until=until)
    (row,) = await world.rows("select payload from transactions")
    world.neighbours.closers = ()
    await world.cancel(transaction_id)
    for outcome in ("OK", "ATTEMPT_OUTDATED", "REQUEST_EXPIRED"):
        answer = await world.report(transaction_id, "8", outcome=outcome)
        assert (answer.ended, answer.payload) == (True, row["payload"])
    assert (await world.report(transaction_id, "7")).payload == b""


async def test_an_end_or_a_new_attempt_that_the_vault_itself_reports_brings_the_payload(world: World) -> None:
    transaction_id = await _created(world, until="8")
    (row,) = await world.rows("select payload from transactions")
    answer = await world.report(transaction_id, "8", outcome="ATTEMPT_OUTDATED")
    assert (answer.ended, answer.payload) == (True, row["payload"])
    await world.settle()
    await world.report(transaction_id, "6", "7", attempt=1)
    world.clock.advance(24 * 3600)
    answer = await world.report(transaction_id, "8", attempt=1)
    assert (answer.ended, answer.payload, answer.status) == (True, row["payload"], "CANCELLING")


async def test_the_lane_waits_for_the_word_of_the_cosigners(world: World) -> None:
    first, second = await _created(world, until="9"), await _created(world, until="7")
    world.neighbours.closers = ()
    await world.cancel(first)
    await world.settle()
    assert await _nonce(world, second) is None
    await world.record_close(first, *_stones(world, 3))
    assert await _nonce(world, second) == 0


async def test_an_engine_that_is_away_gets_the_order_later(world: World) -> None:
    world.neighbours.engine.failures = [StrongroomError(Code.UNAVAILABLE)] * 3
    transaction_id = await _created(world)
    await world.cancel(transaction_id)
    for _ in range(4):
        await world.settle()
        world.clock.advance(10)
    await world.settle()
    assert await world.status(transaction_id) == CANCELLED


async def test_a_close_that_is_reported_again_changes_nothing(world: World) -> None:
    transaction_id = await _cancelling(world, until="8")
    stones = _stones(world, 1, 2, 3)
    answers = await asyncio.gather(*(world.record_close(transaction_id, *stones) for _ in range(4)))
    assert set(answers) == {"CANCELLED"}
    before = await world.get(transaction_id)
    assert await world.record_close(transaction_id, *stones[:1]) == "CANCELLED"
    assert await world.get(transaction_id) == before


async def test_a_tombstone_that_does_not_verify_is_refused_and_never_stored(world: World) -> None:
    transaction_id = await _cancelling(world, until="8")
    closing, tenant = world.neighbours.engine.closings[-1], world.tenant
    for stone, code in (
        (tombstone(make_tenant(), closing, index=3), Code.DOCUMENT_SIGNATURE_INVALID),
        (tombstone(tenant, closing, index=3, signer=1), Code.DOCUMENT_SIGNATURE_INVALID),
        (tombstone(tenant, closing, index=3, cosigner=1), Code.INTENT_MISMATCH),
        (tombstone(tenant, closing, index=3, request_hash=bytes(32)), Code.INTENT_MISMATCH),
        (tombstone(tenant, closing, index=3, transaction_id=bytes(16)), Code.INTENT_MISMATCH),
        (tenant.signed_document_set().encode(), Code.DOCUMENT_SIGNATURE_INVALID),
        (b"", Code.DOCUMENT_MALFORMED),
    ):
        assert await refused(world.record_close(transaction_id, stone)) is code
    assert await refused(world.record_close(transaction_id)) is Code.REQUEST_INVALID
    (row,) = await world.rows("select status, tombstone, freed from transactions")
    assert (row["status"], row["tombstone"], row["freed"]) == ("CANCELLING", None, False)


@pytest.mark.parametrize(("index", "status"), [(3, "CANCELLED"), (2, "CANCELLING")])
async def test_a_tombstone_that_verifies_counts_beside_one_that_does_not(world: World, index: int, status: str) -> None:
    """Co-signer 1 lies: it keeps nobody from hearing the others."""
    transaction_id = await _cancelling(world, until="8")
    lie = tombstone(make_tenant(), world.neighbours.engine.closings[-1], index=1)
    true = _stones(world, index)
    assert await world.record_close(transaction_id, lie, *true) == status
    found = await world.get(transaction_id)
    assert (found.status, found.tombstone) == (status, true[0] if index == 3 else b"")
    slots = await world.rows("select state from spend_slots")
    assert [row["state"] for row in slots] == ["FREED"]


async def test_what_nobody_ordered_to_close_is_not_closed(world: World) -> None:
    other = await _cancelling(world)
    stones = _stones(world, 3)
    open_id = await _created(world)
    assert await refused(world.record_close(open_id, *stones)) is Code.INTENT_MISMATCH
    closing = world.neighbours.engine.closings[-1]
    (row,) = await world.rows("select request_hash from transactions where id = $1", open_id)
    own = tombstone(
        world.tenant, closing, index=3, transaction_id=UUID(open_id).bytes, request_hash=row["request_hash"]
    )
    assert await refused(world.record_close(open_id, own)) is Code.STATUS_CONFLICT
    assert await world.status(other) == CANCELLING


async def test_a_tombstone_by_the_roster_of_the_acceptance_counts(world: World) -> None:
    transaction_id = await _cancelling(world)
    stones = _stones(world, 3)
    current, stranger = world.tenant.document_set, make_tenant().document_set
    roster = structs.replace(current.roster, cosigners=stranger.roster.cosigners)
    await world.publish(world.tenant.with_document_set(version=2, previous=current.hash(), roster=roster))
    assert await world.record_close(transaction_id, *stones) == "CANCELLED"


@pytest.fixture
async def released(world: World) -> str:
    """Cancelled after co-signer 3 had released its share: co-signers 1 and 2 have closed it, and it cannot."""
    transaction_id = await _cancelling(world, until="9")
    assert await world.record_close(transaction_id, *_stones(world, 1, 2)) == "CANCELLING"
    await world.settle()
    return transaction_id


async def test_without_the_customers_tombstone_the_slot_goes_on_and_is_watched(world: World, released: str) -> None:
    assert await world.status(released) == CANCELLING
    (watch,) = world.neighbours.nodes.watched
    assert (watch.transaction_id, watch.nonce, len(watch.digest), watch.since_block) == (released, 0, 32, 7)
    await world.record_close(released, *_stones(world, 2))
    await world.settle()
    assert len(world.neighbours.nodes.watched) == 1
    second = await _created(world, until="7")
    assert await _nonce(world, second) == 0
    assert (await world.report(released, "12")).ended
    assert await world.status(released) == CANCELLING


async def test_a_released_digest_that_lands_is_completed(world: World, released: str) -> None:
    assert not (await world.confirm(released, depth=1)).final
    assert await world.status(released) == CANCELLING
    assert (await world.confirm(released, depth=2)).final
    found = await world.get(released)
    assert (found.status, found.sub_status, found.tx_hash) == ("COMPLETED", "CONFIRMED", "0x" + "ab" * 32)


@pytest.mark.parametrize("ours", [True, False])
async def test_a_freed_nonce_that_is_consumed_on_chain_is_given_to_nobody(
    world: World, released: str, *, ours: bool
) -> None:
    assert (await world.confirm(released, depth=2, ours=ours)).final
    second = await _created(world, until="7")
    assert await _nonce(world, second) == 1


async def test_who_took_a_freed_nonce_before_it_was_consumed_keeps_the_lane(world: World, released: str) -> None:
    second = await _created(world, until="7")
    assert await _nonce(world, second) == 0
    assert (await world.confirm(released, depth=2)).final
    third = await _created(world, until="7")
    assert [await _nonce(world, each) for each in (second, third)] == [0, None]


async def test_a_released_digest_that_reverts_has_failed(world: World, released: str) -> None:
    await world.confirm(released, depth=2, succeeded=False)
    assert await world.status(released) == ("FAILED", "SMART_CONTRACT_EXECUTION_FAILED")


async def test_a_released_digest_whose_nonce_another_consumes_ends_as_it_was_to_end(
    world: World, released: str
) -> None:
    assert not (await world.confirm(released, depth=1, ours=False)).final
    assert (await world.confirm(released, depth=2, ours=False)).final
    found = await world.get(released)
    assert (found.status, found.sub_status, found.tombstone, found.tx_hash) == (*CANCELLED, b"", "")


async def test_a_customers_tombstone_that_comes_late_ends_it_and_frees_no_second_slot(
    world: World, released: str
) -> None:
    second = await _created(world, until="7")
    assert await _nonce(world, second) == 0
    assert await world.record_close(released, *_stones(world, 1, 3)) == "CANCELLED"
    third = await _created(world, until="7")
    assert await _nonce(world, third) is None
    assert (await world.confirm(released, depth=1, ours=False)).final


async def test_what_is_closing_is_on_no_chain_before_its_slot_goes_on(world: World) -> None:
    transaction_id = await _cancelling(world, until="9")
    assert await refused(world.confirm(transaction_id, depth=2)) is Code.STATUS_CONFLICT


async def test_an_external_id_may_be_used_again_after_the_tombstone_and_not_before(world: World) -> None:
    first = await _created(world, externalTxId="invoice-1")
    world.neighbours.closers = ()
    await world.cancel(first)
    await world.settle()
    again = await world.submit(externalTxId="invoice-1", amount="0.1")
    assert (again.transaction_id, again.replayed) == (first, True)
    assert await refused(world.submit(externalTxId="invoice-1", amount="2")) is Code.EXTERNAL_ID_REUSED
    await world.record_close(first, *_stones(world, 3))
    world.clock.advance(1)
    second = await world.submit(externalTxId="invoice-1", amount="2")
    assert not second.replayed
    request = pb.GetTransactionRequest(tenant_id=TENANT, external_id="invoice-1")
    assert (await world.as_("gateway").GetTransaction(request)).transaction_id == second.transaction_id


async def test_of_many_retries_after_a_tombstone_one_is_done(world: World) -> None:
    first = await _created(world, externalTxId="invoice-1")
    await world.cancel(first)
    await world.settle()
    answers = await asyncio.gather(*(world.submit(externalTxId="invoice-1", amount="0.1") for _ in range(6)))
    assert len({answer.transaction_id for answer in answers}) == 1
    assert answers[0].transaction_id != first


async def test_two_processes_end_it_once(world: World) -> None:
    transaction_id = await _created(world, until="8")
    other = await World(world.database, world.neighbours, world.clock, worker_id="second").start()
    try:
        world.neighbours.closers = ()
        answers = await asyncio.gather(*(process.cancel(transaction_id) for process in (world, other) * 3))
        assert set(answers) == {"CANCELLING"}
        await asyncio.gather(world.settle(), other.settle())
        stones = _stones(world, 1, 2, 3)
        await asyncio.gather(*(process.record_close(transaction_id, *stones) for process in (world, other) * 3))
    finally:
        await other.stop()
    history = await world.history(transaction_id)
    assert (history.count("CANCELLING"), history.count("CANCELLED")) == (1, 1)
    (lane,) = await world.rows("select next_nonce, live_transaction from nonce_lanes")
    assert (lane["next_nonce"], lane["live_transaction"]) == (0, None)
