"""What a transaction should pay (EIP-1559). Pure; every price is in wei per gas.

The priority fee of a level is the median, over recent blocks that had transactions, of what that part of their gas
paid: LOW the 10th percentile, MEDIUM the 50th, HIGH the 90th. The maximum covers a base fee that goes on rising by an
eighth with every full block: LOW 3 blocks (x 1.5), MEDIUM 6 (x 2), HIGH 10 (x 3). What is not needed is not paid.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import median_low

_LEAST_PRIORITY = 1_000_000
"""0.001 gwei, below which geth's default miner does not include a transaction."""


class FeeLevel(StrEnum):
    """How soon it should be included."""

    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


PERCENTILES: Mapping[FeeLevel, int] = {FeeLevel.LOW: 10, FeeLevel.MEDIUM: 50, FeeLevel.HIGH: 90}
"""What to ask ``eth_feeHistory`` for, in this order."""
_BASE_FEE_HALVES: Mapping[FeeLevel, int] = {FeeLevel.LOW: 3, FeeLevel.MEDIUM: 4, FeeLevel.HIGH: 6}


@dataclass(frozen=True, slots=True)
class BlockFees:
    """The priority fees that one block's transactions paid, at ``PERCENTILES``; ``used``: whether it had any."""

    used: bool
    rewards: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class FeeHistory:
    """``next_base_fee_per_gas`` is that of the block after the last one listed."""

    next_base_fee_per_gas: int
    blocks: tuple[BlockFees, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """What a transaction offers for each unit of gas."""

    max_fee_per_gas: int
    max_priority_fee_per_gas: int


def decide_fees(history: FeeHistory, *, level: FeeLevel) -> Fees:
    """The offer of a level, by the rule at the top of this file."""
    place = tuple(PERCENTILES).index(level)
    paid = [block.rewards[place] for block in history.blocks if block.used]
    priority = max(median_low(paid), _LEAST_PRIORITY) if paid else _LEAST_PRIORITY
    return offer_fees(next_base_fee_per_gas=history.next_base_fee_per_gas, priority_fee_per_gas=priority, level=level)


def offer_fees(*, next_base_fee_per_gas: int, priority_fee_per_gas: int, level: FeeLevel) -> Fees:
    """The offer of a level at these prices: its part of the rule at the top of this file."""
    rising = next_base_fee_per_gas * _BASE_FEE_HALVES[level] // 2
    return Fees(max_fee_per_gas=rising + priority_fee_per_gas, max_priority_fee_per_gas=priority_fee_per_gas)


def limit_fees(fees: Fees, *, ceiling_units: int, gas_limit: int, next_base_fee_per_gas: int) -> Fees | None:
    """The offer within a ceiling, or None if the ceiling does not even pay the next block's base fee: then wait.

    Args:
        fees: what the level asks for.
        ceiling_units: the most the whole transaction may pay in fees, in wei.
        gas_limit: of the transaction.
        next_base_fee_per_gas: as in ``FeeHistory``.
    """
    highest = min(fees.max_fee_per_gas, ceiling_units // gas_limit)
    if highest <= next_base_fee_per_gas:
        return None
    return Fees(max_fee_per_gas=highest, max_priority_fee_per_gas=min(fees.max_priority_fee_per_gas, highest))
