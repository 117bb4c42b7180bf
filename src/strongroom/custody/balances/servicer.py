"""The gRPC door: translates, calls one operation, translates."""

from typing import Any, TypeAlias, final

from grpc import aio

from strongroom.custody.balances.domain import parse_units
from strongroom.custody.balances.operations import Question, check, get
from strongroom.custody.balances.peers import Nodes
from strongroom.interfaces.balances.v1 import balances_pb2 as pb
from strongroom.interfaces.balances.v1 import balances_pb2_grpc as rpc
from strongroom.runtime.host import Host
from strongroom.runtime.rpc.call import current_call
from strongroom.runtime.rpc.context import Metadata, acting

_Context: TypeAlias = "aio.ServicerContext[Any, Any]"


@final
class BalancesServicer(rpc.BalancesServicer):
    """Answers the RPCs of strongroom.balances.v1."""

    def __init__(self, host: Host, nodes: Nodes) -> None:
        self._host = host
        self._nodes = nodes

    async def CheckBalance(self, request: pb.CheckBalanceRequest, context: _Context) -> pb.CheckBalanceResponse:
        """Step 5a, answered with a signed receipt."""
        question = Question(
            transaction_id=request.transaction_id,
            chain_id=request.chain_id,
            address=request.address,
            amount_units=parse_units(request.amount_units),
            max_fee_units=parse_units(request.max_fee_units),
            reserved_units=parse_units(request.reserved_units, limit=None),
        )
        checked = await check(question=question, metadata=_acting(), nodes=self._nodes, clock=self._host.clock)
        return pb.CheckBalanceResponse(
            shortfall=checked.shortfall.name if checked.shortfall else "",
            balance_units=str(checked.balance_units),
            node_us=checked.node_us,
            receipt=self._host.write_receipt(),
        )

    async def GetBalance(self, request: pb.GetBalanceRequest, context: _Context) -> pb.GetBalanceResponse:
        """The balance of an address, for the doors."""
        balance = await get(chain_id=request.chain_id, address=request.address, metadata=_acting(), nodes=self._nodes)
        return pb.GetBalanceResponse(balance_units=str(balance.units), block_number=balance.block_number)


def _acting() -> Metadata:
    call = current_call()
    return acting(transaction_id=call.transaction_id, parents=call.parents, context=call.given_context)
