"""Every call of secure_vault to another service; wire types stop here."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, final
from uuid import UUID

from strongroom.custody.secure_vault.domain import Admission, Assembly, Errand, Key, KeyErrand, StepAnswer, StepReport
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as engine_pb
from strongroom.interfaces.nodes.v1 import nodes_pb2 as nodes_pb
from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2 as policy_pb
from strongroom.interfaces.transaction_manager.v1 import transaction_manager_pb2 as manager_pb
from strongroom.kernel.call_context import CallContext
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.payload import Payload
from strongroom.kernel.ids import Environment, TenantId
from strongroom.runtime.rpc.context import Metadata, acting

if TYPE_CHECKING:  # the generated code has these names only in its type stubs
    from strongroom.interfaces.cosigner_engine.v1.cosigner_engine_pb2_grpc import CosignerEngineAsyncStub
    from strongroom.interfaces.nodes.v1.nodes_pb2_grpc import NodesAsyncStub
    from strongroom.interfaces.transaction_manager.v1.transaction_manager_pb2_grpc import TransactionManagerAsyncStub

SERVICE = "secure_vault"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """The services that the vault calls. Every method raises the callee's ``StrongroomError``."""

    environment: Environment
    manager: "TransactionManagerAsyncStub"
    engine: "CosignerEngineAsyncStub"
    nodes: "NodesAsyncStub"

    async def record_step(self, *, errand: Errand, report: StepReport) -> StepAnswer:
        """Tell the manager of one step that the vault received; idempotent."""
        step = manager_pb.Step(
            step=report.step,
            attempt=errand.attempt,
            from_service=report.from_service,
            to_service=SERVICE,
            operation=report.operation,
            outcome=report.outcome,
            detail=report.detail,
            started_at_us=report.started_at_us,
            duration_us=report.duration_us,
        )
        request = manager_pb.RecordStepRequest(
            tenant_id=errand.tenant_id,
            transaction_id=str(errand.id),
            attempt=errand.attempt,
            steps=[step],
            document=report.document,
            outcome=report.outcome,
            reason="" if report.outcome == "OK" else report.detail,
        )
        answer = await self.manager.RecordStep(request, metadata=self._acting(errand))
        return StepAnswer(payload=answer.payload, retry_after_s=answer.retry_after_ms / 1000, ended=answer.ended)

    async def open_ceremony(self, *, errand: Errand, admission: Admission, payload: bytes) -> UUID:
        """Step 9: have it signed; the signing request's id."""
        original = policy_pb.OriginalRequest(
            token=admission.request.token, uri=admission.request.uri, body=admission.request.body
        )
        request = engine_pb.OpenCeremonyRequest(
            tenant_id=errand.tenant_id,
            transaction_id=str(errand.id),
            attempt=errand.attempt,
            request=original,
            intent=admission.intent,
            payload=payload,
            decision=admission.decision,
            verdict=admission.verdict,
            approvals=admission.approvals,
        )
        answer = await self.engine.OpenCeremony(request, metadata=self._acting(errand))
        return UUID(answer.signing_request_id)

    async def broadcast(self, *, errand: Errand, admission: Admission, assembly: Assembly) -> None:
        """Step 13: hand the signed transaction to nodes."""
        assert admission.payload is not None, "an assembled transaction has its payload"
        intent, payload = decode(admission.intent, Intent), decode(admission.payload, Payload)
        request = nodes_pb.BroadcastTransactionRequest(
            tenant_id=errand.tenant_id,
            transaction_id=str(errand.id),
            attempt=errand.attempt,
            chain_id=intent.chain_id,
            raw_transaction=assembly.raw_transaction,
            sender=intent.sender,
            nonce=payload.nonce,
            digest=assembly.digest,
        )
        await self.nodes.BroadcastTransaction(request, metadata=self._acting(errand))

    async def generate_key(self, *, errand: KeyErrand, key: Key) -> None:
        """Start a key ceremony; its end comes as ``RecordKey``."""
        request = engine_pb.GenerateKeyRequest(
            tenant_id=errand.tenant_id, key_id=key.key_id, key_request=key.key_request
        )
        await self.engine.GenerateKey(request, metadata=acting(context=self._context(errand)))

    def _acting(self, errand: Errand) -> Metadata:
        return acting(transaction_id=errand.id, parents=errand.parents, context=self._context(errand))

    def _context(self, errand: Errand | KeyErrand) -> CallContext:
        return CallContext(
            tenant_id=TenantId(errand.tenant_id),
            user_id=errand.user_id,
            environment=self.environment,
            session_id=errand.session_id,
        )
