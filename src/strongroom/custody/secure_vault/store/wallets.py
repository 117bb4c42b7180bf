"""The tables wallets and addresses."""

from collections.abc import Sequence
from datetime import datetime

from strongroom.custody.secure_vault.domain import Wallet
from strongroom.kernel.ids import TenantId
from strongroom.runtime.db import Database, Row, Statement

_WALLETS = """select wallet.tenant_id, wallet.number, wallet.asset_id, wallet.chain_id, wallet.decimals,
    address.address_index, address.address, address.path
from wallets as wallet join addresses as address
    on address.tenant_id = wallet.tenant_id and address.number = wallet.number and address.asset_id = wallet.asset_id"""


async def list_wallets(database: Database, *, tenant_id: TenantId, numbers: Sequence[int]) -> list[Wallet]:
    """All wallets of these vault accounts, with the first address of each."""
    where = "where wallet.tenant_id = $1 and wallet.number = any($2::bigint[]) and address.address_index = 0"
    rows = await database.fetch(f"{_WALLETS} {where} order by wallet.number, wallet.asset_id", tenant_id, numbers)
    return [_parse_wallet(row) for row in rows]


async def list_addresses(
    database: Database, *, tenant_id: TenantId, number: int, asset_id: str, after: int, limit: int
) -> list[Wallet]:
    """Addresses of one wallet by index, beginning after ``after``."""
    where = "where wallet.tenant_id = $1 and wallet.number = $2 and wallet.asset_id = $3 and address.address_index > $4"
    sql = f"{_WALLETS} {where} order by address.address_index limit $5"
    rows = await database.fetch(sql, tenant_id, number, asset_id, after, limit)
    return [_parse_wallet(row) for row in rows]


async def find_address(database: Database, *, asset_id: str, address: str) -> tuple[str, Wallet] | None:
    """Whose address it is for that asset, and its wallet, among all tenants."""
    row = await database.fetchrow(f"{_WALLETS} where address.address = $1 and address.asset_id = $2", address, asset_id)
    return None if row is None else (row["tenant_id"], _parse_wallet(row))


def insert_wallet(*, tenant_id: TenantId, wallet: Wallet, key_id: str, now: datetime) -> list[Statement]:
    """The wallet and its address; both are left alone where they exist."""
    opened = Statement(
        """insert into wallets (tenant_id, number, asset_id, chain_id, decimals, created_at)
        values ($1, $2, $3, $4, $5, $6) on conflict do nothing""",
        (tenant_id, wallet.number, wallet.asset_id, wallet.chain_id, wallet.decimals, now),
    )
    address = Statement(
        """insert into addresses (tenant_id, number, asset_id, address_index, address, path, key_id, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing""",
        (tenant_id, wallet.number, wallet.asset_id, wallet.address_index, wallet.address, wallet.path, key_id, now),
    )
    return [opened, address]


def _parse_wallet(row: Row) -> Wallet:
    return Wallet(
        number=row["number"],
        asset_id=row["asset_id"],
        chain_id=row["chain_id"],
        decimals=row["decimals"],
        address_index=row["address_index"],
        address=row["address"],
        path=row["path"],
    )
