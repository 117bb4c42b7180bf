"""Sealing and opening a payload for the holder of one RSA key (travel_rule.md 5).

The payload is encrypted with AES-256-GCM, its nonce appended; HMAC-SHA256 stands over all of that and is checked before
anything is decrypted. Both keys are wrapped with RSA-OAEP (SHA-512, MGF1 with SHA-512). An envelope does not say who
sealed it: that is known from the connection it came by, or not at all.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.entropy import Entropy
from strongroom.travel_rule.trisa.envelope import AUTHENTICATION, ENCRYPTION, PAYLOAD_BYTES_MAX, Envelope, refused
from strongroom.travel_rule.trisa.keys import public_key_signature

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_NEVER: Final = "The envelope cannot be opened."
"""The one answer to every failure of cryptography: which check failed would help who tries."""


def seal(payload: bytes, *, recipient: RSAPublicKey, envelope_id: str, at: datetime, entropy: Entropy) -> Envelope:
    """A sealed envelope that only ``recipient`` opens; encryption and authentication have a key each.

    Raises:
        StrongroomError: ``TRAVEL_RULE_MESSAGE_INVALID`` for more than 512 KiB.
    """
    if len(payload) + _TAG_BYTES + _NONCE_BYTES > PAYLOAD_BYTES_MAX:
        raise refused("The payload exceeds 512 KiB.")
    key, secret, nonce = (entropy.token(size) for size in (_KEY_BYTES, _KEY_BYTES, _NONCE_BYTES))
    sealed = AESGCM(key).encrypt(nonce, payload, None) + nonce
    return Envelope(
        id=envelope_id,
        payload=sealed,
        encryption_key=recipient.encrypt(key, _padding()),
        encryption_algorithm=ENCRYPTION,
        hmac=hmac.digest(secret, sealed, hashlib.sha256),
        hmac_secret=recipient.encrypt(secret, _padding()),
        hmac_algorithm=AUTHENTICATION,
        timestamp=at.isoformat(),
        sealed=True,
        public_key_signature=public_key_signature(recipient),
    )


def open_envelope(envelope: Envelope, *, key: RSAPrivateKey) -> bytes:
    """The payload of a sealed envelope.

    Raises:
        StrongroomError: ``TRAVEL_RULE_MESSAGE_MISDIRECTED`` if it names another key;
            ``TRAVEL_RULE_MESSAGE_INVALID`` if it is not sealed, asks for other algorithms, or cannot be opened.
    """
    if not envelope.sealed:
        raise refused("The envelope is not sealed: its keys stand in the clear.")
    if envelope.public_key_signature and envelope.public_key_signature != public_key_signature(key.public_key()):
        raise StrongroomError(Code.TRAVEL_RULE_MESSAGE_MISDIRECTED, "The envelope is sealed to another key.")
    try:
        unwrapped = key.decrypt(envelope.encryption_key, _padding()), key.decrypt(envelope.hmac_secret, _padding())
    except ValueError:
        raise refused(_NEVER) from None
    return _open(envelope, encryption_key=unwrapped[0], secret=unwrapped[1])


def open_unsealed(envelope: Envelope) -> bytes:
    """The payload of an envelope whose keys stand in the clear, as one is stored inside a provider's own walls.

    Raises:
        StrongroomError: ``TRAVEL_RULE_MESSAGE_INVALID``.
    """
    if envelope.sealed:
        raise refused("The envelope is sealed.")
    return _open(envelope, encryption_key=envelope.encryption_key, secret=envelope.hmac_secret)


def _open(envelope: Envelope, *, encryption_key: bytes, secret: bytes) -> bytes:
    if envelope.encryption_algorithm != ENCRYPTION or envelope.hmac_algorithm != AUTHENTICATION:
        raise refused(f"Only {ENCRYPTION} with {AUTHENTICATION} is understood.")
    sealed = envelope.payload
    if not hmac.compare_digest(hmac.digest(secret, sealed, hashlib.sha256), envelope.hmac):
        raise refused(_NEVER)
    if len(encryption_key) != _KEY_BYTES or len(secret) < _KEY_BYTES or len(sealed) < _TAG_BYTES + _NONCE_BYTES:
        raise refused(_NEVER)
    try:
        return AESGCM(encryption_key).decrypt(sealed[-_NONCE_BYTES:], sealed[:-_NONCE_BYTES], None)
    except InvalidTag:
        raise refused(_NEVER) from None


def _padding() -> OAEP:
    return OAEP(mgf=MGF1(SHA512()), algorithm=SHA512(), label=None)
