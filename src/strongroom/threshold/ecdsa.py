"""DKLs23 behind ``EcdsaBackend``: a thin typed layer over the native extension.

All computing happens in Rust without the interpreter lock. A co-signer steps inside its event loop all the same: that
was measured faster than threads (reference, threshold signing 4).
"""

from collections.abc import Sequence
from typing import NoReturn, final

import strongroom_threshold as native
from strongroom_threshold import RecoveryKey, SealingKey, ThresholdError

__all__ = [
    "Dkls23",
    "KeyShare",
    "KeygenSession",
    "RecoveredKey",
    "RecoveryKey",
    "RefreshSession",
    "SealingKey",
    "SignSession",
    "ThresholdError",
]


@final
class KeyShare:
    """One party's share of one key. Opaque: its content stays in Rust and is wiped on drop."""

    __slots__ = ("_native",)

    def __init__(self, share: native.EcdsaShare) -> None:
        self._native = share

    @property
    def opaque(self) -> native.EcdsaShare:
        """What this wraps; it shows no more than this does."""
        return self._native

    @property
    def party(self) -> int:
        """This party's number, from 1."""
        return self._native.party

    @property
    def threshold(self) -> int:
        """How many parties sign, exactly."""
        return self._native.threshold

    @property
    def parties(self) -> int:
        """How many parties hold a share."""
        return self._native.parties

    @property
    def public_key(self) -> bytes:
        """33 bytes, compressed."""
        return self._native.public_key

    @property
    def chain_code(self) -> bytes:
        """32 bytes (BIP-32)."""
        return self._native.chain_code

    @property
    def transcript_hash(self) -> bytes:
        """32 bytes over everything that all parties of the key generation, or of the last refresh, had to see alike."""
        return self._native.transcript_hash

    def derive(self, *, path: str) -> "KeyShare":
        """The share of a non-hardened BIP-32 child of the root key, such as ``m/44/60/0/0/7``.

        Raises:
            ThresholdError: ``usage``.
        """
        return KeyShare(self._native.derive(path))

    def seal(self, *, key: SealingKey, associated_data: bytes) -> bytes:
        """The root share under AES-256-GCM: header (6), nonce (12), ciphertext, tag (16).

        Raises:
            ThresholdError: ``usage`` for a child share.
        """
        return self._native.seal(key, associated_data)

    def back_up(self, *, recovery_public_key: bytes, associated_data: bytes) -> bytes:
        """The root share sealed to its holder's offline recovery key (X25519, HKDF-SHA256, AES-256-GCM).

        Raises:
            ThresholdError: ``usage`` for a child share, or a key that is not one.
        """
        return self._native.back_up(recovery_public_key, associated_data)

    def refresh(self, *, epoch: int, refresh_id: bytes) -> "RefreshSession":
        """Begin a complete refresh among all parties; this share stays as it is.

        Raises:
            ThresholdError: ``usage``, for a child share too.
        """
        return RefreshSession(native.EcdsaRefresh(self._native, epoch, refresh_id))

    def sign(self, *, signers: Sequence[int], digest: bytes, sign_id: bytes) -> "SignSession":
        """Begin a signature among exactly ``threshold`` parties.

        Raises:
            ThresholdError: ``usage``.
        """
        return SignSession(native.EcdsaSign(self._native, list(signers), digest, sign_id))

    def __reduce__(self) -> NoReturn:
        raise TypeError("secrets are neither copied nor pickled")


@final
class KeygenSession:
    """One party's part in a key generation: three rounds and an echo, then its share."""

    __slots__ = ("_native",)

    def __init__(self, *, threshold: int, parties: int, party: int, session_id: bytes) -> None:
        self._native = native.EcdsaKeygen(threshold, parties, party, session_id)

    @property
    def round(self) -> int:
        """The round whose messages are awaited; 0 before the first step."""
        return self._native.round

    def step(self, messages: dict[int, bytes] | None = None) -> dict[int, bytes] | KeyShare:
        """Messages by sender in, by receiver out, or the share.

        Raises:
            ThresholdError: the session is over.
        """
        outcome = self._native.step(messages)
        return outcome if isinstance(outcome, dict) else KeyShare(outcome)

    def __reduce__(self) -> NoReturn:
        raise TypeError("secrets are neither copied nor pickled")


