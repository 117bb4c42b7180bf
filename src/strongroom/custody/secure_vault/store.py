"""Every SQL statement of secure_vault: rows in, frozen objects out; writes are statements for one commit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from strongroom.custody.secure_vault.domain import (
    AccountOrder,
    Admission,
    Assembly,
    Key,
    KeyStatus,
    OriginalRequest,
    VaultAccount,
    Wallet,
)
from strongroom.kernel.documents.document_set import AccountRange
from strongroom.kernel.documents.intent import PublicKey
from strongroom.kernel.ids import TenantId, TransactionId
from strongroom.runtime.db import Database, Row, Statement

REFRESH_RUNS = "key_refreshes_one_pending"
ACCOUNT_TAKEN = "vault_accounts_pkey"
ORDER_KNOWN = "idempotency_keys_pkey"
_WALLETS = """select wallet.tenant_id, wallet.number, wallet.asset_id, wallet.chain_id, wallet.decimals,
    address.address_index, address.address, address.path
from wallets as wallet join addresses as address
    on address.tenant_id = wallet.tenant_id and address.number = wallet.number and address.asset_id = wallet.asset_id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocumentSet:
    """A version of the document set: ``document`` is the encoded ``Signed``."""

    version: int
    hash: bytes
    document: bytes


async def find_document_set(database: Database, *, tenant_id: TenantId) -> StoredDocumentSet | None:
    """The tenant's current document set."""
    row = await database.fetchrow(
        "select version, hash, document from document_sets where tenant_id = $1 order by version desc limit 1",
        tenant_id,
    )
    return (
        None if row is None else StoredDocumentSet(version=row["version"], hash=row["hash"], document=row["document"])
    )


async def find_document_set_hash(database: Database, *, tenant_id: TenantId) -> bytes | None:
    """The hash of the tenant's current document set, 32 bytes: enough to know whether a parsed one is current."""
    return await database.fetchval(
        "select hash from document_sets where tenant_id = $1 order by version desc limit 1", tenant_id
    )


async def find_document_set_version(database: Database, *, tenant_id: TenantId, version: int) -> bytes | None:
    """The encoded ``Signed`` of one version."""
    return await database.fetchval(
        "select document from document_sets where tenant_id = $1 and version = $2", tenant_id, version
    )


async def is_applied(database: Database, *, tenant_id: TenantId, document_set_hash: bytes) -> bool:
    """Whether the version of that hash, 32 bytes, is or was the tenant's current one."""
    return await database.fetchval(
        "select exists (select 1 from document_sets where tenant_id = $1 and hash = $2)", tenant_id, document_set_hash
    )


def insert_document_set(
    *, tenant_id: TenantId, version: int, document_hash: bytes, document: bytes, now: datetime
) -> Statement:
    """A version that was verified; a second one with its number is a ``CONFLICT``."""
    return Statement(
        "insert into document_sets (tenant_id, version, hash, document, applied_at) values ($1, $2, $3, $4, $5)",
        (tenant_id, version, document_hash, document, now),
    )


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


async def find_key(database: Database, *, tenant_id: TenantId, key_id: str) -> Key | None:
    """A key, with the records of its newest epoch."""
    row = await database.fetchrow(
        """select key.key_id, key.status, key.reason, key.rounds, key.public_key, key.chain_code,
            coalesce(newest.key_request, key.key_request) as key_request,
            coalesce(newest.key_request_hash, key.key_request_hash) as key_request_hash,
            coalesce(newest.document_set_version, key.document_set_version) as document_set_version,
            coalesce(newest.key_records, key.key_records) as key_records
        from keys as key left join lateral (
            select key_request, key_request_hash, document_set_version, key_records from key_refreshes
            where tenant_id = key.tenant_id and key_id = key.key_id and status = 'READY' order by epoch desc limit 1
        ) as newest on true
        where key.tenant_id = $1 and key.key_id = $2""",
        tenant_id,
        key_id,
    )
    return None if row is None else _parse_key(row)


