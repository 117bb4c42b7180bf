"""The tables vault_accounts and idempotency_keys."""

from collections.abc import Sequence
from datetime import datetime

from strongroom.custody.secure_vault.domain import AccountOrder, VaultAccount
from strongroom.kernel.documents.document_set import AccountRange
from strongroom.kernel.ids import TenantId
from strongroom.runtime.db import Database, Row, Statement

ACCOUNT_TAKEN = "vault_accounts_pkey"
ORDER_KNOWN = "idempotency_keys_pkey"


async def list_highest_numbers(
    database: Database, *, tenant_id: TenantId, ranges: Sequence[AccountRange]
) -> list[int | None]:
    """For each range, in order, the highest vault account number in use within it."""
    rows = await database.fetch(
        """select max(account.number) as highest
        from unnest($2::bigint[], $3::bigint[]) with ordinality as part (first, last, position)
        left join vault_accounts as account
            on account.tenant_id = $1 and account.number between part.first and part.last
        group by part.position order by part.position""",
        tenant_id,
        [part.first for part in ranges],
        [part.last for part in ranges],
    )
    return [row["highest"] for row in rows]


def insert_account(*, tenant_id: TenantId, number: int, order: AccountOrder, now: datetime) -> list[Statement]:
    """The vault account and, where the order has a key, what makes its repetition recognisable."""
    account = Statement(
        "insert into vault_accounts (tenant_id, number, name, customer_ref_id, created_at) values ($1, $2, $3, $4, $5)",
        (tenant_id, number, order.name, order.customer_ref_id, now),
    )
    if not order.idempotency_key:
        return [account]
    known = Statement(
        """insert into idempotency_keys (tenant_id, operation, idempotency_key, body_hash, number, created_at)
        values ($1, 'create_vault_account', $2, $3, $4, $5)""",
        (tenant_id, order.idempotency_key, order.body_hash, number, now),
    )
    return [account, known]


async def find_order(database: Database, *, tenant_id: TenantId, idempotency_key: str) -> tuple[bytes, int] | None:
    """Body hash and vault account number of an order with this key."""
    row = await database.fetchrow(
        """select body_hash, number from idempotency_keys
        where tenant_id = $1 and operation = 'create_vault_account' and idempotency_key = $2""",
        tenant_id,
        idempotency_key,
    )
    return None if row is None else (row["body_hash"], row["number"])


async def list_accounts(
    database: Database, *, tenant_id: TenantId, after: int, name_prefix: str, limit: int
) -> list[VaultAccount]:
    """Vault accounts by number, beginning after ``after``, without wallets."""
    rows = await database.fetch(
        """select number, name, customer_ref_id, created_at from vault_accounts
        where tenant_id = $1 and number > $2 and starts_with(name, $3) order by number limit $4""",
        tenant_id,
        after,
        name_prefix,
        limit,
    )
    return [_parse_account(row) for row in rows]


async def find_account(database: Database, *, tenant_id: TenantId, number: int) -> VaultAccount | None:
    """One vault account, without wallets."""
    row = await database.fetchrow(
        "select number, name, customer_ref_id, created_at from vault_accounts where tenant_id = $1 and number = $2",
        tenant_id,
        number,
    )
    return None if row is None else _parse_account(row)


def _parse_account(row: Row) -> VaultAccount:
    return VaultAccount(
        number=row["number"], name=row["name"], customer_ref_id=row["customer_ref_id"], created_at=row["created_at"]
    )
