"""A transaction manager that keeps what is reported and answers step 8 with the payload that the test sets."""

# ruff: noqa: N802, ARG002 - gRPC names its methods and gives each a context

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from strongroom.interfaces.transaction_manager.v1 import transaction_manager_pb2 as pb
from strongroom.interfaces.transaction_manager.v1.transaction_manager_pb2_grpc import (
    TransactionManagerServicer,
    add_TransactionManagerServicer_to_server,
)
from strongroom.kernel.errors import StrongroomError
from strongroom.runtime.rpc.call import Call, current_call
from strongroom.runtime.service import Service


@dataclass
class FakeManager(TransactionManagerServicer):
    """``payloads`` by transaction; ``busy`` lanes answer *retry after*; ``ended`` transactions stop their callers.

    ``fixed`` are those whose payload was answered once: they have it for life, also when they have ended.
    """

    payloads: dict[str, bytes] = field(default_factory=dict[str, bytes])
    busy: int = 0
    ended: set[str] = field(default_factory=set[str])
    fixed: set[str] = field(default_factory=set[str])
    failures: list[StrongroomError] = field(default_factory=list[StrongroomError])
    confirmations: list[pb.ConfirmTransactionRequest] = field(default_factory=list[pb.ConfirmTransactionRequest])
    needed_confirmations: int = 2
    document_sets: list[bytes] = field(default_factory=list[bytes])
    cancellations: list[pb.CancelTransactionRequest] = field(default_factory=list[pb.CancelTransactionRequest])
    closes: list[pb.RecordCloseRequest] = field(default_factory=list[pb.RecordCloseRequest])
    reports: list[pb.RecordStepRequest] = field(default_factory=list[pb.RecordStepRequest])
    calls: list[Call] = field(default_factory=list[Call])

    async def RecordStep(self, request: pb.RecordStepRequest, context: Any) -> pb.RecordStepResponse:
        self.reports.append(request)
        self.calls.append(current_call())
        if self.failures:
            raise self.failures.pop(0)
        of_step_8 = [step.step for step in request.steps] == ["8"]
        fixed = self.payloads[request.transaction_id] if of_step_8 and request.transaction_id in self.fixed else b""
        if request.transaction_id in self.ended:
            return pb.RecordStepResponse(status="CANCELLED", payload=fixed, ended=True)
        if request.outcome != "OK":
            return pb.RecordStepResponse(status="CANCELLING", payload=fixed, ended=True)
        if not of_step_8:
            return pb.RecordStepResponse(status="PENDING_SIGNATURE")
        if self.busy:
            self.busy -= 1
            return pb.RecordStepResponse(status="QUEUED", retry_after_ms=5)
        self.fixed.add(request.transaction_id)
        return pb.RecordStepResponse(status="PENDING_SIGNATURE", payload=self.payloads[request.transaction_id])

    async def ConfirmTransaction(
        self, request: pb.ConfirmTransactionRequest, context: Any
    ) -> pb.ConfirmTransactionResponse:
        self.confirmations.append(request)
        self.calls.append(current_call())
        if self.failures:
            raise self.failures.pop(0)
        final = request.confirmations >= self.needed_confirmations
        return pb.ConfirmTransactionResponse(status="COMPLETED" if final else "CONFIRMING", final=final)

    async def CancelTransaction(
        self, request: pb.CancelTransactionRequest, context: Any
    ) -> pb.CancelTransactionResponse:
        self.cancellations.append(request)
        self.calls.append(current_call())
        if self.failures:
            raise self.failures.pop(0)
        return pb.CancelTransactionResponse(status="CANCELLING")

    async def RecordClose(self, request: pb.RecordCloseRequest, context: Any) -> pb.RecordCloseResponse:
        self.closes.append(request)
        self.calls.append(current_call())
        if self.failures:
            raise self.failures.pop(0)
        return pb.RecordCloseResponse(status="CANCELLED")

    async def ApplyDocumentSet(self, request: pb.ApplyDocumentSetRequest, context: Any) -> pb.ApplyDocumentSetResponse:
        if self.failures:
            raise self.failures.pop(0)
        self.document_sets.append(request.document_set)
        return pb.ApplyDocumentSetResponse()

    def steps(self, transaction_id: str) -> Sequence[str]:
        """The numbers of the steps reported, each once, in the order of their first report."""
        seen: dict[str, None] = {}
        for report in self.reports:
            if report.transaction_id == transaction_id:
                seen.update(dict.fromkeys(step.step for step in report.steps))
        return list(seen)

    def report(self, step: str) -> pb.RecordStepRequest:
        """The last report of that step."""
        return [report for report in self.reports if step in {one.step for one in report.steps}][-1]

    def counts(self) -> dict[str, int]:
        """How often each step was reported."""
        counted: dict[str, int] = defaultdict(int)
        for report in self.reports:
            counted[report.steps[0].step] += 1
        return dict(counted)

    def service(self) -> Service:
        return Service(
            name="transaction_manager", grpc=(lambda server: add_TransactionManagerServicer_to_server(self, server),)
        )
