"""WatchSlot: a digest that was released and shall not land, beside the one that has its slot now."""

from typing import Any

import pytest

from strongroom.kernel.errors import Code
from strongroom.runtime.db import list_handoffs
from tests.custody.nodes.world import CHAIN_ID, Chain, Transfer, World, until
from tests.fakes.proxy_node import ProxyNode
from tests.fixtures.platform import refused

SEND = "eth_sendRawTransaction"


async def closed(world: World, transfer: Transfer) -> bool:
    return await world.database.fetchval(
        "select closed_at is not null from slot_watches where transaction_id = $1", transfer.id
    )


@pytest.fixture
async def pair(chain: Chain) -> tuple[Transfer, Transfer]:
    """A dead digest and its successor in the same slot."""
    key = await chain.key()
    return Transfer(key, value_units=1), Transfer(key, value_units=2)


async def test_both_hear_of_the_successor_that_lands(
    world: World, chain: Chain, pair: tuple[Transfer, Transfer]
) -> None:
    dead, successor = pair
    await world.watch_slot(dead)
    await world.broadcast(successor)  # stored when this returns, and sent soon after
    await until(lambda: chain.ask("eth_getTransactionByHash", successor.hash))
    await chain.mine(2)
    await until(lambda: world.is_closed(successor))
    await until(lambda: closed(world, dead))
    assert {one.ours for one in world.confirmations(successor)} == {True}
    assert {(one.ours, one.tx_hash) for one in world.confirmations(dead)} == {(False, successor.hash)}


async def test_both_hear_of_the_dead_one_that_lands(
    world: World, chain: Chain, pair: tuple[Transfer, Transfer]
) -> None:
    dead, successor = pair
    await world.watch_slot(dead)
    await chain.ask(SEND, "0x" + dead.raw.hex())
    await world.broadcast(successor)
    await chain.mine(2)
    await until(lambda: closed(world, dead))
    await until(lambda: world.is_closed(successor))
    assert {one.ours for one in world.confirmations(dead)} == {True}
    assert {(one.ours, one.tx_hash) for one in world.confirmations(successor)} == {(False, dead.hash)}


async def test_a_dead_one_that_landed_long_before_anybody_watched_is_found(
    world: World, chain: Chain, pair: tuple[Transfer, Transfer]
) -> None:
    dead, successor = pair
    since_block = await chain.height()
    await chain.ask(SEND, "0x" + dead.raw.hex())
    await chain.mine(40)
    await world.looked()
    await world.watch_slot(dead, since_block=since_block)
    await until(lambda: closed(world, dead))
    await world.broadcast(successor)
    await until(lambda: world.is_closed(successor))
    assert {(one.ours, one.tx_hash) for one in world.confirmations(successor)} == {(False, dead.hash)}


async def test_a_dead_one_is_never_sent_and_never_stuck(world: World, chain: Chain, node: ProxyNode) -> None:
    dead = Transfer(await chain.key())
    eager = await world.successor(unseen_resend_s=0.0, stuck_alert_s=0.0)
    await eager.watch_slot(dead)
    await chain.mine(3)
    await world.looked()
    await world.looked()
    assert SEND not in node.asked
    assert world.confirmations(dead) == []
    await eager.stage.stop()


async def test_a_watch_outlives_its_process(world: World, chain: Chain, pair: tuple[Transfer, Transfer]) -> None:
    dead, successor = pair
    await world.watch_slot(dead, since_block=await chain.height())
    await world.stage.stop()
    await chain.ask(SEND, "0x" + successor.raw.hex())
    await chain.mine(20)
    after = await world.successor()
    await until(lambda: closed(after, dead))
    assert {one.ours for one in after.confirmations(dead)} == {False}
    await after.stage.stop()


async def test_the_same_watch_again_is_one_and_another_is_refused(world: World, chain: Chain) -> None:
    dead = Transfer(await chain.key())
    await world.watch_slot(dead)
    await world.watch_slot(dead)
    assert await world.count("slot_watches") == 1
    assert await refused(world.watch_slot(dead, digest=bytes(32))) is Code.SLOT_TAKEN
    events = await list_handoffs(world.database, transaction_id=dead.id)
    assert {event.method for event in events} == {"nodes.v1.Nodes/WatchSlot"}


async def test_what_is_no_slot_is_refused(world: World, chain: Chain) -> None:
    dead = Transfer(await chain.key())
    changes: list[tuple[dict[str, Any], Code]] = [
        ({"digest": b"short"}, Code.REQUEST_INVALID),
        ({"nonce": -1}, Code.REQUEST_INVALID),
        ({"since_block": -1}, Code.REQUEST_INVALID),
        ({"chain_id": CHAIN_ID + 1}, Code.ASSET_UNKNOWN),
    ]
    for change, code in changes:
        assert (change, await refused(world.watch_slot(dead, **change))) == (change, code)
    assert await world.count("slot_watches") == 0


async def test_a_watch_cannot_be_rewritten(world: World, chain: Chain) -> None:
    await world.watch_slot(Transfer(await chain.key()))
    for words in ("update slot_watches set nonce = 1", "delete from slot_watches", "truncate slot_watches"):
        with pytest.raises(Exception, match="permission denied"):
            async with world.database.transaction() as tx:
                await tx.execute(words)
