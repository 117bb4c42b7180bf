"""The client's own time and randomness; a test hands in others."""

import secrets
import time
import uuid
from typing import Protocol


class Ports(Protocol):
    """What the client takes from the machine it runs on."""

    def now_s(self) -> int:
        """Unix seconds."""
        ...

    def sleep(self, seconds_s: float) -> None:
        """Wait."""
        ...

    def nonce(self) -> str:
        """A fresh UUID text."""
        ...

    def token(self, size: int) -> bytes:
        """``size`` random bytes."""
        ...


class SystemPorts:
    """The machine's clock and random source."""

    def now_s(self) -> int:
        """Unix seconds."""
        return int(time.time())

    def sleep(self, seconds_s: float) -> None:
        """Wait."""
        time.sleep(seconds_s)

    def nonce(self) -> str:
        """A fresh UUID text."""
        return str(uuid.uuid4())

    def token(self, size: int) -> bytes:
        """``size`` random bytes."""
        return secrets.token_bytes(size)