async def find_key_refresh(
    database: Database, *, tenant_id: TenantId, key_id: str, key_request_hash: bytes
) -> Key | None:
    """A refresh of a key, in the shape of the key."""
    row = await database.fetchrow(
        """select key_id, status, reason, key_request, key_request_hash, document_set_version, 0 as rounds,
            key_records, null::bytea as public_key, null::bytea as chain_code
        from key_refreshes where tenant_id = $1 and key_id = $2 and key_request_hash = $3""",
        tenant_id,
        key_id,
        key_request_hash,
    )
    return None if row is None else _parse_key(row)


def insert_key_refresh(*, tenant_id: TenantId, key: Key, epoch: int, now: datetime) -> Statement:
    """A refresh that the owners asked for; a second one beside it is a ``CONFLICT``."""
    return Statement(
        """insert into key_refreshes (tenant_id, key_id, key_request_hash, epoch, status, key_request,
            document_set_version, created_at, updated_at)
        values ($1, $2, $3, $4, 'PENDING', $5, $6, $7, $7)""",
        (tenant_id, key.key_id, key.key_request_hash, epoch, key.key_request, key.document_set_version, now),
    )


def update_key_refresh(
    *, tenant_id: TenantId, key: Key, records: Sequence[bytes], reason: str, now: datetime
) -> Statement:
    """How a refresh ended: with the records of all three, set once, or with a reason."""
    return Statement(
        """update key_refreshes set status = $4, key_records = $5, reason = $6, updated_at = $7
        where tenant_id = $1 and key_id = $2 and key_request_hash = $3 and status = 'PENDING'""",
        (
            tenant_id,
            key.key_id,
            key.key_request_hash,
            "READY" if records else "FAILED",
            list(records) or None,
            reason,
            now,
        ),
        guard=True,
    )


def insert_key(*, tenant_id: TenantId, key: Key, now: datetime) -> Statement:
    """A key that the owners asked for; a second one of that id is a ``CONFLICT``."""
    return Statement(
        """insert into keys (tenant_id, key_id, status, key_request, key_request_hash, document_set_version,
            created_at, updated_at)
        values ($1, $2, 'PENDING', $3, $4, $5, $6, $6)""",
        (tenant_id, key.key_id, key.key_request, key.key_request_hash, key.document_set_version, now),
    )


def update_key_request(*, tenant_id: TenantId, key: Key, now: datetime) -> Statement:
    """A new request of the owners for a key whose ceremony failed."""
    return Statement(
        """update keys set status = 'PENDING', reason = '', key_request = $3, key_request_hash = $4,
            document_set_version = $5, rounds = $6, updated_at = $7
        where tenant_id = $1 and key_id = $2 and status = 'FAILED' and rounds = $6 - 1""",
        (tenant_id, key.key_id, key.key_request, key.key_request_hash, key.document_set_version, key.rounds, now),
        guard=True,
    )


def update_key_ready(
    *, tenant_id: TenantId, key: Key, records: Sequence[bytes], public: PublicKey, now: datetime
) -> Statement:
    """The co-signers' records of a pending key, set once."""
    return Statement(
        """update keys set status = 'READY', key_records = $4, public_key = $5, chain_code = $6, updated_at = $7
        where tenant_id = $1 and key_id = $2 and key_request_hash = $3 and status = 'PENDING'""",
        (tenant_id, key.key_id, key.key_request_hash, list(records), public.public_key, public.chain_code, now),
        guard=True,
    )


def update_key_failed(*, tenant_id: TenantId, key: Key, reason: str, now: datetime) -> Statement:
    """The end of a ceremony without a key."""
    return Statement(
        """update keys set status = 'FAILED', reason = $4, updated_at = $5
        where tenant_id = $1 and key_id = $2 and key_request_hash = $3 and status = 'PENDING'""",
        (tenant_id, key.key_id, key.key_request_hash, reason, now),
        guard=True,
    )


def insert_admission(*, admission: Admission, document_set_version: int, now: datetime) -> Statement:
    """An admitted transaction; left alone where it was admitted before."""
    return Statement(
        """insert into admissions (tenant_id, transaction_id, attempt, request_token, request_uri, request_body,
            intent, decision, verdict, approvals, document_set_version, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (transaction_id, attempt) do nothing""",
        (
            admission.tenant_id,
            admission.transaction_id,
            admission.attempt,
            admission.request.token,
            admission.request.uri,
            admission.request.body,
            admission.intent,
            admission.decision,
            admission.verdict,
            list(admission.approvals),
            document_set_version,
            now,
        ),
    )


