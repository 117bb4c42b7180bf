"""Adoption: a finished signature for a digest that we released is as good as one we finished ourselves (trust.md 5)."""

from strongroom.custody.cosigner.domain.entries import Finished as FinishedEntry
from strongroom.custody.cosigner.domain.orders import OfferSignature
from strongroom.custody.cosigner.domain.reports import Adopted, Finished, Report
from strongroom.custody.cosigner.operations.answer import check_alive, check_not_frozen, refuse
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.store import (
    KnownRequest,
    StoredKey,
    find_released,
    find_signature,
    list_requests,
)
from strongroom.kernel.derivation import derive_public_key
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.consent import Adopted as AdoptedDocument
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.threshold.backend import ThresholdError


def adopt_signature(*, context: Context, order: OfferSignature) -> Report:
    """The signed adoption; the signature we have, if we have another one; a signed refusal for anything else.

    A signature that is ours already is adopted as well: so the engine can have three statements that agree after
    partials that did not (trust.md 7).
    """
    known: KnownRequest | None = None
    try:
        known = _find_signed(context, order)
        return _adopt(context, order, known)
    except StrongroomError as error:
        return refuse(
            context=context,
            tenant_id=order.tenant_id,
            ceremony_id=order.ceremony_id,
            request_hash=known.request_hash if known else order.digest,
            transaction_id=known.transaction_id if known else bytes(16),
            attempt=0,
            error=error,
        )


def _find_signed(context: Context, order: OfferSignature) -> KnownRequest:
    """The released request whose sender's key made the signature: the digest alone does not name a sender.

    One that a peer closed is dead, and its slot may be another's.
    """
    check_not_frozen(context=context, tenant_id=order.tenant_id)
    db = context.journal.db
    released = [
        known
        for known in list_requests(db, tenant=order.tenant_id, digest=order.digest)
        if find_released(db, request_hash=known.request_hash) is not None
    ]
    if not released:
        raise StrongroomError(Code.NOT_NOW, "This digest was not released here.")
    key = context.get_key(context.get_document_set(order.tenant_id))
    for known in released:
        if _verifies(context, order, key, known):
            check_alive(context=context, request_hash=known.request_hash)
            return known
    raise StrongroomError(Code.SIGNATURE_INVALID, "The offered signature does not verify.")


def _verifies(context: Context, order: OfferSignature, key: StoredKey, known: KnownRequest) -> bool:
    child = derive_public_key(public_key=key.public_key, chain_code=key.chain_code, path=known.path)
    try:
        return context.backend.verify(public_key=child, digest=order.digest, signature=order.signature)
    except ThresholdError:
        return False


def _adopt(context: Context, order: OfferSignature, known: KnownRequest) -> Report:
    stored = find_signature(context.journal.db, request_hash=known.request_hash)
    if stored is not None and stored.signature != order.signature:
        return Finished(ceremony_id=order.ceremony_id, signature=stored.signature, statement=stored.statement)
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
    if stored is None:
        entry = FinishedEntry(
            request_hash=known.request_hash,
            digest=order.digest,
            signature=order.signature,
            statement=document,
            heads=(),
            at=context.now_s(),
        )
        context.journal.append(entry)
    return Adopted(ceremony_id=order.ceremony_id, document=document)
