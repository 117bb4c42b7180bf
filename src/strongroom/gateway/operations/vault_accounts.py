"""Vault accounts, their wallets, addresses and balances."""

from strongroom.gateway.domain import shapes
from strongroom.gateway.domain.accounts import parse_account_id, parse_asset_id, parse_text
from strongroom.gateway.domain.caller import Caller
from strongroom.gateway.domain.views import show_account, show_address, show_holding
from strongroom.gateway.peers import Peers


async def create_vault_account(
    *, peers: Peers, caller: Caller, wanted: shapes.NewVaultAccount
) -> tuple[shapes.VaultAccount, bool]:
    """Open a vault account; answers whether an earlier request is answered again."""
    account = await peers.create_vault_account(
        caller,
        name=parse_text(wanted.name, name="name"),
        customer_ref_id=parse_text(wanted.customer_ref_id or "", name="customerRefId"),
    )
    return show_account(account), account.replayed


async def get_vault_account(*, peers: Peers, caller: Caller, vault_account_id: str) -> shapes.VaultAccount:
    """A vault account with the balance of each wallet; ``VAULT_ACCOUNT_UNKNOWN``, ``NODE_UNAVAILABLE``."""
    account = await peers.get_vault_account(caller, parse_account_id(vault_account_id))
    return show_account(account, await peers.list_holdings(caller, account.wallets))


async def list_vault_accounts(
    *, peers: Peers, caller: Caller, name_prefix: str, page_size: int, cursor: str
) -> shapes.VaultAccounts:
    """A page of vault accounts with the balance of each wallet."""
    accounts, next_cursor = await peers.list_vault_accounts(
        caller, name_prefix=parse_text(name_prefix, name="namePrefix"), page_size=page_size, cursor=cursor
    )
    holdings = iter(
        await peers.list_holdings(caller, tuple(wallet for account in accounts for wallet in account.wallets))
    )
    shown = [show_account(account, tuple(next(holdings) for _ in account.wallets)) for account in accounts]
    return shapes.VaultAccounts(accounts=shown, paging=shapes.Paging(after=next_cursor))


async def create_wallet(*, peers: Peers, caller: Caller, vault_account_id: str, asset_id: str) -> shapes.NewWallet:
    """Open the wallet of an asset; ``VAULT_WALLET_NOT_READY`` before the key ceremony."""
    wallet = await peers.create_wallet(
        caller, vault_account_id=parse_account_id(vault_account_id), asset_id=parse_asset_id(asset_id)
    )
    return shapes.NewWallet(id=wallet.asset_id, address=wallet.address, status="READY")


async def get_balance(*, peers: Peers, caller: Caller, vault_account_id: str, asset_id: str) -> shapes.VaultAsset:
    """What a wallet holds now, asked of the chain; ``NODE_UNAVAILABLE``."""
    account = await peers.get_vault_account(caller, parse_account_id(vault_account_id))
    (holding,) = await peers.list_holdings(caller, (account.get_wallet(parse_asset_id(asset_id)),))
    return show_holding(holding)


async def list_addresses(
    *, peers: Peers, caller: Caller, vault_account_id: str, asset_id: str, page_size: int, cursor: str
) -> shapes.Addresses:
    """A page of a wallet's addresses."""
    wallets, next_cursor = await peers.list_addresses(
        caller,
        vault_account_id=parse_account_id(vault_account_id),
        asset_id=parse_asset_id(asset_id),
        page_size=page_size,
        cursor=cursor,
    )
    addresses = [show_address(wallet) for wallet in wallets]
    return shapes.Addresses(addresses=addresses, paging=shapes.Paging(after=next_cursor))
