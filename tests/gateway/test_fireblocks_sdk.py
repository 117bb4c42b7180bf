"""The official Python package fireblocks 35.1.0, unchanged, against the gateway over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from fireblocks.client import Fireblocks
from fireblocks.client_configuration import ClientConfiguration
from fireblocks.exceptions import ApiException
from fireblocks.models.create_vault_account_request import CreateVaultAccountRequest
from fireblocks.models.destination_transfer_peer_path import DestinationTransferPeerPath
from fireblocks.models.one_time_address import OneTimeAddress
from fireblocks.models.source_transfer_peer_path import SourceTransferPeerPath
from fireblocks.models.transaction_operation import TransactionOperation
from fireblocks.models.transaction_request import TransactionRequest
from fireblocks.models.transaction_request_amount import TransactionRequestAmount
from fireblocks.models.transfer_peer_path_type import TransferPeerPathType

from strongroom.runtime.clock import SystemClock
from tests.fixtures.postgres import Databases
from tests.fixtures.tenant import API_USER, ASSET, FRIEND
from tests.gateway.world import World


@pytest.fixture
async def world(databases: Databases) -> AsyncIterator[World]:
    """On the real clock: the package signs by it."""
    made = await World.open(databases, SystemClock())
    yield made
    await made.close()


@pytest.fixture
def sdk(world: World) -> Any:
    with Fireblocks(
        ClientConfiguration(
            api_key=API_USER.api_key,
            secret_key=API_USER.private_key_pem().decode(),
            base_path=f"{world.base_url}/v1",
        )
    ) as made:
        yield made


async def result(future: Any) -> Any:
    return (await asyncio.to_thread(future.result)).data


def transfer() -> TransactionRequest:
    return TransactionRequest(
        operation=TransactionOperation.TRANSFER,
        assetId=ASSET,
        source=SourceTransferPeerPath(type=TransferPeerPathType.VAULT_ACCOUNT, id="0"),
        destination=DestinationTransferPeerPath(
            type=TransferPeerPathType.ONE_TIME_ADDRESS, oneTimeAddress=OneTimeAddress(address=FRIEND)
        ),
        amount=TransactionRequestAmount("0.25"),
        note="Miete für März 家賃",
        externalTxId="rent-2027-03",
    )


async def test_it_creates_fetches_and_lists_a_transaction(world: World, sdk: Fireblocks) -> None:
    created = await result(sdk.transactions.create_transaction(transaction_request=transfer(), idempotency_key="once"))
    assert created.status == "SUBMITTED"
    world.manager.transactions[created.id].fee_units = "21000"
    fetched = await result(sdk.transactions.get_transaction(created.id))
    assert (fetched.id, fetched.asset_id, fetched.note) == (created.id, ASSET, "Miete für März 家賃")
    assert (fetched.amount_info.amount, fetched.fee_info.network_fee) == ("0.25", "0.000000000000021")
    assert Decimal(str(fetched.amount)) == Decimal("0.25")
    assert (fetched.destination.type, fetched.destination_address) == ("ONE_TIME_ADDRESS", FRIEND)
    by_name = await result(sdk.transactions.get_transaction_by_external_id("rent-2027-03"))
    assert by_name.id == created.id
    listed = await result(sdk.transactions.get_transactions(status="SUBMITTED", limit=10, sort="DESC", source_id="0"))
    assert [item.id for item in listed] == [created.id]


async def test_it_cancels_a_transaction(world: World, sdk: Fireblocks) -> None:
    created = await result(sdk.transactions.create_transaction(transaction_request=transfer()))
    assert (await result(sdk.transactions.cancel_transaction(created.id))).success is True
    assert [request.transaction_id for request in world.manager.cancelled] == [created.id]
    assert (await result(sdk.transactions.get_transaction(created.id))).status == "CANCELLING"


async def test_it_opens_vault_accounts_and_reads_addresses_and_balances(sdk: Fireblocks) -> None:
    account = await result(
        sdk.vaults.create_vault_account(create_vault_account_request=CreateVaultAccountRequest(name="Kasse"))
    )
    wallet = await result(sdk.vaults.create_vault_account_asset(account.id, ASSET))
    addresses = await result(sdk.vaults.get_vault_account_asset_addresses_paginated(account.id, ASSET))
    assert [item.address for item in addresses.addresses] == [wallet.address]
    assert addresses.addresses[0].bip44_address_index == 0
    balance = await result(sdk.vaults.get_vault_account_asset(account.id, ASSET))
    assert (balance.id, balance.total, balance.available) == (ASSET, "1.500000000000000001", "1.500000000000000001")
    refreshed = await result(sdk.vaults.update_vault_account_asset_balance(account.id, ASSET))
    assert refreshed.total == balance.total
    paged = await result(sdk.vaults.get_paged_vault_accounts(limit=5, name_prefix="Ka"))
    assert [(item.id, item.assets[0].total) for item in paged.accounts] == [(account.id, balance.total)]
    assert (await result(sdk.vaults.get_vault_account(account.id))).name == "Kasse"


async def test_it_reads_the_assets(sdk: Fireblocks) -> None:
    (asset,) = await result(sdk.blockchains_assets.get_supported_assets())
    assert (asset.id, asset.type, asset.native_asset, asset.decimals) == (ASSET, "BASE_ASSET", ASSET, 18)


async def test_it_understands_a_refusal(sdk: Fireblocks) -> None:
    with pytest.raises(ApiException) as refused:
        await result(sdk.transactions.get_transaction("00000000-0000-4000-8000-000000000000"))
    said: Any = refused.value
    assert (said.status, "TRANSACTION_UNKNOWN" in said.body) == (404, True)
