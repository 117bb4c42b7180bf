"""Step 13: stored, reported, then sent; never before, never for nothing, never lost."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import list_handoffs
from tests.custody.nodes.world import ETHER, Chain, Transfer, World, make_manager, until
from tests.fakes.proxy_node import ProxyNode, garbage, half_an_answer, hang_up, refusal, result, silence
from tests.fixtures.platform import refused
from tests.fixtures.postgres import Databases
from tests.fixtures.tenant import FRIEND, STRANGER

SEND = "eth_sendRawTransaction"


async def test_a_transfer_goes_from_bytes_to_finality(world: World, chain: Chain) -> None:
    transfer = Transfer(await chain.key(), value_units=7)
    before = int(await chain.ask("eth_getBalance", FRIEND, "latest"), 16)
    await world.broadcast(transfer)
    await until(lambda: world.confirmations(transfer))
    first = world.confirmations(transfer)[0]
    assert (first.tx_hash, first.confirmations, first.succeeded, first.ours) == (transfer.hash, 1, True, True)
    assert (first.tenant_id, first.block_number) == ("acme", await chain.height())
    assert first.block_hash == await chain.block_of(transfer.hash)
    paid = 100 * ETHER - 7 - int(await chain.ask("eth_getBalance", transfer.sender, "latest"), 16)
    assert int(first.fee_units) == paid
    await chain.mine()
    await until(lambda: world.is_closed(transfer))
    assert world.depths(transfer) == [1, 2]
    assert int(await chain.ask("eth_getBalance", FRIEND, "latest"), 16) - before == 7
    (report,) = world.manager.reports
    (step,) = report.steps
    assert (step.step, step.from_service, step.to_service, step.operation) == (
        "13",
        "secure_vault",
        "nodes",
        "broadcast",
    )
    row = await world.database.fetchrow("select * from broadcast_attempts")
    assert row is not None
    assert (row["tenant_id"], row["raw_transaction"], row["tx_hash"]) == ("acme", transfer.raw, transfer.hash)
    assert await world.outcomes() == ["accepted"]
    assert await world.database.fetchval("select block_hash from observed_blocks") == first.block_hash


async def test_the_node_sees_nothing_before_the_row_and_the_report(world: World, chain: Chain) -> None:
    transfer = Transfer(await chain.key())
    seen: list[tuple[int, int]] = []

    def look() -> None:
        seen.append((len(world.manager.reports), world.manager.counts()["13"]))

    world.node.before_send = look
    world.manager.failures.append(StrongroomError(Code.UNAVAILABLE))
    await world.broadcast(transfer)
    assert (await world.count("broadcast_attempts"), await world.count("watches")) == (1, 1)
    await until(lambda: world.confirmations(transfer))
    assert seen == [(2, 2)]  # the refused report, then the one that was taken, then the bytes


async def test_an_ended_transaction_is_never_sent(databases: Databases, chain: Chain, node: ProxyNode) -> None:
    transfer = Transfer(await chain.key())
    manager = make_manager(ended={str(transfer.id)})
    world = await World.open(databases, node, manager=manager, unseen_resend_s=0.05)
    await world.broadcast(transfer)
    await world.stage.settle()
    assert await world.is_closed(transfer)
    await asyncio.sleep(0.2)
    assert SEND not in node.asked
    assert await world.outcomes() == []
    await world.stage.stop()


async def test_nothing_is_resent_that_was_never_reported(databases: Databases, chain: Chain, node: ProxyNode) -> None:
    manager = make_manager(failures=[StrongroomError(Code.UNAVAILABLE)] * 1000)
    world = await World.open(databases, node, manager=manager, unseen_resend_s=0.02)
    transfer = Transfer(await chain.key())
    await world.broadcast(transfer)
    await asyncio.sleep(0.3)
    assert SEND not in node.asked
    manager.failures.clear()
    await until(lambda: world.confirmations(transfer), timeout_s=20)
    await world.stage.stop()


@pytest.mark.parametrize("wrong", [garbage, hang_up, result("0x" + "00" * 32)])
async def test_a_node_that_fails_while_sending_loses_nothing(world: World, chain: Chain, wrong: Any) -> None:
    transfer = Transfer(await chain.key())
    world.node.answers[SEND] = wrong
    await world.broadcast(transfer)
    await until(lambda: world.node.asked.count(SEND) > 1)
    assert world.confirmations(transfer) == []
    world.node.recover()
    await until(lambda: world.confirmations(transfer))
    assert await world.outcomes() == ["accepted"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (silence, "slow"),
        (garbage, "garbage: the answer has another shape"),
        (hang_up, "garbage: HTTP breaks off"),
        (half_an_answer, "garbage: HTTP breaks off"),
        (result("0x" + "00" * 32), "garbage: the hash of another transaction"),
    ],
)
async def test_each_failure_of_a_node_is_told_apart(
    databases: Databases, chain: Chain, node: ProxyNode, wrong: Any, told: str
) -> None:
    world = await World.open(databases, node, timeout_s=0.3)
    node.answers[SEND] = wrong
    await world.broadcast(Transfer(await chain.key()))
    await until(lambda: _told(world, told))
    assert await world.outcomes() == []
    await world.stage.stop()


async def _told(world: World, words: str) -> bool:
    error = await world.database.fetchval("select last_error from work where operation = 'send'")
    return error is not None and error.startswith("NODE_UNAVAILABLE") and words in error


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("already known", "already known"),
        ("nonce too low: next nonce 7, tx nonce 0", "nonce too low"),
        ("replacement transaction underpriced", "replacement underpriced"),
        ("transaction underpriced", "underpriced"),
        ("insufficient funds for gas * price + value", "insufficient funds"),
        ("the moon is full", "unknown"),
    ],
)
async def test_no_refusal_of_a_node_is_an_end(world: World, chain: Chain, words: str, outcome: str) -> None:
    transfer = Transfer(await chain.key())
    world.node.answers[SEND] = refusal(words)
    await world.broadcast(transfer)
    await until(lambda: _longer(world.outcomes(), 0))
    assert set(await world.outcomes()) == {outcome}
    await chain.ask(SEND, "0x" + transfer.raw.hex())
    await until(lambda: world.confirmations(transfer))
    await chain.mine()
    await until(lambda: world.is_closed(transfer))
    assert {one.ours for one in world.confirmations(transfer)} == {True}


async def test_a_slow_node_that_took_the_bytes_is_asked_again(
    databases: Databases, chain: Chain, node: ProxyNode
) -> None:
    world = await World.open(databases, node, timeout_s=0.3)
    transfer = Transfer(await chain.key())
    await chain.ask("evm_setAutomine", False)  # noqa: FBT003 - JSON-RPC has positions
    node.answers[SEND] = silence
    await world.broadcast(transfer)
    await until(lambda: node.asked.count(SEND) >= 1)
    await chain.ask(SEND, "0x" + transfer.raw.hex())
    node.recover()
    await until(lambda: _is(world.outcomes(), ["already known"]))
    await world.stage.settle()
    await chain.mine()
    await until(lambda: world.confirmations(transfer))
    assert world.confirmations(transfer)[0].tx_hash == transfer.hash
    await world.stage.stop()


async def _is(finding: Any, expected: object) -> bool:
    return await finding == expected


@pytest.mark.parametrize("wrong", [garbage, hang_up])
async def test_a_node_that_is_gone_is_waited_for(world: World, chain: Chain, wrong: Callable[..., Any]) -> None:
    sent, later = Transfer(await chain.key()), Transfer(await chain.key())
    world.manager.needed_confirmations = 3
    await world.broadcast(sent)
    await until(lambda: world.confirmations(sent))
    world.node.fail_all(wrong)
    await world.looked()
    assert await refused(world.broadcast(later)) is Code.NODE_UNAVAILABLE
    assert await world.count("broadcast_attempts") == 1
    await chain.mine(2)
    await asyncio.sleep(0.05)
    assert not await world.is_closed(sent)
    world.node.recover()
    await until(lambda: world.is_closed(sent))
    await world.broadcast(later)
    await until(lambda: world.confirmations(later))


async def test_a_refused_transaction_is_recorded_and_sent_again(world: World, chain: Chain) -> None:
    key = await chain.key(units=0)
    transfer = Transfer(key, value_units=ETHER)
    await world.broadcast(transfer)
    await until(lambda: _longer(world.outcomes(), 1))
    assert set(await world.outcomes()) == {"insufficient funds"}
    await chain.ask("anvil_setBalance", transfer.sender, hex(2 * ETHER))
    await until(lambda: world.confirmations(transfer), timeout_s=20)
    assert (await world.outcomes())[-1] == "accepted"


async def _longer(finding: Any, length: int) -> bool:
    return len(await finding) > length


async def test_a_node_that_knows_the_transaction_already_is_believed_by_nobody(world: World, chain: Chain) -> None:
    transfer = Transfer(await chain.key())
    world.node.answers[SEND] = refusal("nonce too low")
    await world.broadcast(transfer)
    await world.stage.settle()
    assert await world.outcomes() == ["nonce too low"]
    await chain.mine(3)
    await world.looked()
    assert world.confirmations(transfer) == []
    assert not await world.is_closed(transfer)
    await chain.ask(SEND, "0x" + transfer.raw.hex())
    await until(lambda: world.confirmations(transfer))


async def test_a_transaction_that_no_block_takes_is_sent_again(
    databases: Databases, chain: Chain, node: ProxyNode
) -> None:
    world = await World.open(databases, node, unseen_resend_s=0.2)
    transfer = Transfer(await chain.key())
    node.answers[SEND] = result(transfer.hash)  # taken, and forgotten
    await world.broadcast(transfer)
    await until(lambda: _is(world.outcomes(), ["accepted"]))
    node.recover()
    await until(lambda: world.confirmations(transfer))
    assert await world.outcomes() == ["accepted", "accepted"]
    await world.stage.stop()


async def test_of_a_transaction_that_stays_stuck_people_are_told_once(
    databases: Databases, chain: Chain, node: ProxyNode, capsys: pytest.CaptureFixture[str]
) -> None:
    world = await World.open(databases, node, unseen_resend_s=0.05, stuck_alert_s=0.1)
    transfer = Transfer(await chain.key())
    node.answers[SEND] = result(transfer.hash)  # taken, and forgotten
    await world.broadcast(transfer)
    await until(lambda: _is(world.database.fetchval("select count(*) from watches where alerted_at is not null"), 1))
    other = await world.successor(unseen_resend_s=0.05, stuck_alert_s=0.1)
    await until(lambda: _longer(world.outcomes(), 4))
    told = capsys.readouterr().out
    assert told.count("transaction_stuck_alert") == 1
    assert "seconds=0" in told
    node.recover()
    await until(lambda: world.confirmations(transfer))
    await other.stage.stop()
    await world.stage.stop()


async def test_raw_bytes_that_are_not_what_the_caller_says_are_refused(world: World, chain: Chain) -> None:
    transfer = Transfer(await chain.key())
    changes: list[tuple[dict[str, Any], Code]] = [
        ({"raw_transaction": b""}, Code.REQUEST_INVALID),
        ({"raw_transaction": transfer.raw[:-1]}, Code.REQUEST_INVALID),
        ({"raw_transaction": transfer.raw + b"\x00"}, Code.REQUEST_INVALID),
        ({"sender": STRANGER}, Code.INTENT_MISMATCH),
        ({"sender": transfer.sender.lower()}, Code.INTENT_MISMATCH),
        ({"nonce": 1}, Code.INTENT_MISMATCH),
        ({"nonce": -1}, Code.INTENT_MISMATCH),
        ({"digest": bytes(32)}, Code.INTENT_MISMATCH),
        ({"digest": b""}, Code.INTENT_MISMATCH),
        ({"chain_id": 1}, Code.INTENT_MISMATCH),
    ]
    for change, code in changes:
        assert await refused(world.broadcast(transfer, **change)) is code, change
    assert await world.count("broadcast_attempts") == await world.count("work") == 0
    assert SEND not in world.node.asked


async def test_the_same_broadcast_again_has_no_second_effect(world: World, chain: Chain) -> None:
    transfer = Transfer(await chain.key())
    await asyncio.gather(*(world.broadcast(transfer) for _ in range(4)))
    await until(lambda: world.confirmations(transfer))
    await world.broadcast(transfer)
    await world.stage.settle()
    assert await world.count("broadcast_attempts") == 1
    assert world.node.asked.count(SEND) == 1
    events = await list_handoffs(world.database, transaction_id=transfer.id)
    assert [event.method for event in events] == ["nodes.v1.Nodes/BroadcastTransaction"] * 5


async def test_a_slot_and_an_attempt_hold_one_transaction(world: World, chain: Chain) -> None:
    key = await chain.key()
    transfer, rival = Transfer(key, value_units=1), Transfer(key, value_units=2)
    await world.broadcast(transfer)
    assert await refused(world.broadcast(rival)) is Code.SLOT_TAKEN
    next_slot = Transfer(key, nonce=1)
    assert await refused(world.broadcast(next_slot, transaction_id=str(transfer.id))) is Code.SLOT_TAKEN
    assert await refused(world.broadcast(transfer, tenant_id="rival")) is Code.SLOT_TAKEN
    assert await world.count("broadcast_attempts") == 1


async def test_the_calls_that_follow_name_the_handoff_they_act_under(world: World, chain: Chain) -> None:
    transfer = Transfer(await chain.key())
    await world.broadcast(transfer)
    await until(lambda: world.confirmations(transfer))
    handoffs = [call.handoff for call in world.manager.calls]
    assert {call.caller for call in world.manager.calls} == {"nodes"}
    parents = {handoff.parents for handoff in handoffs if handoff is not None}
    assert len(parents) == 1
    assert len(parents.pop()) == 1


@pytest.mark.parametrize("table", ["broadcast_attempts", "broadcast_outcomes", "observed_blocks", "watches"])
async def test_what_was_sent_and_seen_cannot_be_changed(world: World, chain: Chain, table: str) -> None:
    transfer = Transfer(await chain.key())
    await world.broadcast(transfer)
    await until(lambda: world.confirmations(transfer))
    for words in ("update {} set {}", "delete from {}", "truncate {}"):
        with pytest.raises(Exception, match="permission denied"):
            async with world.database.transaction() as tx:
                await tx.execute(words.format(table, "number = 1" if table == "observed_blocks" else "attempt = 1"))
