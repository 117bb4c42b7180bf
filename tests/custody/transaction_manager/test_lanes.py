"""Step 8: one live transaction a lane, contiguous nonces, none lost."""

import asyncio

from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.payload import Payload
from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.transaction_manager.world import Neighbours, World, until_queued


def _nonce(payload: bytes) -> int:
    return decode(payload, Payload).nonce


async def _approved(world: World, count: int, *, account: str = "0") -> list[str]:
    made: list[str] = []
    for _ in range(count):
        world.clock.advance(0.001)
        made.append(await world.create(source={"type": "VAULT_ACCOUNT", "id": account}, amount="0.1"))
    await world.settle()
    for one in made:
        await world.report(one, "6", "7")
    return made


async def _finish(world: World, transaction_id: str) -> None:
    for step in ("9", "10", "11", "12", "13"):
        await world.report(transaction_id, step)


async def test_the_next_one_is_signed_while_the_one_before_is_broadcast(world: World) -> None:
    first, second, third = await _approved(world, 3)
    assert _nonce((await world.report(first, "8")).payload) == 0
    waits = [await world.report(one, "8") for one in (second, third)]
    assert [(wait.status, wait.payload) for wait in waits] == [("QUEUED", b"")] * 2
    assert 0 < waits[0].retry_after_ms < waits[1].retry_after_ms <= 500
    for step in ("9", "10", "11"):
        await world.report(first, step)
        assert not (await world.report(second, "8")).payload
    await world.report(first, "12")
    assert _nonce((await world.report(second, "8")).payload) == 1
    await world.report(second, "9")
    await world.report(first, "13")
    await _finish(world, second)
    assert _nonce((await world.report(third, "8")).payload) == 2


async def test_a_nonce_is_not_lost_when_its_transaction_ends_before_it_is_signed(world: World) -> None:
    first, second, third = await _approved(world, 3)
    await world.report(first, "8")
    await world.report(first, "9")
    await world.report(first, "10", outcome="POLICY_BLOCKED")
    assert not (await world.report(second, "8")).payload
    await world.settle()
    assert _nonce((await world.report(second, "8")).payload) == 0
    await _finish(world, second)
    assert _nonce((await world.report(third, "8")).payload) == 1
    slots = await world.rows("select nonce, state from spend_slots order by reserved_at, nonce, state")
    assert sorted((row["nonce"], row["state"]) for row in slots) == [(0, "FREED"), (0, "SIGNED"), (1, "LIVE")]


async def test_a_waiting_transaction_that_ends_leaves_the_lane_alone(world: World) -> None:
    first, second = await _approved(world, 2)
    await world.report(first, "8")
    await world.report(second, "8")
    await world.report(second, "8", outcome="INTERNAL")
    await _finish(world, first)
    (third,) = await _approved(world, 1)
    assert _nonce((await world.report(third, "8")).payload) == 1


async def test_one_transaction_that_is_asked_for_many_times_at_once_gets_one_payload(world: World) -> None:
    (only,) = await _approved(world, 1)
    answers = await asyncio.gather(*(world.report(only, "8") for _ in range(6)))
    assert len({answer.payload for answer in answers}) == 1
    assert len(await world.rows("select nonce from spend_slots")) == 1


async def test_two_processes_share_a_lane_without_a_gap_or_a_double(world: World) -> None:
    other = await World(world.database, world.neighbours, world.clock, worker_id="second").start()
    try:
        made = await _approved(world, 6)

        async def sign(process: World, transaction_id: str) -> int:
            answer = await until_queued(process, transaction_id, tries=500)
            await _finish(process, transaction_id)
            return _nonce(answer.payload)

        nonces = await asyncio.gather(*(sign((world, other)[at % 2], one) for at, one in enumerate(made)))
        assert sorted(nonces) == [0, 1, 2, 3, 4, 5]
    finally:
        await other.stop()


async def test_senders_do_not_wait_for_each_other(world: World) -> None:
    made = [(await _approved(world, 1, account=str(account)))[0] for account in range(16)]
    answers = await asyncio.gather(*(world.report(one, "8") for one in made))
    assert [_nonce(answer.payload) for answer in answers] == [0] * 16


