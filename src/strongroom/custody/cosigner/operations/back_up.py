"""A share into a safe, and back out of it after the journal was lost (threshold signing 7.2; trust.md 6)."""

from collections.abc import Callable

from strongroom.custody.cosigner.domain.key_entries import BackedUp, ShareRestored
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.store import StoredKey
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.consent import open_by_cosigner
from strongroom.kernel.documents.keys import KeyRecord, facts_hash
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId
from strongroom.threshold.backend import RecoveryKey
from strongroom.threshold.backup import make_backup, open_backup, read_backup


def back_up(*, context: Context, tenant_id: TenantId, recovery_key: bytes, keep: Callable[[bytes], None]) -> StoredKey:
    """Seal the current share to its holder's offline key, keep the file, and only then say so in the journal.

    Args:
        context: our ports.
        tenant_id: whose key.
        recovery_key: X25519 public key, 32 bytes.
        keep: writes the file, safe from a power loss.

    Raises:
        StrongroomError: ``TENANT_UNKNOWN``, ``KEY_UNKNOWN``, ``CONFIG_INVALID``, ``STATE_DAMAGED``.
    """
    key = context.get_key(context.get_document_set(tenant_id))
    data = make_backup(
        share=context.get_root_share(key),
        environment=context.environment,
        tenant=tenant_id,
        record=key.record,
        recovery_key=recovery_key,
    )
    keep(data)
    context.journal.append(
        BackedUp(
            tenant=tenant_id,
            key_id=key.key_id,
            epoch=key.epoch,
            facts_hash=key.facts_hash,
            file_hash=sha256(data),
            recovery_key=recovery_key,
            at=context.now_s(),
        )
    )
    return key


def restore(*, context: Context, data: bytes, recovery_key: RecoveryKey) -> KeyRecord:
    """Install a share from its backup, marked: it signs no payment before a complete refresh.

    Raises:
        StrongroomError: ``KEY_EXISTS`` if there is a share, ``DOCUMENT_FOREIGN`` if the backup is not ours,
            ``TENANT_UNKNOWN``, ``DOCUMENT_*``, ``SIGNATURE_INVALID``.
    """
    backup = read_backup(data)
    tenant_id, record = TenantId(backup.file.tenant), backup.record
    if (backup.file.environment, backup.file.party) != (context.environment, context.index):
        raise StrongroomError(Code.DOCUMENT_FOREIGN, "This is the backup of another co-signer or environment.")
    document_set = context.get_document_set(tenant_id)
    open_by_cosigner(
        data=backup.file.record, kind=Kind.KEY_RECORD, shape=KeyRecord, index=context.index, document_set=document_set
    )
    share = open_backup(backup=backup, key=recovery_key)
    sealed_for = context.sealing_data(tenant_id=tenant_id, key_id=record.key_id, epoch=record.epoch)
    blob = share.seal(key=context.sealing_key, associated_data=sealed_for)

    def check() -> None:
        if context.find_key(document_set) is not None:
            raise StrongroomError(Code.KEY_EXISTS, "This co-signer has a share: a backup never replaces one.")

    entry = ShareRestored(
        tenant=tenant_id,
        key_id=record.key_id,
        epoch=record.epoch,
        public_key=record.public_key,
        chain_code=record.chain_code,
        facts_hash=facts_hash(record),
        request_hash=record.key_request_hash,
        blob_hash=sha256(blob),
        record=backup.file.record,
        file_hash=sha256(data),
        at=context.now_s(),
    )
    context.journal.append(entry, check=check, share=blob)
    context.memory.forget_shares()
    return record
