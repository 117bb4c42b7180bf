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
    approvals: tuple[bytes, ...] = ()
    handoff: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartCeremony:
    """Phase two: the consents of co-signers 1, 2 and 3."""

    ceremony_id: bytes
    consents: tuple[bytes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartKeyCeremony:
    """Generate the key that the owners ask for, or refresh it."""

    ceremony_id: bytes
    tenant_id: TenantId
    key_request: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivateKey:
    """Use the refreshed share: the records of co-signers 1, 2 and 3 for its epoch."""

    ceremony_id: bytes
    tenant_id: TenantId
    key_id: str
    records: tuple[bytes, ...]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class HonourTombstone:
    """A peer's tombstone; ``signer`` is the engine's word until its signature says the same."""

    ceremony_id: bytes
    tenant_id: TenantId
    signer: int
    tombstone: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallDocumentSet:
    """A successor of a tenant's document set."""

    ceremony_id: bytes
    document_set: bytes


Order: TypeAlias = (
    SeekConsent
    | StartCeremony
    | StartKeyCeremony
    | ActivateKey
    | PeerMessage
    | AbortCeremony
    | CloseRequest
    | OfferSignature
    | HonourTombstone
    | InstallDocumentSet
)
