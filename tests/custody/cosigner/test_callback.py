"""Step 10a: co-signer 3 consents to nothing that the customer's handler has not approved, whatever the handler does."""

import asyncio
import dataclasses
import json
import os
from collections.abc import AsyncGenerator
from decimal import Decimal
from uuid import UUID

import jwt
import msgspec
import pytest

from strongroom.chains.evm.transaction import signing_digest
from strongroom.custody.cosigner.domain.digest import transaction_of
from strongroom.custody.cosigner.domain.entries import CallbackAnswered
from strongroom.custody.cosigner.domain.orders import AbortCeremony, CloseRequest, SeekConsent
from strongroom.custody.cosigner.domain.reports import CallbackReported, Consented, Refused, Report, Tombstoned
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.consent import CallbackAnswer
from strongroom.vendors.callback_handler.simulator import Told
from strongroom.vendors.callback_handler.tokens import public_key_pem
from strongroom.vendors.simulated import Order, Way
from tests.custody.cosigner.handlers import Desk, desk_for, rsa_key
from tests.custody.cosigner.opened import reason_of, tombstone_of
from tests.custody.cosigner.world import PAYEE, TENANT, World, request_body

MISBEHAVING: tuple[Way, ...] = ("server-error", "unavailable-html", "redirect", "half-body", "hang-up", "no-json")
NO_ANSWERS = {
    "another key": Told(signed_by="stranger"),
    "another question": Told(answering="other"),
    "ignored": Told(action="IGNORE"),
    "later": Told(action="RETRY"),
    "not a word of the protocol": Told(action="approve"),
    "nothing": Told(action=""),
}


@pytest.fixture
async def desk(world: World) -> AsyncGenerator[Desk]:
    async with desk_for(world) as made:
        yield made


def fresh(order: SeekConsent) -> SeekConsent:
    return dataclasses.replace(order, ceremony_id=os.urandom(32))


def kinds(reports: list[Report]) -> list[type[Report]]:
    return [type(report) for report in reports]


async def test_what_the_handler_approves_is_consented_to(desk: Desk) -> None:
    transfer = desk.world.transfer(external_id="invoice-7")
    said = await desk.seek(transfer.order())
    assert kinds(said) == [CallbackReported, Consented]
    (question,) = desk.questions
    report = desk.reported(said[0])
    assert (report.answer, report.request_id) == (CallbackAnswer.APPROVE, question["requestId"])
    assert (report.transaction_id, report.intent_hash) == (transfer.intent.transaction_id, transfer.intent.hash())
    assert len(report.answer_hash) == 32
    assert report.duration_us > 0
    assert desk.entries() == ["callback-asked", "callback-answered", "consented"]


async def test_the_question_is_written_from_the_verified_intent(desk: Desk) -> None:
    transfer = desk.world.transfer(external_id="invoice-7")
    await desk.seek(transfer.order())
    (question,) = desk.questions
    unsigned = transaction_of(intent=transfer.intent, payload=transfer.payload)
    assert UUID(question["requestId"]).version == 4
    assert question["txId"] == str(UUID(bytes=transfer.intent.transaction_id))
    expected = {
        "operation": "TRANSFER",
        "sourceType": "VAULT",
        "sourceId": "0",
        "destType": "UNMANAGED",
        "destId": "",
        "asset": "ETH_TEST",
        "amount": Decimal("1.5"),
        "amountStr": "1.5",
        "requestedAmountStr": "1.5",
        "fee": "0.0021",
        "destAddressType": "ONE_TIME",
        "destAddress": PAYEE,
        "externalTxId": "invoice-7",
        "signerId": "cosigner-3",
        "players": ["cosigner-1", "cosigner-2", "cosigner-3"],
    }
    assert {name: question[name] for name in expected} == expected
    (destination,) = question["destinations"]
    assert (destination["amountNativeStr"], destination["displayDstAddress"]) == ("1.5", PAYEE)
    (raw,) = question["rawTx"]
    assert raw["keyDerivationPath"] == "[ 44, 60, 0, 0, 0 ]"
    assert bytes.fromhex(raw["payload"]) == signing_digest(unsigned)
    assert bytes.fromhex(raw["rawTx"])[:1] == b"\x02"


async def test_a_payment_to_an_own_account_says_so(desk: Desk) -> None:
    body = json.loads(request_body()) | {"destination": {"type": "VAULT_ACCOUNT", "id": "5"}}
    await desk.seek(desk.world.transfer_of(json.dumps(body).encode()).order())
    assert (desk.questions[0]["destType"], desk.questions[0]["destId"]) == ("VAULT", "5")
    assert "externalTxId" not in desk.questions[0]


