"""Every call of the policy engine to another service."""

from strongroom.custody.policy_engine.domain import Approved, Attempt, End, StepTimes
from strongroom.interfaces.auth_engine.v1 import auth_engine_pb2, auth_engine_pb2_grpc
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2, cosigner_engine_pb2_grpc
from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2
from strongroom.interfaces.secure_vault.v1 import secure_vault_pb2, secure_vault_pb2_grpc
from strongroom.interfaces.transaction_manager.v1 import transaction_manager_pb2, transaction_manager_pb2_grpc
from strongroom.runtime.host import Host
from strongroom.runtime.rpc.context import acting

AUTO_APPROVED = "auto-approved: the rule asks for nobody"


class Peers:
    """The services that the policy engine calls."""

    def __init__(self, host: Host) -> None:
        self._auth = host.peer(auth_engine_pb2_grpc.AuthEngineStub, "auth_engine")
        self._manager = host.peer(transaction_manager_pb2_grpc.TransactionManagerStub, "transaction_manager")
        self._engine = host.peer(cosigner_engine_pb2_grpc.CosignerEngineStub, "cosigner_engine")
        self._vault = host.peer(secure_vault_pb2_grpc.SecureVaultStub, "secure_vault")

    async def record_decision(self, approved: Approved, *, times: StepTimes, explanation: str) -> bool:
        """Report steps 6 and 7 of what a rule allows; answers whether the transaction goes on."""
        steps = [
            _evaluated(approved.question.which, times, explanation),
            _collected(approved.question.which, times, AUTO_APPROVED),
        ]
        return await self._record(
            approved.question.which, steps=steps, parents=times.parents, document=approved.answer.decision
        )

    async def record_evaluation(self, which: Attempt, *, times: StepTimes, explanation: str) -> bool:
        """Report step 6 alone: people are asked; answers whether the transaction goes on."""
        steps = [_evaluated(which, times, explanation)]
        return await self._record(which, steps=steps, parents=times.parents)

    async def record_approval(self, approved: Approved, *, times: StepTimes) -> bool:
        """Report step 7 of what people approved; answers whether the transaction goes on."""
        steps = [_collected(approved.question.which, times, f"approved by {', '.join(approved.people)}")]
        return await self._record(
            approved.question.which, steps=steps, parents=times.parents, document=approved.answer.decision
        )

    async def record_end(self, which: Attempt, end: End) -> None:
        """Report that step 7 ended without an approval, or that it must be decided again."""
        steps = [_collected(which, end.times, end.reason, outcome=end.outcome)]
        await self._record(which, steps=steps, parents=end.times.parents, outcome=end.outcome, reason=end.reason)

    async def admit(self, approved: Approved, *, parents: tuple[str, ...]) -> None:
        """Hand an approved transaction to the vault: the arrow of step 8."""
        question = approved.question
        request = secure_vault_pb2.AdmitTransactionRequest(
            tenant_id=question.tenant_id,
            transaction_id=str(question.transaction_id),
            attempt=question.attempt,
            request=policy_engine_pb2.OriginalRequest(token=question.token, uri=question.uri, body=question.body),
            intent=question.intent,
            decision=approved.answer.decision,
            verdict=question.verdict,
            approvals=approved.approvals,
        )
        await self._vault.AdmitTransaction(
            request, metadata=acting(transaction_id=question.transaction_id, parents=parents)
        )

    async def apply_document_set(self, signed: bytes) -> None:
        """Give a published version to everyone who verifies against it; each of them checks it again."""
        await self._auth.ApplyDocumentSet(auth_engine_pb2.ApplyDocumentSetRequest(document_set=signed))
        await self._manager.ApplyDocumentSet(transaction_manager_pb2.ApplyDocumentSetRequest(document_set=signed))
        await self._vault.ApplyDocumentSet(secure_vault_pb2.ApplyDocumentSetRequest(document_set=signed))
        await self._engine.ApplyDocumentSet(cosigner_engine_pb2.ApplyDocumentSetRequest(document_set=signed))

    async def _record(
        self,
        which: Attempt,
        *,
        steps: list[transaction_manager_pb2.Step],
        parents: tuple[str, ...],
        document: bytes = b"",
        outcome: str = "OK",
        reason: str = "",
    ) -> bool:
        request = transaction_manager_pb2.RecordStepRequest(
            tenant_id=which.tenant_id,
            transaction_id=str(which.transaction_id),
            attempt=which.attempt,
            steps=steps,
            document=document,
            outcome=outcome,
            reason=reason,
        )
        metadata = acting(transaction_id=which.transaction_id, parents=parents)
        return not (await self._manager.RecordStep(request, metadata=metadata)).ended


def _evaluated(which: Attempt, times: StepTimes, explanation: str) -> transaction_manager_pb2.Step:
    return transaction_manager_pb2.Step(
        step="6",
        attempt=which.attempt,
        from_service="transaction_manager",
        to_service="policy_engine",
        operation="evaluate",
        outcome="OK",
        detail=explanation,
        started_at_us=times.began_us,
        duration_us=times.evaluate_us,
    )


def _collected(which: Attempt, times: StepTimes, detail: str, *, outcome: str = "OK") -> transaction_manager_pb2.Step:
    return transaction_manager_pb2.Step(
        step="7",
        attempt=which.attempt,
        from_service="policy_engine",
        to_service="policy_engine",
        operation="collect_approval",
        outcome=outcome,
        detail=detail,
        started_at_us=times.began_us + times.evaluate_us,
        duration_us=times.approve_us,
    )
