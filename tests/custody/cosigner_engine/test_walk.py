"""Steps 9 to 12 at the engine with three co-signers over mTLS."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from strongroom.chains.evm.transaction import signing_digest
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.payload import Payload
from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.cosigner_engine.scripted import (
    ROUNDS,
    Answer,
    Cosigner,
    entomb,
    fault,
    finish_with,
    garbage,
    once,
    refuse,
    signature_of,
    silent,
)
from tests.custody.cosigner_engine.world import MakeWorld, Neighbours, World
from tests.custody.secure_vault.signing import payload_of, transfer

SHARES = [(1, "CONSENT"), (2, "CONSENT"), (3, "CONSENT"), (1, "PARTIAL"), (2, "PARTIAL"), (3, "PARTIAL")]


async def test_three_consents_lead_to_a_signature_that_is_verified_and_handed_to_the_vault(world: World) -> None:
    await world.connect()
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    assert await world.events(opening.transaction_id) == SHARES
    (verified,) = world.around.auth.verified
    intent, payload = decode(opening.intent, Intent), decode(opening.payload, Payload)
    assert verified.digest == signing_digest(transfer(intent, payload))
    assert [len(partial) > 0 for partial in verified.partials] == [True] * 3
    (assembled,) = world.around.vault.assembled
    assert assembled.signature == signature_of(world.cosigners[1].orders[0].seek_consent)
    steps = [
        [(step.step, step.from_service, step.to_service) for step in report.steps]
        for report in world.around.manager.reports
    ]
    assert steps == [
        [("9", "secure_vault", "cosigner_engine")],
        [("10", "cosigner_engine", f"cosigner_{index}") for index in (1, 2, 3)],
        [("11", "cosigner_engine", "auth_engine")],
    ]
    names = world.cosigners[3].names()
    assert names == ["seek_consent", "start_ceremony", *["peer_message"] * 2 * ROUNDS]
    row = await world.database.fetchrow("select policy_rule_ref, attempt from signing_requests")
    assert row is not None
    assert (row["policy_rule_ref"], row["attempt"]) == ("small#1", 0)


async def test_a_transaction_waits_for_an_absent_co_signer_and_resumes_when_it_returns(world: World) -> None:
    await world.connect(1, 2)
    opening = await world.open()
    await asyncio.sleep(0.2)
    assert await world.status(opening.transaction_id) == "OPEN"
    assert world.cosigners[1].orders == []
    await world.connect(3)
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    assert await world.events(opening.transaction_id) == SHARES


@pytest.mark.parametrize(
    ("name", "answer", "kind"),
    [
        ("seek_consent", refuse, "REFUSAL"),
        ("seek_consent", fault, "FAULT"),
        ("seek_consent", garbage, "FAULT"),
        ("seek_consent", silent, "FAULT"),
        ("start_ceremony", fault, "FAULT"),
        ("start_ceremony", garbage, "FAULT"),
        ("start_ceremony", silent, "FAULT"),
        ("peer_message", fault, "FAULT"),
    ],
)
async def test_what_one_co_signer_cannot_do_now_is_asked_again_and_recorded(
    world: World, name: str, answer: Answer, kind: str
) -> None:
    await world.connect()
    world.cosigners[2].answers[name] = once(answer)
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    events = await world.events(opening.transaction_id)
    assert {cosigner for cosigner, said in events if said in {"PARTIAL", "ADOPTED"}} == {1, 2, 3}
    assert (2, kind) in events
    ceremonies = {order.ceremony_id for order in world.cosigners[1].orders}
    assert len(ceremonies) == 2
    assert "abort" in world.cosigners[1].names()
    assert len(world.around.vault.assembled) == 1


async def test_a_co_signer_that_vanishes_amid_the_rounds_is_waited_for(world: World) -> None:
    await world.connect()
    world.cosigners[2].answers["peer_message"] = once(_vanish)
    opening = await world.open()
    await world.until_event(opening.transaction_id, 2, "FAULT")
    assert await world.status(opening.transaction_id) == "OPEN"
    await world.connect(2)
    await world.until_status(opening.transaction_id, "ASSEMBLED")


async def test_a_finished_signature_is_adopted_and_nothing_is_signed_again(world: World) -> None:
    """Co-signer 1 finished, the others lost their last round: another ceremony would give a second hash."""
    await world.connect()
    world.cosigners[2].answers["peer_message"] = _stop_at_the_last
    world.cosigners[3].answers["peer_message"] = _stop_at_the_last
    opening = await world.open()
    await world.until_event(opening.transaction_id, 1, "PARTIAL")
    finished = next(iter(world.cosigners[1].finished.values()))
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    assert [one.signature for one in world.around.vault.assembled] == [finished.signature]
    again = [(1, "PARTIAL"), (2, "CONSENT"), (3, "CONSENT"), (2, "ADOPTED"), (3, "ADOPTED")]
    assert (await world.events(opening.transaction_id))[-5:] == again
    assert "offer_signature" not in world.cosigners[1].names()
    assert world.cosigners[2].names().count("start_ceremony") == 1


async def test_a_tombstone_that_comes_with_a_finished_signature_ends_nothing(world: World) -> None:
    """Co-signer 1 withholds its part's end and closes what it has released: the others hold a payment that can land."""
    await world.connect()
    liar = world.cosigners[1]
    liar.answers = {"peer_message": _entomb_at_the_last, "seek_consent": once(Cosigner.consent)}
    opening = await world.open()
    await world.until_event(opening.transaction_id, 2, "PARTIAL")
    liar.answers = {"seek_consent": entomb, "offer_signature": once(entomb)}
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    await world.until_idle()
    assert (1, "TOMBSTONE") in await world.events(opening.transaction_id)
    assert {report.outcome for report in world.around.manager.reports} == {"OK"}
    assert not any("honour_tombstone" in one.names() for one in world.cosigners.values())
    assert [one.names().count("start_ceremony") for one in world.cosigners.values()] == [1, 1, 1]


