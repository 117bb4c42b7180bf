"""Offline: what a holder does with recovery key and backup. No connection, no database, no service.

The secrets stay in the threshold extension; what is told is public. It is the one program besides the co-signer that
may open a share.
"""

from collections.abc import Sequence
from typing import Any

from strongroom.kernel.derivation import derive_public_key
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.consent import open_by_cosigner
from strongroom.kernel.documents.document_set import DocumentSet, parse_document_set
from strongroom.kernel.documents.intent import PublicKey, address_at
from strongroom.kernel.documents.keys import KeyRecord, key_fingerprint
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.threshold.backend import ThresholdError
from strongroom.threshold.backup import (
    Backup,
    load_recovery_key,
    make_recovery_key,
    open_backup,
    read_backup,
    recover_key,
)
from strongroom.threshold.ecdsa import RecoveredKey

Facts = dict[str, Any]


def make_key(*, passphrase: bytes | None) -> tuple[bytes, bytes]:
    """A new recovery key: private half (PKCS#8, under the passphrase if there is one) and public half, PEM."""
    return make_recovery_key(passphrase=passphrase)


def verify_backup(data: bytes, *, recovery_key: bytes, passphrase: bytes | None, document_set: bytes | None) -> Facts:
    """What a backup is of, once it opened and its share is the one that was recorded.

    Args:
        data: the file.
        recovery_key: PEM.
        passphrase: of the recovery key.
        document_set: an encoded ``Signed`` by which the record's signature is judged, itself to be compared by its
            hash; without one the signature is not checked.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``, ``SIGNATURE_INVALID``, ``CONFIG_INVALID``, ``DOCUMENT_*``.
    """
    judge = _parse(document_set)
    backup = _read(data, judge)
    share = open_backup(backup=backup, key=load_recovery_key(recovery_key, passphrase=passphrase))
    return {"co-signer": share.party, **_facts(backup, judge)}


def recover(
    backups: Sequence[bytes],
    *,
    recovery_keys: Sequence[bytes],
    passphrase: bytes | None,
    document_set: bytes | None,
    path: str,
) -> tuple[Facts, RecoveredKey]:
    """The key and, proven from its private half, the address at a path.

    Raises:
        StrongroomError: as ``verify_backup``; ``DOCUMENT_VERSION_INVALID`` for mixed epochs,
            ``DOCUMENT_QUORUM_MISSING``, ``REQUEST_INVALID`` for a path that is none.
    """
    judge = _parse(document_set)
    opened = [_read(data, judge) for data in backups]
    keys = [load_recovery_key(pem, passphrase=passphrase) for pem in recovery_keys]
    recovered = recover_key(backups=opened, keys=keys)
    record = opened[0].record
    public = PublicKey(key_id=record.key_id, public_key=recovered.public_key, chain_code=recovered.chain_code)
    try:
        child = recovered.public_key_at(path=path)
    except ThresholdError as error:
        raise StrongroomError(Code.REQUEST_INVALID, str(error)) from None
    if child != derive_public_key(public_key=public.public_key, chain_code=public.chain_code, path=path):
        raise StrongroomError(Code.SIGNATURE_INVALID, "The private key gives another address than the recorded one.")
    facts = {"path": path, "address": address_at(public, path), **_facts(opened[0], judge)}
    return facts, recovered


def _parse(document_set: bytes | None) -> DocumentSet | None:
    return None if document_set is None else parse_document_set(decode(document_set, Signed).payload)


def _read(data: bytes, document_set: DocumentSet | None) -> Backup:
    backup = read_backup(data)
    if document_set is not None:
        open_by_cosigner(
            data=backup.file.record,
            kind=Kind.KEY_RECORD,
            shape=KeyRecord,
            index=backup.file.party,
            document_set=document_set,
        )
    return backup


def _facts(backup: Backup, document_set: DocumentSet | None) -> Facts:
    file, record = backup.file, backup.record
    return {
        "key": record.key_id,
        "epoch": record.epoch,
        "fingerprint": key_fingerprint(environment=file.environment, tenant=file.tenant, record=record),
        "public key": record.public_key.hex(),
        "signatures": f"checked by document set {document_set.hash().hex()}" if document_set else "not checked",
    }
