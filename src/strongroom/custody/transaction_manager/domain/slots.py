"""Step 8: when a transaction may take the next nonce of its sender, and which fees it then offers."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from strongroom.chains.evm.fees import FeeLevel, limit_fees, offer_fees
from strongroom.chains.evm.transaction import Eip1559Transaction, signing_digest
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.payload import NATIVE_TRANSFER_GAS, Payload

COUNTED_PLACES = 250
"""So many of those ahead are counted."""
_PLACE_WAIT_MS = 20  # about what one signature takes on this lane
_LONGEST_WAIT_MS = _PLACE_WAIT_MS * COUNTED_PLACES
_PATIENCE = timedelta(seconds=1)
FEE_WAIT_MS = 1000
"""After how long a cap below the base fee is looked at again: blocks are seconds apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """The serial lane of one address: ``next_nonce`` is free when ``live_transaction`` is None, since ``changed_at``.

    ``ahead`` are the older transactions that wait for it, ``COUNTED_PLACES`` at most.
    """

    next_nonce: int = 0
    live_transaction: UUID | None = None
    version: int | None = None
    changed_at: datetime | None = None
    ahead: int = 0

    @property
    def is_free(self) -> bool:
        """Whether the next nonce may be taken."""
        return self.live_transaction is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """Prices per gas in wei at one block: the base fee of the next one and the priority fee of each level."""

    block_number: int
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


def decide_lane_wait_ms(*, lane: Lane, now: datetime) -> int:
    """When to ask for the lane again; 0 when it may be taken now.

    The oldest of those that wait goes next. If it does not come for a free lane within a second, because whoever asks
    for it is away, any other may. Those first in the queue ask first, and the longer the lane has been busy, the less
    often anybody asks.
    """
    since = now - lane.changed_at if lane.changed_at is not None else _PATIENCE
    if lane.is_free and (not lane.ahead or since >= _PATIENCE):
        return 0
    held_ms = since // timedelta(milliseconds=1)
    return min(max(_PLACE_WAIT_MS * (lane.ahead + 1), held_ms // 10), _LONGEST_WAIT_MS)


def released_digest(*, intent: Intent, payload: Payload) -> bytes:
    """What the co-signers were asked to sign, 32 bytes: by this the chain's observer knows the transaction again."""
    return signing_digest(
        Eip1559Transaction(
            chain_id=intent.chain_id,
            nonce=payload.nonce,
            max_priority_fee_per_gas=payload.max_priority_fee_per_gas,
            max_fee_per_gas=payload.max_fee_per_gas,
            gas_limit=payload.gas_limit,
            to=intent.destination,
            value_units=intent.amount_units,
        )
    )
