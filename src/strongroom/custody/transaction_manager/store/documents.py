"""The table document_sets: the manager's own verified copies."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, final

from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import DocumentSet, parse_document_set
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import Database, Statement
from strongroom.runtime.recent import Recent

VERSION_TAKEN = "document_sets_pkey"
_KEPT: Final = 1024  # versions; what is under way needs those of now and of its acceptance


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocumentSet:
    """A version: ``document`` is the encoded ``Signed``, ``hash`` that of the document set in it."""

    version: int
    hash: bytes
    document: bytes


async def find_version(database: Database, *, tenant_id: str) -> int | None:
    """The number of the tenant's current version."""
    return await database.fetchval("select max(version) from document_sets where tenant_id = $1", tenant_id)


async def find_document_set(database: Database, *, tenant_id: str, version: int) -> StoredDocumentSet | None:
    """One version."""
    row = await database.fetchrow(
        "select version, hash, document from document_sets where tenant_id = $1 and version = $2", tenant_id, version
    )
    return StoredDocumentSet(**dict(row)) if row else None


def insert_document_set(*, tenant_id: str, stored: StoredDocumentSet, now: datetime) -> Statement:
    """The next version."""
    return Statement(
        """insert into document_sets (tenant_id, version, hash, document, applied_at) values ($1, $2, $3, $4, $5)""",
        (tenant_id, stored.version, stored.hash, stored.document, now),
    )


@final
class DocumentSets:
    """The parsed document sets; a version never changes, so the last that were used are kept."""

    def __init__(self, database: Database, *, kept: int = _KEPT) -> None:
        self._database = database
        self._parsed: Recent[tuple[str, int], DocumentSet] = Recent(kept)

    async def get(self, *, tenant_id: str, version: int | None) -> DocumentSet:
        """That version; ``TENANT_UNKNOWN`` for None and for what was never stored."""
        if version is None:
            raise StrongroomError(Code.TENANT_UNKNOWN)
        found = self._parsed.find((tenant_id, version))
        if found is None:
            stored = await find_document_set(self._database, tenant_id=tenant_id, version=version)
            if stored is None:
                raise StrongroomError(Code.TENANT_UNKNOWN)
            parsed = parse_document_set(decode(stored.document, Signed).payload)
            found = self._parsed.keep((tenant_id, version), parsed)
        return found
