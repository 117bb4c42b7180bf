"""The node client against a real chain."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from strongroom.apps.embedded.anvil import DEVELOPMENT_CHAIN_ID, FAUCET_ADDRESS, RunningAnvil, fund
from strongroom.chains.evm.broadcast import SendOutcome
from strongroom.chains.evm.fees import FeeLevel, decide_fees
from strongroom.chains.evm.node import EvmNode
from strongroom.chains.evm.observed import Receipt, observed_digest
from strongroom.chains.evm.transaction import Eip1559Transaction, assemble, signing_digest, transaction_hash
from strongroom.kernel.addresses import checksum_address
from strongroom.kernel.errors import Code, StrongroomError
from tests.chains.evm.oracle import address_elsewhere, sign_elsewhere

RICH_KEY = bytes.fromhex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d")  # Anvil's second account
SOMEONE = checksum_address(bytes.fromhex("22" * 20))


@pytest.fixture
async def node(anvil: RunningAnvil) -> AsyncIterator[EvmNode]:
    async with EvmNode(anvil.rpc_url) as node:
        yield node


async def build(node: EvmNode, *, value_units: int = 5, level: FeeLevel = FeeLevel.MEDIUM) -> Eip1559Transaction:
    fees = decide_fees(await node.fee_history(), level=level)
    return Eip1559Transaction(
        chain_id=await node.chain_id(),
        nonce=await node.nonce(address_elsewhere(RICH_KEY)),
        max_priority_fee_per_gas=fees.max_priority_fee_per_gas,
        max_fee_per_gas=fees.max_fee_per_gas,
        gas_limit=21_000,
        to=SOMEONE,
        value_units=value_units,
    )


async def mined(node: EvmNode, sought_hash: str) -> Receipt:
    async with asyncio.timeout(10):
        while True:
            if (receipt := await node.receipt(sought_hash)) is not None:
                return receipt
            await asyncio.sleep(0.02)


async def test_a_transfer_is_priced_sent_mined_and_recognised(node: EvmNode) -> None:
    before, rich_before = await node.balance(SOMEONE), await node.balance(address_elsewhere(RICH_KEY))
    transaction = await build(node, value_units=123)
    _, its_hash, signature = sign_elsewhere(transaction, RICH_KEY)
    raw = assemble(transaction, signature)
    assert (await node.send_raw(raw)).outcome is SendOutcome.ACCEPTED
    receipt = await mined(node, its_hash)
    assert receipt.succeeded
    assert receipt.gas_used == 21_000
    assert await node.balance(SOMEONE) - before == 123
    assert rich_before - await node.balance(address_elsewhere(RICH_KEY)) == 123 + receipt.fee_units
    assert receipt.fee_units <= 21_000 * transaction.max_fee_per_gas
    assert await node.nonce(address_elsewhere(RICH_KEY)) == transaction.nonce + 1
    block = await node.block(receipt.block_number)
    assert block is not None
    assert block.block_hash == receipt.block_hash
    [found] = [one for one in block.transactions if one.transaction_hash == its_hash]
    assert found.signed == (transaction, signature)
    assert observed_digest(found) == signing_digest(transaction)
    assert (found.sender, found.nonce) == (address_elsewhere(RICH_KEY), transaction.nonce)
    assert await node.transaction(its_hash) == found


async def test_the_head_moves_and_blocks_are_chained(node: EvmNode) -> None:
    first = await node.head()
    for _ in range(200):
        if (await node.head()).number > first.number:
            break
        await asyncio.sleep(0.05)
    block, parent = await node.block(first.number + 1), await node.block(first.number)
    assert block is not None
    assert parent is not None
    assert block.parent_hash == parent.block_hash == first.block_hash
    assert await node.chain_id() == DEVELOPMENT_CHAIN_ID


async def test_what_the_chain_does_not_know_is_none(node: EvmNode) -> None:
    nothing = "0x" + "00" * 32
    assert await node.receipt(nothing) is None
    assert await node.transaction(nothing) is None
    assert await node.block(10**9) is None
    assert await node.nonce(SOMEONE, pending=True) == 0


async def test_refusals_to_send_are_told_apart(node: EvmNode, anvil: RunningAnvil) -> None:
    good = await build(node)
    raw, its_hash, _ = sign_elsewhere(good, RICH_KEY)
    await node.send_raw(raw)
    await mined(node, its_hash)
    base_fee = (await node.fee_history()).next_base_fee_per_gas
    fresh = replace(good, nonce=good.nonce + 1)
    poor_key = (77).to_bytes(32, "big")
    refusals = {
        SendOutcome.NONCE_TOO_LOW: sign_elsewhere(replace(good, value_units=6), RICH_KEY)[0],
        SendOutcome.INSUFFICIENT_FUNDS: sign_elsewhere(replace(fresh, nonce=0), poor_key)[0],
        SendOutcome.UNDERPRICED: sign_elsewhere(
            replace(fresh, max_fee_per_gas=base_fee // 2, max_priority_fee_per_gas=0), RICH_KEY
        )[0],
        SendOutcome.UNKNOWN: b"\x02\xc0",
    }
    for outcome, refused in refusals.items():
        answer = await node.send_raw(refused)
        assert answer.outcome is outcome, answer
        assert answer.message
    later = sign_elsewhere(replace(fresh, nonce=fresh.nonce + 5), RICH_KEY)[0]
    assert (await node.send_raw(later)).outcome is SendOutcome.ACCEPTED  # waits for the nonces before it
    assert (await node.send_raw(later)).outcome is SendOutcome.ALREADY_KNOWN
    waiting = await node.transaction(transaction_hash(later))
    assert waiting is not None
    assert fund(rpc_url=anvil.rpc_url, address=SOMEONE, value_units=1).startswith("0x")


async def test_an_address_with_a_wrong_digit_is_not_even_asked_for(node: EvmNode) -> None:
    with pytest.raises(StrongroomError) as refused:
        await node.balance(FAUCET_ADDRESS.replace("f39F", "F39F"))
    assert refused.value.code is Code.ADDRESS_INVALID
