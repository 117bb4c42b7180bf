"""The two questions that balances answers."""

from dataclasses import dataclass

from strongroom.custody.balances.domain import decide_shortfall
from strongroom.custody.balances.peers import Balance, Nodes
from strongroom.kernel.addresses import parse_evm_address
from strongroom.kernel.errors import Code
from strongroom.runtime.clock import Clock
from strongroom.runtime.rpc.context import Metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a transaction moves, what it may cost at most, and what others may still spend; in wei."""

    transaction_id: str
    chain_id: int
    address: str
    amount_units: int
    max_fee_units: int
    reserved_units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The answer, and how long the node took."""

    shortfall: Code | None
    balance_units: int
    node_us: int


async def check(*, question: Question, metadata: Metadata, nodes: Nodes, clock: Clock) -> Checked:
    """Step 5a — reads the balance at the newest block and says what is missing; insufficient is an answer, no error.

    Raises:
        StrongroomError: ``ADDRESS_INVALID``; ``NODE_UNAVAILABLE``.
    """
    address = parse_evm_address(question.address)
    started_s = clock.monotonic_s()
    balance = await nodes.get_balance(
        chain_id=question.chain_id, address=address, transaction_id=question.transaction_id, metadata=metadata
    )
    node_us = round((clock.monotonic_s() - started_s) * 1_000_000)
    shortfall = decide_shortfall(
        balance_units=balance.units,
        reserved_units=question.reserved_units,
        amount_units=question.amount_units,
        max_fee_units=question.max_fee_units,
    )
    return Checked(shortfall=shortfall, balance_units=balance.units, node_us=node_us)


async def get(*, chain_id: int, address: str, metadata: Metadata, nodes: Nodes) -> Balance:
    """The balance of an address at the newest block; ``ADDRESS_INVALID``, ``NODE_UNAVAILABLE``."""
    return await nodes.get_balance(chain_id=chain_id, address=parse_evm_address(address), metadata=metadata)
