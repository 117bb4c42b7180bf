"""Every call to another service; wire types stop here."""

from dataclasses import dataclass
from typing import final

from strongroom.custody.balances.domain import parse_units
from strongroom.interfaces.nodes.v1 import nodes_pb2 as pb
from strongroom.interfaces.nodes.v1.nodes_pb2_grpc import NodesStub
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.host import Host
from strongroom.runtime.rpc.context import Metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What an address holds at the newest block, in base units."""

    units: int
    block_number: int


@final
class Nodes:
    """The nodes service."""

    def __init__(self, host: Host) -> None:
        self._stub = host.peer(NodesStub, "nodes")

    async def get_balance(
        self, *, chain_id: int, address: str, transaction_id: str = "", metadata: Metadata
    ) -> Balance:
        """The balance of an address.

        Raises:
            StrongroomError: ``NODE_UNAVAILABLE``, also for an answer that is no balance.
        """
        request = pb.GetBalanceRequest(chain_id=chain_id, address=address, transaction_id=transaction_id)
        answer = await self._stub.GetBalance(request, metadata=metadata)
        try:
            return Balance(units=parse_units(answer.balance_units), block_number=answer.block_number)
        except StrongroomError as error:
            raise StrongroomError(Code.NODE_UNAVAILABLE, "The node's answer is no balance.") from error
