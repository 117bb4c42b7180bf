"""The gRPC door of the nodes service: translate, call one operation, translate."""

import asyncio
from typing import Any
from uuid import UUID

from grpc import aio

from strongroom.chains.evm.fees import FeeLevel
from strongroom.custody.nodes.domain import Broadcast, Target, Watch
from strongroom.custody.nodes.operations import Chains, broadcast_transaction, record_hop, watch_slot
from strongroom.interfaces.nodes.v1 import nodes_pb2 as pb
from strongroom.interfaces.nodes.v1 import nodes_pb2_grpc as rpc
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.host import Host
from strongroom.runtime.rpc.call import current_call

Context = aio.ServicerContext[Any, Any]


class NodesServicer(rpc.NodesServicer):
    """See ``proto/strongroom/nodes/v1``."""

    def __init__(self, host: Host, *, chains: Chains) -> None:
        self._host = host
        self._chains = chains

    async def GetBalance(self, request: pb.GetBalanceRequest, context: Context) -> pb.GetBalanceResponse:
        """The balance at the newest block."""
        chain = await self._chains.get(request.chain_id)
        balance, block_number, _ = await asyncio.gather(
            chain.node.balance(request.address),
            chain.head(),
            record_hop(database=self._host.database(), call=current_call()),
        )
        return pb.GetBalanceResponse(balance_units=str(balance), block_number=block_number)

    async def GetFees(self, request: pb.GetFeesRequest, context: Context) -> pb.GetFeesResponse:
        """The prices at the newest block."""
        chain = await self._chains.get(request.chain_id)
        prices, _ = await asyncio.gather(
            chain.prices(), record_hop(database=self._host.database(), call=current_call())
        )
        return pb.GetFeesResponse(
            base_fee_per_gas=str(prices.base_fee_per_gas),
            low_priority_fee_per_gas=str(prices.priority_by_level[FeeLevel.LOW]),
            medium_priority_fee_per_gas=str(prices.priority_by_level[FeeLevel.MEDIUM]),
            high_priority_fee_per_gas=str(prices.priority_by_level[FeeLevel.HIGH]),
            block_number=prices.block_number,
        )

    async def BroadcastTransaction(
        self, request: pb.BroadcastTransactionRequest, context: Context
    ) -> pb.BroadcastTransactionResponse:
        """Step 13."""
        call = current_call()
        broadcast = Broadcast(
            tenant_id=request.tenant_id,
            transaction_id=UUID(request.transaction_id),
            attempt=request.attempt,
            chain_id=request.chain_id,
            sender=request.sender,
            nonce=request.nonce,
            digest=request.digest,
            raw_transaction=request.raw_transaction,
        )
        if broadcast.transaction_id != call.transaction_id:
            raise StrongroomError(Code.HANDOFF_INVALID, "The handoff names another transaction than the request.")
        await broadcast_transaction(
            database=self._host.database(),
            work=self._host.work(),
            clock=self._host.clock,
            chains=self._chains,
            broadcast=broadcast,
            call=call,
        )
        return pb.BroadcastTransactionResponse()

    async def WatchSlot(self, request: pb.WatchSlotRequest, context: Context) -> pb.WatchSlotResponse:
        """A digest that was released and shall not land."""
        call = current_call()
        target = Target(
            tenant_id=request.tenant_id,
            transaction_id=UUID(request.transaction_id),
            chain_id=request.chain_id,
            sender=request.sender,
            nonce=request.nonce,
            digest=request.digest,
        )
        if target.transaction_id != call.transaction_id:
            raise StrongroomError(Code.HANDOFF_INVALID, "The handoff names another transaction than the request.")
        watch = Watch(target=target, since_block=request.since_block, parents=call.parents)
        await watch_slot(database=self._host.database(), chains=self._chains, watch=watch, call=call)
        return pb.WatchSlotResponse()
