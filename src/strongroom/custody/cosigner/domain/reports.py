"""What a co-signer reports to the engine. ``document`` is an encoded ``Signed``."""

from dataclasses import dataclass
from typing import TypeAlias

from strongroom.kernel.errors import Code


@dataclass(frozen=True, slots=True, kw_only=True)
class Consented:
    """Kind consent."""

    ceremony_id: bytes
    document: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Kind refusal, always NOT_NOW."""

    ceremony_id: bytes
    document: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstoned:
    """Kind tombstone."""

    ceremony_id: bytes
    document: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackReported:
    """Kind callback-report: what the handler was asked and answered; it stands before what follows from it."""

    ceremony_id: bytes
    document: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A sealed envelope for a peer."""

    ceremony_id: bytes
    sender: int
    receiver: int
    envelope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A ceremony ended with this signature (65 bytes); ``statement`` is of kind partial."""

    ceremony_id: bytes
    signature: bytes
    statement: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The journal has this signature of an earlier ceremony; ``statement`` is of kind partial or adopted."""

    ceremony_id: bytes
    signature: bytes
    statement: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """Kind adopted."""

    ceremony_id: bytes
    document: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecorded:
    """Kind key-record."""

    ceremony_id: bytes
    document: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Honoured:
    """A peer's tombstone on this request is in the journal; ours cannot be, since the digest was released."""

    ceremony_id: bytes
    request_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSetInstalled:
    """The document set that is current here now; ``set_hash`` has 32 bytes."""

    ceremony_id: bytes
    tenant: str
    version: int
    set_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyActivated:
    """The share of this epoch is used, and every older one is deleted."""

    ceremony_id: bytes
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The ceremony failed here. ``culprit`` 0 names nobody; ``ban`` is for ever and already in the journal."""

    ceremony_id: bytes
    code: Code
    detail: str
    culprit: int = 0
    round: int = 0
    ban: bool = False


Report: TypeAlias = (
    Consented
    | Refused
    | Tombstoned
    | CallbackReported
    | Outgoing
    | Signed
    | Finished
    | Adopted
    | KeyRecorded
    | KeyActivated
    | Honoured
    | DocumentSetInstalled
    | Failed
)
