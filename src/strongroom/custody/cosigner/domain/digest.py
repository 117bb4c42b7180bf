"""``digest = f(intent, payload)``: encoded here, never taken from anybody (trust.md 3)."""

from strongroom.chains.evm.transaction import Eip1559Transaction, signing_digest
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.payload import Payload
from strongroom.kernel.errors import Code, StrongroomError


def transaction_digest(*, intent: Intent, payload: Payload) -> bytes:
    """What the threshold key signs for this intent and payload, 32 bytes.

    Raises:
        StrongroomError: ``OPERATION_UNSUPPORTED`` for a token: native coin only.
    """
    if intent.token_contract is not None:
        raise StrongroomError(Code.OPERATION_UNSUPPORTED, "This co-signer signs transfers of the native coin only.")
    return signing_digest(transaction_of(intent=intent, payload=payload))


def transaction_of(*, intent: Intent, payload: Payload) -> Eip1559Transaction:
    """The transfer of the native coin that intent and payload mean together."""
    return Eip1559Transaction(
        chain_id=intent.chain_id,
        nonce=payload.nonce,
        max_priority_fee_per_gas=payload.max_priority_fee_per_gas,
        max_fee_per_gas=payload.max_fee_per_gas,
        gas_limit=payload.gas_limit,
        to=intent.destination,
        value_units=intent.amount_units,
    )
