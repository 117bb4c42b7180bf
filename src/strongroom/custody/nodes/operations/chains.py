"""The chains that are configured: one client each, and what was last seen of it."""

from dataclasses import dataclass
from typing import final

from strongroom.chains.evm.fees import FeeHistory, FeeLevel, decide_fees
from strongroom.chains.evm.node import EvmNode
from strongroom.chains.evm.observed import Head
from strongroom.custody.nodes.config import NodesConfig
from strongroom.kernel.errors import Code, StrongroomError


@dataclass(frozen=True, slots=True, kw_only=True)
class FeePrices:
    """Prices per gas in wei, at one block."""

    base_fee_per_gas: int
    priority_by_level: dict[FeeLevel, int]
    block_number: int


@final
class Chain:
    """One chain: its client, the newest block number that was seen, and the prices of that block."""

    def __init__(self, chain_id: int, node: EvmNode) -> None:
        self.chain_id = chain_id
        self.node = node
        self.head_number: int | None = None
        self._checked = False
        self._prices: FeePrices | None = None

    async def check_chain_id(self) -> None:
        """Make sure once that the node is of this chain.

        Raises:
            StrongroomError: ``NODE_UNAVAILABLE`` if it is of another, or does not answer.
        """
        if self._checked:
            return
        found = await self.node.chain_id()
        if found != self.chain_id:
            raise StrongroomError(Code.NODE_UNAVAILABLE, f"The node is of chain {found}, not of {self.chain_id}.")
        self._checked = True

    async def look(self) -> Head:
        """The newest block now. While the node cannot say, nobody is answered by what it said before.

        Raises:
            StrongroomError: ``NODE_UNAVAILABLE``.
        """
        try:
            head = await self.node.head()
        except StrongroomError:
            self.head_number = None
            raise
        self.head_number = head.number
        return head

    async def head(self) -> int:
        """The newest block number: the watcher's, or the node's before the watcher has looked."""
        if self.head_number is None:
            return (await self.look()).number
        return self.head_number

    async def prices(self) -> FeePrices:
        """The prices at the newest block; asked once a block."""
        head = await self.head()
        if self._prices is None or self._prices.block_number != head:
            self._prices = _prices(await self.node.fee_history(), head)
        return self._prices


@final
class Chains:
    """Every configured chain, by id."""

    def __init__(self, config: NodesConfig) -> None:
        self._chains = {
            int(chain_id): Chain(int(chain_id), EvmNode(url, timeout_s=config.timeout_s))
            for chain_id, url in config.chains.items()
        }

    async def get(self, chain_id: int) -> Chain:
        """The chain of that id.

        Raises:
            StrongroomError: ``ASSET_UNKNOWN`` when no node is configured for it; ``NODE_UNAVAILABLE``.
        """
        chain = self._chains.get(chain_id)
        if chain is None:
            raise StrongroomError(Code.ASSET_UNKNOWN, f"No node is configured for chain {chain_id}.")
        await chain.check_chain_id()
        return chain

    def all(self) -> tuple[Chain, ...]:
        """All of them."""
        return tuple(self._chains.values())

    async def close(self) -> None:
        """Close every client."""
        for chain in self._chains.values():
            await chain.node.close()


def _prices(history: FeeHistory, head: int) -> FeePrices:
    return FeePrices(
        base_fee_per_gas=history.next_base_fee_per_gas,
        priority_by_level={level: decide_fees(history, level=level).max_priority_fee_per_gas for level in FeeLevel},
        block_number=head,
    )
