"""Wallets: one asset in one vault account, and its addresses."""

from strongroom.custody.secure_vault.domain import ADDRESS_INDEX, Wallet, sender_of
from strongroom.custody.secure_vault.operations.means import Means
from strongroom.custody.secure_vault.operations.vault_accounts import get_vault_account, parse_number_cursor
from strongroom.custody.secure_vault.store import wallets
from strongroom.kernel.addresses import parse_evm_address
from strongroom.kernel.derivation import derivation_path
from strongroom.kernel.documents.intent import default_key_id
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId
from strongroom.kernel.paging import Page, check_page_size, encode_cursor
from strongroom.runtime.db import insert_handoff
from strongroom.runtime.rpc.evidence import HandoffEvent


async def create_wallet(
    *, means: Means, tenant_id: TenantId, number: int, asset_id: str, received: HandoffEvent
) -> Wallet:
    """Open the wallet of an asset and derive its address; one that exists is answered as it is.

    Raises:
        StrongroomError: ``VAULT_ACCOUNT_UNKNOWN``, ``ASSET_UNKNOWN``, ``VAULT_WALLET_NOT_READY`` without a READY key,
            ``TENANT_UNKNOWN``.
    """
    document_set = await means.get_document_set(tenant_id)
    asset = document_set.get_asset(asset_id)
    account = await get_vault_account(means=means, tenant_id=tenant_id, number=number)
    for wallet in account.wallets:
        if wallet.asset_id == asset_id:
            return wallet
    key_id = default_key_id(environment=means.environment, tenant_id=tenant_id)
    path = derivation_path(coin_type=asset.coin_type, vault_account=number, index=ADDRESS_INDEX)
    wallet = Wallet(
        number=number,
        asset_id=asset.id,
        chain_id=asset.chain_id,
        decimals=asset.decimals,
        address_index=ADDRESS_INDEX,
        address=await _derive_address(means=means, tenant_id=tenant_id, key_id=key_id, path=path),
        path=path,
    )
    inserts = wallets.insert_wallet(tenant_id=tenant_id, wallet=wallet, key_id=key_id, now=means.clock.now())
    await means.database.commit(*inserts, insert_handoff(received))
    return wallet


async def list_addresses(
    *, means: Means, tenant_id: TenantId, number: int, asset_id: str, page_size: int, cursor: str
) -> Page[Wallet]:
    """Addresses of a wallet by index.

    Raises:
        StrongroomError: ``PAGE_INVALID``, ``VAULT_ACCOUNT_UNKNOWN``, ``ASSET_UNKNOWN`` without such a wallet.
    """
    limit = check_page_size(page_size)
    after = parse_number_cursor(cursor=cursor)
    found = await wallets.list_addresses(
        means.database, tenant_id=tenant_id, number=number, asset_id=asset_id, after=after, limit=limit + 1
    )
    if not found and after < 0:
        await get_vault_account(means=means, tenant_id=tenant_id, number=number)
        raise StrongroomError(Code.ASSET_UNKNOWN, "The vault account has no wallet of this asset.")
    shown = tuple(found[:limit])
    return Page(shown, encode_cursor(str(shown[-1].address_index)) if len(found) > limit else None)


async def find_address(*, means: Means, asset_id: str, address: str) -> tuple[str, Wallet]:
    """Whose address it is for that asset, and its wallet: for those who are asked by another institution.

    Raises:
        StrongroomError: ``NOT_FOUND`` for anything that is no address of a wallet here.
    """
    try:
        found = await wallets.find_address(means.database, asset_id=asset_id, address=parse_evm_address(address))
    except StrongroomError as error:
        if error.code is Code.ADDRESS_INVALID:
            raise StrongroomError(Code.NOT_FOUND) from None
        raise
    if found is None:
        raise StrongroomError(Code.NOT_FOUND, "No wallet of this asset has this address.")
    return found


async def _derive_address(*, means: Means, tenant_id: TenantId, key_id: str, path: str) -> str:
    try:
        key = await means.get_key(tenant_id, key_id)
    except StrongroomError as error:
        if error.code is Code.KEY_UNKNOWN:
            raise StrongroomError(Code.VAULT_WALLET_NOT_READY) from None
        raise
    return sender_of(key.get_public(), path)
