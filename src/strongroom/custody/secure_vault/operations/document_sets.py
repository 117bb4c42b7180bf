"""The tenant's document set as the vault verified it for itself."""

from strongroom.custody.secure_vault.operations.means import Means
from strongroom.custody.secure_vault.store import document_sets
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import parse_document_set, verify_document_set
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId
from strongroom.runtime.db import insert_handoff
from strongroom.runtime.rpc.evidence import HandoffEvent


async def apply_document_set(*, means: Means, document: bytes, received: HandoffEvent) -> None:
    """Store the successor of the current version, or the genesis of a tenant not known yet. Idempotent by version.

    Args:
        document: an encoded ``Signed`` of kind ``document-set``.

    Raises:
        StrongroomError: ``DOCUMENT_*``, ``KEY_REGISTERED_TWICE``; ``CONFLICT`` if another one was applied meanwhile.
    """
    signed = decode(document, Signed)
    tenant_id = TenantId(signed.tenant)
    if signed.environment != means.environment:
        raise StrongroomError(Code.DOCUMENT_FOREIGN)
    if await _is_applied(means=means, tenant_id=tenant_id, signed=signed):
        return
    stored = await document_sets.find_document_set(means.database, tenant_id=tenant_id)
    current = stored and parse_document_set(decode(stored.document, Signed).payload)
    verified = verify_document_set(signed=signed, current=current or None)
    statement = document_sets.insert_document_set(
        tenant_id=tenant_id,
        version=verified.version,
        document_hash=verified.hash(),
        document=document,
        now=means.clock.now(),
    )
    await means.database.commit(statement, insert_handoff(received))


async def _is_applied(*, means: Means, tenant_id: TenantId, signed: Signed) -> bool:
    """Whether exactly this version is stored; another document under its number is refused by the version check."""
    version = parse_document_set(signed.payload).version
    stored = await document_sets.find_document_set_version(means.database, tenant_id=tenant_id, version=version)
    return stored is not None and decode(stored, Signed).payload == signed.payload
