"""The payload: what the transaction needs beyond the intent, fixed by the manager at step 8, never before approval."""

from strongroom.kernel.documents.codec import Document
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.errors import Code, StrongroomError

NATIVE_TRANSFER_GAS = 21_000
"""Gas of a plain transfer (Yellow Paper, appendix G: G_transaction)."""
NONCES = 1 << 63
"""Nonces are below this: what databases count in; no chain takes one of 2^64 (EIP-2681)."""


class Payload(Document, frozen=True):
    """Nonce and fees of one EIP-1559 transaction; prices per gas in wei."""

    intent_hash: bytes
    nonce: int
    gas_limit: int
    max_fee_per_gas: int
    max_priority_fee_per_gas: int


def check_payload(*, payload: Payload, intent: Intent) -> None:
    """Check that the payload serves this intent and stays within its maximum fee.

    Raises:
        StrongroomError: ``INTENT_MISMATCH``, ``MAX_FEE_EXCEEDED``.
    """
    if (
        payload.intent_hash != intent.hash()
        or not 0 <= payload.nonce < NONCES
        or payload.gas_limit != NATIVE_TRANSFER_GAS
    ):
        raise StrongroomError(Code.INTENT_MISMATCH, "The payload is not for this intent.")
    if not 0 <= payload.max_priority_fee_per_gas <= payload.max_fee_per_gas:
        raise StrongroomError(Code.INTENT_MISMATCH, "The priority fee exceeds the whole fee.")
    if payload.gas_limit * payload.max_fee_per_gas > intent.max_fee_units:
        raise StrongroomError(Code.MAX_FEE_EXCEEDED)
