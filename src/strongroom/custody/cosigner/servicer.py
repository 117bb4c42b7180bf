"""The door: ``EngineOrder`` in, ``CosignerReport`` out. Wire types stop here."""

from collections.abc import Callable
from typing import Final, final

import structlog

from strongroom.custody.cosigner.domain import orders, reports
from strongroom.custody.cosigner.flow import Cosigner
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId
from strongroom.runtime.rpc.access import Access, AccessRule
from strongroom.runtime.rpc.handoff import Handoff, HandoffVerifier

_log = structlog.stdlib.get_logger(__name__)
LINK: Final = "cosigner_engine.v1.CosignerLink"
ENGINE: Final = "cosigner_engine"
SEEK_CONSENT: Final = f"{LINK}/SeekConsent"
CLOSE_REQUEST: Final = f"{LINK}/CloseRequest"
HONOUR_TOMBSTONE: Final = f"{LINK}/HonourTombstone"
ORDER_ACCESS: Final = Access(
    {
        name: AccessRule(frozenset({ENGINE}), transaction=True)
        for name in (SEEK_CONSENT, CLOSE_REQUEST, HONOUR_TOMBSTONE)
    }
)
"""The orders that decide what is ever signed carry a handoff of the engine for the transaction (trust.md 8)."""


@final
class Servicer:
    """Translates orders and reports.

    Args:
        cosigner: what does the work.
        verifier: whose handoffs are believed, with ``ORDER_ACCESS``.
    """

    def __init__(self, *, cosigner: Cosigner, verifier: HandoffVerifier) -> None:
        self._cosigner = cosigner
        self._verifier = verifier

    def handle(self, order: pb.EngineOrder) -> list[pb.CosignerReport]:
        """Do what an order says; an unexpected error ends this order, not the co-signer, and leaks nothing."""
        try:
            return [write_report(report) for report in self._handle(order)]
        except Exception:  # noqa: BLE001 -- the edge of the process: logged with its traceback, never sent
            _log.exception("unexpected_exception", order=order.WhichOneof("order"))
            failed = reports.Failed(
                ceremony_id=order.ceremony_id, code=Code.INTERNAL, detail=Code.INTERNAL.meaning.text
            )
            return [write_report(failed)]

    def _handle(self, order: pb.EngineOrder) -> tuple[reports.Report, ...]:
        read = _READERS.get(order.WhichOneof("order") or "")
        if read is None:
            _log.warning("order_unknown")
            return ()
        translated = read(order)
        if not isinstance(translated, orders.SeekConsent | orders.CloseRequest | orders.HonourTombstone):
            return self._cosigner.handle(translated)
        try:
            handoff = self._verify(order)
            self._cosigner.check_transaction(translated, handoff.transaction_id)
        except StrongroomError as error:
            return (self._cosigner.refuse(translated, error),)
        return self._cosigner.handle(translated)

    def _verify(self, order: pb.EngineOrder) -> Handoff:
        chain = tuple(order.handoff_chain)
        if len(chain) != 2:
            raise StrongroomError(Code.HANDOFF_INVALID, "The chain is leaf and intermediate.")
        method, message = _signed_part(order)
        return self._verifier.verify(
            token=order.handoff,
            chain=(chain[0], chain[1]),
            method=method,
            request=message.SerializeToString(deterministic=True),
        )


def _signed_part(order: pb.EngineOrder) -> tuple[str, pb.SeekConsent | pb.CloseRequest | pb.HonourTombstone]:
    match order.WhichOneof("order"):
        case "seek_consent":
            return SEEK_CONSENT, order.seek_consent
        case "close":
            return CLOSE_REQUEST, order.close
        case _:
            return HONOUR_TOMBSTONE, order.honour_tombstone


def _seek_consent(order: pb.EngineOrder) -> orders.SeekConsent:
    seek = order.seek_consent
    return orders.SeekConsent(
        ceremony_id=order.ceremony_id,
        tenant_id=TenantId(seek.tenant_id),
        attempt=seek.attempt,
        token=seek.request.token,
        uri=seek.request.uri,
        body=seek.request.body,
        intent=seek.intent,
        payload=seek.payload,
        decision=seek.decision,
        verdict=seek.verdict,
        approvals=tuple(seek.approvals),
        handoff=order.handoff,
    )


def _close(order: pb.EngineOrder) -> orders.CloseRequest:
    return orders.CloseRequest(
        ceremony_id=order.ceremony_id,
        tenant_id=TenantId(order.close.tenant_id),
        request_hash=order.close.request_hash,
        transaction_id=order.close.transaction_id,
        reason=order.close.reason,
    )


