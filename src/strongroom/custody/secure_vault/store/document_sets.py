"""The table document_sets."""

from dataclasses import dataclass
from datetime import datetime

from strongroom.kernel.ids import TenantId
from strongroom.runtime.db import Database, Statement


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
