"""Step 8: when a transaction may take the next nonce of its sender, and which fees it then offers."""

from dataclasses import dataclass
from uuid import UUID

from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.payload import NATIVE_TRANSFER_GAS, Payload

_PLACE_WAIT_MS = 20  # about what one signature takes on this lane
_LONGEST_WAIT_MS = 500
FEE_WAIT_MS = 1000
"""After how long a cap below the base fee is looked at again: blocks are seconds apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The serial lane of one address: ``next_nonce`` is free when ``live_transaction`` is None."""

    next_nonce: int = 0
    live_transaction: UUID | None = None
    version: int | None = None
    ahead: int = 0

    @property
    def is_free(self) -> bool:
        """Whether the next nonce may be taken."""
        return self.live_transaction is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """Prices per gas in wei: the base fee of the next block and the priority fee of each level."""

    base_fee_per_gas: int
    priority_fee_per_gas: dict[str, int]


def decide_payload(*, intent: Intent, intent_hash: bytes, nonce: int, fees: Fees) -> Payload | None:
    """The payload, or None while the highest fee of the intent does not even pay the base fee.

    Twice the base fee outlasts five full blocks (EIP-1559: each adds an eighth at most); the intent's cap comes first.
    """
    priority = fees.priority_fee_per_gas[intent.fee_level]
    cap = intent.max_fee_units // NATIVE_TRANSFER_GAS
    if cap < fees.base_fee_per_gas + priority:
        return None
    return Payload(
        intent_hash=intent_hash,
        nonce=nonce,
        gas_limit=NATIVE_TRANSFER_GAS,
        max_fee_per_gas=min(2 * fees.base_fee_per_gas + priority, cap),
        max_priority_fee_per_gas=priority,
    )


def decide_lane_wait_ms(*, ahead: int) -> int:
    """When to ask again, so that those first in the queue ask first and a long queue does not ask busily."""
    return min(_PLACE_WAIT_MS * (ahead + 1), _LONGEST_WAIT_MS)