def _peer_message(order: pb.EngineOrder) -> orders.PeerMessage:
    return orders.PeerMessage(
        ceremony_id=order.ceremony_id,
        sender=order.peer_message.from_index,
        receiver=order.peer_message.to_index,
        envelope=order.peer_message.envelope,
    )


def _start_key(order: pb.EngineOrder) -> orders.StartKeyCeremony:
    return orders.StartKeyCeremony(
        ceremony_id=order.ceremony_id,
        tenant_id=TenantId(order.start_key_ceremony.tenant_id),
        key_request=order.start_key_ceremony.key_request,
    )


def _activate_key(order: pb.EngineOrder) -> orders.ActivateKey:
    return orders.ActivateKey(
        ceremony_id=order.ceremony_id,
        tenant_id=TenantId(order.activate_key.tenant_id),
        key_id=order.activate_key.key_id,
        records=tuple(order.activate_key.key_records),
    )


def _offer(order: pb.EngineOrder) -> orders.OfferSignature:
    return orders.OfferSignature(
        ceremony_id=order.ceremony_id,
        tenant_id=TenantId(order.offer_signature.tenant_id),
        digest=order.offer_signature.digest,
        signature=order.offer_signature.signature,
    )


def _honour(order: pb.EngineOrder) -> orders.HonourTombstone:
    return orders.HonourTombstone(
        ceremony_id=order.ceremony_id,
        tenant_id=TenantId(order.honour_tombstone.tenant_id),
        signer=order.honour_tombstone.signer,
        tombstone=order.honour_tombstone.tombstone,
    )


_READERS: Final[dict[str, Callable[[pb.EngineOrder], orders.Order]]] = {
    "seek_consent": _seek_consent,
    "start_ceremony": lambda order: orders.StartCeremony(
        ceremony_id=order.ceremony_id, consents=tuple(order.start_ceremony.consents)
    ),
    "start_key_ceremony": _start_key,
    "activate_key": _activate_key,
    "peer_message": _peer_message,
    "abort": lambda order: orders.AbortCeremony(ceremony_id=order.ceremony_id, reason=order.abort.reason),
    "close": _close,
    "offer_signature": _offer,
    "honour_tombstone": _honour,
    "install_document_set": lambda order: orders.InstallDocumentSet(
        ceremony_id=order.ceremony_id, document_set=order.install_document_set.document_set
    ),
}


def write_report(report: reports.Report) -> pb.CosignerReport:
    """A report as it travels."""
    written = pb.CosignerReport(ceremony_id=report.ceremony_id)
    match report:
        case reports.Consented():
            written.consent = report.document
        case reports.Refused():
            written.refusal = report.document
        case reports.Tombstoned():
            written.tombstone = report.document
        case reports.KeyRecorded():
            written.key_record = report.document
        case reports.KeyActivated():
            written.key_activated = report.epoch
        case reports.Adopted():
            written.adopted = report.document
        case reports.Honoured():
            written.honoured = report.request_hash
        case reports.CallbackReported():
            written.callback = report.document
        case _:
            _write_parts(written, report)
    return written


def write_head(*, tenant: str, version: int, set_hash: bytes) -> pb.DocumentSetHead:
    """A tenant's current document set as it travels."""
    return pb.DocumentSetHead(tenant_id=tenant, version=version, hash=set_hash)


def _write_parts(
    written: pb.CosignerReport,
    report: reports.Outgoing | reports.Signed | reports.Finished | reports.DocumentSetInstalled | reports.Failed,
) -> None:
    match report:
        case reports.DocumentSetInstalled():
            head = write_head(tenant=report.tenant, version=report.version, set_hash=report.set_hash)
            written.document_set_installed.CopyFrom(head)
        case reports.Outgoing():
            written.peer_message.CopyFrom(
                pb.PeerMessage(from_index=report.sender, to_index=report.receiver, envelope=report.envelope)
            )
        case reports.Signed():
            written.signed.CopyFrom(pb.Signed(signature=report.signature, partial=report.statement))
        case reports.Finished():
            written.finished.CopyFrom(pb.Signed(signature=report.signature, partial=report.statement))
        case reports.Failed():
            written.fault.CopyFrom(
                pb.Fault(
                    code=report.code.name,
                    detail=report.detail,
                    culprit=report.culprit,
                    round=report.round,
                    ban=report.ban,
                )
            )
