"""A policy engine that evaluates the tenant's real policy and signs with its real key, but reports nothing."""

# ruff: noqa: N802, ARG002 - gRPC names its methods and gives each a context

from dataclasses import dataclass, field
from typing import Any

from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2 as pb
from strongroom.interfaces.policy_engine.v1.policy_engine_pb2_grpc import (
    PolicyEngineServicer,
    add_PolicyEngineServicer_to_server,
)
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.decision import Decision
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import StrongroomError
from strongroom.policy import evaluate, facts_of
from strongroom.runtime.rpc.call import Call, current_call
from strongroom.runtime.service import Service
from tests.fixtures.tenant import MadeTenant


@dataclass
class FakePolicyEngine(PolicyEngineServicer):
    """``decisions`` by transaction id, as they were answered."""

    tenant: MadeTenant
    now_s: int = 1_800_000_000
    failure: StrongroomError | None = None
    decisions: dict[str, bytes] = field(default_factory=dict[str, bytes])
    requests: list[pb.EvaluateTransactionRequest] = field(default_factory=list[pb.EvaluateTransactionRequest])
    calls: list[Call] = field(default_factory=list[Call])
    closings: list[pb.CloseApprovalRequest] = field(default_factory=list[pb.CloseApprovalRequest])
    closing_failure: StrongroomError | None = None

    async def EvaluateTransaction(
        self, request: pb.EvaluateTransactionRequest, context: Any
    ) -> pb.EvaluateTransactionResponse:
        self.calls.append(current_call())
        if self.failure is not None:
            raise self.failure
        self.requests.append(request)
        decision = self.decide(request)
        evaluation = decision.evaluation
        signed = self.tenant.sign(
            Kind.DECISION, decision.encode(), key=self.tenant.policy_engine, signer="policy_engine"
        ).encode()
        self.decisions[request.transaction_id] = signed
        return pb.EvaluateTransactionResponse(
            action=evaluation.action, rule_id=evaluation.rule_id, rule_number=evaluation.rule_number, decision=signed
        )

    async def CloseApproval(self, request: pb.CloseApprovalRequest, context: Any) -> pb.CloseApprovalResponse:
        self.calls.append(current_call())
        if self.closing_failure is not None:
            raise self.closing_failure
        self.closings.append(request)
        return pb.CloseApprovalResponse()

    async def PublishDocumentSet(
        self, request: pb.PublishDocumentSetRequest, context: Any
    ) -> pb.PublishDocumentSetResponse:
        document_set = self.tenant.document_set
        return pb.PublishDocumentSetResponse(
            tenant_id=document_set.tenant, version=document_set.version, hash=document_set.hash()
        )

    async def GetDocumentSet(self, request: pb.GetDocumentSetRequest, context: Any) -> pb.GetDocumentSetResponse:
        return pb.GetDocumentSetResponse(document_set=self.tenant.signed_document_set().encode())

    def decide(self, request: pb.EvaluateTransactionRequest) -> Decision:
        """The decision that the tenant's policy makes."""
        intent = decode(request.intent, Intent)
        document_set = self.tenant.document_set
        return Decision(
            transaction_id=intent.transaction_id,
            intent_hash=intent.hash(),
            attempt=request.attempt,
            document_set_hash=document_set.hash(),
            verdict_hash=sha256(request.verdict),
            evaluation=evaluate(document_set.policy, facts_of(intent, document_set)),
            accumulators=(),
            decided_at=self.now_s,
        )

    def service(self) -> Service:
        return Service(name="policy_engine", grpc=(lambda server: add_PolicyEngineServicer_to_server(self, server),))
