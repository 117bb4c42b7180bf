"""Steps 8 to 13 at the vault, as its neighbours and its database see them."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest
from eth_account import Account

from strongroom.chains.evm.transaction import parse_raw
from strongroom.kernel.documents.codec import decode_value
from strongroom.kernel.documents.decision import Decision
from strongroom.kernel.documents.document_set import Action
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import Database
from tests.custody.secure_vault.signing import transfer as transfer_of
from tests.custody.secure_vault.world import Neighbours, Transfer, World
from tests.fixtures.tenant import FRIEND, STRANGER, TENANT


async def test_an_approved_transaction_is_opened_assembled_and_broadcast(world: World) -> None:
    await world.make_ready()
    transfer = world.transfer()
    await world.admit(transfer)
    await world.settle()
    (opening,) = world.around.engine.openings
    assert (opening.transaction_id, opening.attempt) == (transfer.id, 0)
    assert (opening.intent, opening.payload) == (transfer.intent.encode(), transfer.payload.encode())
    assert opening.request.token == transfer.request.token
    tx_hash = await world.assemble(transfer)
    await world.settle()
    (sent,) = world.around.nodes.broadcasts
    assert world.around.manager.steps(transfer.id) == ["8", "12"]
    assert Account.recover_transaction(sent.raw_transaction) == transfer.intent.sender == sent.sender
    transaction, _ = parse_raw(sent.raw_transaction)
    assert (transaction.to, transaction.value_units, transaction.chain_id) == (FRIEND, 10**18, 31337)
    assert transaction == transfer_of(transfer.intent, transfer.payload)
    assert (sent.nonce, sent.chain_id, sent.tenant_id) == (0, 31337, TENANT)
    document = decode_value(world.around.manager.report("12").document)
    assert isinstance(document, dict)
    assert document["raw_transaction"] == sent.raw_transaction
    assert document["digest"] == sent.digest
    assert document["intent_hash"] == transfer.intent.hash()
    stored = await world.database.fetchrow("select tx_hash, raw_transaction from assemblies")
    assert stored is not None
    assert (stored["tx_hash"], stored["raw_transaction"]) == (tx_hash, sent.raw_transaction)


async def test_a_busy_lane_makes_the_vault_wait_without_a_payload(world: World) -> None:
    await world.make_ready()
    world.around.manager.busy = 3
    transfer = world.transfer()
    await world.admit(transfer)
    await world.settle()
    assert world.around.manager.counts()["8"] == 4
    assert len(world.around.engine.openings) == 1


async def test_a_transaction_that_has_ended_is_not_opened(world: World) -> None:
    await world.make_ready()
    transfer = world.transfer()
    world.around.manager.ended.add(transfer.id)
    await world.admit(transfer)
    await world.settle()
    assert world.around.engine.openings == []
    assert await world.database.fetchval("select count(*) from work where finished_at is null") == 0


async def test_a_transaction_that_ended_before_step_12_is_not_broadcast(world: World) -> None:
    await world.make_ready()
    transfer = world.transfer()
    await world.admit(transfer)
    await world.settle()
    world.around.manager.ended.add(transfer.id)
    await world.assemble(transfer)
    await world.settle()
    assert world.around.nodes.broadcasts == []


async def test_every_call_of_the_walk_is_idempotent(world: World) -> None:
    await world.make_ready()
    transfer = world.transfer()
    await asyncio.gather(*(world.admit(transfer) for _ in range(4)))
    await world.settle()
    hashes = {await world.assemble(transfer) for _ in range(3)}
    await world.settle()
    assert len(hashes) == 1
    assert len(world.around.engine.openings) == 1
    assert len(world.around.nodes.broadcasts) == 1
    handoffs = await world.database.fetchval(
        "select count(*) from service_handoff_events where transaction_id = $1", UUID(transfer.id)
    )
    assert handoffs == 7


async def test_another_document_for_an_admitted_attempt_is_refused(world: World) -> None:
    await world.make_ready()
    transfer = world.transfer()
    await world.admit(transfer)
    later = msgspec.structs.replace(transfer.decision, decided_at=transfer.decision.decided_at + 1)
    with pytest.raises(StrongroomError) as caught:
        await world.admit(transfer, decision=world.sign_decision(later))
    assert caught.value.code is Code.STATUS_CONFLICT


async def test_a_second_signature_is_answered_with_the_first_hash(world: World) -> None:
    """Threshold nonces are random: the same digest signed again would have another hash on chain."""
    await world.make_ready()
    transfer = world.transfer()
    await world.admit(transfer)
    await world.settle()
    first = await world.assemble(transfer)
    signature = bytearray(world.around.key.sign_transfer(transfer.intent, transfer.payload))
    other = world.around.key.sign(path=transfer.intent.path, digest=b"\x01" * 32)
    assert bytes(signature) != other
    with pytest.raises(StrongroomError) as caught:
        await world.assemble(transfer, other)
    assert caught.value.code is Code.SIGNATURE_INVALID
    assert await world.assemble(transfer) == first


@pytest.mark.parametrize("spoilt", ["r", "parity", "short", "digest"])
async def test_what_is_not_the_intended_transaction_is_never_assembled(world: World, spoilt: str) -> None:
    await world.make_ready()
    transfer = world.transfer()
    await world.admit(transfer)
    await world.settle()
    good = world.around.key.sign_transfer(transfer.intent, transfer.payload)
    more = msgspec.structs.replace(transfer.intent, amount_units=transfer.intent.amount_units + 1)
    signature = {
        "r": bytes([good[0] ^ 1]) + good[1:],
        "parity": good[:64] + bytes([good[64] ^ 1]),
        "short": good[:64],
        "digest": world.around.key.sign_transfer(more, transfer.payload),
    }[spoilt]
    with pytest.raises(StrongroomError) as caught:
        await world.assemble(transfer, signature)
    assert caught.value.code is Code.SIGNATURE_INVALID
    await world.settle()
    assert await world.database.fetchval("select count(*) from assemblies") == 0
    assert world.around.nodes.broadcasts == []


async def test_assembling_before_the_payload_is_stored_is_for_later(world: World) -> None:
    await world.make_ready()
    world.around.manager.busy = 1000
    transfer = world.transfer()
    await world.admit(transfer)
    with pytest.raises(StrongroomError) as caught:
        await world.assemble(transfer)
    assert caught.value.code is Code.UNAVAILABLE
    with pytest.raises(StrongroomError) as caught:
        await world.assemble(world.transfer())
    assert caught.value.code is Code.TRANSACTION_UNKNOWN


async def test_the_payload_of_another_intent_is_not_carried(world: World) -> None:
    await world.make_ready()
    transfer, other = world.transfer(), world.transfer(note="another")
    await world.admit(transfer)
    world.around.manager.payloads[transfer.id] = other.payload.encode()
    await world.settle()
    assert world.around.engine.openings == []


@pytest.mark.parametrize(
    ("what", "code"),
    [
        ("blocked", Code.POLICY_BLOCKED),
        ("other-intent", Code.DECISION_MISMATCH),
        ("other-attempt", Code.DECISION_MISMATCH),
        ("other-verdict", Code.DECISION_MISMATCH),
        ("unsigned", Code.DOCUMENT_SIGNATURE_INVALID),
        ("other-transaction", Code.INTENT_MISMATCH),
        ("other-body", Code.INTENT_MISMATCH),
        ("other-sender", Code.INTENT_MISMATCH),
        ("expired", Code.REQUEST_EXPIRED),
        ("lapsed", Code.ATTEMPT_OUTDATED),
    ],
)
async def test_what_does_not_agree_is_never_admitted_and_the_manager_learns_why(
    world: World, what: str, code: Code
) -> None:
    await world.make_ready()
    transfer = world.transfer()
    await _admit_spoilt(world, transfer, what)
    await world.settle()
    assert await world.database.fetchval("select count(*) from admissions") == 0
    (report,) = world.around.manager.reports
    assert [(step.step, step.outcome) for step in report.steps] == [("8", code.name)]
    assert report.outcome == code.name
    assert report.reason
    assert world.around.engine.openings == []


@pytest.mark.parametrize(
    ("what", "code"), [("other-document-set", Code.NOT_NOW), ("foreign-tenant", Code.TENANT_UNKNOWN)]
)
async def test_what_the_vault_cannot_judge_yet_is_left_to_its_caller(world: World, what: str, code: Code) -> None:
    await world.make_ready()
    with pytest.raises(StrongroomError) as caught:
        await _admit_spoilt(world, world.transfer(), what)
    assert caught.value.code is code
    await world.settle()
    assert await world.database.fetchval("select count(*) from admissions") == 0
    assert world.around.manager.reports == []


async def _admit_spoilt(world: World, transfer: Transfer, what: str) -> None:
    decision = transfer.decision
    match what:
        case "expired":
            world.clock.advance(25 * 3600)
            await world.admit(transfer)
        case "lapsed":
            world.clock.advance(7 * 3600)
            await world.admit(transfer)
        case "foreign-tenant":
            await world.admit(transfer, tenant_id="other")
        case "other-transaction":
            await world.admit(transfer, transaction_id=world.transfer(note="x").id)
        case "other-body":
            await world.admit(transfer, request={"token": transfer.request.token, "uri": "/", "body": b"{}"})
        case "other-sender":
            await world.admit(transfer, intent=msgspec.structs.replace(transfer.intent, sender=STRANGER).encode())
        case "unsigned":
            await world.admit(transfer, decision=world.sign_decision(decision, world.tenant.screening))
        case _:
            await world.admit(transfer, decision=world.sign_decision(_spoil(decision, what)))


def _spoil(decision: Decision, what: str) -> Decision:
    changes: dict[str, dict[str, Any]] = {
        "blocked": {"evaluation": msgspec.structs.replace(decision.evaluation, action=Action.BLOCK)},
        "other-intent": {"intent_hash": b"\x01" * 32},
        "other-attempt": {"attempt": 1},
        "other-verdict": {"verdict_hash": b"\x01" * 32},
        "other-document-set": {"document_set_hash": b"\x01" * 32},
    }
    return msgspec.structs.replace(decision, **changes[what])


async def test_a_vault_that_dies_between_a_commit_and_the_next_call_goes_on(vault_database: Database) -> None:
    around = Neighbours()
    around.engine.failures = [StrongroomError(Code.UNAVAILABLE)] * 50
    first = await World(vault_database, around).start()
    await first.make_ready()
    transfer = first.transfer()
    await first.admit(transfer)
    await first.work.drain()
    await first.stop()
    assert around.engine.openings == []
    around.engine.failures.clear()
    second = await World(vault_database, around).start()
    second.clock.advance(60)
    await second.settle()
    assert [opening.transaction_id for opening in around.engine.openings] == [transfer.id]
    around.nodes.failure = StrongroomError(Code.UNAVAILABLE)
    await second.assemble(transfer)
    await second.work.drain()
    await second.stop()
    around.nodes.failure = None
    third = await World(vault_database, around).start()
    third.clock.advance(120)
    await third.settle()
    await third.stop()
    assert [sent.transaction_id for sent in around.nodes.broadcasts] == [transfer.id]


@pytest.mark.parametrize("lapsed", [False, True])
async def test_a_vault_that_dies_after_it_opened_the_ceremony_assembles_what_was_released(
    vault_database: Database, *, lapsed: bool
) -> None:
    """The engine has the request, the vault not its payload; then it is cancelled, but all have released."""
    around = Neighbours()
    around.engine.lost_answers = 1
    first = await World(vault_database, around).start()
    await first.make_ready()
    transfer = first.transfer()
    await first.admit(transfer)
    await first.work.drain()
    await first.stop()
    assert len(around.engine.openings) == 1
    assert await vault_database.fetchval("select payload from admissions") is None
    around.manager.ended.add(transfer.id)
    second = await World(vault_database, around).start()
    with pytest.raises(StrongroomError) as caught:
        await second.assemble(transfer)
    assert caught.value.code is Code.UNAVAILABLE
    second.clock.advance(7 * 3600 if lapsed else 60)
    await second.settle()
    around.manager.ended.clear()  # a finished signature ends a cancelling
    await second.assemble(transfer)
    await second.settle()
    await second.stop()
    assert len(around.engine.openings) == 1
    assert [sent.transaction_id for sent in around.nodes.broadcasts] == [transfer.id]


async def test_the_payload_of_another_intent_is_not_kept_at_the_end_either(world: World) -> None:
    await world.make_ready()
    world.around.engine.lost_answers = 1
    transfer, other = world.transfer(), world.transfer(note="another")
    await world.admit(transfer)
    await world.work.drain()
    world.around.manager.payloads[transfer.id] = other.payload.encode()
    world.around.manager.ended.add(transfer.id)
    world.clock.advance(60)
    await world.settle()
    assert await world.database.fetchval("select payload from admissions") is None


async def test_each_call_names_the_handoff_it_acts_under(world: World) -> None:
    await world.make_ready()
    transfer = world.transfer()
    await world.admit(transfer)
    await world.settle()
    row = await world.database.fetchrow(
        """select encode(sha256(token::bytea), 'hex') as hash from service_handoff_events
        where transaction_id = $1 and from_service = 'policy_engine'""",
        UUID(transfer.id),
    )
    assert row is not None
    call = world.around.engine.calls[-1]
    assert call.handoff is not None
    assert call.handoff.parents == (row["hash"],)
    assert call.context.tenant_id == TENANT
