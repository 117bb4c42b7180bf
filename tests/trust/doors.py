"""The doors of three real co-signers, and certificates for whoever knocks."""

from functools import cache
from uuid import UUID

import msgspec

from strongroom.custody.cosigner.domain.orders import SeekConsent
from strongroom.custody.cosigner.servicer import ORDER_ACCESS, SEEK_CONSENT, Servicer
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2 as policy_pb
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.consent import Refusal, Tombstone, cosigner_name, open_by_cosigner
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.runtime.clock import ManualClock
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.pki import Authority, Identity, new_root
from strongroom.runtime.rpc.handoff import HandoffSigner, HandoffVerifier
from tests.custody.cosigner.world import ENVIRONMENT, START
from tests.trust.world import TrustWorld


@cache
def authority() -> Authority:
    """The platform's certificate authority."""
    return Authority.under(new_root(ManualClock(START)), environment=ENVIRONMENT, clock=ManualClock(START))


@cache
def identity(service: str) -> Identity:
    """A certificate in any service's name: its own, or minted by who has the authority."""
    return Identity.from_issuer(authority(), service=service, clock=ManualClock(START))


class Doors:
    """Every co-signer behind its door, under one certificate authority."""

    def __init__(self, world: TrustWorld) -> None:
        self.world = world

    def ask(self, index: int, order: SeekConsent, *, caller: str, transaction_id: UUID) -> str:
        """The code with which a co-signer refuses an order that comes in a caller's name; empty if it consents."""
        message = seek_message(order)
        signer = HandoffSigner(
            identity=identity(caller), environment=ENVIRONMENT, clock=self.world.clock, entropy=SystemEntropy()
        )
        handoff = signer.sign(
            to=cosigner_name(index),
            method=SEEK_CONSENT,
            request=message.SerializeToString(deterministic=True),
            transaction_id=transaction_id,
        )
        wire = pb.EngineOrder(
            ceremony_id=order.ceremony_id, handoff=handoff.token, handoff_chain=handoff.chain, seek_consent=message
        )
        (report,) = self._servicer(index).handle(wire)
        return self.reason(index, report)

    def reason(self, index: int, report: pb.CosignerReport) -> str:
        """Why a co-signer said no, under its own signature; empty if it did not."""
        kind, shape, data = (
            (Kind.REFUSAL, Refusal, report.refusal) if report.refusal else (Kind.TOMBSTONE, Tombstone, report.tombstone)
        )
        if not data:
            return report.fault.code
        tenant = decode(data, Signed).tenant
        document_set = msgspec.structs.replace(self.world.document_set, tenant=tenant)
        return open_by_cosigner(data=data, kind=kind, shape=shape, index=index, document_set=document_set).reason

    def _servicer(self, index: int) -> Servicer:
        verifier = HandoffVerifier(
            service=cosigner_name(index),
            trust_root=authority().trust_root(),
            access=ORDER_ACCESS,
            clock=self.world.clock,
        )
        return Servicer(cosigner=self.world.cores[index], verifier=verifier)


def seek_message(order: SeekConsent) -> pb.SeekConsent:
    """An order as it travels."""
    return pb.SeekConsent(
        tenant_id=order.tenant_id,
        attempt=order.attempt,
        request=policy_pb.OriginalRequest(token=order.token, uri=order.uri, body=order.body),
        intent=order.intent,
        payload=order.payload,
        decision=order.decision,
        verdict=order.verdict,
        approvals=order.approvals,
    )
