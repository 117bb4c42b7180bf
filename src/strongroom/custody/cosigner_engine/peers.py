"""Every call of cosigner_engine to another service; wire types stop here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, final

from strongroom.custody.cosigner_engine.domain.closing import CloseErrand
from strongroom.custody.cosigner_engine.domain.requests import Errand, KeyCeremony, KeyErrand, StepReport
from strongroom.interfaces.auth_engine.v1 import auth_engine_pb2 as auth_pb
from strongroom.interfaces.secure_vault.v1 import secure_vault_pb2 as vault_pb
from strongroom.interfaces.transaction_manager.v1 import transaction_manager_pb2 as manager_pb
from strongroom.kernel.call_context import CallContext
from strongroom.kernel.ids import Environment, TenantId
from strongroom.runtime.rpc.context import Metadata, acting

if TYPE_CHECKING:  # the generated code has these names only in its type stubs
    from strongroom.interfaces.auth_engine.v1.auth_engine_pb2_grpc import AuthEngineAsyncStub
    from strongroom.interfaces.secure_vault.v1.secure_vault_pb2_grpc import SecureVaultAsyncStub
    from strongroom.interfaces.transaction_manager.v1.transaction_manager_pb2_grpc import TransactionManagerAsyncStub

SERVICE = "cosigner_engine"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Peers:
    """The services that the engine calls. Every method raises the callee's ``StrongroomError``."""

    environment: Environment
    manager: "TransactionManagerAsyncStub"
    auth: "AuthEngineAsyncStub"
    vault: "SecureVaultAsyncStub"

    async def record_step(
        self, *, errand: Errand, report: StepReport, before: StepReport | None = None, reason: str = ""
    ) -> bool:
        """Tell the manager of one step; idempotent. True if the transaction has ended and the engine must stop.

        Args:
            errand: for which transaction.
            report: the step.
            before: an optional step that was a part of it.
            reason: for people.
        """
        steps = [step for one in (before, report) if one is not None for step in _arrows(errand, one)]
        request = manager_pb.RecordStepRequest(
            tenant_id=errand.tenant_id,
            transaction_id=str(errand.id),
            attempt=errand.attempt,
            steps=steps,
            outcome=report.outcome,
            reason=reason,
        )
        answer = await self.manager.RecordStep(request, metadata=self._acting(errand))
        return answer.ended

    async def verify_partials(self, *, errand: Errand, digest: bytes, statements: Sequence[bytes]) -> None:
        """Step 11: have the three statements checked.

        Raises:
            StrongroomError: ``PARTIALS_MISMATCH`` if they disagree.
        """
        request = auth_pb.VerifyPartialsRequest(
            transaction_id=str(errand.id), tenant_id=errand.tenant_id, digest=digest, partials=statements
        )
        await self.auth.VerifyPartials(request, metadata=self._acting(errand))

    async def assemble(self, *, errand: Errand, signature: bytes) -> str:
        """Step 12: hand the finished signature to the vault; the hash that the transaction will have on chain."""
        request = vault_pb.AssembleTransactionRequest(
            tenant_id=errand.tenant_id, transaction_id=str(errand.id), attempt=errand.attempt, signature=signature
        )
        answer = await self.vault.AssembleTransaction(request, metadata=self._acting(errand))
        return answer.tx_hash

    async def record_close(self, *, errand: CloseErrand, tombstones: Sequence[bytes]) -> None:
        """Tell the manager which co-signers have closed the request; idempotent."""
        request = manager_pb.RecordCloseRequest(
            tenant_id=errand.tenant_id, transaction_id=str(errand.id), tombstones=tombstones
        )
        await self.manager.RecordClose(request, metadata=self._acting(errand))

    async def record_key(self, *, errand: KeyErrand, ceremony: KeyCeremony) -> None:
        """Report how a key ceremony ended; idempotent."""
        request = vault_pb.RecordKeyRequest(
            tenant_id=errand.tenant_id,
            key_id=ceremony.key_id,
            key_records=ceremony.key_records,
            key_request_hash=ceremony.key_request_hash,
            reason=ceremony.reason,
        )
        await self.vault.RecordKey(request, metadata=acting(context=self._context(errand)))

    def _acting(self, errand: Errand | CloseErrand) -> Metadata:
        return acting(transaction_id=errand.id, parents=errand.parents, context=self._context(errand))

    def _context(self, errand: Errand | CloseErrand | KeyErrand) -> CallContext:
        return CallContext(
            tenant_id=TenantId(errand.tenant_id),
            user_id=errand.user_id,
            environment=self.environment,
            session_id=errand.session_id,
        )


def _arrows(errand: Errand, report: StepReport) -> list[manager_pb.Step]:
    return [
        manager_pb.Step(
            step=report.step,
            attempt=errand.attempt,
            from_service=report.from_service,
            to_service=to_service,
            operation=report.operation,
            outcome=report.outcome,
            detail=report.detail,
            started_at_us=report.started_at_us,
            duration_us=report.duration_us,
        )
        for to_service in report.to_services
    ]
