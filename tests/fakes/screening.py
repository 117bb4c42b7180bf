"""A screening service that signs the verdict that the test sets, with the tenant's screening key."""

# ruff: noqa: N802, ARG002 - gRPC names its methods and gives each a context

from dataclasses import dataclass, field
from typing import Any

from strongroom.interfaces.screening.v1 import screening_pb2 as pb
from strongroom.interfaces.screening.v1.screening_pb2_grpc import ScreeningServicer, add_ScreeningServicer_to_server
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.documents.verdict import VERDICT_LIFETIME_S, AmlVerdict, TravelRuleOutcome, Verdict
from strongroom.kernel.errors import StrongroomError
from strongroom.runtime.rpc.call import Call, current_call
from strongroom.runtime.service import Service
from tests.fixtures.tenant import MadeTenant


@dataclass
class FakeScreening(ScreeningServicer):
    """Passes everything at ``now_s`` unless told otherwise; ``failure`` is raised by all, ``unanswered`` by 5c."""

    tenant: MadeTenant
    now_s: int = 1_800_000_000
    aml: str = "PASS"
    outcome: TravelRuleOutcome = TravelRuleOutcome.NOT_REQUIRED
    about: bytes | None = None
    failure: StrongroomError | None = None
    report_due: bool = False
    unanswered: StrongroomError | None = None
    reports: list[pb.ReportTransferRequest] = field(default_factory=list[pb.ReportTransferRequest])
    calls: list[Call] = field(default_factory=list[Call])

    async def ScreenTransaction(
        self, request: pb.ScreenTransactionRequest, context: Any
    ) -> pb.ScreenTransactionResponse:
        self._note()
        return pb.ScreenTransactionResponse(aml=self.aml, provider="lists", detail="1 list consulted", provider_us=5)

    async def ExchangeTravelRule(
        self, request: pb.ExchangeTravelRuleRequest, context: Any
    ) -> pb.ExchangeTravelRuleResponse:
        self._note()
        if self.unanswered is not None:
            raise self.unanswered
        verdict = self._verdict(request)
        return pb.ExchangeTravelRuleResponse(
            outcome=self.outcome,
            counterparty="simulated",
            verdict=verdict,
            detail="by the book",
            report_due=self.report_due,
        )

    async def ReportTransfer(self, request: pb.ReportTransferRequest, context: Any) -> pb.ReportTransferResponse:
        self._note()
        self.reports.append(request)
        return pb.ReportTransferResponse(reported=True)

    async def ImportList(self, request: pb.ImportListRequest, context: Any) -> pb.ImportListResponse:
        self._note()
        return pb.ImportListResponse(addresses=1)

    async def ListLists(self, request: pb.ListListsRequest, context: Any) -> pb.ListListsResponse:
        self._note()
        return pb.ListListsResponse()

    async def ImportParties(self, request: pb.ImportPartiesRequest, context: Any) -> pb.ImportPartiesResponse:
        self._note()
        return pb.ImportPartiesResponse(tenant_id="acme", originators=1, destinations=2)

    async def ListParties(self, request: pb.ListPartiesRequest, context: Any) -> pb.ListPartiesResponse:
        self._note()
        party = pb.ListPartiesResponse.Party(
            tenant_id="acme", kind="ORIGINATOR", place="0", jurisdiction="DE", standing="VERIFIED", imported_at_ms=1
        )
        return pb.ListPartiesResponse(parties=[party])

    def service(self) -> Service:
        return Service(name="screening", grpc=(lambda server: add_ScreeningServicer_to_server(self, server),))

    def _verdict(self, request: pb.ExchangeTravelRuleRequest) -> bytes:
        verdict = Verdict(
            transaction_id=decode(request.intent, Intent).transaction_id,
            intent_hash=self.about or sha256(request.intent),
            attempt=request.attempt,
            aml=AmlVerdict.PASS,
            aml_provider="lists",
            evidence_hash=bytes(32),
            travel_rule=self.outcome,
            travel_rule_counterparty="simulated",
            decided_at=self.now_s,
            expires_at=self.now_s + VERDICT_LIFETIME_S,
        )
        signed = self.tenant.sign(Kind.VERDICT, verdict.encode(), key=self.tenant.screening, signer="screening")
        return signed.encode()

    def _note(self) -> None:
        self.calls.append(current_call())
        if self.failure is not None:
            raise self.failure
