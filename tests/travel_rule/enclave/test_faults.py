"""What goes wrong between enclaves, hubs and back ends, and that nothing is lost or answered twice for it."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from strongroom.travel_rule.enclave.config import EnclaveConfig
from strongroom.travel_rule.enclave.operations.commands import list_dead
from strongroom.travel_rule.enclave.operations.keep import renew_own_key
from strongroom.travel_rule.messages import Kind, VerificationAnswer, parse_envelope, seal_answer
from tests.fakes.travel_rule_backend import BOB, DAVE, Misbehaviour
from tests.travel_rule.enclave.pair import A, B, MovedClock, Pair, faster, order, pair, until, until_true

PATH = "/v1/verifications"


async def _refused(pair_: Pair, uuid: str) -> bool:
    """Whether the verification still waits although it was asked for."""
    return (await pair_.a.get(f"{PATH}/{uuid}"))["result"] == "WAIT"


async def test_while_the_hub_is_down_commands_wait_and_then_go_on(enclaves: Pair) -> None:
    await enclaves.a.get("/v1/vasps")
    enclaves.hub.is_down = True
    uuids = [await enclaves.a.verify(order()) for _ in range(3)]
    unreachable = await enclaves.a.post(f"{PATH}/account", _account_check(), status=503)
    assert unreachable["code"] == "HUB-UNAVAILABLE"
    await asyncio.sleep(0.5)
    assert all([await _refused(enclaves, uuid) for uuid in uuids])
    assert enclaves.b.backend.received == []
    enclaves.hub.restore()
    assert {(await enclaves.a.final(uuid))["result"] for uuid in uuids} == {"VERIFIED"}


async def test_a_hub_that_limits_is_waited_for_and_decides_nothing(two_databases: tuple[str, str]) -> None:
    def hasty(config: EnclaveConfig) -> EnclaveConfig:
        return faster(config, answer_within_s=30.0, callback_tries=1)

    clock = MovedClock()
    async with pair(two_databases, change=hasty, clock=clock) as made:
        hub, told = made.hub, await made.a.verify(order())
        assert (await made.a.final(told))["result"] == "VERIFIED"
        hub.limited = "60"
        uuid = await made.a.verify(order())
        await until_true(made.a.enclave.means.hub.paused_s)
        await made.a.post(f"{PATH}/tx", {"verificationUuid": told, "txHash": "0xabc", "vout": None})
        for _ in range(5):
            limited = await made.a.api.post(f"{PATH}/account", json=_account_check())
            assert (limited.status_code, limited.json()["code"]) == (429, "RATE-LIMITED")
            assert 0 < int(limited.headers["retry-after"]) <= 60
        assert hub.refused == 1  # it has said when to come back
        clock.ahead_s += 90  # longer than a counterparty may take, and it is told to wait once more
        await until_true(lambda: hub.refused > 1)
        assert await _refused(made, uuid)
        hub.restore()
        clock.ahead_s += 90
        assert (await made.a.final(uuid))["result"] == "VERIFIED"
        await until_true(lambda: made.b.backend.callbacks("TX_REPORT"))
        assert not await list_dead(means=made.a.enclave.means)


async def test_an_enclave_that_starts_while_the_hub_is_down_takes_requests(enclaves: Pair) -> None:
    enclaves.hub.is_down = True
    uuid = await enclaves.a.verify(order())
    assert await _refused(enclaves, uuid)
    enclaves.hub.restore()
    assert (await enclaves.a.final(uuid))["result"] == "VERIFIED"


async def test_a_counterparty_that_stays_away_times_out_and_is_told_when_it_is_back(
    two_databases: tuple[str, str],
) -> None:
    def hasty(config: EnclaveConfig) -> EnclaveConfig:
        return faster(config, answer_within_s=2.0)

    async with pair(two_databases, change=hasty) as made:
        # B takes the question and cannot answer it: its own row is there, and waits
        made.b.backend.misbehave["verification"] = Misbehaviour(statuses=[500] * 1000)
        uuid = await made.a.verify(order())
        await until_true(lambda: made.b.backend.asked("verification"))
        assert await _refused(made, uuid)
        found = await made.a.final(uuid)
        assert (found["result"], found["reason"]) == ("ERROR", "REQUEST-TIMEOUT")
        await until_true(lambda: made.a.backend.callbacks("VERIFICATION_RESULT"))
        theirs = await made.b.final(uuid)
        assert (theirs["result"], theirs["reason"]) == ("ERROR", "REQUEST-TIMEOUT")
        await until_true(lambda: made.b.backend.callbacks("ERROR_REPORT"))


async def test_a_counterparty_that_was_never_reached_times_out(two_databases: tuple[str, str]) -> None:
    async with pair(two_databases, change=lambda config: faster(config, answer_within_s=1.0)) as made:
        made.hub.down.add(B)
        found = await made.a.final(await made.a.verify(order()))
        assert (found["result"], found["reason"]) == ("ERROR", "REQUEST-TIMEOUT")
        assert made.b.backend.received == []


async def test_who_never_decides_times_out(two_databases: tuple[str, str]) -> None:
    async with pair(two_databases, change=lambda config: faster(config, decide_within_s=1.5)) as made:
        found = await made.a.final(await made.a.verify(order(account=DAVE)))
        assert (found["result"], found["reason"]) == ("ERROR", "REQUEST-TIMEOUT")


def _flip(message: bytes) -> bytes:
    changed = bytearray(message)
    changed[len(changed) // 2] ^= 1
    return bytes(changed)


def _truncate(message: bytes) -> bytes:
    return message[:-20]


def _other_header(message: bytes) -> bytes:
    """Back to who sent it, with everything else as it was."""
    envelope = parse_envelope(message)
    header = msgspec.structs.replace(envelope.header, to_vasp=envelope.header.from_vasp)
    return msgspec.msgpack.encode((msgspec.msgpack.encode(header), envelope.body, envelope.signature))


@pytest.mark.parametrize("meddle", [_flip, _truncate, _other_header])
async def test_a_meddling_hub_delays_a_verification_and_changes_nothing(
    enclaves: Pair, meddle: Callable[[bytes], bytes]
) -> None:
    for place in ("on_question", "on_answer"):
        setattr(enclaves.hub, place, meddle)
        asked = len(enclaves.hub.carried)
        uuid = await enclaves.a.verify(order())
        await until_true(lambda asked=asked: len(enclaves.hub.carried) > asked + 1)
        assert await _refused(enclaves, uuid)
        enclaves.hub.restore()
        assert (await enclaves.a.final(uuid))["result"] == "VERIFIED"
        assert len(enclaves.b.backend.asked("verification")) == 1
        enclaves.b.backend.received.clear()


async def test_a_replayed_message_is_refused_and_a_replayed_answer_too(enclaves: Pair) -> None:
    uuid = await enclaves.a.verify(order())
    await enclaves.a.final(uuid)
    to, question = enclaves.hub.carried[-1]
    status, answer = await enclaves.hub.knock(to, question)
    assert status == 200
    assert answer != enclaves.hub.answers[-1]
    assert len(enclaves.b.backend.asked("verification")) == 1
    old = enclaves.hub.answers[-1]
    enclaves.hub.on_answer = lambda _: old
    other = await enclaves.a.verify(order())
    await until_true(lambda: len(enclaves.b.backend.asked("verification")) == 2)
    assert await _refused(enclaves, other)
    enclaves.hub.restore()
    assert (await enclaves.a.final(other))["result"] == "VERIFIED"


async def test_a_counterparty_that_answers_about_another_verification_decides_nothing(enclaves: Pair) -> None:
    means = enclaves.b.enclave.means

    def about_another(answer: bytes) -> bytes:
        asked = parse_envelope(enclaves.hub.carried[-1][1]).header
        if asked.kind is not Kind.VERIFICATION:
            return answer
        said = VerificationAnswer(
            verification_uuid="another",
            result="DENIED",
            reason=None,
            message=None,
            beneficiary=None,
            beneficiary_vasp=None,
            verified_at=None,
        )
        now, message_id = means.clock.now(), means.new_message_id()
        return seal_answer(said, question=asked, sender=means.sender, message_id=message_id, now=now)

    enclaves.hub.on_answer = about_another
    uuid = await enclaves.a.verify(order())
    await until_true(lambda: len(enclaves.hub.carried) > 2)
    assert await _refused(enclaves, uuid)
    enclaves.hub.restore()
    assert (await enclaves.a.final(uuid))["result"] == "VERIFIED"


async def test_a_message_for_another_or_from_nobody_is_turned_away(enclaves: Pair) -> None:
    await enclaves.a.final(await enclaves.a.verify(order()))
    _, question = enclaves.hub.carried[-1]
    status, _ = await enclaves.hub.knock(A, question)
    assert status == 400
    del enclaves.hub.records[A]
    status, _ = await enclaves.hub.knock(B, b"nonsense")
    assert status == 400


async def test_a_counterparty_that_changed_its_key_is_asked_for_it_again(two_databases: tuple[str, str]) -> None:
    clock = MovedClock()
    async with pair(two_databases, clock=clock) as enclaves:
        await enclaves.a.final(await enclaves.a.verify(order()))
        await renew_own_key(means=enclaves.b.enclave.means)
        clock.ahead_s += 60  # which a process that serves may take to notice
        asked = len(enclaves.hub.carried)
        for _ in range(2):
            assert (await enclaves.a.final(await enclaves.a.verify(order())))["result"] == "VERIFIED"
        assert len(enclaves.hub.carried) - asked == 3 + 1


async def test_a_callback_is_repeated_until_it_is_taken(enclaves: Pair) -> None:
    enclaves.a.backend.misbehave["callback"] = Misbehaviour(statuses=[202, 500])
    uuid = await enclaves.a.verify(order())
    await until_true(lambda: len(enclaves.a.backend.asked("callback")) == 3)
    first, second, third = enclaves.a.backend.asked("callback")
    assert first == second == third
    assert first["callbackType"] == "VERIFICATION_RESULT"
    assert first["data"]["verificationUuid"] == uuid
    await asyncio.sleep(0.5)
    assert len(enclaves.a.backend.asked("callback")) == 3


async def test_a_callback_that_is_answered_too_late_is_repeated(two_databases: tuple[str, str]) -> None:
    def hasty(config: EnclaveConfig) -> EnclaveConfig:
        return msgspec.structs.replace(config, backend=msgspec.structs.replace(config.backend, others_s=0.3))

    async with pair(two_databases, change=hasty) as made:
        made.a.backend.misbehave["callback"] = Misbehaviour(delay_s=1.0)
        await made.a.verify(order())
        await until_true(lambda: made.a.backend.asked("callback"))
        made.a.backend.misbehave.clear()
        await until_true(lambda: len(made.a.backend.asked("callback")) >= 2)


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"result":"MAYBE"}', b'{"result":"VERIFIED","ivms101":[]}'])
async def test_a_back_end_that_answers_nonsense_verifies_nothing(enclaves: Pair, body: bytes) -> None:
    enclaves.b.backend.misbehave["verification"] = Misbehaviour(body=body)
    uuid = await enclaves.a.verify(order())
    await until_true(lambda: enclaves.b.backend.asked("verification"))
    await asyncio.sleep(0.3)
    assert (await enclaves.a.get(f"{PATH}/{uuid}"))["result"] in {"WAIT", "ERROR"}


async def test_a_back_end_that_is_slow_is_asked_again(two_databases: tuple[str, str]) -> None:
    def hasty(config: EnclaveConfig) -> EnclaveConfig:
        return msgspec.structs.replace(config, backend=msgspec.structs.replace(config.backend, verification_s=0.3))

    async with pair(two_databases, change=hasty) as made:
        made.b.backend.misbehave["verification"] = Misbehaviour(delay_s=1.0)
        uuid = await made.a.verify(order())
        await until_true(lambda: made.b.backend.asked("verification"))
        assert await _refused(made, uuid)
        made.b.backend.misbehave.clear()
        assert (await made.a.final(uuid))["result"] == "VERIFIED"


async def test_a_final_result_stays_whatever_the_counterparty_says_later(enclaves: Pair) -> None:
    uuid = "99999999-2222-3333-4444-555555555555"
    await enclaves.a.final(await enclaves.a.verify(order(verificationUuid=uuid)))
    enclaves.b.backend.decisions[BOB] = {"result": "DENIED", "reason": "BLACKLISTED"}
    assert (await enclaves.a.post(PATH, order(verificationUuid=uuid)))["result"] == "VERIFIED"
    # and where A has lost its own row, B still answers what it answered
    assert (await enclaves.b.get(f"{PATH}/{uuid}"))["result"] == "VERIFIED"


async def test_a_hundred_at_once_are_all_verified_once(enclaves: Pair) -> None:
    key_types = ("PerVasp", "PerAddress", "PerVerification")
    uuids = await asyncio.gather(*(enclaves.a.verify(order(key_type=key_types[i % 3])) for i in range(100)))
    results = [(await enclaves.a.final(uuid))["result"] for uuid in uuids]
    assert results == ["VERIFIED"] * 100
    asked = [each["verificationUuid"] for each in enclaves.b.backend.asked("verification")]
    assert sorted(asked) == sorted(uuids)

    async def told() -> bool:
        callbacks = enclaves.a.backend.callbacks("VERIFICATION_RESULT")
        return {each["verificationUuid"] for each in callbacks} == set(uuids)

    await until(told)


async def test_both_directions_at_once_do_not_lock_each_other_out(enclaves: Pair) -> None:
    there = [enclaves.a.verify(order()) for _ in range(20)]
    back = [enclaves.b.verify(order(to=A)) for _ in range(20)]
    uuids = await asyncio.gather(*there, *back)
    for index, uuid in enumerate(uuids):
        side = enclaves.a if index < 20 else enclaves.b
        assert (await side.final(uuid))["result"] == "VERIFIED"


def _account_check() -> dict[str, Any]:
    payload = {"beneficiary": {"accountNumber": [BOB]}}
    return {"keyType": "PerVasp", "beneficiaryVaspId": B, "symbol": "ETH", "payload": {"ivms101": payload}}
