"""The gRPC door of the policy engine: translate, call one operation, translate."""

from functools import partial
from typing import Any
from uuid import UUID

from grpc import aio

from strongroom.custody.policy_engine.config import PolicyEngineConfig
from strongroom.custody.policy_engine.domain import Question
from strongroom.custody.policy_engine.operations import DocumentSets, evaluate_transaction
from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2 as pb
from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2_grpc as rpc
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId
from strongroom.runtime.host import Host
from strongroom.runtime.rpc.call import current_call

Context = aio.ServicerContext[Any, Any]


class PolicyEngineServicer(rpc.PolicyEngineServicer):
    """See ``proto/strongroom/policy_engine/v1``."""

    def __init__(self, host: Host, *, config: PolicyEngineConfig, document_sets: DocumentSets) -> None:
        self._host = host
        self._config = config
        self._document_sets = document_sets

    async def EvaluateTransaction(
        self, request: pb.EvaluateTransactionRequest, context: Context
    ) -> pb.EvaluateTransactionResponse:
        """Steps 6 and 7."""
        call = current_call()
        if str(call.transaction_id) != request.transaction_id:
            raise StrongroomError(Code.HANDOFF_INVALID, "The handoff names another transaction than the request.")
        answer = await evaluate_transaction(
            database=self._host.database(),
            work=self._host.work(),
            clock=self._host.clock,
            sign=partial(self._sign, TenantId(request.tenant_id)),
            document_sets=self._document_sets,
            question=_question(request),
            call=call,
        )
        return pb.EvaluateTransactionResponse(
            action=answer.action, rule_id=answer.rule_id, rule_number=answer.rule_number, decision=answer.decision
        )

    async def PublishDocumentSet(
        self, request: pb.PublishDocumentSetRequest, context: Context
    ) -> pb.PublishDocumentSetResponse:
        """Publish a version."""
        document = await self._document_sets.publish(request.document_set, timeout_s=self._config.publish_timeout_s)
        return pb.PublishDocumentSetResponse(tenant_id=document.tenant, version=document.version, hash=document.hash())

    async def GetDocumentSet(self, request: pb.GetDocumentSetRequest, context: Context) -> pb.GetDocumentSetResponse:
        """The current version."""
        _, signed = await self._document_sets.read(request.tenant_id)
        return pb.GetDocumentSetResponse(document_set=signed)

    def _sign(self, tenant_id: TenantId, payload: bytes) -> Signed:
        return self._host.sign(kind=Kind.DECISION, tenant_id=tenant_id, payload=payload)


def _question(request: pb.EvaluateTransactionRequest) -> Question:
    return Question(
        tenant_id=request.tenant_id,
        transaction_id=UUID(request.transaction_id),
        attempt=request.attempt,
        token=request.request.token,
        uri=request.request.uri,
        body=request.request.body,
        intent=request.intent,
        verdict=request.verdict,
    )