async def test_a_tombstone_with_a_signature_that_does_not_verify_ends_the_request(world: World) -> None:
    await world.connect()
    world.cosigners[1].answers["seek_consent"] = finish_with(b"\x01" * 64 + b"\x00")
    world.cosigners[3].answers["seek_consent"] = entomb
    opening = await world.open()
    await world.until_status(opening.transaction_id, "CLOSED")
    assert world.around.vault.assembled == []


async def test_the_signature_that_is_offered_is_the_first_that_verifies(world: World) -> None:
    """Co-signer 1 calls garbage finished, 2 holds the signature: 1 and 3 are asked to adopt that one."""
    await world.connect()
    for index in (1, 3):
        world.cosigners[index].answers["peer_message"] = _stop_at_the_last
    opening = world.opening()
    other = world.opening(payload=payload_of(decode(opening.intent, Intent), nonce=7).encode())
    foreign = signature_of(pb.SeekConsent(intent=other.intent, payload=other.payload))
    await world.open(opening)
    await world.until_event(opening.transaction_id, 2, "PARTIAL")
    world.cosigners[1].answers["seek_consent"] = finish_with(foreign)
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    held = [one.signature for one in world.cosigners[2].finished.values()]
    assert [one.signature for one in world.around.vault.assembled] == held != [foreign]


async def test_a_signature_that_does_not_verify_is_offered_to_nobody(world: World) -> None:
    await world.connect()
    world.cosigners[1].answers["seek_consent"] = once(finish_with(b"\x01" * 64 + b"\x00"))
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    assert "offer_signature" not in world.cosigners[2].names()


async def test_a_tombstone_ends_the_request_and_is_reported_with_its_reason(world: World) -> None:
    await world.connect()
    world.cosigners[3].answers["seek_consent"] = entomb
    opening = await world.open()
    await world.until_status(opening.transaction_id, "CLOSED")
    await world.until_idle()
    report = world.around.manager.report("10")
    assert (report.outcome, report.steps[0].to_service) == ("POLICY_BLOCKED", "cosigner_3")
    assert (3, "TOMBSTONE") in await world.events(opening.transaction_id)
    assert world.cosigners[1].names() == ["seek_consent", "honour_tombstone", "abort"]
    assert world.around.vault.assembled == []


async def test_a_mismatch_of_the_partial_hashes_is_repeated_and_never_fails_the_transaction(world: World) -> None:
    await world.connect()
    world.around.auth.failures = [StrongroomError(Code.PARTIALS_MISMATCH)]
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    assert len(world.around.auth.verified) == 1
    assert {report.outcome for report in world.around.manager.reports} == {"OK"}
    assert world.cosigners[2].names().count("seek_consent") == 2


async def test_a_signature_that_the_vault_refuses_is_repeated(world: World) -> None:
    await world.connect()
    world.around.vault.failures = [StrongroomError(Code.SIGNATURE_INVALID)]
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    assert len(world.around.vault.assembled) == 1


