"""Taking over a published document set."""

from strongroom.custody.transaction_manager.operations.ports import Ports
from strongroom.custody.transaction_manager.store import documents
from strongroom.custody.transaction_manager.store.documents import StoredDocumentSet
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import parse_document_set, verify_document_set
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import insert_handoff, violated_constraint
from strongroom.runtime.rpc.evidence import HandoffEvent


async def apply_document_set(*, document: bytes, handoff: HandoffEvent, ports: Ports) -> None:
    """Store the document set if the owners of the current version signed it; the same version again does nothing.

    Args:
        document: an encoded ``Signed`` of kind ``document-set``; genesis for a tenant that is unknown.

    Raises:
        StrongroomError: ``DOCUMENT_*``, ``KEY_REGISTERED_TWICE``, ``ADDRESS_INVALID``.
    """
    signed = decode(document, Signed)
    if signed.environment != ports.environment:
        raise StrongroomError(Code.DOCUMENT_FOREIGN)
    proposed = parse_document_set(signed.payload)
    if await _is_known(proposed.tenant, proposed.version, proposed.hash(), ports):
        return
    version = await documents.find_version(ports.database, tenant_id=proposed.tenant)
    current = None if version is None else await ports.documents.get(tenant_id=proposed.tenant, version=version)
    accepted = verify_document_set(signed=signed, current=current)
    stored = StoredDocumentSet(version=accepted.version, hash=accepted.hash(), document=document)
    try:
        await ports.database.commit(
            documents.insert_document_set(tenant_id=accepted.tenant, stored=stored, now=ports.clock.now()),
            insert_handoff(handoff),
        )
    except StrongroomError as error:
        same = await _is_known(accepted.tenant, accepted.version, accepted.hash(), ports)
        if violated_constraint(error) != documents.VERSION_TAKEN or not same:
            raise


async def _is_known(tenant_id: str, version: int, document_hash: bytes, ports: Ports) -> bool:
    known = await documents.find_document_set(ports.database, tenant_id=tenant_id, version=version)
    return known is not None and known.hash == document_hash
