"""What a process remembers of transactions never shows: not beside another process, not after a new document set."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import cast
from uuid import UUID, uuid4

import pytest
from msgspec import structs

from strongroom.custody.transaction_manager.domain.status import Status
from strongroom.custody.transaction_manager.domain.transaction import Change, Transaction
from strongroom.custody.transaction_manager.store.live import LiveTransactions
from strongroom.custody.transaction_manager.store.transactions import get_transaction, update_transaction
from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.transaction_manager.world import World, refused
from tests.fixtures.tenant import TENANT, make_tenant

EVERYTHING = Change(
    moves=(Status.QUEUED, Status.PENDING_SIGNATURE),
    sub_status="SUB",
    reason="why",
    step="8",
    verdict=b"verdict",
    decision=b"decision",
    payload=b"payload",
    nonce=3,
    raw_payload_cbor=b"raw",
    tx_hash="0x01",
    block_number=5,
    block_hash="0x02",
    confirmations=2,
    held_by_fee=True,
    fee_units=10**20,
)


@pytest.fixture
async def second(world: World) -> AsyncIterator[World]:
    """Another process of the same service."""
    made = await World(world.database, world.neighbours, world.clock, worker_id="second").start()
    yield made
    await made.stop()


async def _read(world: World, transaction_id: str) -> Transaction:
    return await get_transaction(world.database, tenant_id=TENANT, transaction_id=UUID(transaction_id))


async def test_two_processes_take_turns_over_one_transaction(world: World, second: World) -> None:
    transaction_id = await world.create()
    await world.settle()
    assert await refused(second.report(transaction_id, "9")) is Code.STATUS_CONFLICT  # now both remember it
    turns = (("6", "7"), ("8",), ("9",), ("10",), ("11",), ("12",), ("13",))
    for turn, steps in enumerate(turns):
        process, other = (world, second) if turn % 2 else (second, world)
        answer = await process.report(transaction_id, *steps)
        assert await other.report(transaction_id, *steps) == answer  # a repetition, answered alike
    assert not (await second.confirm(transaction_id, depth=1)).final
    assert (await world.confirm(transaction_id, depth=2)).final
    assert (await second.confirm(transaction_id, depth=2)).final
    steps = await world.rows("select step, count(*) as n from transaction_steps where step <> '10' group by step")
    assert {row["n"] for row in steps} == {1}


async def test_an_end_in_one_process_is_answered_in_the_other(world: World, second: World) -> None:
    transaction_id = await world.create()
    await world.settle()
    await world.walk(transaction_id, until="9")
    await second.report(transaction_id, "10", outcome="POLICY_BLOCKED")
    await second.settle()
    answer = await world.report(transaction_id, "10")
    assert (answer.ended, answer.status) == (True, "FAILED")


async def test_a_document_set_taken_over_by_another_process_is_used_at_once(world: World, second: World) -> None:
    transaction_id = await world.create()
    await world.settle()  # this process remembers the transaction under the first version
    tenant = world.tenant
    roster = structs.replace(
        tenant.document_set.roster, policy_engine_key=make_tenant().document_set.roster.policy_engine_key
    )
    newer = tenant.with_document_set(version=2, previous=tenant.document_set.hash(), roster=roster)
    await second.publish(newer)
    assert await refused(world.report(transaction_id, "6", "7")) is Code.DOCUMENT_SIGNATURE_INVALID
    assert (await _read(world, transaction_id)).decision is None


async def test_what_is_remembered_is_what_the_row_holds(world: World) -> None:
    world.neighbours.nodes.failure = StrongroomError(Code.UNAVAILABLE)  # so that it stays where it is
    transaction_id = await world.create()
    await world.settle()
    before = await _read(world, transaction_id)
    now = world.clock.now()
    await world.database.commit(update_transaction(before, EVERYTHING, now=now))
    after = await _read(world, transaction_id)
    assert after == EVERYTHING.applied_to(before, now=now)
    assert after.version == before.version + 1
    closing = Change(moves=(Status.CANCELLING,), ending=Status.FAILED)
    closed = Change(moves=(Status.FAILED,), tombstone=b"tombstone")
    for change in (
        Change(step="5b"),
        Change(reason="later", sub_status="X"),
        Change(moves=(Status.PENDING_AML_SCREENING,), attempt=1, held_by_fee=False),
        Change(verdict=b"another", decision=b"another"),
        closing,
        Change(freed=True),
        Change(signed_attempt=0),
        closed,
    ):
        before = await _read(world, transaction_id)
        await world.database.commit(update_transaction(before, change, now=now))
        assert await _read(world, transaction_id) == change.applied_to(before, now=now)
    assert await refused(world.database.commit(update_transaction(after, Change(step="9"), now=now))) is Code.CLAIM_LOST


async def test_few_are_remembered_the_newest_of_each_and_no_ended_one(world: World) -> None:
    transaction = await _read(world, await world.create())
    live = LiveTransactions(world.database, kept=2)
    several = [replace(transaction, id=cast("object", uuid4())) for _ in range(3)]  # pyright: ignore[reportArgumentType]
    for each in several:
        live.keep(each)
    known = [live.find(tenant_id=TENANT, transaction_id=each.id) for each in several]
    assert known == [None, *several[1:]]
    live.keep(replace(several[1], version=5))
    live.keep(several[1])
    newest = live.find(tenant_id=TENANT, transaction_id=several[1].id)
    assert newest is not None
    assert newest.version == 5
    assert live.find(tenant_id="another", transaction_id=several[1].id) is None
    live.keep(replace(several[1], version=6, status=Status.COMPLETED))
    assert live.find(tenant_id=TENANT, transaction_id=several[1].id) is None
