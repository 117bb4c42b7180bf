"""Journal heads: peers keep the last one that each signed, so that nobody can be rolled back unseen (trust.md 6)."""

from strongroom.custody.cosigner.domain.entries import Frozen, PeerHead
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.operations.exchange import UnopenedError
from strongroom.custody.cosigner.store import find_entry_hash, is_frozen, list_peer_heads
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.consent import Consent, JournalHead, open_by_cosigner
from strongroom.kernel.documents.document_set import DocumentSet, tenant_of
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId


def sign_head(*, context: Context, document_set: DocumentSet, consent: Consent) -> bytes:
    """Our journal's head now, signed for the peers of this ceremony."""
    head = JournalHead(
        cosigner=context.index,
        epoch=consent.epoch,
        sequence=context.journal.sequence,
        head=context.journal.head,
        document_set_hash=consent.document_set_hash,
        challenge=consent.ceremony_id,
    )
    return context.sign(kind=Kind.JOURNAL_HEAD, tenant_id=tenant_of(document_set), document=head)


def held_heads(*, context: Context, tenant_id: TenantId) -> dict[int, PeerHead]:
    """The last head of each peer that we hold, to be returned to it."""
    held = list_peer_heads(context.journal.db, tenant=tenant_id)
    for (tenant, peer), head in context.memory.heads.items():
        if tenant == tenant_id and (peer not in held or _age(head) > _age(held[peer])):
            held[peer] = head
    return held


def keep_head(*, context: Context, document_set: DocumentSet, consent: Consent, peer: int, document: bytes) -> None:
    """Hold a peer's head, for the next entry that is written anyway.

    Raises:
        UnopenedError: it is not the peer's head of this ceremony.
    """
    try:
        head = open_by_cosigner(
            data=document, kind=Kind.JOURNAL_HEAD, shape=JournalHead, index=peer, document_set=document_set
        )
    except StrongroomError:
        raise UnopenedError(peer) from None
    if (head.cosigner, head.epoch, head.challenge) != (peer, consent.epoch, consent.ceremony_id) or head.sequence < 1:
        raise UnopenedError(peer)
    place = (document_set.tenant, peer)
    newer = PeerHead(tenant=document_set.tenant, peer=peer, epoch=head.epoch, sequence=head.sequence, document=document)
    known = context.memory.heads.get(place)
    if known is None or _age(known) < _age(newer):
        context.memory.heads[place] = newer


def _age(head: PeerHead) -> tuple[int, int]:
    """What makes one head newer than another; those out of order are ignored."""
    return head.epoch, head.sequence


def check_own_head(*, context: Context, document_set: DocumentSet, epoch: int, peer: int, shown: bytes) -> None:
    """Look up the head that a peer holds of us in our own journal, and freeze if it is not there.

    Args:
        shown: an encoded ``Signed`` of kind journal-head; empty for none.

    Raises:
        StrongroomError: ``JOURNAL_ROLLED_BACK``.
        UnopenedError: we did not sign it.
    """
    head = _find_missing(context=context, document_set=document_set, epoch=epoch, peer=peer, shown=shown)
    if head is None:
        return
    _freeze(context=context, document_set=document_set, peer=peer, head=head)
    raise StrongroomError(
        Code.JOURNAL_ROLLED_BACK, f"Co-signer {peer} holds our head of entry {head.sequence}, which is not here."
    )


def notice_own_head(*, context: Context, document_set: DocumentSet, epoch: int, peer: int, shown: bytes) -> None:
    """The same where a refresh begins, which goes on: it ends the freeze, and then heads of before say nothing more.

    Unnoticed until then, what was lost would be forgotten for ever. A head that is not ours is passed over.
    """
    try:
        head = _find_missing(context=context, document_set=document_set, epoch=epoch, peer=peer, shown=shown)
    except UnopenedError:
        return
    if head is not None and not is_frozen(context.journal.db, tenant=document_set.tenant):
        _freeze(context=context, document_set=document_set, peer=peer, head=head)


def _find_missing(
    *, context: Context, document_set: DocumentSet, epoch: int, peer: int, shown: bytes
) -> JournalHead | None:
    """Our own head, if it is of this epoch and not in our journal; of an earlier one a refresh has ended it."""
    if not shown:
        return None
    try:
        head = decode(decode(shown, Signed).payload, JournalHead)
        if head.epoch != epoch or find_entry_hash(context.journal.db, sequence=head.sequence) == head.head:
            return None
        open_by_cosigner(
            data=shown, kind=Kind.JOURNAL_HEAD, shape=JournalHead, index=context.index, document_set=document_set
        )
    except StrongroomError:
        raise UnopenedError(peer) from None
    return head


def _freeze(*, context: Context, document_set: DocumentSet, peer: int, head: JournalHead) -> None:
    context.journal.append(
        Frozen(tenant=document_set.tenant, peer=peer, sequence=head.sequence, head=head.head, at=context.now_s())
    )
