"""The answer that TRISA brings to a verification of ours, recorded as a counterparty's enclave's would be."""

from decimal import Decimal
from typing import Final

import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain import shapes
from strongroom.travel_rule.enclave.domain.verifications import OPEN, Answered, Outcome, Result, Verification
from strongroom.travel_rule.enclave.operations.bodies import failed, loggable, read_outcome
from strongroom.travel_rule.enclave.operations.callbacks import VERIFICATION_RESULT, new_callback
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.told import read_told
from strongroom.travel_rule.enclave.operations.trisa import own_key, transaction_of, uuid_of
from strongroom.travel_rule.enclave.store.commands import insert_commands
from strongroom.travel_rule.enclave.store.engine import Transaction as StoreTransaction
from strongroom.travel_rule.enclave.store.verifications import find_verification, record_result
from strongroom.travel_rule.ivms101 import model
from strongroom.travel_rule.ivms101.findings import Edition
from strongroom.travel_rule.ivms101.payload import Reading, write_element
from strongroom.travel_rule.trisa.envelope import Envelope, Problem, parse_envelope, refused
from strongroom.travel_rule.trisa.payload import Pending, Received, Transaction, read_contents
from strongroom.travel_rule.trisa.problems import NOT_NOW, is_denial, reason_of
from strongroom.travel_rule.trisa.sealing import open_envelope

_UNKNOWN_ADDRESS: Final = "UNKNOWN_WALLET_ADDRESS"
_log = structlog.stdlib.get_logger(__name__)


async def record_envelope(*, means: Means, body: bytes, from_vasp: str) -> shapes.Accepted:
    """Record what the envelope that answers a verification of ours says, and tell the back end.

    The same answer again changes nothing, and so does word that the counterparty could not say.

    Args:
        means: for everything; ``trisa_key`` opens the envelope.
        body: the envelope in JSON, as the TRISA node received it.
        from_vasp: who sent it, which the node knows from its connection and the envelope does not say.

    Raises:
        StrongroomError: ``NOT_FOUND`` without a key of our own; ``TRAVEL_RULE_MESSAGE_...`` for an envelope that does
            not open or answers something else; ``VERIFICATION_NOT_FOUND`` if we asked that provider nothing of this
            uuid; ``VERIFICATION_STATE_CONFLICT`` after another final result.
    """
    key = own_key(means=means)
    envelope = parse_envelope(body)
    uuid = uuid_of(envelope=envelope)
    said = envelope.error or read_contents(open_envelope(envelope, key=key), demands=means.demands())
    told = new_callback(means=means, kind=VERIFICATION_RESULT, uuid=uuid)

    async def store(tx: StoreTransaction) -> tuple[Outcome, bool]:
        known = await _find(tx, means, uuid, from_vasp)
        answered = _answered(means, known, envelope, said)
        if answered is None or _is_recorded(known, answered):
            return known.outcome, False
        if not await record_result(tx, uuid, answered, cipher=means.cipher):
            raise StrongroomError(Code.VERIFICATION_STATE_CONFLICT)
        await insert_commands(tx, [told])
        return answered.outcome, True

    outcome, is_new = await means.database.run(store)
    if is_new:
        _log.info("verification_answered", uuid=uuid, result=outcome.result.value, reason=loggable(outcome.reason))
        means.begin([told])
    return shapes.Accepted(
        verification_uuid=uuid, result=outcome.result.value, reason=outcome.reason, message=outcome.message
    )


async def _find(tx: StoreTransaction, means: Means, uuid: str, from_vasp: str) -> Verification:
    known = await find_verification(tx, uuid, cipher=means.cipher)
    if (
        known is None
        or known.persons.originator is None
        or (known.originating_vasp_id, known.beneficiary_vasp_id) != (means.own_vasp_id, from_vasp)
    ):
        raise StrongroomError(Code.VERIFICATION_NOT_FOUND, f"Verification({uuid}) is not found")
    return known


def _is_recorded(known: Verification, answered: Answered) -> bool:
    """Whether the row says so already; ``VERIFICATION_STATE_CONFLICT`` if it says something else for good."""
    kept = (known.persons.beneficiary, known.persons.beneficiary_vasp)
    told = (answered.beneficiary or kept[0], answered.beneficiary_vasp or kept[1])
    if known.outcome == answered.outcome and kept == told:
        return True
    if known.outcome.result not in OPEN:
        raise StrongroomError(Code.VERIFICATION_STATE_CONFLICT)
    return False


def _answered(means: Means, known: Verification, envelope: Envelope, said: Problem | Received) -> Answered | None:
    """None where nothing was said of the transfer."""
    if isinstance(said, Problem):
        return None if said.code in NOT_NOW else Answered(outcome=_refusal(said), verified_at=means.now())
    if isinstance(said.transaction, Pending):
        _check_pending(known, envelope, said.transaction)
        return Answered(outcome=Outcome(result=Result.PENDING), verified_at=None)
    _check_same(known, said.transaction)
    if not said.received_at:
        raise refused("The envelope does not say when the transfer was received: it accepts nothing.")
    return _accepted(means, known, said.identity)


def _refusal(problem: Problem) -> Outcome:
    """An error of TRISA as a result; its code begins the message where no reason of ours is as exact."""
    reason = reason_of(problem.code, problem.message)
    is_exact = reason == problem.message
    message = problem.message if reason != "UNDEFINED-ERROR" else f"{problem.code}: {problem.message}"
    result = Result.DENIED if is_denial(problem.code) else Result.ERROR
    return read_outcome(
        result=(Result.UNKNOWN if problem.code == _UNKNOWN_ADDRESS else result).value,
        reason=reason,
        message=None if is_exact else message.removesuffix(": ") or None,
    )


def _accepted(means: Means, known: Verification, identity: Reading[model.Payload]) -> Answered:
    """VERIFIED with what was told of the beneficiary; ERROR, as past the hub, if that breaks the standard."""
    if identity.element is None or not identity.is_valid:
        first = identity.violations[0]
        return Answered(outcome=failed(f"Payload breaks {first.code} at {first.path}."), verified_at=means.now())
    own = identity.element.beneficiary_vasp
    try:
        told = read_told(
            means=means,
            asked=known.persons,
            beneficiary=write_element(identity.element.beneficiary, Edition.V2020),
            beneficiary_vasp=None if own is None else write_element(own, Edition.V2020),
        )
    except StrongroomError as error:
        return Answered(outcome=failed(error.detail), verified_at=means.now())
    return Answered(
        outcome=Outcome(result=Result.VERIFIED),
        beneficiary=told.beneficiary,
        beneficiary_vasp=told.beneficiary_vasp,
        verified_at=means.now(),
    )


def _check_pending(known: Verification, envelope: Envelope, pending: Pending) -> None:
    if pending.envelope_id not in {"", known.uuid, envelope.id}:
        raise refused("The pending message is about another envelope.")
    if pending.transaction is not None:
        _check_same(known, pending.transaction)


def _check_same(known: Verification, answered: Transaction) -> None:
    """An envelope's id is not authenticated, so that what it carries has to show which question it answers."""
    asked = transaction_of(verification=known)
    pairs = (
        (asked.originator, answered.originator),
        (asked.beneficiary, answered.beneficiary),
        (asked.network, answered.network),
        (asked.asset_type, answered.asset_type),
    )
    is_same = all(ours in {"", theirs} for ours, theirs in pairs)
    if not is_same or not answered.amount or Decimal(answered.amount) != Decimal(asked.amount):
        raise refused("The envelope is about another transfer.")
