"""What a share must have behind it before it signs a payment."""

from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.store import StoredKey, has_backup
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment


def check_journal_whole(*, context: Context, document_set: DocumentSet) -> None:
    """Check that what was ever promised under the tenant's key is in the journal, as far as the share tells.

    A co-signer that holds none, or a restored one, has lost its journal unless the key was never made: what it released
    it does not know any more, so it can say of no request that it never will (trust.md 6).

    Raises:
        StrongroomError: ``KEY_UNKNOWN``, ``JOURNAL_ROLLED_BACK``.
    """
    if context.get_key(document_set).restored:
        raise StrongroomError(Code.JOURNAL_ROLLED_BACK, "The journal was lost: refresh the key first.")


def check_share_usable(*, context: Context, key: StoredKey) -> None:
    """Check that the share may sign payments.

    A restored one may not: the journal that came with it is lost, and with it what was promised (trust.md 6). In
    ``live`` every epoch is backed up first: three shares of three are needed, so one that is lost takes the key with
    it.

    Raises:
        StrongroomError: ``JOURNAL_ROLLED_BACK``, ``BACKUP_MISSING``.
    """
    if key.restored:
        raise StrongroomError(
            Code.JOURNAL_ROLLED_BACK, "The share was restored from its backup: refresh the key first."
        )
    if context.environment is Environment.LIVE and not has_backup(context.journal.db, key=key):
        raise StrongroomError(Code.BACKUP_MISSING, f"Co-signer {context.index} has no backup of epoch {key.epoch}.")
