"""The official Python package fireblocks 35.1.0, unchanged, against the whole platform."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from fireblocks.client import Fireblocks
from fireblocks.client_configuration import ClientConfiguration
from fireblocks.exceptions import ApiException
from fireblocks.models.create_vault_account_request import CreateVaultAccountRequest
from fireblocks.models.transaction_request import TransactionRequest

from tests.fixtures.embedded import FINAL, Embedded, destination, new_address, until

ETHER = 10**18


@pytest.fixture
def sdk(embedded: Embedded) -> Iterator[Fireblocks]:
    configuration = ClientConfiguration(
        api_key=embedded.ready["api_key"],
        secret_key=embedded.ready["api_private_key_pem"],
        base_path=embedded.ready["base_url"],
    )
    with Fireblocks(configuration) as made:
        yield made


def data(future: Any) -> Any:
    return future.result().data


def transfer(embedded: Embedded, receiver: str, amount: str, **changes: str) -> TransactionRequest:
    made = TransactionRequest.from_dict(embedded.body(destination=destination(receiver), amount=amount, **changes))
    assert made is not None
    return made


def completed(sdk: Fireblocks, transaction_id: str) -> Any:
    def look() -> Any:
        found = data(sdk.transactions.get_transaction(transaction_id))
        return found if found.status in FINAL else None

    return until(look, what=f"{transaction_id} ends")


def test_it_sends_until_completed(embedded: Embedded, sdk: Fireblocks) -> None:
    receiver = new_address()
    request = transfer(embedded, receiver, "0.75", note="März 家賃", externalTxId=f"sdk-{receiver}")
    created = data(sdk.transactions.create_transaction(transaction_request=request, idempotency_key=receiver[:40]))
    assert created.status == "SUBMITTED"
    done = completed(sdk, created.id)
    assert (done.status, done.note, done.external_tx_id) == ("COMPLETED", "März 家賃", f"sdk-{receiver}")
    assert embedded.chain("eth_getTransactionReceipt", done.tx_hash)["status"] == "0x1"
    assert embedded.chain_balance(receiver) == 3 * ETHER // 4
    assert data(sdk.transactions.get_transaction_by_external_id(f"sdk-{receiver}")).id == created.id
    again = data(sdk.transactions.create_transaction(transaction_request=request, idempotency_key=receiver[:40]))
    assert again.id == created.id
    listed = data(sdk.transactions.get_transactions(status="COMPLETED", limit=5))
    assert created.id in {one.id for one in listed}
    assert embedded.chain_balance(receiver) == 3 * ETHER // 4


def test_it_opens_an_account_pays_into_it_and_reads_what_it_holds(embedded: Embedded, sdk: Fireblocks) -> None:
    account = data(sdk.vaults.create_vault_account(create_vault_account_request=CreateVaultAccountRequest(name="SDK")))
    asset_id = embedded.ready["asset_id"]
    wallet = data(sdk.vaults.create_vault_account_asset(account.id, asset_id))
    assert data(sdk.vaults.get_vault_account_asset(account.id, asset_id)).total == "0"
    created = data(sdk.transactions.create_transaction(transaction_request=transfer(embedded, wallet.address, "0.5")))
    assert completed(sdk, created.id).status == "COMPLETED"
    held = data(sdk.vaults.update_vault_account_asset_balance(account.id, asset_id))
    assert (held.total, held.available) == ("0.5", "0.5")
    (address,) = data(sdk.vaults.get_vault_account_asset_addresses_paginated(account.id, asset_id)).addresses
    assert address.address == wallet.address
    paged = data(sdk.vaults.get_paged_vault_accounts(limit=50, name_prefix="SDK"))
    assert Decimal(next(one for one in paged.accounts if one.id == account.id).assets[0].total) == Decimal("0.5")


def test_it_understands_a_refusal(embedded: Embedded, sdk: Fireblocks) -> None:
    with pytest.raises(ApiException) as refused:
        data(sdk.transactions.create_transaction(transaction_request=transfer(embedded, new_address(), "-1")))
    error: Any = refused.value
    assert error.status == 400
    assert "AMOUNT_INVALID" in str(error.body)
