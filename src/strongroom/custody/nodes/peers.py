"""Every call of the nodes service to another service."""

from datetime import datetime

from strongroom.custody.nodes.domain import Broadcast, Sighting, Watch
from strongroom.interfaces.transaction_manager.v1 import transaction_manager_pb2 as pb
from strongroom.interfaces.transaction_manager.v1 import transaction_manager_pb2_grpc as rpc
from strongroom.runtime.host import Host
from strongroom.runtime.rpc.context import acting


class Peers:
    """The services that nodes calls."""

    def __init__(self, host: Host) -> None:
        self._manager = host.peer(rpc.TransactionManagerStub, "transaction_manager")

    async def record_broadcast(
        self, broadcast: Broadcast, *, began: datetime, duration_us: int, parents: tuple[str, ...]
    ) -> bool:
        """Report step 13 before anything is sent; answers whether the transaction goes on."""
        step = pb.Step(
            step="13",
            attempt=broadcast.attempt,
            from_service="secure_vault",
            to_service="nodes",
            operation="broadcast",
            outcome="OK",
            detail=f"nonce {broadcast.nonce} of {broadcast.sender}",
            started_at_us=round(began.timestamp() * 1_000_000),
            duration_us=duration_us,
        )
        request = pb.RecordStepRequest(
            tenant_id=broadcast.tenant_id,
            transaction_id=str(broadcast.transaction_id),
            attempt=broadcast.attempt,
            steps=[step],
            outcome="OK",
        )
        reply = await self._manager.RecordStep(
            request, metadata=acting(transaction_id=broadcast.transaction_id, parents=parents)
        )
        return not reply.ended

    async def confirm(self, watch: Watch, sighting: Sighting, *, confirmations: int) -> bool:
        """Report step 14; answers whether nothing more is to be reported."""
        request = pb.ConfirmTransactionRequest(
            tenant_id=watch.target.tenant_id,
            transaction_id=str(watch.target.transaction_id),
            tx_hash=sighting.tx_hash,
            block_number=sighting.block_number,
            block_hash=sighting.block_hash,
            confirmations=confirmations,
            succeeded=sighting.receipt.succeeded,
            fee_units=str(sighting.receipt.fee_units),
            ours=sighting.is_of(watch.target),
            revert_reason=sighting.revert_reason,
        )
        reply = await self._manager.ConfirmTransaction(
            request, metadata=acting(transaction_id=watch.target.transaction_id, parents=watch.parents)
        )
        return reply.final