@final
class RefreshSession:
    """One party's part in a complete refresh: three rounds and an echo, then its share of the new epoch."""

    __slots__ = ("_native",)

    def __init__(self, session: native.EcdsaRefresh) -> None:
        self._native = session

    @property
    def round(self) -> int:
        """The round whose messages are awaited; 0 before the first step."""
        return self._native.round

    def step(self, messages: dict[int, bytes] | None = None) -> dict[int, bytes] | KeyShare:
        """Messages by sender in, by receiver out, or the new share: same public key, same chain code.

        Raises:
            ThresholdError: the session is over.
        """
        outcome = self._native.step(messages)
        return outcome if isinstance(outcome, dict) else KeyShare(outcome)

    def __reduce__(self) -> NoReturn:
        raise TypeError("secrets are neither copied nor pickled")


@final
class SignSession:
    """One party's part in a signature: three rounds, then r, s and recovery id (65 bytes).

    The messages of round 3 are the last that this party gives away: RELEASED is persisted before they leave.
    """

    __slots__ = ("_native",)

    def __init__(self, session: native.EcdsaSign) -> None:
        self._native = session

    @property
    def round(self) -> int:
        """The round whose messages are awaited; 0 before the first step."""
        return self._native.round

    def step(self, messages: dict[int, bytes] | None = None) -> dict[int, bytes] | bytes:
        """Messages by sender in, by receiver out, or the signature.

        Raises:
            ThresholdError: the session is over.
        """
        return self._native.step(messages)

    def __reduce__(self) -> NoReturn:
        raise TypeError("secrets are neither copied nor pickled")


@final
class RecoveredKey:
    """A private key in one piece, in Rust, on an offline machine."""

    __slots__ = ("_native",)

    def __init__(self, recovered: native.EcdsaRecovery) -> None:
        self._native = recovered

    @property
    def public_key(self) -> bytes:
        """33 bytes, compressed, computed from the private key."""
        return self._native.public_key

    @property
    def chain_code(self) -> bytes:
        """32 bytes (BIP-32)."""
        return self._native.chain_code

    def public_key_at(self, *, path: str) -> bytes:
        """33 bytes, compressed: of a non-hardened child, computed from the child's private key.

        Raises:
            ThresholdError: ``usage``.
        """
        return self._native.public_key_at(path)

    def reveal_extended_private_key(self) -> bytes:
        """The root's extended private key in text ("xprv", BIP-32): whoever reads it owns every address."""
        return self._native.reveal_extended_private_key()

    def __reduce__(self) -> NoReturn:
        raise TypeError("secrets are neither copied nor pickled")


@final
class Dkls23:
    """The present ``EcdsaBackend``. Unaudited: SECURITY.md says in plain words what that means."""

    def generate(self, *, threshold: int, parties: int, party: int, session_id: bytes) -> KeygenSession:
        """Begin a key generation.

        Raises:
            ThresholdError: ``usage``.
        """
        return KeygenSession(threshold=threshold, parties=parties, party=party, session_id=session_id)

    def unseal(self, *, key: SealingKey, associated_data: bytes, blob: bytes) -> KeyShare:
        """The share that ``KeyShare.seal`` sealed.

        Raises:
            ThresholdError: ``malformed``, naming nobody.
        """
        return KeyShare(native.EcdsaShare.unseal(key, associated_data, blob))

    def open_backup(self, *, key: RecoveryKey, associated_data: bytes, blob: bytes) -> KeyShare:
        """The share that ``KeyShare.back_up`` sealed; its secret belongs to its public data.

        Raises:
            ThresholdError: ``malformed``, naming nobody.
        """
        return KeyShare(native.EcdsaShare.open_backup(key, associated_data, blob))

    def recover(self, shares: Sequence[KeyShare]) -> RecoveredKey:
        """The private key that exactly ``threshold`` shares of one epoch give.

        Raises:
            ThresholdError: ``usage`` for another number of parties, ``malformed`` for shares of different keys or
                epochs.
        """
        return RecoveredKey(native.EcdsaRecovery.from_shares([share.opaque for share in shares]))

    def verify(self, *, public_key: bytes, digest: bytes, signature: bytes) -> bool:
        """True if the 65 bytes are a low-S signature of the digest under the key, and recover that very key.

        Raises:
            ThresholdError: ``usage``.
        """
        return native.verify_ecdsa(public_key, digest, signature)
