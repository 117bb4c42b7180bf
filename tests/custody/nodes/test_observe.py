"""Step 14: what is on the chain, as it is now, told once for every change; nothing else is believed."""

import asyncio
from typing import Any

import pytest

from strongroom.interfaces.nodes.v1 import nodes_pb2 as pb
from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.nodes.world import CHAIN_ID, ETHER, Chain, Transfer, World, make_manager, until
from tests.fakes.proxy_node import ProxyNode, garbage, hang_up, result
from tests.fakes.transaction_manager import FakeManager
from tests.fixtures.postgres import Databases
from tests.fixtures.tenant import FRIEND

SEND = "eth_sendRawTransaction"


async def seen(world: World, transfer: Transfer) -> None:
    await until(lambda: world.confirmations(transfer))


async def test_each_depth_is_told_once(world: World, chain: Chain) -> None:
    world.manager.needed_confirmations = 4
    transfer = Transfer(await chain.key())
    await world.broadcast(transfer)
    await seen(world, transfer)
    for depth in (2, 3):
        await chain.mine()
        await until(lambda depth=depth: world.depths(transfer)[-1] == depth)
    await world.looked()
    await world.looked()
    assert world.depths(transfer) == [1, 2, 3]
    await chain.mine()
    await until(lambda: world.is_closed(transfer))
    await chain.mine()
    await world.looked()
    assert world.depths(transfer) == [1, 2, 3, 4]


async def test_a_manager_that_fails_is_told_again(world: World, chain: Chain) -> None:
    transfer = Transfer(await chain.key())
    await chain.ask("evm_setAutomine", False)  # noqa: FBT003 - JSON-RPC has positions
    await world.broadcast(transfer)
    await until(lambda: SEND in world.node.asked)
    await world.stage.settle()
    world.manager.failures += [StrongroomError(Code.UNAVAILABLE), StrongroomError(Code.STATUS_CONFLICT)]
    await chain.mine()
    await until(lambda: len(world.confirmations(transfer)) == 3)
    await chain.mine()
    await until(lambda: world.is_closed(transfer))
    assert world.depths(transfer) == [1, 1, 1, 2]


async def test_one_refused_report_keeps_no_other_waiting(databases: Databases, chain: Chain, node: ProxyNode) -> None:
    first, second = Transfer(await chain.key()), Transfer(await chain.key())
    world = await World.open(databases, node, manager=make_manager(_RefusingManager, refused={str(first.id)}))
    await world.broadcast(first)
    await seen(world, first)
    await world.broadcast(second)
    await seen(world, second)
    await chain.mine()
    await until(lambda: world.is_closed(second))
    assert not await world.is_closed(first)
    await world.stage.stop()