async def test_another_library_reads_the_question_and_its_answer_counts(desk: Desk) -> None:
    """A customer's handler knows the protocol and PyJWT, and none of our code."""
    served = asyncio.Queue[bytes]()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length:")[1].split("\r\n")[0])
        served.put_nowait(head.encode())
        token = (await reader.readexactly(length)).decode()
        asked = jwt.decode(token, public_key_pem(rsa_key("cosigner")), algorithms=["RS256"])
        said = {"action": "APPROVE", "requestId": asked["requestId"], "iat": 1}
        answer = jwt.encode(said, rsa_key("handler"), algorithm="RS256").encode() + b"\n"
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(answer), answer))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    desk.config = dataclasses.replace(desk.config, url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    desk.restart()
    assert kinds(await desk.seek(desk.world.transfer().order())) == [CallbackReported, Consented]
    head = served.get_nowait()
    assert head.startswith(b"post /v2/tx_sign_request http/1.1")
    assert b"json" not in head
    server.close()


async def test_what_it_rejects_is_dead_for_ever(desk: Desk) -> None:
    desk.simulator.told = Told(action="REJECT", reason="not on a Sunday")
    order = desk.world.transfer().order()
    said = await desk.seek(order)
    assert kinds(said) == [CallbackReported, Tombstoned]
    assert desk.reported(said[0]).answer is CallbackAnswer.REJECT
    assert tombstone_of(desk.world, said[1]).reason == "CALLBACK_REJECTED"
    desk.simulator.told = Told()
    desk.restart()
    assert kinds(await desk.seek(fresh(order))) == [CallbackReported, Tombstoned]
    assert len(desk.questions) == 1
    assert desk.entries() == ["callback-asked", "callback-answered", "closed"]


async def test_its_slot_is_free_for_the_next_payment(desk: Desk) -> None:
    desk.simulator.told = Told(action="REJECT")
    await desk.seek(desk.world.transfer().order())
    desk.simulator.told = Told()
    assert kinds(await desk.seek(desk.world.transfer(amount="2").order()))[-1] is Consented


async def test_the_first_answer_counts_and_no_other(desk: Desk) -> None:
    order = desk.world.transfer().order()
    await desk.seek(order)
    desk.simulator.told = Told(action="REJECT")
    assert kinds(await desk.seek(fresh(order))) == [CallbackReported, Consented]
    desk.restart()
    assert kinds(await desk.seek(fresh(order))) == [CallbackReported, Consented]
    assert len(desk.questions) == 1


@pytest.mark.parametrize("told", NO_ANSWERS.values(), ids=NO_ANSWERS)
async def test_what_is_no_answer_is_not_now_and_the_same_question_later(desk: Desk, told: Told) -> None:
    desk.simulator.told = told
    order = desk.world.transfer().order()
    said = await desk.seek(order)
    assert kinds(said) == [CallbackReported, Refused]
    heard = {"IGNORE", "RETRY"} & {told.action}
    assert desk.reported(said[0]).answer == (heard.pop() if heard else "NONE")
    assert reason_of(desk.world, said[1]) == "CALLBACK_UNANSWERED"
    desk.simulator.told = Told()
    assert kinds(await desk.seek(fresh(order))) == [CallbackReported, Consented]
    first, second = desk.questions
    assert first == second
    assert desk.entries() == ["callback-asked", "callback-answered", "consented"]


@pytest.mark.parametrize("way", MISBEHAVING)
async def test_a_handler_that_breaks_gives_no_answer(desk: Desk, way: Way) -> None:
    desk.simulator.misbehave(Order(way=way))
    order = desk.world.transfer().order()
    said = await desk.seek(order)
    assert kinds(said) == [CallbackReported, Refused]
    assert reason_of(desk.world, said[1]) == "CALLBACK_UNANSWERED"
    assert kinds(await desk.seek(fresh(order)))[-1] is Consented


async def test_a_handler_that_is_too_slow_gives_no_answer(world: World) -> None:
    async with desk_for(world, timeout_s=0.5) as desk:
        desk.simulator.misbehave(Order(way="slow", seconds=60))
        said = await desk.seek(desk.world.transfer().order())
        assert kinds(said) == [CallbackReported, Refused]
        assert desk.reported(said[0]).answer is CallbackAnswer.NONE


async def test_one_that_is_not_there_is_not_asked_again_at_once(world: World) -> None:
    async with desk_for(world, retry_s=60) as desk:
        desk.simulator.misbehave(Order(way="server-error"))
        order = world.transfer().order()
        await desk.seek(order)
        said = await desk.seek(fresh(order))
        assert [reason_of(world, one) for one in said] == ["CALLBACK_UNANSWERED"]
        assert sum(desk.simulator.asked.values()) == 1
        world.clock.advance(61)
        assert kinds(await desk.seek(fresh(order)))[-1] is Consented


async def test_after_a_restart_the_stored_question_is_asked_again(desk: Desk) -> None:
    desk.simulator.misbehave(Order(way="slow", seconds=60))
    order = desk.world.transfer().order()
    assert desk.world.cores[3].handle(order) == ()
    await desk.until_asked(1)
    desk.restart()
    assert desk.entries() == ["callback-asked"]
    assert kinds(await desk.seek(fresh(order))) == [CallbackReported, Consented]
    asked = desk.world.contexts[3].journal.db.execute("select request_id from callbacks").fetchall()
    assert asked == [(desk.questions[-1]["requestId"],)]


async def test_a_question_that_waits_holds_up_nobody_else(desk: Desk) -> None:
    desk.simulator.misbehave(Order(way="slow", seconds=60))
    waiting = desk.world.transfer().order()
    assert desk.world.cores[3].handle(waiting) == ()
    await desk.until_asked(1)
    other = desk.world.transfer(amount="2").order()
    assert kinds(await desk.seek(other)) == [CallbackReported, Consented]
    assert not desk.world.contexts[3].journal.db.in_transaction


async def test_an_answer_that_comes_after_its_ceremony_is_there_for_the_next(world: World) -> None:
    async with desk_for(world) as desk:
        desk.simulator.misbehave(Order(way="slow", seconds=1))
        order = world.transfer().order()
        assert world.cores[3].handle(order) == ()
        world.cores[3].handle(AbortCeremony(ceremony_id=order.ceremony_id, reason="too late"))
        async with asyncio.timeout(30):
            while "callback-answered" not in desk.entries():  # noqa: ASYNC110 - a journal and a server set no event
                await asyncio.sleep(0.01)
        assert world.told == []
        assert kinds([*world.cores[3].handle(fresh(order))]) == [CallbackReported, Consented]


async def test_a_new_ceremony_waits_for_the_answer_to_the_question_of_the_old_one(desk: Desk) -> None:
    desk.simulator.misbehave(Order(way="slow", seconds=1))
    order = desk.world.transfer().order()
    assert desk.world.cores[3].handle(order) == ()
    desk.world.cores[3].handle(AbortCeremony(ceremony_id=order.ceremony_id, reason="too late"))
    again = fresh(order)
    said = await desk.seek(again)
    assert kinds(said) == [CallbackReported, Consented]
    assert {one.ceremony_id for one in said} == {again.ceremony_id}
    assert sum(desk.simulator.asked.values()) == 1


@pytest.mark.parametrize("action", ["APPROVE", "REJECT"])
async def test_what_was_closed_while_it_waited_stays_closed(desk: Desk, action: str) -> None:
    desk.simulator.told = Told(action=action)
    desk.simulator.misbehave(Order(way="slow", seconds=1))
    transfer = desk.world.transfer()
    order = transfer.order()
    assert desk.world.cores[3].handle(order) == ()
    closing = CloseRequest(
        ceremony_id=os.urandom(32),
        tenant_id=TENANT,
        request_hash=transfer.request_hash,
        transaction_id=transfer.intent.transaction_id,
        reason="CANCELLED_BY_USER",
    )
    (closed,) = desk.world.cores[3].handle(closing)
    said = await desk.seek(order)
    assert tombstone_of(desk.world, said[-1]) == tombstone_of(desk.world, closed)
    assert desk.entries().count("closed") == 1


async def test_every_check_is_made_again_after_the_answer(desk: Desk) -> None:
    desk.simulator.misbehave(Order(way="slow", seconds=1))
    order = desk.world.transfer().order()
    assert desk.world.cores[3].handle(order) == ()
    desk.world.clock.advance(7 * 3600)
    said = await desk.seek(order)
    assert [reason_of(desk.world, one) for one in said if isinstance(one, Refused)] == ["SCREENING_UNAVAILABLE"]


async def test_nobody_is_asked_about_what_is_refused_anyway(desk: Desk) -> None:
    transfer = desk.world.transfer(amount="11")
    said = await desk.seek(transfer.order())
    assert reason_of(desk.world, said[0]) == "LIMIT_EXCEEDED"
    changed = msgspec.structs.replace(transfer.intent, destination=transfer.intent.sender).encode()
    said = await desk.seek(dataclasses.replace(desk.world.transfer().order(), intent=changed))
    assert reason_of(desk.world, said[0]) == "INTENT_MISMATCH"
    assert (desk.questions, desk.entries().count("callback-asked")) == ([], 0)


async def test_the_report_names_the_handler_s_own_signed_word(desk: Desk) -> None:
    said = await desk.seek(desk.world.transfer().order())
    journal = desk.world.contexts[3].journal.db
    (payload,) = journal.execute("select payload from journal where kind = 'callback-answered'").fetchone()
    token = decode(payload, CallbackAnswered).token
    assert desk.reported(said[0]).answer_hash == sha256(token)
    claims = jwt.decode(token, public_key_pem(rsa_key("handler")), algorithms=["RS256"])
    assert claims["requestId"] == desk.questions[0]["requestId"]
