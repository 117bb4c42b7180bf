"""Refusals and tombstones: signed, so that nobody can say for a co-signer that it said no."""

from strongroom.custody.cosigner.domain.entries import Closed
from strongroom.custody.cosigner.domain.reports import Refused, Tombstoned
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.store import find_released, find_tombstone
from strongroom.kernel.documents.consent import Refusal, RefusalKind, Tombstone
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId

_TEXT_MAX = 200


def refuse(
    *,
    context: Context,
    tenant_id: TenantId,
    ceremony_id: bytes,
    transaction_id: bytes,
    attempt: int,
    error: StrongroomError,
) -> Refused:
    """A signed NOT_NOW; nothing is written."""
    refusal = Refusal(
        transaction_id=transaction_id,
        attempt=attempt,
        ceremony_id=ceremony_id,
        cosigner=context.index,
        kind=RefusalKind.NOT_NOW,
        reason=error.code.name,
        detail=error.detail[:_TEXT_MAX],
        at=context.now_s(),
    )
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
        StrongroomError: ``STATUS_CONFLICT`` if the request's digest was released: that cannot be taken back.
    """
    tombstone = Tombstone(
        transaction_id=transaction_id,
        request_hash=request_hash,
        cosigner=context.index,
        reason=reason[:_TEXT_MAX],
        at=context.now_s(),
    )
    document = context.sign(kind=Kind.TOMBSTONE, tenant_id=tenant_id, document=tombstone)
    entry = Closed(
        tenant=tenant_id,
        request_hash=request_hash,
        transaction_id=transaction_id,
        tombstone=document,
        at=tombstone.at,
    )
    context.journal.append(entry, check=lambda: check_not_released(context=context, request_hash=request_hash))
    context.memory.forget_request(request_hash)
    context.memory.window.remove(request_hash)
    return Tombstoned(ceremony_id=ceremony_id, document=document)


def check_not_released(*, context: Context, request_hash: bytes) -> None:
    """Check that no digest of the request was released.

    Raises:
        StrongroomError: ``STATUS_CONFLICT``.
    """
    if find_released(context.journal.db, request_hash=request_hash) is not None:
        raise StrongroomError(Code.STATUS_CONFLICT, "The digest was released: it cannot be taken back.")


def check_not_tombstoned(*, context: Context, request_hash: bytes) -> None:
    """Check that the request was not closed.

    Raises:
        StrongroomError: ``TOMBSTONED``.
    """
    if find_tombstone(context.journal.db, request_hash=request_hash) is not None:
        raise StrongroomError(Code.TOMBSTONED)
