"""Every call of the policy engine to another service."""

from strongroom.custody.policy_engine.domain import Answer, Question, StepTimes
from strongroom.interfaces.auth_engine.v1 import auth_engine_pb2, auth_engine_pb2_grpc
from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2
from strongroom.interfaces.secure_vault.v1 import secure_vault_pb2, secure_vault_pb2_grpc
from strongroom.interfaces.transaction_manager.v1 import transaction_manager_pb2, transaction_manager_pb2_grpc
from strongroom.runtime.host import Host
from strongroom.runtime.rpc.context import acting


class Peers:
    """The services that the policy engine calls."""

    def __init__(self, host: Host) -> None:
        self._auth = host.peer(auth_engine_pb2_grpc.AuthEngineStub, "auth_engine")
        self._manager = host.peer(transaction_manager_pb2_grpc.TransactionManagerStub, "transaction_manager")
        self._vault = host.peer(secure_vault_pb2_grpc.SecureVaultStub, "secure_vault")

    async def record_decision(self, question: Question, answer: Answer, *, times: StepTimes, explanation: str) -> bool:
        """Report steps 6 and 7; answers whether the transaction goes on."""
        request = transaction_manager_pb2.RecordStepRequest(
            tenant_id=question.tenant_id,
            transaction_id=str(question.transaction_id),
            attempt=question.attempt,
            steps=_steps(question, times, explanation),
            document=answer.decision,
            outcome="OK",
        )
        reply = await self._manager.RecordStep(
            request, metadata=acting(transaction_id=question.transaction_id, parents=times.parents)
        )
        return not reply.ended

    async def admit(self, question: Question, answer: Answer, *, parents: tuple[str, ...]) -> None:
        """Hand an approved transaction to the vault: the arrow of step 8."""
        request = secure_vault_pb2.AdmitTransactionRequest(
            tenant_id=question.tenant_id,
            transaction_id=str(question.transaction_id),
            attempt=question.attempt,
            request=policy_engine_pb2.OriginalRequest(token=question.token, uri=question.uri, body=question.body),
            intent=question.intent,
            decision=answer.decision,
            verdict=question.verdict,
        )
        await self._vault.AdmitTransaction(
            request, metadata=acting(transaction_id=question.transaction_id, parents=parents)
        )

    async def apply_document_set(self, signed: bytes) -> None:
        """Give a published version to everyone who verifies against it; each of them checks it again."""
        await self._auth.ApplyDocumentSet(auth_engine_pb2.ApplyDocumentSetRequest(document_set=signed))
        await self._manager.ApplyDocumentSet(transaction_manager_pb2.ApplyDocumentSetRequest(document_set=signed))
        await self._vault.ApplyDocumentSet(secure_vault_pb2.ApplyDocumentSetRequest(document_set=signed))


def _steps(question: Question, times: StepTimes, explanation: str) -> list[transaction_manager_pb2.Step]:
    evaluated = transaction_manager_pb2.Step(
        step="6",
        attempt=question.attempt,
        from_service="transaction_manager",
        to_service="policy_engine",
        operation="evaluate",
        outcome="OK",
        detail=explanation,
        started_at_us=times.began_us,
        duration_us=times.evaluate_us,
    )
    approved = transaction_manager_pb2.Step(
        step="7",
        attempt=question.attempt,
        from_service="policy_engine",
        to_service="policy_engine",
        operation="collect_approval",
        outcome="OK",
        detail="auto-approved: the rule asks for nobody",
        started_at_us=times.began_us + times.evaluate_us,
        duration_us=times.approve_us,
    )
    return [evaluated, approved]
