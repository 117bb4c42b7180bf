"""A peer's tombstone: the request is dead here too, and its slot is free, even after an own release (trust.md 5)."""

from strongroom.custody.cosigner.domain.entries import Closed, PeerClosed
from strongroom.custody.cosigner.domain.orders import HonourTombstone
from strongroom.custody.cosigner.domain.reports import Honoured, Report, Tombstoned
from strongroom.custody.cosigner.operations.answer import (
    check_not_frozen,
    check_not_released,
    check_room_to_close,
    note_closing,
    refuse,
    write_tombstone,
)
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.store import (
    find_lost_until,
    find_peer_tombstone,
    find_released,
    find_signature,
    find_tombstone,
)
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.consent import Tombstone, open_tombstone
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import derive_transaction_id


def honour_tombstone(*, context: Context, order: HonourTombstone) -> Report:
    """Our own tombstone beside the peer's; after an own release, the word that the peer's is in the journal.

    A signed refusal for one that is not the peer's, and for a request whose signature is finished here: then the peer
    has released what it says it never will. ``NOT_NOW`` as for a close order (``close_request``).
    """
    named = read_tombstone(order)
    try:
        return _honour(context, order)
    except StrongroomError as error:
        return refuse(
            context=context,
            tenant_id=order.tenant_id,
            ceremony_id=order.ceremony_id,
            request_hash=named.request_hash if named else bytes(32),
            transaction_id=named.transaction_id if named else bytes(16),
            attempt=0,
            error=error,
        )


def read_tombstone(order: HonourTombstone) -> Tombstone | None:
    """What the tombstone says, unverified; None if it is none."""
    try:
        return decode(decode(order.tombstone, Signed).payload, Tombstone)
    except StrongroomError:
        return None


def _honour(context: Context, order: HonourTombstone) -> Report:
    document_set = context.get_document_set(order.tenant_id)
    check_not_frozen(context=context, tenant_id=order.tenant_id)
    if order.signer not in context.peers:
        raise StrongroomError(Code.MESSAGE_INVALID, "The tombstone is not a peer's.")
    named = read_tombstone(order)
    if named is None:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "This is no tombstone.")
    hashed = named.request_hash
    open_tombstone(data=order.tombstone, index=order.signer, request_hash=hashed, document_set=document_set)
    derived = derive_transaction_id(
        environment=document_set.environment, tenant_id=order.tenant_id, request_hash=hashed
    )
    if derived.bytes != named.transaction_id or len(hashed) != 32:
        raise StrongroomError(Code.INTENT_MISMATCH, "The transaction id does not follow from the request hash.")
    _journal(context, order, named, document_set)
    own = find_tombstone(context.journal.db, request_hash=hashed)
    if own is not None:
        return Tombstoned(ceremony_id=order.ceremony_id, document=own)
    return Honoured(ceremony_id=order.ceremony_id, request_hash=hashed)


def _journal(context: Context, order: HonourTombstone, named: Tombstone, document_set: DocumentSet) -> None:
    hashed = named.request_hash
    if find_peer_tombstone(context.journal.db, request_hash=hashed, signer=order.signer) is not None:
        return
    check_room_to_close(context=context, request_hash=hashed)
    own = _own_tombstone(context, order, named, document_set)
    closed = PeerClosed(
        tenant=order.tenant_id,
        request_hash=hashed,
        transaction_id=named.transaction_id,
        signer=order.signer,
        tombstone=order.tombstone,
        at=context.now_s(),
    )

    def check() -> None:
        if find_signature(context.journal.db, request_hash=hashed) is not None:
            raise StrongroomError(
                Code.STATUS_CONFLICT, f"The signature is finished here: co-signer {order.signer} had released its part."
            )
        if own is not None:
            check_not_released(context=context, request_hash=hashed)

    written = (closed, *([own] if own is not None else []))
    context.journal.append(*written, check=check)
    for entry in written:
        note_closing(context=context, request_hash=entry.request_hash)
    context.memory.forget_request(hashed)
    if own is not None:  # else the peer may hold a signature that we released: it goes on counting in the limits
        context.memory.window.remove(hashed)


def _own_tombstone(
    context: Context, order: HonourTombstone, named: Tombstone, document_set: DocumentSet
) -> Closed | None:
    """Ours beside the peer's, unless there is one, or the digest was released, or may have been."""
    db, hashed = context.journal.db, named.request_hash
    if find_tombstone(db, request_hash=hashed) is not None or find_released(db, request_hash=hashed) is not None:
        return None
    key = context.find_key(document_set)
    if key is None or key.restored or find_lost_until(db, tenant=order.tenant_id) is not None:
        return None
    return write_tombstone(
        context=context,
        tenant_id=order.tenant_id,
        request_hash=hashed,
        transaction_id=named.transaction_id,
        reason=named.reason,
    )
