"""The encryption of persons in the registry: AES-256-GCM under the service's own sealing key."""

from typing import Final, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from strongroom.kernel.documents.codec import encode
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.entropy import Entropy
from strongroom.runtime.kms import SealingKey

SEALING_KEY: Final = "travel-rule-parties"
"""The name of the key in the service's KMS."""
_VERSION: Final = b"\x01"
_NONCE_BYTES: Final = 12


@final
class PartySeal:
    """Seals a value to its place: what is moved to another table, column or row, or another environment, does not open.

    Args:
        key: 32 bytes; random nonces of 12 bytes keep it safe for 2^32 values (NIST SP 800-38D 8.3).
    """

    def __init__(self, key: SealingKey, *, environment: Environment, entropy: Entropy) -> None:
        self._cipher = AESGCM(key.reveal())
        self._environment, self._entropy = environment, entropy

    def seal(self, plain: bytes, *place: str) -> bytes:
        """The ciphertext of a value of (table, column, row...): version, nonce, then AES-GCM's output."""
        nonce = self._entropy.token(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, plain, self._bound_to(place))

    def unseal(self, sealed: bytes, *place: str) -> bytes:
        """The value.

        Raises:
            StrongroomError: ``STATE_DAMAGED`` if it was changed, moved or sealed under another key.
        """
        if sealed[:1] != _VERSION:
            raise StrongroomError(Code.STATE_DAMAGED, "A party is sealed in a way that is not known.")
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, body, self._bound_to(place))
        except (InvalidTag, ValueError):
            raise StrongroomError(Code.STATE_DAMAGED, "A party does not open.") from None

    def _bound_to(self, place: tuple[str, ...]) -> bytes:
        return encode([self._environment.value, *place])
