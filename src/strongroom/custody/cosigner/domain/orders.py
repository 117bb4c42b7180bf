"""What the engine may order. Ids and hashes of 32 bytes, transaction ids of 16; documents are encoded ``Signed``."""

from dataclasses import dataclass
from typing import TypeAlias

from strongroom.kernel.ids import TenantId


@dataclass(frozen=True, slots=True, kw_only=True)
class SeekConsent:
    """Phase one: check everything and consent. ``handoff`` is the verified token, kept as evidence."""

    ceremony_id: bytes
    tenant_id: TenantId
    attempt: int
    token: str
    uri: str
    body: bytes
    intent: bytes
    payload: bytes
    decision: bytes
    verdict: bytes
    handoff: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCeremony:
    """Phase two: the consents of co-signers 1, 2 and 3."""

    ceremony_id: bytes
    consents: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartKeyCeremony:
    """Generate the key that the owners ask for."""

    ceremony_id: bytes
    tenant_id: TenantId
    key_request: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerMessage:
    """An envelope of a peer; ``sender`` and ``receiver`` are the engine's word until the envelope says the same."""

    ceremony_id: bytes
    sender: int
    receiver: int
    envelope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AbortCeremony:
    """Forget the ceremony."""

    ceremony_id: bytes
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRequest:
    """The transaction has ended: close its request for good."""

    ceremony_id: bytes
    tenant_id: TenantId
    request_hash: bytes
    transaction_id: bytes
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferSignature:
    """A finished signature (r, s, recovery id: 65 bytes) of a digest."""

    ceremony_id: bytes
    tenant_id: TenantId
    digest: bytes
    signature: bytes


Order: TypeAlias = (
    SeekConsent | StartCeremony | StartKeyCeremony | PeerMessage | AbortCeremony | CloseRequest | OfferSignature
)
