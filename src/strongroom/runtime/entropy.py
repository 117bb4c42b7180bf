"""Randomness as a port: services ask an ``Entropy``, so that tests can repeat themselves."""

import hashlib
import os
import uuid
from typing import Protocol, final
from uuid import UUID


class Entropy(Protocol):
    """Where identifiers and nonces come from. Keys come from ``runtime.kms``."""

    def token(self, size_bytes: int) -> bytes:
        """That many unpredictable bytes."""
        ...

    def uuid4(self) -> UUID:
        """A random UUID (RFC 9562 5.4)."""
        ...


@final
class SystemEntropy:
    """The operating system's generator."""

    def token(self, size_bytes: int) -> bytes:
        """That many unpredictable bytes."""
        return os.urandom(size_bytes)

    def uuid4(self) -> UUID:
        """A random UUID (RFC 9562 5.4)."""
        return uuid.uuid4()


@final
class SeededEntropy:
    """SHA-256 in counter mode over a seed: predictable, for tests alone."""

    def __init__(self, seed: str = "seed") -> None:
        self._seed = seed.encode()
        self._count = 0

    def token(self, size_bytes: int) -> bytes:
        """The next bytes of the seed's stream."""
        out = b""
        while len(out) < size_bytes:
            self._count += 1
            out += hashlib.sha256(self._seed + self._count.to_bytes(8, "big")).digest()
        return out[:size_bytes]

    def uuid4(self) -> UUID:
        """The seed's next UUID, marked as version 4."""
        return UUID(bytes=self.token(16), version=4)
