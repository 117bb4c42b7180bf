"""What the engine orders, as it travels: each order is signed for the co-signer it goes to (trust.md 8).

The handoff covers the order's message, deterministically serialised; its method is the order's name under
``cosigner_engine.v1.CosignerLink``. Sealed messages between co-signers carry none: their envelope is signed by a peer.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias, final
from uuid import UUID

from strongroom.custody.cosigner_engine.domain.closing import CloseErrand
from strongroom.custody.cosigner_engine.domain.requests import KeyCeremony, SigningRequest
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2 as policy_pb
from strongroom.kernel.documents.consent import cosigner_name
from strongroom.runtime.rpc.handoff import HandoffSigner

Body: TypeAlias = (
    pb.SeekConsent
    | pb.StartCeremony
    | pb.StartKeyCeremony
    | pb.ActivateKey
    | pb.AbortCeremony
    | pb.CloseRequest
    | pb.OfferSignature
    | pb.HonourTombstone
    | pb.InstallDocumentSet
)
_FIELDS: Final[dict[type, str]] = {
    pb.SeekConsent: "seek_consent",
    pb.StartCeremony: "start_ceremony",
    pb.StartKeyCeremony: "start_key_ceremony",
    pb.ActivateKey: "activate_key",
    pb.AbortCeremony: "abort",
    pb.CloseRequest: "close",
    pb.OfferSignature: "offer_signature",
    pb.HonourTombstone: "honour_tombstone",
    pb.InstallDocumentSet: "install_document_set",
}
"""Where each order stands in its frame."""
_LINK: Final = "cosigner_engine.v1.CosignerLink"


@dataclass(frozen=True, slots=True, kw_only=True)
class Under:
    """What an order acts under: the transaction, if it is for one, and the handoffs that led here."""

    transaction_id: UUID | None
    parents: tuple[str, ...]


@final
class Orders:
    """Writes orders in the engine's name."""

    def __init__(self, signer: HandoffSigner) -> None:
        self._signer = signer

    def write(self, body: Body, *, ceremony_id: bytes, to: int, under: Under) -> pb.EngineOrder:
        """One order for co-signer ``to``."""
        handoff = self._signer.sign(
            to=cosigner_name(to),
            method=f"{_LINK}/{type(body).__name__}",
            request=body.SerializeToString(deterministic=True),
            transaction_id=under.transaction_id,
            parents=under.parents,
        )
        return _frame(body, ceremony_id=ceremony_id, handoff=handoff.token, chain=handoff.chain)


def seek_consent(request: SigningRequest) -> pb.SeekConsent:
    """Phase one."""
    original = policy_pb.OriginalRequest(
        token=request.request.token, uri=request.request.uri, body=request.request.body
    )
    return pb.SeekConsent(
        tenant_id=request.tenant_id,
        attempt=request.attempt,
        request=original,
        intent=request.intent,
        payload=request.payload,
        decision=request.decision,
        verdict=request.verdict,
        approvals=request.approvals,
    )


def start_ceremony(consents: tuple[bytes, ...]) -> pb.StartCeremony:
    """Phase two."""
    return pb.StartCeremony(consents=consents)


def start_key_ceremony(ceremony: KeyCeremony) -> pb.StartKeyCeremony:
    """A new key, or its next epoch."""
    return pb.StartKeyCeremony(tenant_id=ceremony.tenant_id, key_request=ceremony.key_request)


def activate_key(ceremony: KeyCeremony) -> pb.ActivateKey:
    """The second phase of a refresh."""
    return pb.ActivateKey(tenant_id=ceremony.tenant_id, key_id=ceremony.key_id, key_records=ceremony.key_records)


def offer_signature(*, request: SigningRequest, signature: bytes) -> pb.OfferSignature:
    """A signature that another co-signer has finished."""
    return pb.OfferSignature(tenant_id=request.tenant_id, digest=request.digest, signature=signature)


def close_request(errand: CloseErrand) -> pb.CloseRequest:
    """The transaction has ended."""
    return pb.CloseRequest(
        tenant_id=errand.tenant_id,
        request_hash=errand.request_hash,
        transaction_id=errand.transaction_id,
        reason=errand.reason,
    )


def honour_tombstone(*, tenant_id: str, signer: int, tombstone: bytes) -> pb.HonourTombstone:
    """A tombstone of another co-signer."""
    return pb.HonourTombstone(tenant_id=tenant_id, signer=signer, tombstone=tombstone)


def install_document_set(document: bytes) -> pb.InstallDocumentSet:
    """The next document set of a tenant."""
    return pb.InstallDocumentSet(document_set=document)


def abort(reason: str) -> pb.AbortCeremony:
    """The end of a ceremony that did not succeed."""
    return pb.AbortCeremony(reason=reason[:500])


def peer_order(report: pb.CosignerReport) -> pb.EngineOrder:
    """A sealed message on its way to the other side."""
    return pb.EngineOrder(ceremony_id=report.ceremony_id, peer_message=report.peer_message)


def _frame(body: Body, *, ceremony_id: bytes, handoff: str, chain: tuple[bytes, ...]) -> pb.EngineOrder:
    order = pb.EngineOrder(ceremony_id=ceremony_id, handoff=handoff, handoff_chain=chain)
    getattr(order, _FIELDS[type(body)]).CopyFrom(body)
    return order
