"""A nodes service that says what the test sets: balances, fees, and failures as StrongroomError."""

# ruff: noqa: N802, ARG002 - gRPC names its methods and gives each a context

from dataclasses import dataclass, field
from typing import Any

from strongroom.interfaces.nodes.v1 import nodes_pb2 as pb
from strongroom.interfaces.nodes.v1.nodes_pb2_grpc import NodesServicer, add_NodesServicer_to_server
from strongroom.kernel.errors import StrongroomError
from strongroom.runtime.rpc.call import Call, current_call
from strongroom.runtime.service import Service


@dataclass
class FakeNodes(NodesServicer):
    """Balances by address; an address that is not set holds ``default_units``."""

    balances: dict[str, int] = field(default_factory=dict[str, int])
    default_units: int = 10**21
    base_fee: int = 10**9
    priority_fee: int = 10**9
    garbage: str | None = None
    failure: StrongroomError | None = None
    broadcasts: list[pb.BroadcastTransactionRequest] = field(default_factory=list[pb.BroadcastTransactionRequest])
    watched: list[pb.WatchSlotRequest] = field(default_factory=list[pb.WatchSlotRequest])
    calls: list[Call] = field(default_factory=list[Call])

    async def GetBalance(self, request: pb.GetBalanceRequest, context: Any) -> pb.GetBalanceResponse:
        self._note()
        units = self.garbage or str(self.balances.get(request.address, self.default_units))
        return pb.GetBalanceResponse(balance_units=units, block_number=7)

    async def GetFees(self, request: pb.GetFeesRequest, context: Any) -> pb.GetFeesResponse:
        self._note()
        return pb.GetFeesResponse(
            base_fee_per_gas=str(self.base_fee),
            low_priority_fee_per_gas=str(self.priority_fee),
            medium_priority_fee_per_gas=str(2 * self.priority_fee),
            high_priority_fee_per_gas=str(3 * self.priority_fee),
            block_number=7,
        )

    async def BroadcastTransaction(
        self, request: pb.BroadcastTransactionRequest, context: Any
    ) -> pb.BroadcastTransactionResponse:
        self._note()
        self.broadcasts.append(request)
        return pb.BroadcastTransactionResponse()

    async def WatchSlot(self, request: pb.WatchSlotRequest, context: Any) -> pb.WatchSlotResponse:
        self._note()
        self.watched.append(request)
        return pb.WatchSlotResponse()

    def service(self) -> Service:
        return Service(name="nodes", grpc=(lambda server: add_NodesServicer_to_server(self, server),))

    def _note(self) -> None:
        self.calls.append(current_call())
        if self.failure is not None:
            raise self.failure
