"""Close orders: the transaction has ended elsewhere, and shall never be signed here."""

from strongroom.custody.cosigner.domain.orders import CloseRequest
from strongroom.custody.cosigner.domain.reports import Report, Tombstoned
from strongroom.custody.cosigner.operations.answer import check_not_frozen, check_room_to_close, entomb, refuse
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.operations.recovery import check_journal_whole
from strongroom.custody.cosigner.store import find_consented_at, find_lost_until, find_tombstone
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import derive_transaction_id


def close_request(*, context: Context, order: CloseRequest) -> Report:
    """A tombstone on the request hash; a signed refusal (``DIGEST_RELEASED``) if its digest was released.

    ``NOT_NOW`` beyond what an hour has room for of requests that were never consented to here.
    """
    try:
        return _close(context, order)
    except StrongroomError as error:
        return refuse(
            context=context,
            tenant_id=order.tenant_id,
            ceremony_id=order.ceremony_id,
            request_hash=order.request_hash,
            transaction_id=order.transaction_id,
            attempt=0,
            error=error,
        )


def _close(context: Context, order: CloseRequest) -> Tombstoned:
    document_set = context.get_document_set(order.tenant_id)
    check_not_frozen(context=context, tenant_id=order.tenant_id)
    derived = derive_transaction_id(
        environment=document_set.environment, tenant_id=order.tenant_id, request_hash=order.request_hash
    )
    if derived.bytes != order.transaction_id or len(order.request_hash) != 32:
        raise StrongroomError(Code.INTENT_MISMATCH, "The transaction id does not follow from the request hash.")
    existing = find_tombstone(context.journal.db, request_hash=order.request_hash)
    if existing is not None:
        return Tombstoned(ceremony_id=order.ceremony_id, document=existing)
    check_journal_whole(context=context, document_set=document_set)
    _check_nothing_lost(context, order)
    check_room_to_close(context=context, request_hash=order.request_hash)
    return entomb(
        context=context,
        tenant_id=order.tenant_id,
        ceremony_id=order.ceremony_id,
        request_hash=order.request_hash,
        transaction_id=order.transaction_id,
        reason=order.reason,
    )


def _check_nothing_lost(context: Context, order: CloseRequest) -> None:
    """Check that the request cannot have been released in a part of the journal that was lost.

    Its hash does not say when it was issued: after a loss, only one that was consented to since can be closed.

    Raises:
        StrongroomError: ``JOURNAL_ROLLED_BACK``.
    """
    lost_until = find_lost_until(context.journal.db, tenant=order.tenant_id)
    if lost_until is None:
        return
    consented_at = find_consented_at(context.journal.db, request_hash=order.request_hash)
    if consented_at is None or consented_at <= lost_until:
        raise StrongroomError(
            Code.JOURNAL_ROLLED_BACK, "The journal was lost: what it had released of this request is not known."
        )
