"""Refusals and tombstones: signed, so that nobody can say for a co-signer that it said no."""

from strongroom.custody.cosigner.domain.entries import Closed
from strongroom.custody.cosigner.domain.reports import Refused, Tombstoned
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.operations.record_alarm import TEXT_MAX, record_refusal
from strongroom.custody.cosigner.store import (
    find_peer_tombstone,
    find_released,
    find_request,
    find_tombstone,
    is_frozen,
)
from strongroom.kernel.documents.consent import Refusal, RefusalKind, Tombstone
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId


def refuse(
    *,
    context: Context,
    tenant_id: TenantId,
    ceremony_id: bytes,
    request_hash: bytes,
    transaction_id: bytes,
    attempt: int,
    error: StrongroomError,
) -> Refused:
    """A signed NOT_NOW; an alarm is in the journal before it leaves, everything else leaves no trace."""
    refusal = Refusal(
        transaction_id=transaction_id,
        attempt=attempt,
        ceremony_id=ceremony_id,
        cosigner=context.index,
        kind=RefusalKind.NOT_NOW,
        reason=error.code.name,
        detail=error.detail[:TEXT_MAX],
        at=context.now_s(),
    )
    record_refusal(context=context, tenant_id=tenant_id, request_hash=request_hash, error=error)
    document = context.sign(kind=Kind.REFUSAL, tenant_id=tenant_id, document=refusal)
    return Refused(ceremony_id=ceremony_id, document=document)


def entomb(
    *,
    context: Context,
    tenant_id: TenantId,
    ceremony_id: bytes,
    request_hash: bytes,
    transaction_id: bytes,
    reason: str,
) -> Tombstoned:
    """A signed tombstone, in the journal before it leaves; the first one stays.

    Raises:
        StrongroomError: ``DIGEST_RELEASED`` if the request's digest was released: that cannot be taken back.
    """
    entry = write_tombstone(
        context=context,
        tenant_id=tenant_id,
        request_hash=request_hash,
        transaction_id=transaction_id,
        reason=reason,
    )
    context.journal.append(entry, check=lambda: check_not_released(context=context, request_hash=request_hash))
    context.memory.forget_request(request_hash)
    context.memory.window.remove(request_hash)
    note_closing(context=context, request_hash=request_hash)
    return Tombstoned(ceremony_id=ceremony_id, document=entry.tombstone)


def write_tombstone(
    *, context: Context, tenant_id: TenantId, request_hash: bytes, transaction_id: bytes, reason: str
) -> Closed:
    """The entry with a signed tombstone; it must not leave before it is in the journal."""
    tombstone = Tombstone(
        transaction_id=transaction_id,
        request_hash=request_hash,
        cosigner=context.index,
        reason=reason[:TEXT_MAX],
        at=context.now_s(),
    )
    return Closed(
        tenant=tenant_id,
        request_hash=request_hash,
        transaction_id=transaction_id,
        tombstone=context.sign(kind=Kind.TOMBSTONE, tenant_id=tenant_id, document=tombstone),
        at=tombstone.at,
    )


def check_room_to_close(*, context: Context, request_hash: bytes) -> None:
    """Check that a request may be closed on somebody's word: one never consented to only while the hour has room.

    Hashes of requests that nobody made can be thought up without end, and a tombstone is for ever, so the order is
    refused; it may come again. What was consented to here, or is closed already, always has room.

    Raises:
        StrongroomError: ``NOT_NOW``.
    """
    db = context.journal.db
    if find_request(db, request_hash=request_hash) or find_tombstone(db, request_hash=request_hash):
        return
    if not context.get_closings().has_room(context.now_s()):
        raise StrongroomError(
            Code.NOT_NOW,
            f"More than {context.limits.closings_per_hour} requests that were never seen here were to be closed in an"
            " hour: ask again.",
        )


def note_closing(*, context: Context, request_hash: bytes) -> None:
    """Count an entry that closed a request, if it was never consented to."""
    closings = context.memory.closings
    if closings is not None and find_request(context.journal.db, request_hash=request_hash) is None:
        closings.written(context.now_s())  # else it is read from the journal, when it is asked for


def check_not_released(*, context: Context, request_hash: bytes) -> None:
    """Check that no digest of the request was released.

    Raises:
        StrongroomError: ``DIGEST_RELEASED``.
    """
    if find_released(context.journal.db, request_hash=request_hash) is not None:
        raise StrongroomError(Code.DIGEST_RELEASED, "The digest was released: it cannot be taken back.")


def check_alive(*, context: Context, request_hash: bytes) -> None:
    """Check that neither we nor a peer closed the request.

    Raises:
        StrongroomError: ``TOMBSTONED``.
    """
    db = context.journal.db
    if find_tombstone(db, request_hash=request_hash) is not None:
        raise StrongroomError(Code.TOMBSTONED)
    if find_peer_tombstone(db, request_hash=request_hash) is not None:
        raise StrongroomError(Code.TOMBSTONED, "A peer closed the request for good.")


def check_not_frozen(*, context: Context, tenant_id: TenantId) -> None:
    """Check that our journal was not found to be rolled back.

    Raises:
        StrongroomError: ``JOURNAL_ROLLED_BACK``.
    """
    if is_frozen(context.journal.db, tenant=tenant_id):
        raise StrongroomError(Code.JOURNAL_ROLLED_BACK)
