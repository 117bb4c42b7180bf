"""A key encryption key that never leaves its PKCS#11 token (OASIS PKCS#11 3.1, 6.13.3: AES-GCM)."""

import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, cast, final

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.exceptions import (
    EncryptedDataInvalid,
    EncryptedDataLenRange,
    GeneralError,
    NoSuchKey,
    PKCS11Error,
)

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.kms import NONCE_BYTES

_KEY_BITS: Final = 256
_TAG_BITS: Final = 128
_ONE_AT_A_TIME = threading.Lock()  # a process is logged in to a token once, whatever its sessions


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Where the key is.

    Args:
        library: the vendor's PKCS#11 module.
        label: of the token.
        pin: of its user.
        key_label: of the AES-256 key.
    """

    library: Path
    label: str
    pin: str = field(repr=False)
    key_label: str = "travel-rule-kek"


@final
class Pkcs11Wrapper:
    """The port ``KeyWrapper`` on a token.

    The key is made when something is first wrapped: AES-256, sensitive, not extractable. Each call opens a session of
    its own and waits for the token: it is meant for start and rotation, not for each message.
    """

    kind = "pkcs11"

    def __init__(self, token: Token) -> None:
        self._token = token

    def wrap(self, key: bytes, *, context: bytes) -> bytes:
        """Nonce, encrypted key and tag; ``UNAVAILABLE`` when the token is not there or refuses."""
        nonce = os.urandom(NONCE_BYTES)
        with self._session() as session:
            kek = _find(session, self._token.key_label) or _make(session, self._token.key_label)
            return nonce + kek.encrypt(
                key, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, context, _TAG_BITS)
            )

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        """The key; ``STATE_DAMAGED`` when it does not open or its key is gone, ``UNAVAILABLE`` without the token."""
        nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        with self._session() as session:
            kek = _find(session, self._token.key_label)
            if kek is None or len(sealed) * 8 < _TAG_BITS:
                raise StrongroomError(Code.STATE_DAMAGED, "A wrapped key does not open: its token has no such key.")
            try:
                return kek.decrypt(
                    sealed, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, context, _TAG_BITS)
                )
            except (EncryptedDataInvalid, EncryptedDataLenRange, GeneralError):  # the last is SoftHSM's for a wrong tag
                raise StrongroomError(Code.STATE_DAMAGED, "A wrapped key does not open.") from None

    @contextmanager
    def _session(self) -> Generator[pkcs11.Session]:
        with _ONE_AT_A_TIME:
            try:
                library = pkcs11.lib(str(self._token.library))
                with library.get_token(token_label=self._token.label).open(
                    rw=True, user_pin=self._token.pin
                ) as session:
                    yield session
            except (PKCS11Error, RuntimeError) as error:  # the latter when the library does not load
                raise StrongroomError(Code.UNAVAILABLE, "The PKCS#11 token is not there, or refuses.") from error


class _Kek(Protocol):
    def encrypt(self, data: bytes, *, mechanism: Mechanism, mechanism_param: GCMParams) -> bytes: ...

    def decrypt(self, data: bytes, *, mechanism: Mechanism, mechanism_param: GCMParams) -> bytes: ...


def _find(session: pkcs11.Session, label: str) -> _Kek | None:
    try:
        return cast("_Kek", session.get_key(object_class=ObjectClass.SECRET_KEY, label=label))
    except NoSuchKey:
        return None


def _make(session: pkcs11.Session, label: str) -> _Kek:
    made = session.generate_key(
        KeyType.AES,
        _KEY_BITS,
        label=label,
        store=True,
        capabilities=MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
        template={Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
    )
    return cast("_Kek", made)
