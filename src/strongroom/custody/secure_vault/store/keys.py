"""The tables keys and key_refreshes."""

from collections.abc import Sequence
from datetime import datetime

from strongroom.custody.secure_vault.domain import Key, KeyStatus
from strongroom.kernel.documents.intent import PublicKey
from strongroom.kernel.ids import TenantId
from strongroom.runtime.db import Database, Row, Statement

REFRESH_RUNS = "key_refreshes_one_pending"


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
