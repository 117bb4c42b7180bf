"""The keys a service holds, behind one port (trust.md 9).

``SoftwareKms`` keeps them in files and says so: every attestation and log line carries its kind.
"""

import os
import re
from pathlib import Path
from typing import Final, Protocol, final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from strongroom.kernel.errors import Code, StrongroomError

SOFTWARE: Final = "software"
NONCE_BYTES: Final = 12
"""Of AES-GCM, at the head of a wrapped key."""
_KEY_BYTES: Final = 32
_NAME: Final = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_NAME_MAX: Final = 63


class Signer(Protocol):
    """One Ed25519 signing key (RFC 8032)."""

    @property
    def public_key(self) -> bytes:
        """The public key, 32 bytes."""
        ...

    def sign(self, data: bytes) -> bytes:
        """The signature over ``data``, 64 bytes."""
        ...


@final
class SealingKey:
    """A 256-bit symmetric key that does not show itself in logs, tracebacks or pickles."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != _KEY_BYTES:
            raise StrongroomError(Code.STATE_DAMAGED, "a sealing key is not 32 bytes long")
        self._secret = secret

    def reveal(self) -> bytes:
        """The key itself, 32 bytes: only for the call that seals or opens."""
        return self._secret

    def __repr__(self) -> str:
        return "SealingKey(hidden)"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a sealing key is never copied out of its process")


class Kms(Protocol):
    """The keys of one service, by name; made on first use.

    A name is lower-case words joined by ``-`` or ``_``, 63 characters at most; anything else raises ``CONFIG_INVALID``.
    """

    @property
    def kind(self) -> str:
        """What protects the keys: ``software`` now."""
        ...

    def signer(self, name: str) -> Signer:
        """The signing key of that name."""
        ...

    def sealing_key(self, name: str) -> SealingKey:
        """The sealing key of that name, another secret than the signing key of the same name."""
        ...


class KeyWrapper(Protocol):
    """A key encryption key: it wraps other keys, and need not be in this process."""

    @property
    def kind(self) -> str:
        """What protects it: ``software``, ``pkcs11`` or ``endpoint``."""
        ...

    def wrap(self, key: bytes, *, context: bytes) -> bytes:
        """The key encrypted and authenticated, bound to ``context``; 28 bytes longer than the key."""
        ...

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        """The key.

        Raises:
            StrongroomError: ``STATE_DAMAGED`` when it was changed, or wrapped by another key or for another context;
                ``UNAVAILABLE`` when what holds the key encryption key does not answer.
        """
        ...


@final
class SealingKeyWrapper:
    """A key encryption key in this process: AES-256-GCM with random nonces (NIST SP 800-38D).

    Args:
        key: such as ``Kms.sealing_key`` gives.
        kind: where it came from.
    """

    def __init__(self, key: SealingKey, *, kind: str = SOFTWARE) -> None:
        self._aead = AESGCM(key.reveal())
        self._kind = kind

    @property
    def kind(self) -> str:
        """Where the key came from."""
        return self._kind

    def wrap(self, key: bytes, *, context: bytes) -> bytes:
        """Nonce, encrypted key and tag."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, key, context)

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        """The key; ``STATE_DAMAGED`` when it does not open."""
        try:
            return self._aead.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
        except (InvalidTag, ValueError):
            raise StrongroomError(Code.STATE_DAMAGED, "A wrapped key does not open.") from None


class Attestor(Protocol):
    """Says, beside the certificate, what a service runs in (trust.md 9)."""

    @property
    def kind(self) -> str:
        """``software`` now; ``sgx-dcap`` later."""
        ...

    def attestation(self, service: str) -> dict[str, str]:
        """The attestation document of that service: ``kind``, ``service`` and ``statement``."""
        ...


@final
class SoftwareAttestor:
    """No enclave, and says so."""

    kind = SOFTWARE

    def attestation(self, service: str) -> dict[str, str]:
        """The attestation document of that service: ``kind``, ``service`` and ``statement``."""
        statement = "No enclave: keys and code are protected by the operating system alone."
        return {"kind": self.kind, "service": service, "statement": statement}


@final
class MemoryKms:
    """Keys that end with the process."""

    kind = SOFTWARE

    def __init__(self) -> None:
        self._secrets: dict[str, bytes] = {}

    def signer(self, name: str) -> Signer:
        """The signing key of that name."""
        return _SoftwareSigner(self._secret(f"{_checked(name)}.signing"))

    def sealing_key(self, name: str) -> SealingKey:
        """The sealing key of that name."""
        return SealingKey(self._secret(f"{_checked(name)}.sealing"))

    def _secret(self, entry: str) -> bytes:
        return self._secrets.setdefault(entry, os.urandom(_KEY_BYTES))


@final
class SoftwareKms:
    """Keys in files of mode 0600 in one folder of mode 0700; whoever reads the folder has the keys.

    Args:
        folder: created when absent. One folder per service: its name is the service's right to its keys.
    """

    kind = SOFTWARE

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def signer(self, name: str) -> Signer:
        """The signing key of that name; ``STATE_DAMAGED`` when its file is short or readable by others."""
        return _SoftwareSigner(self._secret(f"{_checked(name)}.signing"))

    def sealing_key(self, name: str) -> SealingKey:
        """The sealing key of that name; ``STATE_DAMAGED`` when its file is short or readable by others."""
        return SealingKey(self._secret(f"{_checked(name)}.sealing"))

    def _secret(self, entry: str) -> bytes:
        path = self._folder / entry
        if not path.exists():
            write_once(path, os.urandom(_KEY_BYTES))
        return _read_secret(path)


def write_once(path: Path, content: bytes) -> None:
    """Create a file of mode 0600, whole or not at all; a file that is already there stays as it is."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{os.urandom(4).hex()}.draft")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)  # unlike a rename, refuses to replace what another process wrote first
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _read_secret(path: Path) -> bytes:
    if path.stat().st_mode & 0o077:
        raise StrongroomError(Code.STATE_DAMAGED, f"key file {path.name} can be read by others")
    secret = path.read_bytes()
    if len(secret) != _KEY_BYTES:
        raise StrongroomError(Code.STATE_DAMAGED, f"key file {path.name} is not {_KEY_BYTES} bytes long")
    return secret


def _checked(name: str) -> str:
    if len(name) > _NAME_MAX or not _NAME.fullmatch(name):
        raise StrongroomError(Code.CONFIG_INVALID, "a key name is lower-case words joined by - or _")
    return name


@final
class _SoftwareSigner:
    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self._public_key = self._key.public_key().public_bytes_raw()

    @property
    def public_key(self) -> bytes:
        return self._public_key

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)

    def __repr__(self) -> str:
        return f"Signer({self._public_key.hex()})"
