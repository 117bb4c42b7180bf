"""The door: orders that decide something need the engine's handoff, and wire types carry everything."""

import os
from uuid import UUID

import pytest

from strongroom.custody.cosigner.domain.orders import SeekConsent
from strongroom.custody.cosigner.domain.reports import Refused, Tombstoned
from strongroom.custody.cosigner.servicer import CLOSE_REQUEST, ORDER_ACCESS, SEEK_CONSENT, Servicer
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2 as policy_pb
from strongroom.kernel.documents.consent import Consent
from strongroom.kernel.documents.signing import Kind
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.pki import Authority, Identity, new_root
from strongroom.runtime.rpc.handoff import HandoffSigner, HandoffVerifier
from tests.custody.cosigner.opened import opened, reason_of, tombstone_of
from tests.custody.cosigner.world import ENVIRONMENT, Transfer, World


class Platform:
    """A certificate authority, co-signer 3's door, and services that sign orders for it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.authority = Authority.under(new_root(world.clock), environment=ENVIRONMENT, clock=world.clock)
        verifier = HandoffVerifier(
            service="cosigner-3", trust_root=self.authority.trust_root(), access=ORDER_ACCESS, clock=world.clock
        )
        self.servicer = Servicer(cosigner=world.cores[3], verifier=verifier)

    def signer(self, service: str = "cosigner_engine", authority: Authority | None = None) -> HandoffSigner:
        identity = Identity.from_issuer(authority or self.authority, service=service, clock=self.world.clock)
        return HandoffSigner(
            identity=identity, environment=ENVIRONMENT, clock=self.world.clock, entropy=SystemEntropy()
        )

    def seek(
        self,
        transfer: Transfer,
        *,
        signer: HandoffSigner | None = None,
        to: str = "cosigner-3",
        method: str = SEEK_CONSENT,
        transaction_id: UUID | None = None,
    ) -> pb.EngineOrder:
        order = transfer.order()
        message = seek_message(order)
        handoff = (signer or self.signer()).sign(
            to=to,
            method=method,
            request=message.SerializeToString(deterministic=True),
            transaction_id=transaction_id or transfer.intent.id,
        )
        return pb.EngineOrder(
            ceremony_id=order.ceremony_id, handoff=handoff.token, handoff_chain=handoff.chain, seek_consent=message
        )

    def close(self, transfer: Transfer) -> pb.EngineOrder:
        message = pb.CloseRequest(
            tenant_id="acme",
            request_hash=transfer.request_hash,
            transaction_id=transfer.intent.transaction_id,
            reason="CANCELLED",
        )
        handoff = self.signer().sign(
            to="cosigner-3",
            method=CLOSE_REQUEST,
            request=message.SerializeToString(deterministic=True),
            transaction_id=transfer.intent.id,
        )
        return pb.EngineOrder(handoff=handoff.token, handoff_chain=handoff.chain, close=message)


def seek_message(order: SeekConsent) -> pb.SeekConsent:
    return pb.SeekConsent(
        tenant_id=order.tenant_id,
        attempt=order.attempt,
        request=policy_pb.OriginalRequest(token=order.token, uri=order.uri, body=order.body),
        intent=order.intent,
        payload=order.payload,
        decision=order.decision,
        verdict=order.verdict,
    )


@pytest.fixture
def platform(world: World) -> Platform:
    return Platform(world)


def refusal(platform: Platform, order: pb.EngineOrder) -> str:
    before = platform.world.contexts[3].journal.sequence
    (report,) = platform.servicer.handle(order)
    assert platform.world.contexts[3].journal.sequence <= before + 1
    return reason_of(platform.world, Refused(ceremony_id=report.ceremony_id, document=report.refusal))


def test_an_order_with_the_engine_s_handoff_is_answered(platform: Platform) -> None:
    transfer = platform.world.transfer()
    order = platform.seek(transfer)
    (report,) = platform.servicer.handle(order)
    assert report.ceremony_id == order.ceremony_id
    consent = opened(platform.world, report.consent, Kind.CONSENT, Consent)
    assert consent.request_hash == transfer.request_hash


def test_an_order_without_a_handoff_is_refused(platform: Platform) -> None:
    order = platform.seek(platform.world.transfer())
    order.handoff = ""
    assert refusal(platform, order) == "HANDOFF_INVALID"
    del order.handoff_chain[:]
    assert refusal(platform, order) == "HANDOFF_INVALID"


def test_a_handoff_for_other_bytes_is_refused(platform: Platform) -> None:
    order = platform.seek(platform.world.transfer())
    order.seek_consent.attempt = 1
    assert refusal(platform, order) == "HANDOFF_INVALID"


def test_a_handoff_for_another_cosigner_method_or_transaction_is_refused(platform: Platform) -> None:
    transfer = platform.world.transfer()
    for order in (
        platform.seek(transfer, to="cosigner-2"),
        platform.seek(transfer, method=CLOSE_REQUEST),
        platform.seek(transfer, transaction_id=UUID(bytes=os.urandom(16), version=4)),
    ):
        assert refusal(platform, order) == "HANDOFF_INVALID"


def test_a_handoff_of_another_service_is_refused(platform: Platform) -> None:
    order = platform.seek(platform.world.transfer(), signer=platform.signer("secure_vault"))
    assert refusal(platform, order) == "CALLER_NOT_ALLOWED"


def test_a_handoff_under_another_root_is_refused(platform: Platform) -> None:
    clock = platform.world.clock
    foreign = Authority.under(new_root(clock), environment=ENVIRONMENT, clock=clock)
    order = platform.seek(platform.world.transfer(), signer=platform.signer(authority=foreign))
    assert refusal(platform, order) == "HANDOFF_INVALID"


def test_a_handoff_is_used_once(platform: Platform) -> None:
    order = platform.seek(platform.world.transfer())
    platform.servicer.handle(order)
    assert refusal(platform, order) == "HANDOFF_REPLAYED"


def test_a_close_order_with_the_engine_s_handoff_is_a_tombstone(platform: Platform) -> None:
    transfer = platform.world.transfer()
    unsigned = platform.close(transfer)
    unsigned.handoff = ""
    assert refusal(platform, unsigned) == "HANDOFF_INVALID"
    (report,) = platform.servicer.handle(platform.close(transfer))
    dead = tombstone_of(platform.world, Tombstoned(ceremony_id=b"", document=report.tombstone))
    assert dead.request_hash == transfer.request_hash


def test_an_order_of_another_version_is_passed_over(platform: Platform) -> None:
    assert platform.servicer.handle(pb.EngineOrder(ceremony_id=bytes(32))) == []


def test_an_unexpected_error_leaks_nothing_and_ends_one_order_only(platform: Platform) -> None:
    order = platform.seek(platform.world.transfer())
    journal = platform.world.contexts[3].journal
    journal.db.execute("begin")  # a second begin fails inside SQLite
    (report,) = platform.servicer.handle(order)
    assert (report.fault.code, report.fault.ban) == ("INTERNAL", False)
    assert "transaction" not in report.fault.detail
    journal.db.execute("rollback")
    (report,) = platform.servicer.handle(platform.seek(platform.world.transfer()))
    assert report.WhichOneof("report") == "consent"
