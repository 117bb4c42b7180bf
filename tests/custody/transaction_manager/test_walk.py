"""The whole walk, as its callers and its database see it."""

from uuid import UUID

from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.payload import Payload, check_payload
from tests.custody.transaction_manager.world import World
from tests.fixtures.tenant import FRIEND, made_key


async def test_a_transfer_walks_from_submitted_to_completed(world: World) -> None:
    request = world.tenant.request(externalTxId="invoice-1")
    created = await world.submit(request)
    assert (created.status, created.replayed) == ("SUBMITTED", False)
    await world.settle()
    transaction_id = created.transaction_id
    assert (await world.get(transaction_id)).status == "PENDING_AUTHORIZATION"
    reserved = await world.report(transaction_id, "6", "7") and await world.report(transaction_id, "8")
    intent = world.tenant.intent(request, made_key())
    payload = decode(reserved.payload, Payload)
    check_payload(payload=payload, intent=intent)
    assert (payload.nonce, payload.max_fee_per_gas, payload.max_priority_fee_per_gas) == (0, 4 * 10**9, 2 * 10**9)
    for step in ("9", "10", "11", "12", "13"):
        answer = await world.report(transaction_id, step)
    assert answer.status == "BROADCASTING"
    assert (await world.confirm(transaction_id, depth=1)).status == "CONFIRMING"
    assert (await world.confirm(transaction_id, depth=2)).final
    found = await world.get(transaction_id)
    assert (found.status, found.sub_status, found.tx_hash) == ("COMPLETED", "CONFIRMED", "0x" + "ab" * 32)
    assert (found.amount_units, found.destination_address, found.fee_units) == (str(10**18), FRIEND, "21000")
    assert decode(found.intent, Intent) == intent
    assert found.decision == world.neighbours.policy_engine.decisions[transaction_id]
    assert await world.history(transaction_id) == [
        "SUBMITTED",
        "PENDING_AML_SCREENING",
        "PENDING_AUTHORIZATION",
        "QUEUED",
        "PENDING_SIGNATURE",
        "SIGNED",
        "BROADCASTING",
        "CONFIRMING",
        "COMPLETED",
    ]


async def test_the_steps_are_recorded_in_order_with_their_arrows(world: World) -> None:
    transaction_id = await world.create()
    await world.settle()
    await world.walk(transaction_id, until="13")
    await world.confirm(transaction_id, depth=1)
    steps = (await world.get(transaction_id)).steps
    walked = [(step.step, step.from_service, step.to_service) for step in steps]
    assert walked == [
        ("1", "user", "gateway"),
        ("2", "gateway", "auth_engine"),
        ("3", "gateway", "auth_engine"),
        ("4", "gateway", "auth_engine"),
        ("5", "gateway", "transaction_manager"),
        ("5a", "transaction_manager", "balances"),
        ("5b", "transaction_manager", "screening"),
        ("5c", "transaction_manager", "screening"),
        ("6", "transaction_manager", "policy_engine"),
        ("7", "policy_engine", "policy_engine"),
        ("8", "policy_engine", "secure_vault"),
        ("9", "secure_vault", "cosigner_engine"),
        ("10", "cosigner_engine", "cosigner_1"),
        ("10", "cosigner_engine", "cosigner_2"),
        ("10", "cosigner_engine", "cosigner_3"),
        ("11", "cosigner_engine", "auth_engine"),
        ("12", "cosigner_engine", "secure_vault"),
        ("13", "secure_vault", "nodes"),
        ("14", "nodes", "blockchain"),
    ]
    assert [step.duration_us for step in steps[:4]] == [10, 20, 30, 40]
    assert {step.outcome for step in steps} == {"OK"}


async def test_every_hop_leaves_its_handoff_and_the_next_call_names_it_as_parent(world: World) -> None:
    transaction_id = await world.create()
    await world.settle()
    await world.walk(transaction_id, until="13")
    await world.confirm(transaction_id, depth=2)
    rows = await world.rows(
        """select from_service, to_service, direction, encode(sha256(token::bytea), 'hex') as hash
        from service_handoff_events where transaction_id = $1 order by id""",
        UUID(transaction_id),
    )
    hops = [(row["from_service"], row["to_service"], row["direction"]) for row in rows]
    assert hops[:2] == [
        ("gateway", "transaction_manager", "received"),
        ("transaction_manager", "balances", "receipt"),
    ]
    assert [hop[0] for hop in hops[2:]] == [
        "policy_engine",
        "secure_vault",
        "cosigner_engine",
        "cosigner_engine",
        "cosigner_engine",
        "secure_vault",
        "nodes",
        "nodes",
    ]
    around = world.neighbours
    for call in (*around.screening.calls, *around.policy_engine.calls):
        assert call.handoff is not None
        assert call.handoff.parents == (rows[0]["hash"],)
        assert str(call.transaction_id) == transaction_id
