"""Ed25519 keys that people keep: an owner's, and that of an approver's device."""

from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from strongroom.kernel.documents.signing import Signature
from strongroom.kernel.errors import Code, StrongroomError

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class PersonalKey:
    """Somebody's key, and the id under which they sign. The private part never shows in a repr."""

    holder: str
    _private_key: Ed25519PrivateKey

    def __repr__(self) -> str:
        """The holder's id alone."""
        return f"{type(self).__name__}({self.holder!r})"

    @classmethod
    def generate(cls, holder: str) -> Self:
        """A new key."""
        return cls(holder, Ed25519PrivateKey.generate())

    @classmethod
    def from_raw(cls, holder: str, private_key: bytes) -> Self:
        """The key of 32 stored bytes.

        Raises:
            StrongroomError: ``CONFIG_INVALID`` for any other number of them.
        """
        if len(private_key) != KEY_BYTES:
            raise StrongroomError(Code.CONFIG_INVALID, f"The key of {holder} is a file of {KEY_BYTES} bytes.")
        return cls(holder, Ed25519PrivateKey.from_private_bytes(private_key))

    def raw(self) -> bytes:
        """The 32 private bytes, to be kept by the holder alone."""
        return self._private_key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())

    def public_key(self) -> bytes:
        """Ed25519, 32 bytes: what goes into the document set."""
        return self._private_key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, data: bytes) -> Signature:
        """The holder's signature over domain-separated bytes."""
        return Signature(signer=self.holder, signature=self._private_key.sign(data))
