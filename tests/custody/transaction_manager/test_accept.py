"""Step 5: what is refused, with which code, and what makes a request repeatable."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest

from strongroom.kernel.documents.document_set import Asset
from strongroom.kernel.errors import Code
from tests.custody.transaction_manager.world import World, refused
from tests.fixtures.tenant import FRIEND, OTHER_API_USER, STRANGER, Request, eth_test


async def _count(world: World) -> int:
    return (await world.rows("select count(*) as n from transactions"))[0]["n"]


def _to(address: str) -> dict[str, Any]:
    return {"type": "ONE_TIME_ADDRESS", "oneTimeAddress": {"address": address}}


BAD_INPUT: list[tuple[dict[str, Any], Code]] = [
    ({"assetId": "NO_SUCH"}, Code.ASSET_UNKNOWN),
    ({"assetId": None}, Code.REQUEST_INVALID),
    ({"source": {"type": "VAULT_ACCOUNT", "id": "100"}}, Code.VAULT_ACCOUNT_UNKNOWN),
    ({"source": {"type": "VAULT_ACCOUNT", "id": "95"}}, Code.VAULT_ACCOUNT_UNKNOWN),
    ({"source": {"type": "VAULT_ACCOUNT", "id": "01"}}, Code.VAULT_ACCOUNT_UNKNOWN),
    ({"source": {"type": "EXCHANGE_ACCOUNT", "id": "0"}}, Code.OPERATION_UNSUPPORTED),
    ({"destination": {"type": "VAULT_ACCOUNT", "id": "95"}}, Code.VAULT_ACCOUNT_UNKNOWN),
    ({"destination": {"type": "EXTERNAL_WALLET", "id": "nobody"}}, Code.ADDRESS_INVALID),
    ({"destination": {"type": "CONTRACT", "id": "1"}}, Code.OPERATION_UNSUPPORTED),
    ({"destination": _to(FRIEND[:-1] + "9")}, Code.ADDRESS_INVALID),
    ({"destination": _to(FRIEND.swapcase().replace("0X", "0x"))}, Code.ADDRESS_INVALID),
    ({"destination": _to("0x12")}, Code.ADDRESS_INVALID),
    ({"amount": "0"}, Code.AMOUNT_INVALID),
    ({"amount": "-1"}, Code.AMOUNT_INVALID),
    ({"amount": "1e18"}, Code.AMOUNT_INVALID),
    ({"amount": None}, Code.AMOUNT_INVALID),
    ({"amount": "0." + "0" * 18 + "1"}, Code.AMOUNT_TOO_PRECISE),
    ({"amount": str(2**256)}, Code.AMOUNT_TOO_LARGE),
    ({"feeLevel": "HUGE"}, Code.FEE_INVALID),
    ({"maxTotalFee": "-1"}, Code.FEE_INVALID),
    ({"operation": "RAW"}, Code.OPERATION_UNSUPPORTED),
    ({"treatAsGrossAmount": True}, Code.OPERATION_UNSUPPORTED),
]


async def test_bad_input_is_refused_and_changes_nothing(world: World) -> None:
    for changes, code in BAD_INPUT:
        assert (changes, await refused(world.submit(**changes))) == (changes, code)
    assert await _count(world) == 0
    assert await world.rows("select key from work") == []


async def test_the_largest_amount_is_stored_to_the_unit(world: World) -> None:
    units = 2**256 - 1
    transaction_id = await world.create(amount=f"{units // 10**18}.{units % 10**18:018d}")
    assert (await world.get(transaction_id)).amount_units == str(units)


async def test_a_request_that_its_signer_did_not_sign_is_refused(world: World) -> None:
    good = world.tenant.request()
    other = world.tenant.request(amount="2")
    for request, code in (
        (Request(token=good.token, body=other.body), Code.TOKEN_BODY_MISMATCH),
        (Request(token=good.token, body=good.body, uri="/v1/other"), Code.TOKEN_URI_MISMATCH),
        (Request(token=good.token.rpartition(".")[0] + ".AAAA", body=good.body), Code.TOKEN_SIGNATURE_INVALID),
        (Request(token="nonsense", body=good.body), Code.TOKEN_MALFORMED),
        (world.tenant.request(credentials=OTHER_API_USER), Code.API_USER_UNKNOWN),
        (Request(token=good.token, body=b'{"amount": 1, "amount": 2}'), Code.REQUEST_INVALID),
        (Request(token=good.token, body=b"\xff"), Code.REQUEST_INVALID),
    ):
        assert await refused(world.submit(request)) is code
    assert await _count(world) == 0


async def test_an_unknown_tenant_is_refused(world: World) -> None:
    assert await refused(world.submit(tenant_id="nobody")) is Code.TENANT_UNKNOWN


async def test_a_request_whose_lifetime_is_over_is_refused(world: World) -> None:
    request = world.tenant.request()
    world.clock.advance(24 * 3600)
    assert await refused(world.submit(request)) is Code.REQUEST_EXPIRED
    assert await _count(world) == 0


async def test_a_token_is_refused_until_token_transfers_can_be_signed(world: World) -> None:
    token: Asset = msgspec.structs.replace(eth_test(), id="USD_TEST", token_contract=STRANGER, decimals=6)
    current = world.tenant.document_set
    await world.publish(
        world.tenant.with_document_set(version=2, previous=current.hash(), assets=(*current.assets, token))
    )
    code = await refused(world.submit(assetId="USD_TEST"))
    assert code in (Code.OPERATION_UNSUPPORTED, Code.VAULT_WALLET_NOT_READY)


async def test_without_a_key_or_a_wallet_nothing_is_accepted(world: World) -> None:
    vault = world.neighbours.vault
    vault.ready = False
    assert await refused(world.submit()) is Code.VAULT_WALLET_NOT_READY
    vault.ready = True
    vault.without_wallet.add("0")
    assert await refused(world.submit()) is Code.VAULT_WALLET_NOT_READY
    vault.without_wallet.clear()
    await world.create()
    await world.create()
    assert vault.asked.count("GetKey") == 2
    assert vault.asked.count("GetVaultAccount 0") == 2


async def test_the_same_external_id_and_body_get_the_same_answer(world: World) -> None:
    first = await world.submit(externalTxId="invoice-1")
    world.clock.advance(30)
    await world.settle()
    again = await world.submit(externalTxId="invoice-1")
    assert (again.transaction_id, again.status, again.replayed) == (first.transaction_id, "SUBMITTED", True)
    assert await refused(world.submit(externalTxId="invoice-1", amount="2")) is Code.EXTERNAL_ID_REUSED
    assert await _count(world) == 1


async def test_the_same_key_and_body_get_the_same_answer(world: World) -> None:
    first = await world.submit(key="key-1")
    again = await world.submit(key="key-1")
    assert (again.transaction_id, again.replayed) == (first.transaction_id, True)
    assert await refused(world.submit(key="key-1", amount="2")) is Code.IDEMPOTENCY_KEY_REUSED
    other = await world.submit(key="key-2")
    assert (other.transaction_id == first.transaction_id, other.replayed) == (False, False)


async def test_a_key_that_came_with_a_known_external_id_is_bound_to_it(world: World) -> None:
    first = await world.submit(externalTxId="invoice-1")
    assert (await world.submit(externalTxId="invoice-1", key="key-1")).transaction_id == first.transaction_id
    assert await refused(world.submit(key="key-1")) is Code.IDEMPOTENCY_KEY_REUSED


async def test_the_very_same_request_again_is_answered_and_not_done_again(world: World) -> None:
    request = world.tenant.request()
    first = await world.submit(request)
    again = await world.submit(request)
    assert (again.transaction_id, again.replayed) == (first.transaction_id, True)
    assert await _count(world) == 1


async def test_a_key_that_is_too_long_is_refused(world: World) -> None:
    assert await refused(world.submit(key="k" * 41)) is Code.REQUEST_INVALID


@pytest.mark.parametrize("by", ["external id", "key"])
async def test_of_many_at_once_one_is_done_and_all_get_its_answer(world: World, by: str) -> None:
    requests = [world.tenant.request(externalTxId="same" if by == "external id" else None) for _ in range(8)]
    answers = await asyncio.gather(*(world.submit(one, key="same" if by == "key" else "") for one in requests))
    assert len({answer.transaction_id for answer in answers}) == 1
    assert sorted(answer.replayed for answer in answers) == [False] + [True] * 7
    assert await _count(world) == 1
    steps = await world.rows("select step from transaction_steps where step = '5'")
    assert len(steps) == 1


async def test_of_many_different_bodies_at_once_one_is_done_and_the_others_refused(world: World) -> None:
    requests = [world.tenant.request(externalTxId="same", amount=str(number)) for number in range(1, 9)]
    outcomes = await asyncio.gather(*(world.submit(one) for one in requests), return_exceptions=True)
    done = [one for one in outcomes if not isinstance(one, BaseException)]
    assert len(done) == 1
    assert {getattr(one, "code", None) for one in outcomes if one not in done} == {Code.EXTERNAL_ID_REUSED}


async def test_the_original_request_and_what_it_means_are_kept(world: World) -> None:
    request = world.tenant.request(note="größe")
    transaction_id = await world.create(request)
    (row,) = await world.rows(
        "select request_token, request_uri, request_body, access_token_id from transactions where id = $1",
        UUID(transaction_id),
    )
    assert (row["request_token"], row["request_uri"], row["request_body"]) == (request.token, request.uri, request.body)
    assert row["access_token_id"] == "token-1"
    assert (await world.get(transaction_id)).note == "größe"
