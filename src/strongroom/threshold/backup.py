"""The file that a backup of a share is, and the offline keys that it is sealed to (threshold signing 7.2).

A file holds the signed key record in clear, so that anybody can see what it is a backup of, and the share sealed
inside the extension. A share or a whole private key never becomes Python bytes, but for the extended key that a holder
asks for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import Document, decode, encode
from strongroom.kernel.documents.keys import KeyRecord, facts_hash
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.threshold import backend
from strongroom.threshold.backend import RecoveryKey, ThresholdError
from strongroom.threshold.ecdsa import Dkls23, KeyShare, RecoveredKey

VERSION: Final = 1


class BackupFile(Document, frozen=True):
    """What is written. ``record`` is an encoded ``Signed`` of kind key-record, ``recovery_key`` X25519, 32 bytes."""

    version: int
    environment: Environment
    tenant: str
    key_id: str
    epoch: int
    party: int
    recovery_key: bytes
    record: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A file whose clear parts agree with each other; ``record`` is what its co-signer signed."""

    file: BackupFile
    record: KeyRecord


def make_backup(
    *, share: backend.KeyShare, environment: Environment, tenant: str, record: bytes, recovery_key: bytes
) -> bytes:
    """The file for a share and the record that its co-signer signed of it.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` for a recovery key that is none.
    """
    facts = decode(decode(record, Signed).payload, KeyRecord)
    place = (environment, tenant, facts.key_id, facts.epoch, facts.cosigner)
    try:
        sealed = share.back_up(recovery_public_key=recovery_key, associated_data=_bound(place, record))
    except ThresholdError as error:
        raise StrongroomError(Code.CONFIG_INVALID, f"The share cannot be sealed to this key: {error}.") from None
    return BackupFile(
        version=VERSION,
        environment=environment,
        tenant=tenant,
        key_id=facts.key_id,
        epoch=facts.epoch,
        party=facts.cosigner,
        recovery_key=recovery_key,
        record=record,
        sealed=sealed,
    ).encode()


def read_backup(data: bytes) -> Backup:
    """The clear parts of a file, once they agree; whether they are true is known when it is opened.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``.
    """
    file = decode(data, BackupFile)
    if file.version != VERSION:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "A backup of another version.")
    signed = decode(file.record, Signed)
    record = decode(signed.payload, KeyRecord)
    said = (file.environment, file.tenant, file.key_id, file.epoch, file.party)
    recorded = (signed.environment, signed.tenant, record.key_id, record.epoch, record.cosigner)
    if signed.kind is not Kind.KEY_RECORD or said != recorded:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "The backup does not say what its key record says.")
    return Backup(file=file, record=record)


def open_backup(*, backup: Backup, key: RecoveryKey) -> KeyShare:
    """The share, in memory: its secret fits its public point, and its public facts are those of the record.

    Raises:
        StrongroomError: ``SIGNATURE_INVALID``.
    """
    file, record = backup.file, backup.record
    if key.public_key != file.recovery_key:
        raise StrongroomError(Code.SIGNATURE_INVALID, "The backup is sealed to another recovery key.")
    place = (file.environment, file.tenant, file.key_id, file.epoch, file.party)
    try:
        share = Dkls23().open_backup(key=key, associated_data=_bound(place, file.record), blob=file.sealed)
    except ThresholdError as error:
        raise StrongroomError(Code.SIGNATURE_INVALID, f"The backup does not open: {error}.") from None
    inside = (share.public_key, share.chain_code, share.transcript_hash, share.party, share.threshold, share.parties)
    recorded = (record.public_key, record.chain_code, record.transcript_hash)
    if inside != (*recorded, record.cosigner, record.threshold, len(record.parties)):
        raise StrongroomError(Code.SIGNATURE_INVALID, "The share inside is not the one that the key record speaks of.")
    return share


