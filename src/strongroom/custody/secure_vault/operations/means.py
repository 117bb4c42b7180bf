"""What the vault's operations work with, handed in once by ``app.build``."""

from dataclasses import dataclass, field
from typing import final

from strongroom.custody.secure_vault.domain import Key
from strongroom.custody.secure_vault.peers import Peers
from strongroom.custody.secure_vault.store import document_sets, keys
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import DocumentSet, parse_document_set
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment, TenantId
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database
from strongroom.runtime.work import Work

_KEPT = 256  # parsed document sets and keys; beyond that the cache starts anew


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Ports, peers and what is kept of rows that never change."""

    environment: Environment
    clock: Clock
    database: Database
    work: Work
    peers: Peers
    document_sets: dict[bytes, DocumentSet] = field(default_factory=dict[bytes, DocumentSet])
    ready_keys: dict[tuple[TenantId, str], Key] = field(default_factory=dict[tuple[TenantId, str], Key])

    async def get_document_set(self, tenant_id: TenantId) -> DocumentSet:
        """The tenant's current document set; only its hash is read again each time.

        Raises:
            StrongroomError: ``TENANT_UNKNOWN``.
        """
        current = await document_sets.find_document_set_hash(self.database, tenant_id=tenant_id)
        kept = current and self.document_sets.get(current)
        if kept:
            return kept
        stored = await document_sets.find_document_set(self.database, tenant_id=tenant_id)
        if stored is None:
            raise StrongroomError(Code.TENANT_UNKNOWN)
        document_set = parse_document_set(decode(stored.document, Signed).payload)
        if len(self.document_sets) >= _KEPT:
            self.document_sets.clear()
        self.document_sets[stored.hash] = document_set
        return document_set

    async def get_key(self, tenant_id: TenantId, key_id: str) -> Key:
        """A key; what is asked of a READY one never changes again, whatever its epoch, and is kept.

        Raises:
            StrongroomError: ``KEY_UNKNOWN``.
        """
        kept = self.ready_keys.get((tenant_id, key_id))
        if kept:
            return kept
        key = await keys.find_key(self.database, tenant_id=tenant_id, key_id=key_id)
        if key is None:
            raise StrongroomError(Code.KEY_UNKNOWN)
        if key.public is not None:
            if len(self.ready_keys) >= _KEPT:
                self.ready_keys.clear()
            self.ready_keys[tenant_id, key_id] = key
        return key

    def now_s(self) -> int:
        """Unix seconds."""
        return int(self.clock.now().timestamp())

    def now_us(self) -> int:
        """Unix microseconds."""
        return int(self.clock.now().timestamp() * 1_000_000)
