"""The tenants' document sets as the auth engine verified them for itself."""

from datetime import datetime
from typing import Final, final

from strongroom.custody.auth_engine import store
from strongroom.custody.auth_engine.domain import decide_changes
from strongroom.custody.auth_engine.operations.certificates import Certificates
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import DocumentSet, parse_document_set, verify_document_set
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.db import Database, insert_handoff, violated_constraint
from strongroom.runtime.rpc.evidence import HandoffEvent

_OWNERSHIP: Final = frozenset({"api_users_id", "registered_keys_hash"})
_VERSION: Final = "document_sets_version"


@final
class DocumentSets:
    """The newest version of each tenant.

    Args:
        database: the auth engine's own.
        certificates: what is kept in memory of them is forgotten with every new version.
        environment: only its documents are taken.
    """

    def __init__(self, *, database: Database, certificates: Certificates, environment: Environment) -> None:
        self._database, self._certificates, self._environment = database, certificates, environment

    async def get(self, tenant_id: str) -> DocumentSet:
        """The current version of a tenant.

        Raises:
            StrongroomError: ``TENANT_UNKNOWN``.
        """
        current = await self._find(tenant_id)
        if current is None:
            raise StrongroomError(Code.TENANT_UNKNOWN)
        return current

    async def apply(self, data: bytes, *, received: HandoffEvent, now: datetime) -> None:
        """Take over the successor of the current version, or the genesis of a tenant not known yet. Idempotent.

        Raises:
            StrongroomError: ``DOCUMENT_*``, ``KEY_REGISTERED_TWICE``; nothing is stored then.
        """
        signed = decode(data, Signed)
        if signed.environment != self._environment:
            raise StrongroomError(Code.DOCUMENT_FOREIGN)
        if await self._is_applied(signed):
            return
        document_set = verify_document_set(signed=signed, current=await self._find(signed.tenant))
        registered = await store.find_registered(self._database, document_set=document_set)
        changes = decide_changes(document_set=document_set, registered=registered)
        try:
            await store.insert_document_set(
                self._database,
                document_set=document_set,
                signed=data,
                changes=changes,
                handoff=insert_handoff(received),
                now=now,
            )
        except StrongroomError as error:
            raise _explained(error) from error
        self._certificates.forget()

    async def _find(self, tenant_id: str) -> DocumentSet | None:
        stored = await store.find_document_set(self._database, tenant_id=tenant_id)
        return parse_document_set(decode(stored, Signed).payload) if stored else None

    async def _is_applied(self, signed: Signed) -> bool:
        """Whether exactly this version is stored; another document under its number is refused as no successor."""
        version = parse_document_set(signed.payload).version
        stored = await store.find_document_set(self._database, tenant_id=signed.tenant, version=version)
        return stored is not None and decode(stored, Signed).payload == signed.payload


def _explained(error: StrongroomError) -> StrongroomError:
    """What another version, applied at the same moment, made of this one."""
    constraint = violated_constraint(error)
    if constraint in _OWNERSHIP:
        return StrongroomError(Code.KEY_REGISTERED_TWICE)
    return StrongroomError(Code.DOCUMENT_VERSION_INVALID) if constraint == _VERSION else error
