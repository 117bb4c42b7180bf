"""The second phase of a refresh: all three have recorded the new epoch, so the old share goes (trust.md 6).

Whoever brings three valid records of what waits here is believed: nobody can make them but the three co-signers.
"""

from strongroom.custody.cosigner.domain.key_entries import KeyActivated as KeyActivatedEntry
from strongroom.custody.cosigner.domain.orders import ActivateKey
from strongroom.custody.cosigner.domain.reports import Failed, KeyActivated, Report
from strongroom.custody.cosigner.operations.context import Context, public_key_of
from strongroom.custody.cosigner.store import StoredKey
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.documents.keys import KeyRecord, facts_hash, verify_key_records
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError


def activate_key(*, context: Context, order: ActivateKey) -> Report:
    """Use the share of the recorded epoch from now on, and delete the old one; said again, it changes nothing.

    A failure is ``KEY_UNKNOWN`` if nothing waits that the records are of, or why they do not hold.
    """
    try:
        key = _activate(context, order)
    except StrongroomError as error:
        return Failed(ceremony_id=order.ceremony_id, code=error.code, detail=error.detail)
    return KeyActivated(ceremony_id=order.ceremony_id, epoch=key.epoch)


def _activate(context: Context, order: ActivateKey) -> StoredKey:
    document_set = context.get_document_set(order.tenant_id)
    current = context.get_key(document_set)
    wanted = _facts_of(order.records)
    if wanted == current.facts_hash:
        return current
    waiting = next((key for key in context.list_pending_keys(document_set) if key.facts_hash == wanted), None)
    if waiting is None or waiting.key_id != order.key_id:
        raise StrongroomError(Code.KEY_UNKNOWN, "No share waits here that these records are of.")
    _check_records(document_set=document_set, current=current, waiting=waiting, records=order.records)
    entry = KeyActivatedEntry(
        tenant=waiting.tenant,
        key_id=waiting.key_id,
        epoch=waiting.epoch,
        facts_hash=waiting.facts_hash,
        records=order.records,
        at=context.now_s(),
    )
    context.journal.append(entry)
    context.memory.forget_shares()
    return waiting


def _facts_of(records: tuple[bytes, ...]) -> bytes:
    """What the first record says; whether all three say it is checked before anything is done."""
    if not records:
        raise StrongroomError(Code.DOCUMENT_QUORUM_MISSING, "All three co-signers must record a key.")
    return facts_hash(decode(decode(records[0], Signed).payload, KeyRecord))


def _check_records(
    *, document_set: DocumentSet, current: StoredKey, waiting: StoredKey, records: tuple[bytes, ...]
) -> None:
    verify_key_records(
        records=records,
        document_set=document_set,
        key_request_hash=waiting.request_hash,
        epoch=current.epoch + 1,
        expected=public_key_of(current),
    )