async def test_neighbours_that_do_not_answer_are_asked_again_and_the_digest_is_signed_once(world: World) -> None:
    await world.connect()
    world.around.manager.failures = [StrongroomError(Code.UNAVAILABLE)]
    world.around.auth.failures = [StrongroomError(Code.UNAVAILABLE)]
    world.around.vault.failures = [StrongroomError(Code.UNAVAILABLE)]
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    assert world.cosigners[1].names().count("start_ceremony") == 1


async def test_a_transaction_that_has_ended_is_not_put_before_the_co_signers(world: World) -> None:
    await world.connect()
    opening = world.opening()
    world.around.manager.ended.add(opening.transaction_id)
    await world.open(opening)
    await world.until_status(opening.transaction_id, "CLOSED")
    assert world.cosigners[1].orders == []


async def test_opening_is_idempotent_by_attempt(world: World) -> None:
    await world.connect()
    opening = world.opening()
    ids = set(await asyncio.gather(*(world.call_open(opening) for _ in range(4))))
    assert len(ids) == 1
    await world.until_idle()
    assert await world.call_open(opening) == ids.pop()
    await world.until_idle()
    assert world.cosigners[1].names().count("seek_consent") == 1
    handoffs = "select count(*) from service_handoff_events where transaction_id = $1"
    assert await world.database.fetchval(handoffs, UUID(opening.transaction_id)) == 5
    other = world.opening(transaction_id=opening.transaction_id)
    with pytest.raises(StrongroomError) as caught:
        await world.call_open(other)
    assert caught.value.code is Code.STATUS_CONFLICT


async def test_an_engine_that_dies_after_its_commit_goes_on(make_world: MakeWorld) -> None:
    around = Neighbours()
    first = await make_world(around)
    opening = await first.open()
    await first.stop()
    second = await make_world(around)
    await second.connect()
    around.vault.failures = [StrongroomError(Code.UNAVAILABLE)] * 100
    await second.until_status(opening.transaction_id, "SIGNED")
    finished = second.cosigners[1].finished
    await second.stop()
    around.vault.failures.clear()
    third = await make_world(around)
    await third.until_status(opening.transaction_id, "ASSEMBLED")
    await third.stop()
    assert [one.signature for one in around.vault.assembled] == [one.signature for one in finished.values()]


async def test_an_engine_that_dies_amid_a_ceremony_asks_again(make_world: MakeWorld) -> None:
    around = Neighbours()
    first = await make_world(around, round_timeout_s=30)
    await first.connect()
    first.cosigners[2].answers["start_ceremony"] = silent
    opening = await first.open()

    async def started() -> bool:
        return "start_ceremony" in first.cosigners[1].names()

    await first.until(started)
    await first.stop()
    assert await first.status(opening.transaction_id) == "OPEN"
    second = await make_world(around)
    await second.connect()
    await second.until_status(opening.transaction_id, "ASSEMBLED")
    await second.stop()


async def test_sixteen_ceremonies_run_at_once_over_one_stream_each(world: World) -> None:
    await world.connect(message_bytes=55_000)
    openings = [world.opening(attempt=0) for _ in range(16)]
    assert len({opening.transaction_id for opening in openings}) == 16
    await asyncio.gather(*(world.call_open(opening) for opening in openings))
    await asyncio.gather(*(world.until_status(one.transaction_id, "ASSEMBLED") for one in openings))
    assert len(world.around.vault.assembled) == 16
    assert world.cosigners[1].names().count("start_ceremony") == 16


def _vanish(cosigner: Cosigner, _order: pb.EngineOrder) -> list[pb.CosignerReport]:
    cosigner.outgoing.put_nowait(None)  # closes its side of the stream
    return []


def _entomb_at_the_last(cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
    reports = cosigner.rounds(order)
    return entomb(cosigner, order) if any(report.WhichOneof("report") == "signed" for report in reports) else reports


def _stop_at_the_last(cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
    reports = cosigner.rounds(order)
    if any(report.WhichOneof("report") == "signed" for report in reports):
        cosigner.finished.clear()
        cosigner.answers.clear()
        return []
    return reports


@pytest.mark.parametrize(
    "sql",
    [
        "update signing_events set document = ''",
        "delete from signing_events",
        "update signing_requests set payload = ''",
        "update signing_requests set digest = decode(repeat('00', 32), 'hex')",
        "delete from signing_requests",
        "delete from key_ceremonies",
        "update callback_invocations set answer = 'APPROVE'",
        "truncate signing_events",
    ],
)
async def test_what_was_signed_cannot_be_changed_by_the_service_itself(world: World, sql: str) -> None:
    await world.connect()
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    with pytest.raises(asyncpg.PostgresError) as caught:
        await world.database.fetch(sql)
    assert caught.value.sqlstate in {"42501", "SR002", "SR003"}
