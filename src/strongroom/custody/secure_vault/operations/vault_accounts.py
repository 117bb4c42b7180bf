"""Vault accounts: open, show, list."""

from dataclasses import replace
from itertools import groupby

from strongroom.custody.secure_vault.domain import AccountOrder, VaultAccount, decide_account_number
from strongroom.custody.secure_vault.operations.means import Means
from strongroom.custody.secure_vault.store import accounts, wallets
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId
from strongroom.kernel.paging import Page, check_page_size, encode_cursor, parse_cursor
from strongroom.runtime.db import insert_handoff, violated_constraint
from strongroom.runtime.rpc.evidence import HandoffEvent

_TRIES = 64  # as many callers may take a number at the same time; each round at least one of them gets one
_NUMBER_MAX = (1 << 31) - 1
_NAME_MAX = 256


async def create_vault_account(
    *, means: Means, tenant_id: TenantId, order: AccountOrder, received: HandoffEvent
) -> tuple[VaultAccount, bool]:
    """Open the next vault account within the signed ranges; True if an earlier order is answered again.

    Raises:
        StrongroomError: ``REQUEST_INVALID``, ``IDEMPOTENCY_KEY_REUSED``, ``TENANT_UNKNOWN``, ``FORBIDDEN`` when the
            ranges are full.
    """
    if len(order.name) > _NAME_MAX or len(order.customer_ref_id) > _NAME_MAX or len(order.idempotency_key) > _NAME_MAX:
        raise StrongroomError(Code.REQUEST_INVALID, f"Names and references have at most {_NAME_MAX} characters.")
    for _ in range(_TRIES):
        earlier = await _find_earlier(means=means, tenant_id=tenant_id, order=order)
        if earlier is not None:
            return earlier, True
        created = await _try_create(means=means, tenant_id=tenant_id, order=order, received=received)
        if created is not None:
            return created, False
    raise StrongroomError(Code.UNAVAILABLE, "Too many vault accounts are being opened at once.")


async def get_vault_account(*, means: Means, tenant_id: TenantId, number: int) -> VaultAccount:
    """One vault account with its wallets.

    Raises:
        StrongroomError: ``VAULT_ACCOUNT_UNKNOWN``.
    """
    account = await accounts.find_account(means.database, tenant_id=tenant_id, number=number)
    if account is None:
        raise StrongroomError(Code.VAULT_ACCOUNT_UNKNOWN)
    return (await _with_wallets(means=means, tenant_id=tenant_id, accounts=[account]))[0]


async def list_vault_accounts(
    *, means: Means, tenant_id: TenantId, page_size: int, cursor: str, name_prefix: str
) -> Page[VaultAccount]:
    """Vault accounts by number, with their wallets.

    Raises:
        StrongroomError: ``PAGE_INVALID``.
    """
    limit = check_page_size(page_size)
    after = parse_number_cursor(cursor=cursor)
    found = await accounts.list_accounts(
        means.database, tenant_id=tenant_id, after=after, name_prefix=name_prefix, limit=limit + 1
    )
    shown = await _with_wallets(means=means, tenant_id=tenant_id, accounts=found[:limit])
    return Page(tuple(shown), encode_cursor(str(shown[-1].number)) if len(found) > limit else None)


def parse_number_cursor(*, cursor: str) -> int:
    """The number after which a page begins; -1 for the first page.

    Raises:
        StrongroomError: ``PAGE_INVALID``.
    """
    if not cursor:
        return -1
    (text,) = parse_cursor(cursor, parts=1)
    if not (text.isascii() and text.isdigit() and len(text) <= 10):
        raise StrongroomError(Code.PAGE_INVALID)
    return int(text)


def parse_account_id(*, vault_account_id: str) -> int:
    """The account number in its only decimal form.

    Raises:
        StrongroomError: ``VAULT_ACCOUNT_UNKNOWN``: what is not a number names no account.
    """
    text = vault_account_id
    if text.isascii() and text.isdigit() and len(text) <= 10 and str(int(text)) == text and int(text) <= _NUMBER_MAX:
        return int(text)
    raise StrongroomError(Code.VAULT_ACCOUNT_UNKNOWN)


async def _find_earlier(*, means: Means, tenant_id: TenantId, order: AccountOrder) -> VaultAccount | None:
    if not order.idempotency_key:
        return None
    known = await accounts.find_order(means.database, tenant_id=tenant_id, idempotency_key=order.idempotency_key)
    if known is None:
        return None
    body_hash, number = known
    if body_hash != order.body_hash:
        raise StrongroomError(Code.IDEMPOTENCY_KEY_REUSED)
    return await get_vault_account(means=means, tenant_id=tenant_id, number=number)


async def _try_create(
    *, means: Means, tenant_id: TenantId, order: AccountOrder, received: HandoffEvent
) -> VaultAccount | None:
    """The new vault account, or None if another caller took its number or its idempotency key at the same time."""
    ranges = (await means.get_document_set(tenant_id)).vault_accounts
    highest = await accounts.list_highest_numbers(means.database, tenant_id=tenant_id, ranges=ranges)
    number = decide_account_number(ranges=ranges, highest=highest)
    now = means.clock.now()
    inserts = accounts.insert_account(tenant_id=tenant_id, number=number, order=order, now=now)
    try:
        await means.database.commit(*inserts, insert_handoff(received))
    except StrongroomError as error:
        if violated_constraint(error) in {accounts.ACCOUNT_TAKEN, accounts.ORDER_KNOWN}:
            return None
        raise
    return VaultAccount(number=number, name=order.name, customer_ref_id=order.customer_ref_id, created_at=now)


async def _with_wallets(*, means: Means, tenant_id: TenantId, accounts: list[VaultAccount]) -> list[VaultAccount]:
    numbers = [account.number for account in accounts]
    found = await wallets.list_wallets(means.database, tenant_id=tenant_id, numbers=numbers)
    held = {number: tuple(group) for number, group in groupby(found, key=lambda wallet: wallet.number)}
    return [replace(account, wallets=held.get(account.number, ())) for account in accounts]
