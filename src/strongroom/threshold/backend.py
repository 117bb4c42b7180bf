"""What a co-signer asks of a threshold ECDSA library, so that another library can take the place of the present one.

Party numbers start at 1. Messages are opaque bytes; the caller encrypts and signs them end to end, and hands over only
what the channel authenticated, by sender. Every refusal is a ``ThresholdError``; from ``step``, it ends the session.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from strongroom_threshold import RecoveryKey, SealingKey, ThresholdError

__all__ = ["EcdsaBackend", "KeyShare", "RecoveryKey", "SealingKey", "Session", "ThresholdError"]

ResultT_co = TypeVar("ResultT_co", covariant=True)


class Session(Protocol[ResultT_co]):
    """One party's part in one ceremony; single use, in memory only: a restarted co-signer begins a new ceremony."""

    @property
    def round(self) -> int:
        """The round whose messages are awaited; 0 before the first step."""
        ...

    def step(self, messages: dict[int, bytes] | None = None) -> dict[int, bytes] | ResultT_co:
        """Exactly one message from each peer in (none at first), by sender; one to each peer out, or the result.

        Raises:
            ThresholdError: the session is over.
        """
        ...


class KeyShare(Protocol):
    """One party's share of one key, opaque. ``threshold`` and ``parties`` are fixed for the key's life."""

    @property
    def party(self) -> int:
        """This party's number."""
        ...

    @property
    def threshold(self) -> int:
        """How many parties sign, exactly."""
        ...

    @property
    def parties(self) -> int:
        """How many parties hold a share."""
        ...

    @property
    def public_key(self) -> bytes:
        """33 bytes, compressed (SEC 1, 2.3.3)."""
        ...

    @property
    def chain_code(self) -> bytes:
        """32 bytes (BIP-32)."""
        ...

    @property
    def transcript_hash(self) -> bytes:
        """32 bytes over everything that all parties of the key generation, or of the last refresh, had to see alike."""
        ...

    def derive(self, *, path: str) -> "KeyShare":
        """The share of a non-hardened BIP-32 child of the root key, such as ``m/44/60/0/0/7``.

        Raises:
            ThresholdError: ``usage`` for another form of path, or from a share that is itself a child.
        """
        ...

    def seal(self, *, key: SealingKey, associated_data: bytes) -> bytes:
        """The root share under AES-256-GCM, with a versioned header.

        Args:
            key: the co-signer's sealing key.
            associated_data: names environment, tenant, key id, epoch and party (trust.md 2).

        Raises:
            ThresholdError: ``usage`` for a child share.
        """
        ...

    def back_up(self, *, recovery_public_key: bytes, associated_data: bytes) -> bytes:
        """The root share, with all that signing needs, sealed to an offline X25519 key of its holder.

        Args:
            recovery_public_key: 32 bytes.
            associated_data: names environment, tenant, key id, epoch and party.

        Raises:
            ThresholdError: ``usage`` for a child share, or a key that is not one.
        """
        ...

    def refresh(self, *, epoch: int, refresh_id: bytes) -> "Session[KeyShare]":
        """Begin a complete refresh among all parties: a new share of the same key; this one stays as it is.

        Args:
            epoch: the one that the refresh makes, at least 2.
            refresh_id: at least 32 bytes, jointly random, never used before.

        Raises:
            ThresholdError: ``usage``, for a child share too.
        """
        ...

    def sign(self, *, signers: Sequence[int], digest: bytes, sign_id: bytes) -> Session[bytes]:
        """Begin a signature; its result is r, s and recovery id (65 bytes), low-S.

        Args:
            signers: exactly ``threshold`` distinct parties, this one among them.
            digest: 32 bytes.
            sign_id: at least 32 bytes, jointly random, never used before: the caller's journal remembers for ever.

        Raises:
            ThresholdError: ``usage``.
        """
        ...


class EcdsaBackend(Protocol):
    """A threshold ECDSA library on secp256k1."""

    def generate(self, *, threshold: int, parties: int, party: int, session_id: bytes) -> Session[KeyShare]:
        """Begin a key generation among all parties.

        Args:
            threshold: how many will sign; 2 <= threshold <= parties.
            parties: how many hold a share.
            party: this one.
            session_id: at least 32 bytes, jointly random, never used before.

        Raises:
            ThresholdError: ``usage``.
        """
        ...

    def unseal(self, *, key: SealingKey, associated_data: bytes, blob: bytes) -> KeyShare:
        """The share that ``KeyShare.seal`` sealed.

        Raises:
            ThresholdError: ``malformed``, naming nobody: a local fault is never a peer's.
        """
        ...

    def open_backup(self, *, key: RecoveryKey, associated_data: bytes, blob: bytes) -> KeyShare:
        """The share that ``KeyShare.back_up`` sealed.

        Raises:
            ThresholdError: ``malformed``, naming nobody.
        """
        ...

    def verify(self, *, public_key: bytes, digest: bytes, signature: bytes) -> bool:
        """True if the 65 bytes are a low-S signature of the digest under the key, and recover that very key.

        Raises:
            ThresholdError: ``usage`` for a digest or signature of another length.
        """
        ...
