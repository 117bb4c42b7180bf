"""Vault accounts, wallets and addresses."""

import asyncio

import pytest

from strongroom.interfaces.secure_vault.v1 import secure_vault_pb2 as pb
from strongroom.kernel.documents.document_set import AccountRange
from strongroom.kernel.documents.intent import address_at
from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.secure_vault.world import World
from tests.fixtures.tenant import ASSET, FRIEND, TENANT


async def test_accounts_take_the_next_number_of_the_signed_ranges(world: World) -> None:
    ranges = (AccountRange(first=5, last=6), AccountRange(first=20, last=20))
    await world.publish(world.tenant.with_document_set(vault_accounts=ranges))
    opened = [(await world.create_account(f"a{count}")).id for count in range(3)]
    assert opened == ["5", "6", "20"]
    with pytest.raises(StrongroomError) as caught:
        await world.create_account("one too many")
    assert caught.value.code is Code.FORBIDDEN


async def test_accounts_opened_at_once_get_numbers_of_their_own(world: World) -> None:
    await world.publish()
    opened = await asyncio.gather(*(world.create_account("same") for _ in range(12)))
    assert sorted(int(account.id) for account in opened) == list(range(12))


async def test_the_same_key_and_body_is_answered_again_and_another_body_refused(world: World) -> None:
    await world.publish()
    answers = await asyncio.gather(*(world.create_account("a", key="k-1") for _ in range(5)))
    assert {account.id for account in answers} == {"0"}
    assert sum(not account.replayed for account in answers) == 1
    with pytest.raises(StrongroomError) as caught:
        await world.create_account("b", key="k-1", body=b"another")
    assert caught.value.code is Code.IDEMPOTENCY_KEY_REUSED
    assert await world.database.fetchval("select count(*) from vault_accounts") == 1


async def test_accounts_are_listed_in_pages_and_shown_to_their_tenant_only(world: World) -> None:
    await world.make_ready()
    for name in ("tax", "tips", "rent"):
        await world.create_account(name, customer="c-1")
    stub = world.as_("gateway")
    first = await stub.ListVaultAccounts(pb.ListVaultAccountsRequest(tenant_id=TENANT, page_size=3))
    assert [account.name for account in first.accounts] == ["treasury", "tax", "tips"]
    assert [wallet.asset_id for wallet in first.accounts[0].wallets] == [ASSET]
    request = pb.ListVaultAccountsRequest(tenant_id=TENANT, page_size=3, cursor=first.next_cursor)
    rest = await stub.ListVaultAccounts(request)
    assert ([account.name for account in rest.accounts], rest.next_cursor) == (["rent"], "")
    named = await stub.ListVaultAccounts(pb.ListVaultAccountsRequest(tenant_id=TENANT, page_size=9, name_prefix="t"))
    assert [account.name for account in named.accounts] == ["treasury", "tax", "tips"]
    other = await stub.ListVaultAccounts(pb.ListVaultAccountsRequest(tenant_id="other", page_size=9))
    assert list(other.accounts) == []


@pytest.mark.parametrize("account", ["7", "-1", "00", "x", "", "99999999999"])
async def test_an_unknown_account_is_not_found(world: World, account: str) -> None:
    await world.make_ready()
    with pytest.raises(StrongroomError) as caught:
        await world.as_("gateway").GetVaultAccount(
            pb.GetVaultAccountRequest(tenant_id=TENANT, vault_account_id=account)
        )
    assert caught.value.code is Code.VAULT_ACCOUNT_UNKNOWN


@pytest.mark.parametrize(("size", "cursor"), [(0, ""), (501, ""), (10, "!"), (10, "YWJj")])
async def test_a_page_that_is_malformed_is_refused(world: World, size: int, cursor: str) -> None:
    request = pb.ListVaultAccountsRequest(tenant_id=TENANT, page_size=size, cursor=cursor)
    with pytest.raises(StrongroomError) as caught:
        await world.as_("gateway").ListVaultAccounts(request)
    assert caught.value.code is Code.PAGE_INVALID


async def test_a_wallet_has_the_address_that_anyone_can_derive(world: World) -> None:
    await world.make_ready()
    again = await world.create_wallet("0")
    assert (again.path, again.decimals, again.chain_id) == ("m/44/60/0/0/0", 18, 31337)
    assert again.address == address_at(world.around.key.public, "m/44/60/0/0/0")
    request = pb.ListAddressesRequest(tenant_id=TENANT, vault_account_id="0", asset_id=ASSET, page_size=10)
    page = await world.as_("gateway").ListAddresses(request)
    assert [address.address for address in page.addresses] == [again.address]
    assert await world.database.fetchval("select count(*) from addresses") == 1


async def test_the_holder_of_an_address_is_found_in_any_spelling_and_for_its_own_asset_alone(world: World) -> None:
    await world.make_ready()
    address = (await world.create_wallet("0")).address
    for spelling in (address, address.lower()):
        found = await world.as_("screening").FindAddress(pb.FindAddressRequest(asset_id=ASSET, address=spelling))
        assert (found.tenant_id, found.vault_account_id) == (TENANT, "0")
    for asset_id, other in (
        (ASSET, FRIEND),
        ("OTHER", address),
        (ASSET, "rDTXLQ7ZKZVKz33zJbHjgVShjsBnqMBhmN"),
        (ASSET, ""),
    ):
        with pytest.raises(StrongroomError) as caught:
            await world.as_("screening").FindAddress(pb.FindAddressRequest(asset_id=asset_id, address=other))
        assert caught.value.code is Code.NOT_FOUND
    with pytest.raises(StrongroomError) as caught:
        await world.as_("gateway").FindAddress(pb.FindAddressRequest(asset_id=ASSET, address=address))
    assert caught.value.code is Code.CALLER_NOT_ALLOWED


async def test_a_wallet_needs_a_key_an_account_and_a_signed_asset(world: World) -> None:
    await world.publish()
    await world.create_account("a")
    for account, asset_id, code in (
        ("0", ASSET, Code.VAULT_WALLET_NOT_READY),
        ("0", "DOGE", Code.ASSET_UNKNOWN),
        ("1", ASSET, Code.VAULT_ACCOUNT_UNKNOWN),
    ):
        with pytest.raises(StrongroomError) as caught:
            await world.create_wallet(account, asset_id)
        assert caught.value.code is code
    await world.request_key(world.key_request())
    with pytest.raises(StrongroomError) as caught:
        await world.create_wallet("0")
    assert caught.value.code is Code.VAULT_WALLET_NOT_READY


async def test_a_tenant_without_a_document_set_is_unknown(world: World) -> None:
    with pytest.raises(StrongroomError) as caught:
        await world.create_account("a")
    assert caught.value.code is Code.TENANT_UNKNOWN
