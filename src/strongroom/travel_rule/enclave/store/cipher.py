"""Encryption of columns: AES-256-GCM (NIST SP 800-38D), bound to the place where the ciphertext stands.

Each verification has a key of its own, wrapped by a version of the data key and kept in ``x_row_keys``: whoever erases
that erases the verification, wherever copies of its row are. Private keys of ``own_keys`` are under the data key.
A ciphertext is ``version.base64url(nonce, encrypted, tag)``; table, column, row and version are its associated data, so
that one that was moved, or whose version was changed, does not open.

A nonce is 96 random bits. A row's key seals a handful of columns; the data key seals row keys and private keys, and is
to be rotated before 2^32 of them (SP 800-38D 8.3).
"""

import base64
import binascii
from collections.abc import Mapping
from typing import Final, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.entropy import Entropy
from strongroom.runtime.kms import KeyWrapper, SealingKey
from strongroom.travel_rule.enclave.store.columns import TEXT_MAX

_NONCE_BYTES: Final = 12
_OVERHEAD_BYTES: Final = 28  # nonce and tag
_KEY_BYTES: Final = 32
_DOMAIN: Final = "strongroom/travel-rule/column/1"
_COPY: Final = "copy"
_VERSION_MAX: Final = 999_999_999
PLAIN_MAX_BYTES: Final = (TEXT_MAX - len(f"{_VERSION_MAX}.")) * 3 // 4 - _OVERHEAD_BYTES
"""Bytes that fit a ``text(65535)`` column when encrypted, whatever the version."""


@final
class RowCipher:
    """The key of one row of ``verifications``.

    Args:
        uuid: of the verification.
        version: of the data key that wraps it.
        wrapped: as ``x_row_keys`` keeps it.
    """

    __slots__ = ("_entropy", "_key", "_secret", "uuid", "version", "wrapped")

    def __init__(self, key: SealingKey, entropy: Entropy, *, uuid: str, version: int, wrapped: str) -> None:
        self._secret = key
        self._key = AESGCM(key.reveal())
        self._entropy = entropy
        self.uuid = uuid
        self.version = version
        self.wrapped = wrapped

    def seal(self, column: str, data: bytes) -> str:
        """The text that the column keeps.

        Raises:
            StrongroomError: ``INVALID_FORMAT`` when it would not fit ``text(65535)``.
        """
        if len(data) > PLAIN_MAX_BYTES:
            raise StrongroomError(
                Code.INVALID_FORMAT, f"{column} is longer than {PLAIN_MAX_BYTES} bytes, which is all that can be kept."
            )
        place = _associated("verifications", column, self.uuid, self.version)
        return _seal(self._key, self._entropy, place, version=self.version, data=data)

    def open(self, column: str, text: str) -> bytes:
        """What was sealed.

        Raises:
            StrongroomError: ``STATE_DAMAGED`` when it was changed, moved, or belongs to another version.
        """
        version, sealed = _parse(text)
        if version != self.version:
            raise StrongroomError(Code.STATE_DAMAGED, f"{column} is not of the version of its row's key.")
        return _open(self._key, sealed, _associated("verifications", column, self.uuid, version))

    def seal_copy(self, table: str, data: bytes) -> str:
        """A row of a backup. It names no version: the key stays what it is when the data key is rotated."""
        nonce = self._entropy.token(_NONCE_BYTES)
        return _text(nonce + self._key.encrypt(nonce, data, _associated(table, _COPY, self.uuid, 0)))

    def open_copy(self, table: str, text: str) -> bytes:
        """What was sealed; ``STATE_DAMAGED`` when it was changed or moved."""
        return _open(self._key, _bytes(text), _associated(table, _COPY, self.uuid, 0))

    def under(self, cipher: "ColumnCipher") -> "RowCipher":
        """The same key, wrapped by the newest version of the data key."""
        return cipher.wrap_row(self.uuid, self._secret)


@final
class ArchiveCipher:
    """The key of one backup, for rows that have no key of their own."""

    __slots__ = ("_entropy", "_key")

    def __init__(self, key: SealingKey, entropy: Entropy) -> None:
        self._key = AESGCM(key.reveal())
        self._entropy = entropy

    def seal(self, table: str, row: str, data: bytes) -> str:
        """One row."""
        nonce = self._entropy.token(_NONCE_BYTES)
        return _text(nonce + self._key.encrypt(nonce, data, _associated(table, _COPY, row, 0)))

    def open(self, table: str, row: str, text: str) -> bytes:
        """What was sealed; ``STATE_DAMAGED`` when it was changed or moved."""
        return _open(self._key, _bytes(text), _associated(table, _COPY, row, 0))


