"""What the other services ask of a chain: balances and prices, at its newest block, or nothing."""

from uuid import uuid4

import pytest

from strongroom.interfaces.nodes.v1 import nodes_pb2 as pb
from strongroom.interfaces.nodes.v1.nodes_pb2_grpc import NodesStub
from strongroom.kernel.errors import Code
from strongroom.runtime.db import list_handoffs
from tests.chains.evm.oracle import address_elsewhere
from tests.custody.nodes.world import CHAIN_ID, Chain, World, until
from tests.fakes.proxy_node import Answer, ProxyNode, garbage, hang_up, silence
from tests.fixtures.platform import on_behalf, refused
from tests.fixtures.postgres import Databases
from tests.fixtures.tenant import FRIEND


def balance(address: str, *, chain_id: int = CHAIN_ID, transaction_id: str = "") -> pb.GetBalanceRequest:
    return pb.GetBalanceRequest(chain_id=chain_id, address=address, transaction_id=transaction_id)


async def test_a_balance_is_the_newest_one(world: World, chain: Chain) -> None:
    address = address_elsewhere(await chain.key(units=12345))
    await world.looked()
    answer = await world.balances.GetBalance(balance(address))
    assert (answer.balance_units, answer.block_number) == ("12345", await chain.height())
    assert (await world.balances.GetBalance(balance("0x" + "0d" * 20))).balance_units == "0"


async def test_prices_follow_the_block_and_are_asked_once_for_each(world: World, chain: Chain) -> None:
    manager = world.stage.peer(NodesStub, "nodes", caller="transaction_manager")
    await world.looked()
    first = await manager.GetFees(pb.GetFeesRequest(chain_id=CHAIN_ID))
    again = await manager.GetFees(pb.GetFeesRequest(chain_id=CHAIN_ID))
    assert first == again
    assert world.node.asked.count("eth_feeHistory") == 1
    assert first.block_number == await chain.height()
    low, medium, high = (
        int(price)
        for price in (
            first.low_priority_fee_per_gas,
            first.medium_priority_fee_per_gas,
            first.high_priority_fee_per_gas,
        )
    )
    assert 0 < low <= medium <= high
    await chain.ask("anvil_setNextBlockBaseFeePerGas", hex(7_000_000_000))
    await chain.mine()
    await world.looked()
    later = await manager.GetFees(pb.GetFeesRequest(chain_id=CHAIN_ID))
    assert later.block_number == first.block_number + 1
    assert 6 * 10**9 < int(later.base_fee_per_gas) <= 7 * 10**9


async def test_a_question_for_a_transaction_leaves_its_handoff(world: World, chain: Chain) -> None:
    transaction_id = uuid4()
    address = address_elsewhere(await chain.key())
    request = balance(address, transaction_id=str(transaction_id))
    await world.balances.GetBalance(request, metadata=on_behalf(transaction_id))
    await world.balances.GetFees(
        pb.GetFeesRequest(chain_id=CHAIN_ID, transaction_id=str(transaction_id)), metadata=on_behalf(transaction_id)
    )
    await world.balances.GetBalance(balance(address))
    events = await list_handoffs(world.database, transaction_id=transaction_id)
    assert [event.method for event in events] == ["nodes.v1.Nodes/GetBalance", "nodes.v1.Nodes/GetFees"]
    assert await world.count("service_handoff_events") == 2


async def test_a_bad_question_is_told_so(world: World) -> None:
    assert await refused(world.balances.GetBalance(balance("0x1"))) is Code.ADDRESS_INVALID
    assert await refused(world.balances.GetBalance(balance(FRIEND, chain_id=5))) is Code.ASSET_UNKNOWN
    assert await refused(world.balances.GetFees(pb.GetFeesRequest(chain_id=5))) is Code.ASSET_UNKNOWN
    assert await refused(world.vault.GetBalance(balance(FRIEND))) is Code.CALLER_NOT_ALLOWED


@pytest.mark.parametrize("wrong", [garbage, hang_up, silence])
async def test_a_node_that_does_not_answer_is_no_balance_and_no_old_price(
    databases: Databases, node: ProxyNode, wrong: Answer
) -> None:
    world = await World.open(databases, node, timeout_s=0.2)
    fees = pb.GetFeesRequest(chain_id=CHAIN_ID)
    await world.balances.GetFees(fees)
    node.fail_all(wrong)
    await world.looked()
    assert await refused(world.balances.GetBalance(balance(FRIEND))) is Code.NODE_UNAVAILABLE
    assert await refused(world.balances.GetFees(fees)) is Code.NODE_UNAVAILABLE
    node.recover()
    await until(lambda: _answers(world, fees))
    await world.stage.stop()


async def _answers(world: World, fees: pb.GetFeesRequest) -> bool:
    return bool((await world.balances.GetFees(fees)).base_fee_per_gas)
