"""What a share must have behind it before it signs a payment."""

from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.store import StoredKey, has_backup
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment


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