@final
class ColumnCipher:
    """The versions of the data key that this process knows; new ciphertext is of the newest.

    Args:
        wrapper: the key encryption key.
        entropy: for nonces and keys.
    """

    def __init__(self, wrapper: KeyWrapper, entropy: Entropy) -> None:
        self._wrapper = wrapper
        self._entropy = entropy
        self._keys: dict[int, AESGCM] = {}

    @property
    def kind(self) -> str:
        """What holds the key encryption key."""
        return self._wrapper.kind

    @property
    def version(self) -> int:
        """The newest; ``STATE_DAMAGED`` when none is known."""
        if not self._keys:
            raise StrongroomError(Code.STATE_DAMAGED, "No data key is known: load the keyset first.")
        return max(self._keys)

    def knows(self, version: int) -> bool:
        """Whether the data key of that version was adopted."""
        return version in self._keys

    def new_data_key(self, version: int) -> str:
        """A data key that nobody has yet, wrapped for ``x_keyset``; it counts once it was stored and adopted."""
        key = self._entropy.token(_KEY_BYTES)
        return _text(self._wrapper.wrap(key, context=_associated("x_keyset", "wrapped_key", "", version)))

    def adopt(self, wrapped: Mapping[int, str]) -> None:
        """Learn the data keys of ``x_keyset``.

        Raises:
            StrongroomError: ``STATE_DAMAGED`` when one does not open under the key encryption key.
        """
        for version, text in wrapped.items():
            if version not in self._keys:
                context = _associated("x_keyset", "wrapped_key", "", version)
                self._keys[version] = AESGCM(SealingKey(self._wrapper.unwrap(_bytes(text), context=context)).reveal())

    def new_row(self, uuid: str) -> RowCipher:
        """A key for a verification that has none."""
        return self.wrap_row(uuid, SealingKey(self._entropy.token(_KEY_BYTES)))

    def wrap_row(self, uuid: str, key: SealingKey) -> RowCipher:
        """A verification's key under the newest version."""
        version = self.version
        wrapped = self.seal("x_row_keys", "wrapped_key", uuid, key.reveal())
        return RowCipher(key, self._entropy, uuid=uuid, version=version, wrapped=wrapped)

    def open_row(self, uuid: str, *, version: int, wrapped: str) -> RowCipher:
        """The key of a verification.

        Raises:
            StrongroomError: ``STATE_DAMAGED`` when the version is unknown, or the key was changed or moved.
        """
        if _parse(wrapped)[0] != version:
            raise StrongroomError(Code.STATE_DAMAGED, "A row's key is not of the version it is said to be.")
        secret = SealingKey(self.open("x_row_keys", "wrapped_key", uuid, wrapped))
        return RowCipher(secret, self._entropy, uuid=uuid, version=version, wrapped=wrapped)

    def new_archive(self, name: str) -> tuple[ArchiveCipher, str]:
        """A key for the backup of that name, and the same wrapped by the newest version."""
        secret = SealingKey(self._entropy.token(_KEY_BYTES))
        return ArchiveCipher(secret, self._entropy), self.seal("backup", "key", name, secret.reveal())

    def open_archive(self, name: str, wrapped: str) -> ArchiveCipher:
        """The key of a backup; ``STATE_DAMAGED`` when it does not open."""
        return ArchiveCipher(SealingKey(self.open("backup", "key", name, wrapped)), self._entropy)

    def seal(self, table: str, column: str, row: str, data: bytes) -> str:
        """A short text under the data key itself."""
        version = self.version
        key, place = self._keys[version], _associated(table, column, row, version)
        return _seal(key, self._entropy, place, version=version, data=data)

    def open(self, table: str, column: str, row: str, text: str) -> bytes:
        """What ``seal`` sealed.

        Raises:
            StrongroomError: ``STATE_DAMAGED`` when the version is unknown, or it was changed or moved.
        """
        version, sealed = _parse(text)
        key = self._keys.get(version)
        if key is None:
            raise StrongroomError(Code.STATE_DAMAGED, f"Version {version} of the data key is not known.")
        return _open(key, sealed, _associated(table, column, row, version))


def version_of(text: str) -> int:
    """The version of the data key that a ciphertext names; ``STATE_DAMAGED`` when it names none."""
    return _parse(text)[0]


def _associated(table: str, column: str, row: str, version: int) -> bytes:
    parts = (_DOMAIN, table, column, row, str(version))
    return b"".join(len(part.encode()).to_bytes(4, "big") + part.encode() for part in parts)


def _seal(key: AESGCM, entropy: Entropy, place: bytes, *, version: int, data: bytes) -> str:
    nonce = entropy.token(_NONCE_BYTES)
    return f"{version}.{_text(nonce + key.encrypt(nonce, data, place))}"


def _open(key: AESGCM, sealed: bytes, place: bytes) -> bytes:
    try:
        return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place)
    except InvalidTag:
        raise StrongroomError(Code.STATE_DAMAGED, "A ciphertext was changed or moved.") from None


def _parse(text: str) -> tuple[int, bytes]:
    number, _, rest = text.partition(".")
    if not (number.isascii() and number.isdecimal() and number[0] != "0" and len(number) <= len(str(_VERSION_MAX))):
        raise StrongroomError(Code.STATE_DAMAGED, "A ciphertext names no version.")
    sealed = _bytes(rest)
    if len(sealed) < _OVERHEAD_BYTES:
        raise StrongroomError(Code.STATE_DAMAGED, "A ciphertext is cut short.")
    return int(number), sealed


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise StrongroomError(Code.STATE_DAMAGED, "A ciphertext is not base64url.") from None
