"""Vault accounts, wallets and assets through the REST door."""

from strongroom.kernel.errors import Code, StrongroomError
from tests.fixtures.tenant import ASSET, OTHER_API_USER
from tests.gateway.world import World, refusal

UNITS = "1.500000000000000001"


async def opened(world: World, *names: str) -> list[str]:
    """The ids of new vault accounts, each with a wallet of ETH_TEST."""
    ids = [(await world.post("/v1/vault/accounts", {"name": name})).json()["id"] for name in names]
    for account in ids:
        await world.send("POST", f"/v1/vault/accounts/{account}/{ASSET}")
    return ids


async def test_a_vault_account_is_opened_once_for_one_key(world: World) -> None:
    wanted = {"name": "Kasse 1 — Zürich", "customerRefId": "c-1", "hiddenOnUI": True}
    first = await world.post("/v1/vault/accounts", wanted, headers={"Idempotency-Key": "k"})
    again = await world.post("/v1/vault/accounts", wanted, headers={"Idempotency-Key": "k"})
    assert first.json() == {
        "id": "0",
        "name": "Kasse 1 — Zürich",
        "customerRefId": "c-1",
        "assets": [],
        "hiddenOnUI": False,
        "autoFuel": False,
    }
    assert again.headers["idempotency-replayed"] == "true"
    assert len(world.vault.accounts) == 1


async def test_a_body_of_another_shape_is_refused(world: World) -> None:
    for body in (b"", b"[]", b'{"name": 1}', b"{", b'{"name": "a\\u0000b"}', b'"\xff"', b"[" * 99_999):
        answer = await world.send("POST", "/v1/vault/accounts", body=body)
        assert refusal(answer) == (400, "REQUEST_INVALID"), body
    assert not world.vault.accounts


async def test_a_wallet_shows_its_address_and_balance(world: World) -> None:
    (account,) = await opened(world, "a")
    (address,) = (await world.get(f"/v1/vault/accounts/{account}/{ASSET}/addresses_paginated")).json()["addresses"]
    assert address["address"] == world.vault.accounts[0].wallets[0].address
    assert (address["assetId"], address["type"], address["bip44AddressIndex"]) == (ASSET, "Permanent", 0)
    balance = (await world.get(f"/v1/vault/accounts/{account}/{ASSET}")).json()
    assert (balance["id"], balance["total"], balance["available"], balance["pending"]) == (ASSET, UNITS, UNITS, "0")
    refreshed = await world.send("POST", f"/v1/vault/accounts/{account}/{ASSET}/balance")
    assert refreshed.json() == balance
    assert (await world.get(f"/v1/vault/accounts/{account}")).json()["assets"] == [balance]


async def test_vault_accounts_page_by_cursor(world: World) -> None:
    await opened(world, "a1", "b", "a2", "a3")
    first = (await world.get("/v1/vault/accounts_paged?namePrefix=a&limit=2")).json()
    rest = (await world.get(f"/v1/vault/accounts_paged?namePrefix=a&limit=2&after={first['paging']['after']}")).json()
    assert [account["name"] for account in first["accounts"] + rest["accounts"]] == ["a1", "a2", "a3"]
    assert all(account["assets"][0]["total"] == UNITS for account in first["accounts"])
    assert rest["paging"] == {}


async def test_what_is_not_there(world: World) -> None:
    (account,) = await opened(world, "a")
    for path, wanted in (
        ("/v1/vault/accounts/7", (404, "VAULT_ACCOUNT_UNKNOWN")),
        ("/v1/vault/accounts/-1", (404, "VAULT_ACCOUNT_UNKNOWN")),
        ("/v1/vault/accounts/x/ETH_TEST", (404, "VAULT_ACCOUNT_UNKNOWN")),
        (f"/v1/vault/accounts/{account}/BTC", (404, "NOT_FOUND")),
        (f"/v1/vault/accounts/{account}/%00", (400, "ASSET_UNKNOWN")),
    ):
        assert refusal(await world.get(path)) == wanted, path
    assert refusal(await world.send("POST", f"/v1/vault/accounts/{account}/BTC")) == (400, "ASSET_UNKNOWN")
    assert refusal(await world.get("/v1/vault/accounts_paged?tagIds=1")) == (400, "REQUEST_INVALID")


async def test_a_node_that_is_down_is_no_balance_of_zero(world: World) -> None:
    (account,) = await opened(world, "a")
    world.balances.failure = StrongroomError(Code.NODE_UNAVAILABLE)
    for path in (f"/v1/vault/accounts/{account}", f"/v1/vault/accounts/{account}/{ASSET}", "/v1/vault/accounts_paged"):
        assert refusal(await world.get(path)) == (503, "NODE_UNAVAILABLE"), path


async def test_assets_are_those_of_the_signed_list(world: World) -> None:
    (asset,) = (await world.get("/v1/supported_assets")).json()
    assert asset == {
        "id": ASSET,
        "name": "Ether of the local chain",
        "type": "BASE_ASSET",
        "nativeAsset": ASSET,
        "decimals": 18,
    }


async def test_a_stranger_opens_nothing(world: World) -> None:
    answer = await world.post("/v1/vault/accounts", {"name": "a"}, credentials=OTHER_API_USER)
    assert refusal(answer) == (401, "API_USER_UNKNOWN")
    assert not world.vault.accounts
