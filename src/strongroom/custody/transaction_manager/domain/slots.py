"""Step 8: when a transaction may take the next nonce of its sender, and which fees it then offers."""

from dataclasses import dataclass
from uuid import UUID

from strongroom.chains.evm.fees import FeeLevel, limit_fees, offer_fees
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
    """The payload, or None while the highest fee of the intent does not even pay the base fee (``chains.evm.fees``)."""
    wanted = offer_fees(
        next_base_fee_per_gas=fees.base_fee_per_gas,
        priority_fee_per_gas=fees.priority_fee_per_gas[intent.fee_level],
        level=FeeLevel(intent.fee_level),
    )
    offered = limit_fees(
        wanted,
        ceiling_units=intent.max_fee_units,
        gas_limit=NATIVE_TRANSFER_GAS,
        next_base_fee_per_gas=fees.base_fee_per_gas,
    )
    if offered is None:
        return None
    return Payload(
        intent_hash=intent_hash,
        nonce=nonce,
        gas_limit=NATIVE_TRANSFER_GAS,
        max_fee_per_gas=offered.max_fee_per_gas,
        max_priority_fee_per_gas=offered.max_priority_fee_per_gas,
    )


def decide_lane_wait_ms(*, ahead: int) -> int:
    """When to ask again, so that those first in the queue ask first and a long queue does not ask busily."""
    return min(_PLACE_WAIT_MS * (ahead + 1), _LONGEST_WAIT_MS)
