"""X25519 keys and the one HPKE suite of the network (RFC 9180 7): X25519, HKDF-SHA256, ChaCha20-Poly1305."""

from typing import Final, Protocol, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from strongroom.kernel.errors import Code, StrongroomError

PUBLIC_KEY_BYTES: Final = 32
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


class Signer(Protocol):
    """An Ed25519 key (RFC 8032) that signs; ``runtime.kms`` has such, and keeps it."""

    def sign(self, data: bytes) -> bytes:
        """The signature over ``data``, 64 bytes."""
        ...


@final
class OpeningKey:
    """An X25519 private key with its public half, ready to open what is sealed to it; making one costs as much as that.

    Args:
        private_key: 32 bytes.
    """

    __slots__ = ("public_key", "secret")

    def __init__(self, private_key: bytes) -> None:
        self.secret = X25519PrivateKey.from_private_bytes(private_key)
        self.public_key = self.secret.public_key().public_bytes_raw()


def public_key_of(private_key: bytes) -> bytes:
    """The public half of an X25519 private key, 32 bytes each (RFC 7748 6.1)."""
    return OpeningKey(private_key).public_key


def seal(plaintext: bytes, *, public_key: bytes, info: bytes) -> bytes:
    """Encapsulated key and ciphertext; ``TRAVEL_RULE_MESSAGE_INVALID`` for a public key of low order."""
    try:
        return _SUITE.encrypt(plaintext, X25519PublicKey.from_public_bytes(public_key), info)
    except ValueError:
        raise StrongroomError(Code.TRAVEL_RULE_MESSAGE_INVALID, "The key to seal to is not an X25519 key.") from None


def unseal(sealed: bytes, *, key: OpeningKey, info: bytes) -> bytes:
    """What was sealed to the key under the same ``info``; ``TRAVEL_RULE_MESSAGE_INVALID`` for anything else."""
    try:
        return _SUITE.decrypt(sealed, key.secret, info)
    except (InvalidTag, ValueError):
        raise StrongroomError(Code.TRAVEL_RULE_MESSAGE_INVALID, "The body does not open.") from None