class _RefusingManager(FakeManager):
    """Takes no confirmation of the transactions in ``refused``."""

    def __init__(self, *, refused: set[str]) -> None:
        super().__init__()
        self.refused = refused

    async def ConfirmTransaction(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC names its methods
        answer = await super().ConfirmTransaction(request, context)
        if request.transaction_id in self.refused:
            raise StrongroomError(Code.STATUS_CONFLICT)
        return answer


async def test_another_transaction_in_the_slot_is_not_ours(world: World, chain: Chain) -> None:
    key = await chain.key()
    ours, rival = Transfer(key, value_units=1), Transfer(key, value_units=2)
    world.node.answers[SEND] = garbage
    await world.broadcast(ours)
    await chain.ask(SEND, "0x" + rival.raw.hex())
    await seen(world, ours)
    (told,) = world.confirmations(ours)
    assert (told.tx_hash, told.ours, told.succeeded) == (rival.hash, False, True)
    world.node.recover()
    await until(lambda: _has(world.outcomes(), "nonce too low"))
    await chain.mine()
    await until(lambda: world.is_closed(ours))
    assert {one.ours for one in world.confirmations(ours)} == {False}


async def _has(finding: Any, wanted: str) -> bool:
    return wanted in await finding


async def test_a_reverted_payment_is_told_as_such(world: World, chain: Chain) -> None:
    reverts = "0x60006000fd"  # PUSH1 0, PUSH1 0, REVERT
    await chain.ask("anvil_setCode", FRIEND, reverts)
    transfer = Transfer(await chain.key(), gas_limit=50_000)
    await world.broadcast(transfer)
    await seen(world, transfer)
    await chain.ask("anvil_setCode", FRIEND, "0x")
    (told,) = world.confirmations(transfer)
    assert (told.succeeded, told.ours) == (False, True)
    assert "revert" in told.revert_reason


async def test_the_reason_of_a_revert_is_the_contracts_own(world: World, chain: Chain) -> None:
    await chain.ask("anvil_setCode", FRIEND, _reverting("the vault is closed"))
    transfer = Transfer(await chain.key(), gas_limit=50_000)
    await world.broadcast(transfer)
    await seen(world, transfer)
    await chain.ask("anvil_setCode", FRIEND, "0x")
    assert "the vault is closed" in world.confirmations(transfer)[0].revert_reason


@pytest.mark.parametrize("answer", [garbage, hang_up, result("0x")])
async def test_a_revert_without_a_reason_is_a_revert(world: World, chain: Chain, answer: Any) -> None:
    await chain.ask("anvil_setCode", FRIEND, "0x60006000fd")
    world.node.answers["eth_call"] = answer
    transfer = Transfer(await chain.key(), gas_limit=50_000)
    await world.broadcast(transfer)
    await seen(world, transfer)
    await chain.ask("anvil_setCode", FRIEND, "0x")
    (told,) = world.confirmations(transfer)
    assert (told.succeeded, told.ours, told.revert_reason) == (False, True, "")


def _reverting(words: str) -> str:
    """Code that reverts with Error(string) (Solidity ABI): its data lies behind it and is copied to memory."""
    text = words.encode()
    data = bytes.fromhex("08c379a0") + (32).to_bytes(32, "big") + len(text).to_bytes(32, "big") + text.ljust(32, b"\0")
    head = bytes([0x60, len(data), 0x60, 12, 0x60, 0, 0x39, 0x60, len(data), 0x60, 0, 0xFD])
    return "0x" + (head + data).hex()


async def test_a_reorganisation_counts_again_with_the_new_block(world: World, chain: Chain) -> None:
    world.manager.needed_confirmations = 5
    transfer = Transfer(await chain.key())
    await world.broadcast(transfer)
    await seen(world, transfer)
    await chain.mine(2)
    await until(lambda: world.depths(transfer)[-1] == 3)
    old_block = await chain.block_of(transfer.hash)
    await chain.ask("anvil_reorg", 3, [])  # the transfer's block and both above are replaced by empty ones
    assert await chain.block_of(transfer.hash) is None
    await world.looked()
    await chain.ask(SEND, "0x" + transfer.raw.hex())
    new_block = await chain.block_of(transfer.hash)
    assert new_block not in {None, old_block}
    await until(lambda: world.confirmations(transfer)[-1].block_hash == new_block)
    assert world.depths(transfer)[-1] == 1
    await chain.mine(4)
    await until(lambda: world.is_closed(transfer))
    assert world.confirmations(transfer)[-1].block_hash == new_block
    rows = await world.database.fetch("select block_hash from observed_blocks order by observed_at")
    assert [row["block_hash"] for row in rows] == [old_block, new_block]


async def test_a_reorganisation_of_equal_height_is_seen_without_a_new_block(world: World, chain: Chain) -> None:
    world.manager.needed_confirmations = 9
    transfer = Transfer(await chain.key())
    await world.broadcast(transfer)
    await seen(world, transfer)
    height = await chain.height()
    await chain.ask("anvil_reorg", 1, [["0x" + transfer.raw.hex(), 0]])
    assert await chain.height() == height
    new_block = await chain.block_of(transfer.hash)
    assert new_block is not None
    await until(lambda: world.confirmations(transfer)[-1].block_hash == new_block)


async def test_a_new_broadcast_does_not_hide_a_reorganisation_of_an_older_one(world: World, chain: Chain) -> None:
    world.manager.needed_confirmations = 50
    old = Transfer(await chain.key())
    await world.broadcast(old)
    await seen(world, old)
    await chain.mine(4)
    await until(lambda: world.depths(old)[-1] == 5)
    young = Transfer(await chain.key())
    await world.broadcast(young)
    await seen(world, young)
    await until(lambda: world.depths(old)[-1] == 6)
    told = len(world.confirmations(old))
    await chain.ask("anvil_reorg", 6, [])
    await world.looked()
    await chain.mine(3)
    await world.looked()
    assert len(world.confirmations(old)) == told
    assert world.depths(young)[-1] == 1


async def test_a_block_that_came_before_its_watch_was_known_is_looked_at_again(world: World, chain: Chain) -> None:
    behind = await world.successor(poll_s=3600.0)  # another process, which looks once and then rests
    await behind.balances.GetFees(pb.GetFeesRequest(chain_id=CHAIN_ID))
    transfer = Transfer(await chain.key())
    await chain.ask(SEND, "0x" + transfer.raw.hex())
    await chain.mine(3)
    await world.looked()
    await behind.broadcast(transfer)
    await seen(world, transfer)
    assert (world.confirmations(transfer)[0].tx_hash, world.depths(transfer)) == (transfer.hash, [4])
    await behind.stage.stop()


async def test_a_chain_that_goes_back_is_followed(world: World, chain: Chain) -> None:
    world.manager.needed_confirmations = 50
    transfer = Transfer(await chain.key())
    snapshot = await chain.ask("evm_snapshot")
    await world.broadcast(transfer)
    await seen(world, transfer)
    first_block = await chain.block_of(transfer.hash)
    await chain.mine(3)
    await until(lambda: world.depths(transfer)[-1] == 4)
    assert await chain.ask("evm_revert", snapshot)
    await world.looked()
    told = len(world.confirmations(transfer))
    await chain.ask("evm_setNextBlockTimestamp", hex(4_000_000_000 - int(snapshot, 16)))
    await chain.ask(SEND, "0x" + transfer.raw.hex())
    await until(lambda: len(world.confirmations(transfer)) > told)
    assert world.confirmations(transfer)[-1].block_hash == await chain.block_of(transfer.hash) != first_block


async def test_a_new_process_finds_everything_again(world: World, chain: Chain) -> None:
    mined, waiting = Transfer(await chain.key()), Transfer(await chain.key())
    world.manager.needed_confirmations = 3
    await world.broadcast(mined)
    await seen(world, mined)
    await chain.ask("evm_setAutomine", False)  # noqa: FBT003 - JSON-RPC has positions
    await world.broadcast(waiting)
    await until(lambda: world.node.asked.count(SEND) == 2)
    await world.stage.settle()
    await world.stage.stop()
    told = len(world.manager.confirmations)
    await chain.mine(2)
    assert len(world.manager.confirmations) == told
    after = await world.successor()
    await until(lambda: after.is_closed(mined))
    await seen(after, waiting)
    await chain.mine()
    await until(lambda: after.is_closed(waiting))
    assert after.depths(mined) == [1, 3]
    assert after.depths(waiting) == [2, 3]
    assert after.node.asked.count(SEND) == 2
    await after.stage.stop()


async def test_a_process_that_died_before_sending_sends_after_all(
    databases: Databases, chain: Chain, node: ProxyNode
) -> None:
    world = await World.open(databases, node)
    world.manager.failures.append(StrongroomError(Code.UNAVAILABLE))
    transfer = Transfer(await chain.key())
    await world.broadcast(transfer)
    await world.stage.stop()
    world.manager.failures.clear()
    after = await world.successor()
    await seen(after, transfer)
    assert node.asked.count(SEND) == 1
    await after.stage.stop()


async def test_many_at_once_are_each_seen(world: World, chain: Chain) -> None:
    transfers = [Transfer(await chain.key()) for _ in range(12)]
    await asyncio.gather(*(world.broadcast(transfer) for transfer in transfers))
    await until(lambda: all(world.confirmations(transfer) for transfer in transfers))
    await chain.mine(2)
    await until(lambda: _is_zero(world.database.fetchval("select count(*) from watches where closed_at is null")))
    for transfer in transfers:
        assert {one.tx_hash for one in world.confirmations(transfer)} == {transfer.hash}


async def _is_zero(finding: Any) -> bool:
    return await finding == 0


async def test_a_block_is_not_passed_over_when_its_receipt_fails(world: World, chain: Chain) -> None:
    transfer = Transfer(await chain.key())
    world.node.answers["eth_getTransactionReceipt"] = result(None)
    await world.broadcast(transfer)
    await until(lambda: world.node.asked.count("eth_getTransactionReceipt") > 2)
    assert world.confirmations(transfer) == []
    world.node.recover()
    await seen(world, transfer)


@pytest.mark.parametrize("method", ["eth_getBlockByNumber", "eth_chainId"])
async def test_a_service_that_starts_before_its_node_works_once_it_is_there(
    databases: Databases, chain: Chain, node: ProxyNode, method: str
) -> None:
    node.answers[method] = garbage
    world = await World.open(databases, node)
    await until(lambda: node.asked.count(method) > 2)
    node.recover()
    transfer = Transfer(await chain.key(units=ETHER))
    await world.broadcast(transfer)
    await seen(world, transfer)
    assert world.depths(transfer) == [1]
    await world.stage.stop()


async def test_a_node_of_another_chain_is_not_used(databases: Databases, chain: Chain, node: ProxyNode) -> None:
    node.answers["eth_chainId"] = result(hex(CHAIN_ID + 1))
    world = await World.open(databases, node)
    transfer = Transfer(await chain.key())
    with pytest.raises(StrongroomError, match="The node is of chain 31338"):
        await world.broadcast(transfer)
    assert await world.count("broadcast_attempts") == 0
    await world.stage.stop()