async def find_admission(
    database: Database, *, tenant_id: TenantId, transaction_id: TransactionId, attempt: int
) -> Admission | None:
    """What was admitted. A transaction has one payload for life: whichever attempt has it, all have it."""
    row = await database.fetchrow(
        """select tenant_id, transaction_id, attempt, request_token, request_uri, request_body, intent, decision,
            verdict, approvals, coalesce(payload, (
                select other.payload from admissions as other
                where other.transaction_id = admissions.transaction_id and other.intent = admissions.intent
                    and other.payload is not null limit 1
            )) as payload
        from admissions where tenant_id = $1 and transaction_id = $2 and attempt = $3""",
        tenant_id,
        transaction_id,
        attempt,
    )
    return (
        None
        if row is None
        else Admission(
            tenant_id=row["tenant_id"],
            transaction_id=row["transaction_id"],
            attempt=row["attempt"],
            request=OriginalRequest(token=row["request_token"], uri=row["request_uri"], body=row["request_body"]),
            intent=row["intent"],
            decision=row["decision"],
            verdict=row["verdict"],
            approvals=tuple(row["approvals"]),
            payload=row["payload"],
        )
    )


def update_admission_opened(
    *, tenant_id: TenantId, transaction_id: TransactionId, attempt: int, payload: bytes, signing_request_id: UUID
) -> Statement:
    """The manager's payload and the engine's signing request, each set once."""
    return Statement(
        """update admissions set payload = $4, signing_request_id = $5
        where tenant_id = $1 and transaction_id = $2 and attempt = $3""",
        (tenant_id, transaction_id, attempt, payload, signing_request_id),
        guard=True,
    )


def update_admission_payload(*, admission: Admission, payload: bytes) -> Statement:
    """The manager's payload for what will not be opened any more, if none is there."""
    return Statement(
        """update admissions set payload = $4
        where tenant_id = $1 and transaction_id = $2 and attempt = $3 and payload is null""",
        (admission.tenant_id, admission.transaction_id, admission.attempt, payload),
    )


def insert_assembly(*, assembly: Assembly, now: datetime) -> Statement:
    """A signed transaction; left alone where one was assembled before."""
    return Statement(
        """insert into assemblies (tenant_id, transaction_id, attempt, signature, digest, raw_transaction,
            raw_payload_cbor, tx_hash, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (transaction_id, attempt) do nothing""",
        (
            assembly.tenant_id,
            assembly.transaction_id,
            assembly.attempt,
            assembly.signature,
            assembly.digest,
            assembly.raw_transaction,
            assembly.raw_payload_cbor,
            assembly.tx_hash,
            now,
        ),
    )


async def find_assembly(
    database: Database, *, tenant_id: TenantId, transaction_id: TransactionId, attempt: int
) -> Assembly | None:
    """What was assembled."""
    row = await database.fetchrow(
        """select tenant_id, transaction_id, attempt, signature, digest, raw_transaction, raw_payload_cbor, tx_hash
        from assemblies where tenant_id = $1 and transaction_id = $2 and attempt = $3""",
        tenant_id,
        transaction_id,
        attempt,
    )
    return (
        None
        if row is None
        else Assembly(
            tenant_id=row["tenant_id"],
            transaction_id=row["transaction_id"],
            attempt=row["attempt"],
            signature=row["signature"],
            digest=row["digest"],
            raw_transaction=row["raw_transaction"],
            raw_payload_cbor=row["raw_payload_cbor"],
            tx_hash=row["tx_hash"],
        )
    )


def _parse_account(row: Row) -> VaultAccount:
    return VaultAccount(
        number=row["number"], name=row["name"], customer_ref_id=row["customer_ref_id"], created_at=row["created_at"]
    )


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


def _parse_key(row: Row) -> Key:
    public = row["public_key"] and PublicKey(
        key_id=row["key_id"], public_key=row["public_key"], chain_code=row["chain_code"]
    )
    return Key(
        key_id=row["key_id"],
        status=KeyStatus(row["status"]),
        reason=row["reason"],
        key_request=row["key_request"],
        key_request_hash=row["key_request_hash"],
        document_set_version=row["document_set_version"],
        rounds=row["rounds"],
        key_records=tuple(row["key_records"] or ()),
        public=public,
    )
