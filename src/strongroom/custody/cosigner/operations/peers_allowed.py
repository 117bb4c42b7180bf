"""Whom we still work with: bans are for ever, and a quorum that fails without a name too often is frozen."""

from strongroom.custody.cosigner.domain.ceremony import quorum_hash
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.store import find_ban, get_failure_count
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.errors import Code, StrongroomError

UNATTRIBUTED_FAILURES_MAX = 5
"""More than this many failures that name nobody freeze a quorum (threshold signing 5.3, rule 8; 7.8 d)."""


def check_peers(*, context: Context, document_set: DocumentSet, key_id: str, epoch: int) -> None:
    """Check that no peer is banned and the quorum is not frozen.

    Raises:
        StrongroomError: ``COSIGNER_BANNED``, ``CEREMONY_FAILED``.
    """
    peers = {index: document_set.get_cosigner(index).signing_key for index in context.peers}
    banned = find_ban(context.journal.db, tenant=document_set.tenant, peers=peers)
    if banned is not None:
        raise StrongroomError(Code.COSIGNER_BANNED, f"Co-signer {banned} cheated and is refused for ever.")
    failures = get_failure_count(context.journal.db, quorum_hash=quorum_hash(key_id=key_id, epoch=epoch))
    if failures > UNATTRIBUTED_FAILURES_MAX:
        raise StrongroomError(
            Code.CEREMONY_FAILED, f"The quorum is frozen: {failures} ceremonies failed and nobody could be named."
        )
