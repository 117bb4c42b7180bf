"""The message door: what counterparties ask of this enclave. Every answer is what the database holds."""

import hashlib
from typing import Final

import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.keys import KeyType
from strongroom.travel_rule.enclave.operations.exchange import get_counterparty
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.own_keys import find_key_to_open, get_own_key
from strongroom.travel_rule.enclave.operations.receive import receive_verification
from strongroom.travel_rule.enclave.operations.respond import (
    answer_account_check,
    answer_inquiry,
    take_error_report,
    take_tx_report,
)
from strongroom.travel_rule.messages import (
    AccountCheck,
    Answer,
    Envelope,
    ErrorReport,
    KeyAnswer,
    KeyRequest,
    Question,
    Refusal,
    RefusalCode,
    TxInquiry,
    TxReport,
    check_question,
    open_question,
    parse_envelope,
    seal_answer,
)

_REFUSALS: Final = {
    Code.TRAVEL_RULE_KEY_UNKNOWN: RefusalCode.KEY_UNKNOWN,
    Code.TRAVEL_RULE_MESSAGE_STALE: RefusalCode.STALE,
    Code.HANDOFF_REPLAYED: RefusalCode.REPLAYED,
    Code.VERIFICATION_NOT_FOUND: RefusalCode.NOT_FOUND,
    Code.VERIFICATION_STATE_CONFLICT: RefusalCode.CONFLICT,
    Code.VERIFICATION_UUID_REUSED: RefusalCode.CONFLICT,
}
_log = structlog.stdlib.get_logger(__name__)


async def answer_message(*, means: Means, data: bytes) -> bytes:
    """The sealed answer to a sealed question.

    Raises:
        StrongroomError: ``TRAVEL_RULE_MESSAGE_INVALID``, ``TRAVEL_RULE_MESSAGE_MISDIRECTED`` or ``VASP_UNKNOWN`` where
            there is nobody to seal an answer to; ``HUB_UNAVAILABLE`` when nobody can say who the sender is.
    """
    envelope = parse_envelope(data)
    sender = await get_counterparty(means=means, vasp_id=envelope.header.from_vasp)
    check_question(envelope, sender=sender, own_vasp_id=means.own_vasp_id, now=means.clock.now())
    kind, from_vasp = envelope.header.kind.value, envelope.header.from_vasp
    try:
        answer = await _answer(means, envelope)
    except StrongroomError as error:
        detail = error.detail.partition(" at ")[0]  # a path into the question may hold a name
        _log.warning("question_refused", kind=kind, from_vasp=from_vasp, code=error.code.name, detail=detail)
        answer = _refusal(error)
    except Exception as error:  # noqa: BLE001 - a counterparty learns that it failed, never why
        _log.error("unexpected_exception", kind=kind, from_vasp=from_vasp, exc_info=error)
        answer = Refusal(code=RefusalCode.UNAVAILABLE, text=Code.INTERNAL.meaning.text)
    return seal_answer(
        answer,
        question=envelope.header,
        sender=means.sender,
        message_id=means.new_message_id(),
        now=means.clock.now(),
    )


async def _answer(means: Means, envelope: Envelope) -> Answer:
    recipient_key = envelope.header.recipient_key
    key = None if recipient_key is None else await find_key_to_open(means=means, public_key=recipient_key)
    if recipient_key is not None and key is None:
        raise StrongroomError(Code.TRAVEL_RULE_KEY_UNKNOWN)
    question = open_question(envelope, key=key)
    from_vasp = envelope.header.from_vasp
    guard = _guard(from_vasp, str(envelope.header.message_id))
    return await _dispatch(means, question, from_vasp, guard)


async def _dispatch(means: Means, question: Question, from_vasp: str, guard: str) -> Answer:
    match question:
        case KeyRequest():
            return await _give_key(means, question)
        case AccountCheck():
            return await answer_account_check(means=means, question=question, from_vasp=from_vasp, guard=guard)
        case TxReport():
            return await take_tx_report(means=means, question=question, from_vasp=from_vasp, guard=guard)
        case ErrorReport():
            return await take_error_report(means=means, question=question, from_vasp=from_vasp, guard=guard)
        case TxInquiry():
            return await answer_inquiry(means=means, question=question, from_vasp=from_vasp, guard=guard)
        case _:
            return await receive_verification(means=means, question=question, from_vasp=from_vasp, guard=guard)


async def _give_key(means: Means, question: KeyRequest) -> KeyAnswer:
    """Public, and the same however often it is asked for: no replay does harm."""
    key_type = KeyType(question.key_type)
    if key_type is KeyType.PER_VASP and question.key_identifier != means.own_vasp_id:
        raise StrongroomError(Code.TRAVEL_RULE_MESSAGE_INVALID, "PerVasp has the key of this provider alone.")
    key = await get_own_key(means=means, key_type=key_type, identifier=question.key_identifier)
    return KeyAnswer(key_type=question.key_type, key_identifier=question.key_identifier, public_key=key.public_key)


def _guard(from_vasp: str, message_id: str) -> str:
    """What the replay guard keeps: two providers may choose the same id, and neither may shut the other out."""
    return hashlib.sha256(f"{from_vasp}/{message_id}".encode()).hexdigest()[:40]


def _refusal(error: StrongroomError) -> Refusal:
    code = _REFUSALS.get(error.code)
    if code is None:
        code = RefusalCode.UNAVAILABLE if error.retryable or error.code is Code.INTERNAL else RefusalCode.INVALID
    text = "Not now." if code is RefusalCode.UNAVAILABLE else error.detail
    return Refusal(code=code, text=text[:256])
