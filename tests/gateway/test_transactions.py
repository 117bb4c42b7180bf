"""Transactions through the REST door."""

import json

from strongroom.kernel.errors import Code, StrongroomError
from tests.fixtures.tenant import API_USER, FRIEND, TENANT, transfer_body
from tests.gateway.neighbours import tm
from tests.gateway.world import World, refusal


async def test_a_signed_transfer_reaches_the_manager_to_the_byte(world: World) -> None:
    body = json.dumps(transfer_body(note="Miete für März 家賃"), ensure_ascii=False).encode()
    answer = await world.send("POST", "/v1/transactions", body=body)
    (request,) = world.manager.created
    assert (answer.status_code, answer.json()) == (
        200,
        {"id": next(iter(world.manager.transactions)), "status": "SUBMITTED"},
    )
    assert (request.tenant_id, request.uri, request.body) == (TENANT, "/v1/transactions", body)
    assert request.received_at_us == 1_800_000_000 * 1_000_000
    assert len(request.step_us) == 4
    token = await world.database.fetchrow("select id, api_user_id, expires_at - issued_at as lives from auth_tokens")
    assert token is not None
    assert (str(token["id"]), token["api_user_id"]) == (request.access_token_id, API_USER.api_key)
    assert token["lives"].total_seconds() == 6 * 3600


async def test_a_transaction_is_shown_in_full(world: World) -> None:
    name = (await world.transfer(amount="1.000000000000000001", externalTxId="rent-1")).json()["id"]
    item = world.manager.transactions[name]
    item.status, item.fee_units, item.block_hash, item.block_number = "SIGNED", "21000", "0x" + "a" * 64, 7
    answer = await world.get(f"/v1/transactions/{name}")
    shown = answer.json()
    assert '"amount":1.000000000000000001,' in answer.text  # a number that no float can hold
    assert shown["amountInfo"]["amount"] == "1.000000000000000001"
    assert shown["feeInfo"] == {"networkFee": "0.000000000000021"}
    assert shown["status"] == "PENDING_SIGNATURE"
    assert shown["source"] == {"type": "VAULT_ACCOUNT", "id": "0"}
    assert shown["destination"] == {"type": "ONE_TIME_ADDRESS"}
    assert shown["destinationAddress"] == FRIEND
    assert shown["blockInfo"] == {"blockHeight": "7", "blockHash": "0x" + "a" * 64}
    assert (shown["createdAt"], shown["lastUpdated"]) == (1_800_000_000_000, 1_800_000_000_500)
    assert (await world.get("/v1/transactions/external_tx_id/rent-1")).json() == shown


async def test_steps_are_shown_in_order(world: World) -> None:
    name = (await world.transfer()).json()["id"]
    world.manager.transactions[name].steps.append(
        tm.Step(step="5a", from_service="transaction_manager", to_service="balances", operation="check", outcome="OK")
    )
    answer = (await world.get(f"/v1/transactions/{name}/steps")).json()
    (step,) = answer["steps"]
    assert (step["step"], step["fromService"], step["toService"]) == ("5a", "transaction_manager", "balances")
    assert (answer["id"], answer["status"], answer["decision"]) == (name, "SUBMITTED", "")


async def test_the_same_idempotency_key_is_answered_again(world: World) -> None:
    first = await world.transfer(headers={"Idempotency-Key": "k" * 40})
    second = await world.transfer(headers={"Idempotency-Key": "k" * 40})
    assert first.json() == second.json()
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert [call.context.idempotency_key for call in world.manager.calls] == ["k" * 40] * 2


async def test_an_idempotency_key_that_is_too_long_is_refused_before_anything_happens(world: World) -> None:
    before = await world.counts()
    assert refusal(await world.transfer(headers={"Idempotency-Key": "k" * 41})) == (400, "REQUEST_INVALID")
    assert await world.counts() == before


async def test_lists_page_and_filter(world: World) -> None:
    for _ in range(3):
        await world.transfer()
    first = await world.get("/v1/transactions?limit=2&status=SUBMITTED&before=1800000000001&after=1&sourceId=0")
    assert len(first.json()) == 2
    rest = await world.get(f"/v1/transactions?limit=2&next={first.headers['next-page']}")
    assert len(rest.json()) == 1
    assert "next-page" not in rest.headers
    asked = world.manager.lists[0]
    assert (asked.before_ms, asked.after_ms, asked.source_account, asked.page_size) == (1800000000001, 1, "0", 2)


async def test_a_filter_that_is_not_applied_is_refused(world: World) -> None:
    for query in ("txHash=0xab", "sort=ASC", "orderBy=lastUpdated", "before=yesterday", "limit=many"):
        assert refusal(await world.get(f"/v1/transactions?{query}")) == (400, "REQUEST_INVALID")
    assert refusal(await world.get("/v1/transactions?limit=501")) == (400, "PAGE_INVALID")
    assert not world.manager.lists


async def test_unknown_transactions(world: World) -> None:
    for name in ("nonsense", "00000000-0000-4000-8000-000000000000", "external_tx_id/none"):
        assert refusal(await world.get(f"/v1/transactions/{name}")) == (404, "TRANSACTION_UNKNOWN")


async def test_what_the_manager_refuses_is_shown_with_its_code(world: World) -> None:
    world.manager.failure = StrongroomError(Code.EXTERNAL_ID_REUSED)
    assert refusal(await world.transfer()) == (409, "EXTERNAL_ID_REUSED")


async def test_an_unexpected_error_leaks_nothing(world: World) -> None:
    world.manager.failure = ValueError("the vault's combination is 1234")
    answer = await world.transfer()
    assert refusal(answer) == (500, "INTERNAL")
    assert "1234" not in answer.text


async def test_how_services_speak_with_each_other_is_not_shown(world: World) -> None:
    world.manager.failure = StrongroomError(Code.HANDOFF_INVALID, "the chain of gateway ends in 1234")
    answer = await world.transfer()
    assert refusal(answer) == (500, "INTERNAL")
    assert "1234" not in answer.text
