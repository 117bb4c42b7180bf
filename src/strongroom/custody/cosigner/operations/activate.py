"""Document sets are installed locally by the operator; successors also come over the link (trust.md 1)."""

from strongroom.custody.cosigner.domain.entries import DocumentSetInstalled
from strongroom.custody.cosigner.domain.orders import InstallDocumentSet
from strongroom.custody.cosigner.domain.reports import DocumentSetInstalled as InstalledReport
from strongroom.custody.cosigner.domain.reports import Report
from strongroom.custody.cosigner.operations.answer import refuse
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.store import find_document_set
from strongroom.kernel.digest import sha256
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


def install_document_set(*, context: Context, order: InstallDocumentSet) -> Report:
    """Install a successor that the engine brings, as ``apply_document_set`` does; the current one changes nothing.

    A signed refusal, which is an alarm, for anything else: rollback, fork, gap, another tenant, too few owners.
    """
    tenant_id = TenantId("")
    try:
        signed = decode(order.document_set, Signed)
        tenant_id = TenantId(signed.tenant)
        current = context.get_document_set(tenant_id)
        if signed.payload != current.encode():
            operator = current.get_cosigner(context.index).operator
            current = apply_document_set(context=context, data=order.document_set, operator=operator)
    except StrongroomError as error:
        return refuse(
            context=context,
            tenant_id=tenant_id,
            ceremony_id=order.ceremony_id,
            request_hash=sha256(order.document_set),
            transaction_id=bytes(16),
            attempt=0,
            error=error,
        )
    return InstalledReport(
        ceremony_id=order.ceremony_id, tenant=current.tenant, version=current.version, set_hash=current.hash()
    )


def _install(context: Context, data: bytes, operator: str, *, genesis: bool) -> DocumentSet:
    signed = decode(data, Signed)
    current = None
    if not genesis:
        current = context.get_document_set(TenantId(signed.tenant))
    document_set = verify_document_set(signed=signed, current=current)
    _check_ourselves(context, document_set, operator)

    def check() -> None:
        data_now = find_document_set(context.journal.db, tenant=document_set.tenant)
        if current is not None and (data_now is None or decode(data_now, Signed).payload != current.encode()):
            raise StrongroomError(Code.NOT_NOW, "Another process installs a document set: try again.")
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
    context.memory.forget_tenant(document_set.tenant)
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
