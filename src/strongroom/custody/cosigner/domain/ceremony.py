"""What makes one ceremony unlike any other: ids, quorum, and the keys between two co-signers (threshold signing 5.3).

All of it is recomputed by each co-signer from what it checked itself; the engine only chooses the ceremony id.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import Document, encode
from strongroom.kernel.errors import Code, StrongroomError

WIRE_VERSION = 3
"""Raised whenever an envelope or a message inside changes; co-signers upgrade together (5.3, rule 14)."""
SIGN = "ecdsa-sign"
KEYGEN = "ecdsa-keygen"
REFRESH = "ecdsa-refresh"
QUORUM = (1, 2, 3)
"""The product makes 3-of-3 keys only."""


class Envelope(Document, frozen=True):
    """What travels between two co-signers, inside a ``Signed`` of kind ceremony-message by ``sender``."""

    version: int
    protocol: str
    ceremony_id: bytes
    key_id: str
    epoch: int
    round: int
    sender: int
    receiver: int
    quorum_hash: bytes
    ciphertext: bytes


class First(Document, frozen=True):
    """The first round of a signature, sealed: ``held`` is the last journal head that we hold of the receiver.

    An encoded ``Signed`` of kind journal-head, or empty for none (trust.md 6).
    """

    message: bytes
    held: bytes


class Last(Document, frozen=True):
    """The last round of a signature, sealed: ``head`` is our own journal head, signed after RELEASED."""

    message: bytes
    head: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What all envelopes of one ceremony have in common."""

    protocol: str
    ceremony_id: bytes
    key_id: str
    epoch: int

    @property
    def quorum_hash(self) -> bytes:
        """SHA-256 naming the key and who signs, 32 bytes."""
        return quorum_hash(key_id=self.key_id, epoch=self.epoch)

    def envelope(self, *, round_number: int, sender: int, receiver: int, ciphertext: bytes) -> Envelope:
        """One message under these terms."""
        return Envelope(
            version=WIRE_VERSION,
            protocol=self.protocol,
            ceremony_id=self.ceremony_id,
            key_id=self.key_id,
            epoch=self.epoch,
            round=round_number,
            sender=sender,
            receiver=receiver,
            quorum_hash=self.quorum_hash,
            ciphertext=ciphertext,
        )


def quorum_hash(*, key_id: str, epoch: int) -> bytes:
    """SHA-256 over (key id, epoch, quorum), 32 bytes."""
    return sha256(encode(["strongroom/quorum/v1", key_id, epoch, list(QUORUM)]))


def sign_id(*, terms: Terms, path: str, digest: bytes, nonces: Mapping[int, bytes]) -> bytes:
    """The id of one threshold signature, 32 bytes, used once for ever (5.3, rule 12).

    SHA-256 over the deterministic CBOR of domain, ceremony id, key id, epoch, path, quorum, digest and the nonces of
    all signers in order: no party alone, and not the engine, can make it repeat.
    """
    ordered = [nonces[index] for index in QUORUM]
    fields = [terms.ceremony_id, terms.key_id, terms.epoch, path, list(QUORUM), digest, ordered]
    return sha256(encode(["strongroom/sign-id/v1", *fields]))


def session_id(
    *, terms: Terms, key_request_hash: bytes, document_set_hash: bytes, nonces: Mapping[int, bytes]
) -> bytes:
    """The id of one key generation or refresh, 32 bytes: what the owners asked for, and a fresh nonce of each."""
    ordered = [nonces[index] for index in QUORUM]
    about = [terms.protocol, terms.ceremony_id, terms.key_id, terms.epoch]
    fields = [*about, list(QUORUM), key_request_hash, document_set_hash, ordered]
    return sha256(encode(["strongroom/key-session/v1", *fields]))


def sealing_data(*, environment: str, tenant: str, key_id: str, epoch: int, party: int) -> bytes:
    """The associated data of a sealed share (trust.md 2): a blob of another key, party or epoch does not open."""
    return encode(
        {
            "environment": environment,
            "tenant": tenant,
            "key_id": key_id,
            "epoch": epoch,
            "party": party,
            "protocol": "dkls23-secp256k1",
            "blob_version": 1,
        }
    )


@dataclass(frozen=True, slots=True)
class PairKeys:
    """The two keys between us and one peer in one ceremony, one for each direction."""

    sending: AESGCM
    receiving: AESGCM

    def seal(self, *, draft: Envelope, message: bytes) -> bytes:
        """``message`` sealed under the header of ``draft``. The round is the nonce: each is sent once per direction."""
        return self.sending.encrypt(draft.round.to_bytes(12, "big"), message, _header(draft))

    def open(self, envelope: Envelope) -> bytes:
        """The message inside.

        Raises:
            StrongroomError: ``MESSAGE_INVALID``.
        """
        try:
            return self.receiving.decrypt(envelope.round.to_bytes(12, "big"), envelope.ciphertext, _header(envelope))
        except InvalidTag:
            raise StrongroomError(Code.MESSAGE_INVALID, "A sealed message does not open.") from None


def _header(envelope: Envelope) -> bytes:
    return encode([getattr(envelope, name) for name in Envelope.__struct_fields__ if name != "ciphertext"])


def shared_secret(*, private_key: X25519PrivateKey, public_key: bytes) -> bytes:
    """X25519 between our static key and a peer's (RFC 7748 6.1), 32 bytes.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED`` for a key of small order.
    """
    try:
        return private_key.exchange(X25519PublicKey.from_public_bytes(public_key))
    except ValueError:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "A co-signer's encryption key is not usable.") from None


def pair_keys(*, secret: bytes, terms: Terms, own: int, peer: int, nonces: Mapping[int, bytes]) -> PairKeys:
    """The keys between ``own`` and ``peer``: HKDF-SHA256 over the static secret.

    The info names terms, direction and both nonces. Each side's nonce is fresh and used in one ceremony, so no key
    ever seals two messages of one round.
    """

    def key(sender: int, receiver: int) -> AESGCM:
        fields = [terms.protocol, terms.ceremony_id, terms.key_id, terms.epoch, sender, receiver]
        info = encode(["strongroom/pair-key/v1", *fields, nonces[sender], nonces[receiver]])
        return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret))

    return PairKeys(sending=key(own, peer), receiving=key(peer, own))
