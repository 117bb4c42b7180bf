"""Verifications in TRISA's envelopes. The provider's own TRISA node carries them; here they are sealed and opened."""

from typing import Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.verifications import OPEN, AssetInfo, Outcome, Result, Verification
from strongroom.travel_rule.enclave.operations.bodies import write_payload
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.questions import question_from
from strongroom.travel_rule.enclave.operations.receive import receive_verification
from strongroom.travel_rule.enclave.store.verifications import find_verification
from strongroom.travel_rule.ivms101 import model
from strongroom.travel_rule.ivms101.payload import parse_payload
from strongroom.travel_rule.trisa.envelope import Envelope, parse_envelope, refuse, write_envelope
from strongroom.travel_rule.trisa.keys import parse_public_key
from strongroom.travel_rule.trisa.payload import Contents, Pending, Transaction, read_contents, write_contents
from strongroom.travel_rule.trisa.problems import code_of
from strongroom.travel_rule.trisa.sealing import open_envelope, seal

_UNPARSEABLE: Final = "UNPARSEABLE_IDENTITY"
_BAD: Final = "BAD_REQUEST"


async def seal_verification(*, means: Means, uuid: str, public_key: str) -> bytes:
    """A verification as an envelope that only the holder of a key opens; the uuid is the envelope's id.

    Args:
        means: for the row, the time and chance.
        uuid: of the verification.
        public_key: the recipient's RSA key or certificate, in PEM.

    Raises:
        StrongroomError: ``VERIFICATION_NOT_FOUND``; ``INVALID_FORMAT`` for a key that is none, ``REQUEST_INVALID`` for
            an identity that the envelope cannot hold; ``AMOUNT_TOO_PRECISE`` where TRISA's binary fraction is not
            exactly the amount.
    """
    recipient = _recipient(public_key)
    known = await means.database.read(lambda tx: find_verification(tx, uuid, cipher=means.cipher))
    if known is None or known.persons.originator is None:
        raise StrongroomError(Code.VERIFICATION_NOT_FOUND, f"Verification({uuid}) is not found")
    return write_envelope(_sealed(means, known, recipient, is_answer=False))


async def answer_envelope(*, means: Means, body: bytes, from_vasp: str, public_key: str) -> bytes:
    """Verify what an envelope asks, and answer with one: sealed if it passes or is pending, else an error.

    Args:
        means: for everything; ``trisa_key`` opens the envelope.
        body: the envelope in JSON, as the TRISA node received it.
        from_vasp: who sent it, which the node knows from its connection and the envelope does not say.
        public_key: to seal the answer to, in PEM.

    Raises:
        StrongroomError: ``NOT_FOUND`` without a key of our own; ``TRAVEL_RULE_MESSAGE_...`` for an envelope that does
            not open; ``VASP_UNKNOWN``; ``UNAVAILABLE`` or ``DEADLINE_EXCEEDED`` if the back end does not decide.
    """
    recipient, key = _recipient(public_key), own_key(means=means)
    await _check_sender(means, from_vasp)
    envelope = parse_envelope(body)
    received = read_contents(open_envelope(envelope, key=key), demands=means.demands())
    uuid, transaction = uuid_of(envelope=envelope), received.transaction
    payload = received.identity.element
    if payload is None or not received.identity.is_valid:
        first = received.identity.violations[0]
        return _refused(means, uuid, _UNPARSEABLE, f"{first.code} at {first.path}: {first.message}")
    if not isinstance(transaction, Transaction):
        return _refused(means, uuid, _BAD, "A pending message asks nothing.")
    account = _account(payload, transaction)
    if not (account and transaction.amount and transaction.asset_type):
        return _refused(means, uuid, "MISSING_FIELDS", "The transaction says no beneficiary, amount or asset_type.")
    asset = _asset(transaction)
    question = question_from(means=means, payload=payload, asset=asset, account=account, uuid=uuid)
    guard = str(means.new_message_id())  # a repetition is known by its uuid and content
    answer = await receive_verification(means=means, question=question, from_vasp=from_vasp, guard=guard)
    outcome = Outcome(result=Result(answer.result), reason=answer.reason, message=answer.message)
    if outcome.result is not Result.VERIFIED and outcome.result not in OPEN:
        return _refused(means, uuid, code_of(outcome.reason or ""), outcome.message or outcome.reason or "")
    known = await means.database.read(lambda tx: find_verification(tx, uuid, cipher=means.cipher))
    assert known is not None, "it was answered from its row"
    return write_envelope(_sealed(means, known, recipient, is_answer=True))


async def _check_sender(means: Means, from_vasp: str) -> None:
    """Whom nobody knows asks nothing, and leaves no row; ``VASP_UNKNOWN``."""
    if from_vasp == means.own_vasp_id:
        raise StrongroomError(Code.VASP_UNKNOWN, "That is this enclave's own provider.")
    await means.country_of(from_vasp)


def _sealed(means: Means, known: Verification, recipient: RSAPublicKey, *, is_answer: bool) -> Envelope:
    now = means.now()
    transaction = transaction_of(verification=known)
    is_open = is_answer and known.outcome.result in OPEN
    contents = Contents(
        identity=parse_payload(write_payload(known.persons), means.demands()),
        transaction=Pending(envelope_id=known.uuid, received_at=now.isoformat(), transaction=transaction)
        if is_open
        else transaction,
        sent_at=(known.ordered_at or known.created_at).isoformat(),
        received_at=now.isoformat() if is_answer else "",
    )
    payload = write_contents(contents)
    return seal(payload, recipient=recipient, envelope_id=known.uuid, at=now, entropy=means.entropy)


def transaction_of(*, verification: Verification) -> Transaction:
    """A transfer as TRISA's generic transaction."""
    return Transaction(
        txid=verification.tx_hash or "",
        originator=verification.originator_account_number or "",
        beneficiary=verification.beneficiary_account_number or "",
        amount=verification.asset.amount,
        network=verification.asset.network or "",
        asset_type=verification.asset.symbol,
    )


def _asset(transaction: Transaction) -> AssetInfo:
    return AssetInfo(
        symbol=transaction.asset_type,
        amount=transaction.amount,
        network=transaction.network or None,
        trade_price=None,
        trade_currency=None,
        trade_at=None,
        is_exceeding_threshold=True,  # TRISA says no price: counted as above every threshold
    )


def _account(payload: model.Payload, transaction: Transaction) -> str:
    return transaction.beneficiary or next(iter(payload.beneficiary.accounts), "")


def uuid_of(*, envelope: Envelope) -> str:
    """The verification that an envelope is about; ``TRAVEL_RULE_MESSAGE_INVALID`` if its id is no UUID."""
    try:
        return str(UUID(envelope.id))
    except ValueError:
        raise StrongroomError(Code.TRAVEL_RULE_MESSAGE_INVALID, "The envelope's id is no UUID.") from None


def _refused(means: Means, uuid: str, code: str, message: str) -> bytes:
    return write_envelope(refuse(envelope_id=uuid, code=code, message=message[:2000], at=means.now()))


def _recipient(public_key: str) -> RSAPublicKey:
    try:
        return parse_public_key(public_key.encode())
    except StrongroomError as error:
        raise StrongroomError(Code.INVALID_FORMAT, f"publicKey: {error.detail}") from None


def own_key(*, means: Means) -> RSAPrivateKey:
    """The key that others seal to; ``NOT_FOUND`` without one."""
    if means.trisa_key is None:
        raise StrongroomError(Code.NOT_FOUND, "trisa.key_file is not set.")
    return means.trisa_key