def recover_key(*, backups: Sequence[Backup], keys: Sequence[RecoveryKey]) -> RecoveredKey:
    """The whole private key, in memory, from the backups of all parties; equal to what all of them recorded.

    Args:
        backups: one of each co-signer, of one epoch.
        keys: the recovery keys, in any order.

    Raises:
        StrongroomError: ``DOCUMENT_VERSION_INVALID`` for backups of different epochs or keys,
            ``DOCUMENT_QUORUM_MISSING`` for too few, ``SIGNATURE_INVALID``.
    """
    if len({(backup.file.environment, backup.file.tenant, backup.file.key_id) for backup in backups}) > 1:
        raise StrongroomError(Code.DOCUMENT_VERSION_INVALID, "The backups are of different keys.")
    if len({backup.file.epoch for backup in backups}) > 1:
        epochs = ", ".join(str(backup.file.epoch) for backup in backups)
        raise StrongroomError(Code.DOCUMENT_VERSION_INVALID, f"The backups are of epochs {epochs}: all must be of one.")
    if len({facts_hash(backup.record) for backup in backups}) > 1:
        raise StrongroomError(Code.SIGNATURE_INVALID, "The co-signers' key records differ.")
    if not backups or {backup.file.party for backup in backups} != set(backups[0].record.parties):
        raise StrongroomError(Code.DOCUMENT_QUORUM_MISSING, "A backup of each co-signer is needed.")
    holders = {key.public_key: key for key in keys}
    shares: list[KeyShare] = []
    for backup in backups:
        key = holders.get(backup.file.recovery_key)
        if key is None:
            raise StrongroomError(
                Code.SIGNATURE_INVALID, f"No recovery key fits co-signer {backup.file.party}'s backup."
            )
        shares.append(open_backup(backup=backup, key=key))
    return _recover(shares, backups[0].record)


def _recover(shares: Sequence[KeyShare], record: KeyRecord) -> RecoveredKey:
    try:
        recovered = Dkls23().recover(shares)
    except ThresholdError as error:
        raise StrongroomError(Code.SIGNATURE_INVALID, f"The shares give no key: {error}.") from None
    if (recovered.public_key, recovered.chain_code) != (record.public_key, record.chain_code):
        raise StrongroomError(Code.SIGNATURE_INVALID, "The shares give another key than the one that was recorded.")
    return recovered


def make_recovery_key(*, passphrase: bytes | None) -> tuple[bytes, bytes]:
    """A new recovery key: the private half as PKCS#8 PEM, under a passphrase if there is one; the public half."""
    key = X25519PrivateKey.generate()
    protection = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def load_recovery_key(pem: bytes, *, passphrase: bytes | None) -> RecoveryKey:
    """The private half, handed to the extension.

    Raises:
        StrongroomError: ``CONFIG_INVALID``.
    """
    try:
        key = load_pem_private_key(pem, passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise StrongroomError(Code.CONFIG_INVALID, "The recovery key, or its passphrase, is wrong.") from None
    if not isinstance(key, X25519PrivateKey):
        raise StrongroomError(Code.CONFIG_INVALID, "A recovery key is an X25519 key.")
    raw = bytearray(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    try:
        return RecoveryKey.from_bytes(raw)
    finally:
        raw[:] = bytes(len(raw))


def load_recovery_public_key(pem: bytes) -> bytes:
    """The 32 bytes of the public half.

    Raises:
        StrongroomError: ``CONFIG_INVALID``.
    """
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise StrongroomError(Code.CONFIG_INVALID, "This is no recovery public key in PEM.") from None
    if not isinstance(key, X25519PublicKey):
        raise StrongroomError(Code.CONFIG_INVALID, "A recovery key is an X25519 key.")
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _bound(place: tuple[Environment, str, str, int, int], record: bytes) -> bytes:
    """What a sealed share is tied to: a backup moved to another place or record does not open."""
    return encode(["strongroom/share-backup/v1", VERSION, *place, sha256(record)])
