"""Threshold signing: one object per party and ceremony, messages in, messages out."""

from typing import Literal, final

MESSAGE_VERSION: int
MESSAGE_HEADER_BYTES: int
BLOB_VERSION: int
BACKUP_VERSION: int

class ThresholdError(Exception):
    """A ceremony, a share or a blob was refused; a session that raised it is over.

    `usage`: the caller's mistake, nothing was sent or learnt. `malformed`: the bytes are not a message of this
    ceremony, round, sender and receiver, or not a blob under this key. `recoverable`: a check failed, a new ceremony
    with new ids is allowed. `ban`: never run another ceremony with the culprit. `panic`: our own code failed.
    """

    kind: Literal["usage", "malformed", "recoverable", "ban", "panic"]
    culprit: int | None
    round: int
    ban: bool

@final
class SealingKey:
    """A 32-byte AES-256-GCM key that stays outside Python and is wiped on drop."""

    @staticmethod
    def from_bytes(key: bytes | bytearray) -> SealingKey: ...

@final
class RecoveryKey:
    """The private half of an offline recovery key (X25519); it stays outside Python and is wiped on drop."""

    @staticmethod
    def from_bytes(key: bytes | bytearray) -> RecoveryKey: ...
    @property
    def public_key(self) -> bytes: ...

@final
class EcdsaShare:
    """One party's share of an ECDSA key. Its content never reaches Python; it is neither copied nor pickled."""

    @property
    def party(self) -> int: ...
    @property
    def threshold(self) -> int: ...
    @property
    def parties(self) -> int: ...
    @property
    def public_key(self) -> bytes: ...
    @property
    def chain_code(self) -> bytes: ...
    @property
    def transcript_hash(self) -> bytes: ...
    def derive(self, path: str) -> EcdsaShare: ...
    def seal(self, key: SealingKey, associated_data: bytes) -> bytes: ...
    @staticmethod
    def unseal(key: SealingKey, associated_data: bytes, blob: bytes) -> EcdsaShare: ...
    def back_up(self, recovery_public_key: bytes, associated_data: bytes) -> bytes: ...
    @staticmethod
    def open_backup(key: RecoveryKey, associated_data: bytes, blob: bytes) -> EcdsaShare: ...

@final
class EcdsaKeygen:
    """One party's part in a key generation: five steps, four rounds of messages, then its share."""

    def __new__(cls, threshold: int, parties: int, party: int, session_id: bytes) -> EcdsaKeygen: ...
    @property
    def round(self) -> int: ...
    def step(self, messages: dict[int, bytes] | None = None) -> dict[int, bytes] | EcdsaShare: ...

@final
class EcdsaRefresh:
    """One party's part in a complete refresh: five steps, four rounds of messages, then its new share."""

    def __new__(cls, share: EcdsaShare, epoch: int, refresh_id: bytes) -> EcdsaRefresh: ...
    @property
    def round(self) -> int: ...
    def step(self, messages: dict[int, bytes] | None = None) -> dict[int, bytes] | EcdsaShare: ...

@final
class EcdsaRecovery:
    """The whole private key, on an offline machine, from the shares of a quorum. Wiped on drop."""

    @staticmethod
    def from_shares(shares: list[EcdsaShare]) -> EcdsaRecovery: ...
    @property
    def public_key(self) -> bytes: ...
    @property
    def chain_code(self) -> bytes: ...
    def public_key_at(self, path: str) -> bytes: ...
    def reveal_extended_private_key(self) -> bytes: ...

@final
class EcdsaSign:
    """One party's part in a signature: four steps, three rounds of messages, then r, s and recovery id (65 bytes)."""

    def __new__(cls, share: EcdsaShare, signers: list[int], digest: bytes, sign_id: bytes) -> EcdsaSign: ...
    @property
    def round(self) -> int: ...
    def step(self, messages: dict[int, bytes] | None = None) -> dict[int, bytes] | bytes: ...

def verify_ecdsa(public_key: bytes, digest: bytes, signature: bytes) -> bool:
    """True if r, s, recovery id (65 bytes) is low-S, verifies, and recovers the compressed public key."""

def _arm_panic() -> None: ...
