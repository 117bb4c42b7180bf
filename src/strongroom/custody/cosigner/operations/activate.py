"""Document sets are installed locally, by the operator (trust.md 1)."""

from strongroom.custody.cosigner.domain.entries import DocumentSetInstalled
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.store import find_document_set
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import DocumentSet, verify_document_set
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId


def activate(*, context: Context, data: bytes, operator: str) -> DocumentSet:
    """Install a tenant's genesis document set; its hash is for the operator to compare out of band.

    Args:
        data: an encoded ``Signed`` of kind document-set.
        operator: our own name; the roster must say the same.

    Raises:
        StrongroomError: ``DOCUMENT_*``; ``DOCUMENT_FOREIGN`` if the roster's co-signer of our index is not us;
            ``CONFLICT`` if the tenant has a document set here already.
    """
    return _install(context, data, operator, genesis=True)


def apply_document_set(*, context: Context, data: bytes, operator: str) -> DocumentSet:
    """Install the successor of the current document set.

    Raises:
        StrongroomError: as ``activate``; ``TENANT_UNKNOWN`` without a genesis here.
    """
    return _install(context, data, operator, genesis=False)


def _install(context: Context, data: bytes, operator: str, *, genesis: bool) -> DocumentSet:
    signed = decode(data, Signed)
    current = None
    if not genesis:
        current = context.get_document_set(TenantId(signed.tenant))
    document_set = verify_document_set(signed=signed, current=current)
    _check_ourselves(context, document_set, operator)

    def check() -> None:
        if genesis and find_document_set(context.journal.db, tenant=document_set.tenant) is not None:
            raise StrongroomError(Code.CONFLICT, f"Tenant {document_set.tenant} has a document set here already.")

    entry = DocumentSetInstalled(
        tenant=document_set.tenant,
        version=document_set.version,
        set_hash=document_set.hash(),
        signed=data,
        at=context.now_s(),
    )
    context.journal.append(entry, check=check)
    context.memory.forget_documents()
    return document_set


def _check_ourselves(context: Context, document_set: DocumentSet, operator: str) -> None:
    if document_set.environment != context.environment:
        raise StrongroomError(Code.DOCUMENT_FOREIGN, f"This co-signer runs in {context.environment}.")
    listed = document_set.get_cosigner(context.index)
    keys = (context.signer.public_key, context.encryption_key.public_key().public_bytes_raw())
    if (listed.signing_key, listed.encryption_key) != keys:
        raise StrongroomError(
            Code.DOCUMENT_FOREIGN,
            f"The roster lists other keys for co-signer {context.index}: send the owners our identity.json.",
        )
    if listed.operator != operator:
        raise StrongroomError(
            Code.DOCUMENT_FOREIGN, f"The roster names {listed.operator!r} as our operator, we are {operator!r}."
        )
