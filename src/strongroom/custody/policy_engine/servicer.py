"""The gRPC door of the policy engine: translate, call one operation, translate."""

from collections.abc import Awaitable
from functools import partial
from typing import Any, Protocol
from uuid import UUID

from grpc import aio

from strongroom.custody.policy_engine.config import PolicyEngineConfig
from strongroom.custody.policy_engine.domain import Case, Question, State
from strongroom.custody.policy_engine.operations import Approvals, Closing, DocumentSets, Evaluator
from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2 as pb
from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2_grpc as rpc
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId
from strongroom.runtime.host import Host
from strongroom.runtime.rpc.call import Call, current_call

Context = aio.ServicerContext[Any, Any]


class Close(Protocol):
    """``close_approval`` with its ports."""

    def __call__(self, *, closing: Closing, call: Call) -> Awaitable[None]:
        """Close the request for approvals."""
        ...


class PolicyEngineServicer(rpc.PolicyEngineServicer):
    """See ``proto/strongroom/policy_engine/v1``."""

    def __init__(
        self,
        host: Host,
        *,
        config: PolicyEngineConfig,
        document_sets: DocumentSets,
        evaluator: Evaluator,
        approvals: Approvals,
        close: Close,
    ) -> None:
        self._host = host
        self._config = config
        self._document_sets = document_sets
        self._evaluator = evaluator
        self._approvals = approvals
        self._close = close

    async def EvaluateTransaction(
        self, request: pb.EvaluateTransactionRequest, context: Context
    ) -> pb.EvaluateTransactionResponse:
        """Steps 6 and 7."""
        answer = await self._evaluator.evaluate(
            question=_question(request),
            sign=partial(self._sign, TenantId(request.tenant_id)),
            call=_call_for(request.transaction_id),
        )
        return pb.EvaluateTransactionResponse(
            action=answer.action, rule_id=answer.rule_id, rule_number=answer.rule_number, decision=answer.decision
        )

    async def SubmitApproval(self, request: pb.SubmitApprovalRequest, context: Context) -> pb.SubmitApprovalResponse:
        """Step 7: one person's answer."""
        call = _call_for(request.transaction_id)
        state = await self._approvals.submit(
            tenant_id=request.tenant_id,
            transaction_id=_transaction(request.transaction_id),
            approval=request.approval,
            call=call,
        )
        return pb.SubmitApprovalResponse(state=state)

    async def CloseApproval(self, request: pb.CloseApprovalRequest, context: Context) -> pb.CloseApprovalResponse:
        """A transaction ended: nobody is asked any more."""
        closing = Closing(
            tenant_id=request.tenant_id,
            transaction_id=_transaction(request.transaction_id),
            attempt=request.attempt,
            reason=request.reason,
        )
        await self._close(closing=closing, call=_call_for(request.transaction_id))
        return pb.CloseApprovalResponse()

    async def GetApproval(self, request: pb.GetApprovalRequest, context: Context) -> pb.ApprovalState:
        """What an approver has to see."""
        shown = await self._approvals.get(
            tenant_id=request.tenant_id, transaction_id=_transaction(request.transaction_id)
        )
        return _state(*shown)

    async def ListApprovals(self, request: pb.ListApprovalsRequest, context: Context) -> pb.ListApprovalsResponse:
        """A page of what waits."""
        page = await self._approvals.list(
            tenant_id=request.tenant_id, page_size=request.page_size, cursor=request.cursor
        )
        return pb.ListApprovalsResponse(
            approvals=[_state(*shown) for shown in page.items], next_cursor=page.next_cursor or ""
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
        transaction_id=_transaction(request.transaction_id),
        attempt=request.attempt,
        token=request.request.token,
        uri=request.request.uri,
        body=request.request.body,
        intent=request.intent,
        verdict=request.verdict,
    )


def _call_for(transaction_id: str) -> Call:
    """The call being answered, whose handoff must name that transaction."""
    call = current_call()
    if str(call.transaction_id) != transaction_id:
        raise StrongroomError(Code.HANDOFF_INVALID, "The handoff names another transaction than the request.")
    return call


def _transaction(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise StrongroomError(Code.REQUEST_INVALID, "A transaction id is a UUID.") from None


def _state(case: Case, state: State, approvals: tuple[bytes, ...]) -> pb.ApprovalState:
    request = case.request
    question, expires_at = request.question, request.expires_at
    return pb.ApprovalState(
        transaction_id=str(question.transaction_id),
        attempt=question.attempt,
        state=state,
        intent=question.intent,
        decision=request.answer.decision,
        approvals=approvals,
        expires_at_ms=0 if expires_at is None else round(expires_at.timestamp() * 1000),
        requested_at_ms=round(request.requested_at.timestamp() * 1000),
        reason=case.closed_because if state is State.CLOSED else "",
    )
