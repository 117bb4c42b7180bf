"""/v1/vault and the asset list."""

from typing import Annotated

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from strongroom.gateway.domain import shapes
from strongroom.gateway.operations import tenants, vault_accounts
from strongroom.gateway.routes.parameters import (
    DEFAULT_LIMIT,
    After,
    HttpRequest,
    TheCaller,
    ThePeers,
    check_names,
    page_size,
    replay_headers,
)


@post("/vault/accounts", status_code=200, tags=["vault"])
async def create_vault_account(
    peers: ThePeers, caller: TheCaller, data: JSONBody[shapes.NewVaultAccount]
) -> Response[shapes.VaultAccount]:
    """Open a vault account inside a signed range."""
    account, replayed = await vault_accounts.create_vault_account(peers=peers, caller=caller, wanted=data)
    return Response(account, headers=replay_headers(replayed=replayed))


@get("/vault/accounts_paged", tags=["vault"])
async def list_vault_accounts(
    request: HttpRequest,
    peers: ThePeers,
    caller: TheCaller,
    name_prefix: Annotated[str, QueryParameter(name="namePrefix")] = "",
    limit: FromQuery[int] = DEFAULT_LIMIT,
    after: After = "",
) -> shapes.VaultAccounts:
    """Vault accounts by number."""
    check_names(request, "namePrefix", "limit", "after")
    return await vault_accounts.list_vault_accounts(
        peers=peers, caller=caller, name_prefix=name_prefix, page_size=page_size(limit), cursor=after
    )


@get("/vault/accounts/{account_id:str}", tags=["vault"])
async def get_vault_account(peers: ThePeers, caller: TheCaller, account_id: FromPath[str]) -> shapes.VaultAccount:
    """A vault account with the balance of each wallet."""
    return await vault_accounts.get_vault_account(peers=peers, caller=caller, vault_account_id=account_id)


@post("/vault/accounts/{account_id:str}/{asset_id:str}", status_code=200, tags=["vault"])
async def create_wallet(
    peers: ThePeers, caller: TheCaller, account_id: FromPath[str], asset_id: FromPath[str]
) -> shapes.NewWallet:
    """Open the wallet of an asset and derive its address."""
    return await vault_accounts.create_wallet(
        peers=peers, caller=caller, vault_account_id=account_id, asset_id=asset_id
    )


@get("/vault/accounts/{account_id:str}/{asset_id:str}", tags=["vault"])
async def get_balance(
    peers: ThePeers, caller: TheCaller, account_id: FromPath[str], asset_id: FromPath[str]
) -> shapes.VaultAsset:
    """The balance of a wallet, asked of the chain."""
    return await vault_accounts.get_balance(peers=peers, caller=caller, vault_account_id=account_id, asset_id=asset_id)


@post("/vault/accounts/{account_id:str}/{asset_id:str}/balance", status_code=200, tags=["vault"])
async def refresh_balance(
    peers: ThePeers, caller: TheCaller, account_id: FromPath[str], asset_id: FromPath[str]
) -> shapes.VaultAsset:
    """The same: every balance is asked of the chain anew."""
    return await vault_accounts.get_balance(peers=peers, caller=caller, vault_account_id=account_id, asset_id=asset_id)


@get("/vault/accounts/{account_id:str}/{asset_id:str}/addresses_paginated", tags=["vault"])
async def list_addresses(
    request: HttpRequest,
    peers: ThePeers,
    caller: TheCaller,
    account_id: FromPath[str],
    asset_id: FromPath[str],
    limit: FromQuery[int] = DEFAULT_LIMIT,
    after: After = "",
) -> shapes.Addresses:
    """Deposit addresses of a wallet."""
    check_names(request, "limit", "after")
    return await vault_accounts.list_addresses(
        peers=peers,
        caller=caller,
        vault_account_id=account_id,
        asset_id=asset_id,
        page_size=page_size(limit),
        cursor=after,
    )


@get("/supported_assets", tags=["vault"])
async def list_assets(peers: ThePeers, caller: TheCaller) -> list[shapes.SupportedAsset]:
    """The tenant's signed asset list."""
    return await tenants.list_assets(peers=peers, caller=caller)
