"""Adoption: a finished signature for a digest that we released is as good as one we finished ourselves (trust.md 5)."""

from strongroom.custody.cosigner.domain.entries import Finished as FinishedEntry
from strongroom.custody.cosigner.domain.orders import OfferSignature
from strongroom.custody.cosigner.domain.reports import Adopted, Finished, Report
from strongroom.custody.cosigner.operations.answer import refuse
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.store import KnownRequest, find_released, find_request, find_signature
from strongroom.kernel.derivation import derive_public_key
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.consent import Adopted as AdoptedDocument
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.threshold.backend import ThresholdError


def adopt_signature(*, context: Context, order: OfferSignature) -> Report:
    """The signed adoption; the signature we have, if we have one; a signed refusal for anything else."""
    known = find_request(context.journal.db, digest=order.digest)
    try:
        return _adopt(context, order, known)
    except StrongroomError as error:
        return refuse(
            context=context,
            tenant_id=order.tenant_id,
            ceremony_id=order.ceremony_id,
            transaction_id=known.transaction_id if known else bytes(16),
            attempt=0,
            error=error,
        )


def _adopt(context: Context, order: OfferSignature, known: KnownRequest | None) -> Report:
    if known is None or known.tenant != order.tenant_id or not _released(context, order.digest):
        raise StrongroomError(Code.NOT_NOW, "This digest was not released here.")
    stored = find_signature(context.journal.db, digest=order.digest)
    if stored is not None:
        return Finished(ceremony_id=order.ceremony_id, signature=stored.signature, statement=stored.statement)
    _check_signature(context, order, known)
    document = context.sign(
        kind=Kind.ADOPTED,
        tenant_id=order.tenant_id,
        document=AdoptedDocument(
            transaction_id=known.transaction_id,
            digest=order.digest,
            cosigner=context.index,
            result_hash=sha256(order.signature),
        ),
    )
    context.journal.append(
        FinishedEntry(
            request_hash=known.request_hash,
            digest=order.digest,
            signature=order.signature,
            statement=document,
            at=context.now_s(),
        )
    )
    return Adopted(ceremony_id=order.ceremony_id, document=document)


def _released(context: Context, digest: bytes) -> bool:
    return find_released(context.journal.db, digest=digest) is not None


def _check_signature(context: Context, order: OfferSignature, known: KnownRequest) -> None:
    key = context.get_key(context.get_document_set(order.tenant_id))
    child = derive_public_key(public_key=key.public_key, chain_code=key.chain_code, path=known.path)
    try:
        valid = context.backend.verify(public_key=child, digest=order.digest, signature=order.signature)
    except ThresholdError:
        valid = False
    if not valid:
        raise StrongroomError(Code.SIGNATURE_INVALID, "The offered signature does not verify.")