async def test_a_free_lane_is_the_oldest_ones(world: World) -> None:
    first, second, third = await _approved(world, 3)
    await world.report(first, "8")
    for one in (third, second):
        await world.report(one, "8")
    await _finish(world, first)
    wait = await world.report(third, "8")
    assert (wait.status, wait.payload) == ("QUEUED", b"")
    assert _nonce((await world.report(second, "8")).payload) == 1


async def test_whoever_does_not_come_for_a_free_lane_holds_up_nobody_for_long(world: World) -> None:
    first, second, third = await _approved(world, 3)
    await world.report(first, "8")
    for one in (second, third):
        await world.report(one, "8")
    await _finish(world, first)
    assert not (await world.report(third, "8")).payload
    world.clock.advance(1)
    assert _nonce((await world.report(third, "8")).payload) == 1


async def test_the_longer_a_lane_is_busy_the_less_often_anybody_asks(world: World) -> None:
    first, second = await _approved(world, 2)
    await world.report(first, "8")
    waits: list[int] = []
    for seconds in (0, 1, 9, 90, 900):
        world.clock.advance(seconds)
        waits.append((await world.report(second, "8")).retry_after_ms)
    assert waits == [20, 100, 1000, 5000, 5000]


async def test_one_that_waits_for_a_lower_fee_holds_up_nobody(world: World) -> None:
    (first,) = await _approved(world, 1)
    world.clock.advance(0.001)
    dear = await world.create(amount="0.1", maxTotalFee="0.00002")
    (second,) = await _approved(world, 1)
    await world.report(dear, "6", "7")
    assert (await world.report(dear, "8")).retry_after_ms == 1000
    assert _nonce((await world.report(first, "8")).payload) == 0
    await world.report(second, "8")
    assert (await world.report(dear, "8")).retry_after_ms == 20  # now it waits for the lane
    await _finish(world, first)
    assert (await world.report(dear, "8")).retry_after_ms == 1000
    assert _nonce((await world.report(second, "8")).payload) == 1


async def test_a_fee_cap_below_the_base_fee_waits_without_a_nonce(world: World) -> None:
    (dear, cheap) = await _approved(world, 2)
    world.neighbours.nodes.base_fee = 10**12
    wait = await world.report(dear, "8")
    assert (wait.status, wait.payload, wait.retry_after_ms) == ("QUEUED", b"", 1000)
    world.neighbours.nodes.base_fee = 10**9
    assert _nonce((await world.report(cheap, "8")).payload) == 0


async def test_the_fee_shrinks_to_the_cap_of_the_intent(world: World) -> None:
    transaction_id = await world.create(maxTotalFee="0.000063")
    await world.settle()
    await world.report(transaction_id, "6", "7")
    payload = decode((await world.report(transaction_id, "8")).payload, Payload)
    assert (payload.max_fee_per_gas, payload.max_priority_fee_per_gas) == (3 * 10**9, 2 * 10**9)


async def test_a_node_that_is_away_makes_it_wait_in_the_queue(world: World) -> None:
    (only,) = await _approved(world, 1)
    world.neighbours.nodes.failure = StrongroomError(Code.NODE_UNAVAILABLE)
    wait = await world.report(only, "8")
    assert (wait.status, wait.retry_after_ms) == ("QUEUED", 1000)
    world.neighbours.nodes.failure = None
    assert (await world.report(only, "8")).payload


async def test_fee_levels_are_the_nodes_priorities(world: World) -> None:
    assert Neighbours().nodes.priority_fee == 10**9
    found: list[int] = []
    for account, level in enumerate(("LOW", "MEDIUM", "HIGH")):
        transaction_id = await world.create(feeLevel=level, source={"type": "VAULT_ACCOUNT", "id": str(account)})
        await world.settle()
        await world.report(transaction_id, "6", "7")
        answer = await world.report(transaction_id, "8")
        found.append(decode(answer.payload, Payload).max_priority_fee_per_gas)
    assert found == [10**9, 2 * 10**9, 3 * 10**9]
