"""Seal a question, open it, seal the answer, open that.

The reader of a question works in three steps, as it needs its database between them: ``parse_envelope``,
``check_question`` with the sender's record, ``open_question`` with the private key that the header names. Only what
passed all three goes into the replay guard, under (``from_vasp``, ``message_id``).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.messages.bodies import (
    ANSWERS,
    MALFORMED,
    Answer,
    KeyTypeText,
    Question,
    Refusal,
    kind_of,
    may_be_in_clear,
)
from strongroom.travel_rule.messages.envelope import (
    FRESH_S,
    MESSAGE_BYTES_MAX,
    VERSION,
    Envelope,
    Header,
    encode_header,
    parse_envelope,
    refused,
    signing_bytes,
)
from strongroom.travel_rule.messages.keys import OpeningKey, Signer, seal, unseal
from strongroom.travel_rule.messages.records import VaspRecord

_PADDED_TO: Final = 4096
"""Bodies are filled up to a multiple of this, so that most differ in no length at all."""
_LENGTH_BYTES: Final = 4
_NOT_IN_CLEAR: Final = "Only a key may be asked for in clear, and not an account's."
_encoder: Final = msgspec.msgpack.Encoder()
_questions: Final = msgspec.msgpack.Decoder(Question)
_answers: Final = msgspec.msgpack.Decoder(Answer)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends a message: its VASP id, and its enclave's identity key as listed in its ``VaspRecord``."""

    vasp_id: str
    signer: Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom a question is for, and the public key of it to seal to; None for a key request in clear."""

    vasp_id: str
    key_type: KeyTypeText | None = None
    public_key: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A question that is on its way: what to send, and what it takes to open the answer. Dies with the call.

    Args:
        message: to hand to the hub.
        header: as sent.
        reply_key: of which the header names the public half.
    """

    message: bytes
    header: Header
    reply_key: OpeningKey = field(repr=False)


def seal_question(
    question: Question,
    *,
    sender: Sender,
    to: Recipient,
    message_id: UUID,
    reply_private_key: bytes,
    now: datetime,
) -> Pending:
    """A question for one VASP.

    Args:
        message_id: new for every call.
        reply_private_key: 32 new random bytes for every call.
        now: the sender's clock.

    Raises:
        StrongroomError: ``TRAVEL_RULE_MESSAGE_INVALID`` when it is too long, or may not be asked in clear.
    """
    if to.public_key is None and not may_be_in_clear(question):
        raise refused(_NOT_IN_CLEAR)
    reply_key = OpeningKey(reply_private_key)
    header = Header(
        version=VERSION,
        message_id=message_id,
        answers=None,
        kind=kind_of(question),
        from_vasp=sender.vasp_id,
        to_vasp=to.vasp_id,
        key_type=to.key_type,
        recipient_key=to.public_key,
        reply_key=reply_key.public_key,
        sent_at_ms=_milliseconds(now),
    )
    return Pending(message=_seal(header, question, sender), header=header, reply_key=reply_key)


def check_question(envelope: Envelope, *, sender: VaspRecord, own_vasp_id: str, now: datetime) -> None:
    """Whether a question is by the VASP it names, for us, and new enough. The body is not looked at.

    Args:
        sender: the record of ``envelope.header.from_vasp``, verified.
        own_vasp_id: ours.
        now: the reader's clock.

    Raises:
        StrongroomError: ``TRAVEL_RULE_MESSAGE_INVALID``, ``TRAVEL_RULE_MESSAGE_MISDIRECTED`` or
            ``TRAVEL_RULE_MESSAGE_STALE``.
    """
    if envelope.header.answers is not None:
        raise refused("An answer is not a question.")
    _check_way(envelope, sender=sender, own_vasp_id=own_vasp_id)
    _check_fresh(envelope, now)


def open_question(envelope: Envelope, *, key: OpeningKey | None) -> Question:
    """The body of a question that ``check_question`` let pass.

    Args:
        key: whose public half is ``envelope.header.recipient_key``; None where that is None.

    Raises:
        StrongroomError: ``TRAVEL_RULE_KEY_UNKNOWN`` when the key is not the one it is sealed to,
            ``TRAVEL_RULE_MESSAGE_INVALID``.
    """
    question = _open(envelope, key, _questions)
    if kind_of(question) is not envelope.header.kind:
        raise refused("The body is of another kind than the header says.")
    if envelope.header.recipient_key is None and not may_be_in_clear(question):
        raise refused(_NOT_IN_CLEAR)
    return question


def seal_answer(answer: Answer, *, question: Header, sender: Sender, message_id: UUID, now: datetime) -> bytes:
    """The answer, or refusal, to a question that ``check_question`` let pass, sealed to its reply key.

    Args:
        question: the header that came.
        message_id: new for every call.
        now: the answerer's clock.

    Raises:
        StrongroomError: ``TRAVEL_RULE_MESSAGE_INVALID`` when it is too long, or not an answer to such a question.
    """
    if not isinstance(answer, ANSWERS[question.kind] | Refusal):
        raise refused("This does not answer a question of that kind.")
    header = Header(
        version=VERSION,
        message_id=message_id,
        answers=question.message_id,
        kind=question.kind,
        from_vasp=sender.vasp_id,
        to_vasp=question.from_vasp,
        key_type=None,
        recipient_key=question.reply_key,
        reply_key=None,
        sent_at_ms=_milliseconds(now),
    )
    return _seal(header, answer, sender)


def open_answer(data: bytes, *, pending: Pending, sender: VaspRecord, now: datetime) -> Answer:
    """The answer to a question of ours, or the refusal; it answers this question and no other.

    Args:
        sender: the record of the VASP that was asked, verified.
        now: the reader's clock.

    Raises:
        StrongroomError: ``TRAVEL_RULE_MESSAGE_INVALID``, ``TRAVEL_RULE_MESSAGE_MISDIRECTED`` or
            ``TRAVEL_RULE_MESSAGE_STALE``.
    """
    envelope, question = parse_envelope(data), pending.header
    header = envelope.header
    if sender.vasp_id != question.to_vasp:
        raise StrongroomError(Code.TRAVEL_RULE_MESSAGE_MISDIRECTED, "Another VASP was asked.")
    if header.answers != question.message_id or header.kind is not question.kind:
        raise refused("The message does not answer what was asked.")
    if header.recipient_key != question.reply_key:
        raise refused("The answer is not sealed to the reply key.")
    _check_way(envelope, sender=sender, own_vasp_id=question.from_vasp)
    _check_fresh(envelope, now)
    answer = _open(envelope, pending.reply_key, _answers)
    if not isinstance(answer, ANSWERS[question.kind] | Refusal):
        raise refused("The answer is of another kind than the question.")
    return answer


def _seal(header: Header, body: Question | Answer, sender: Sender) -> bytes:
    header_bytes, info = encode_header(header)
    content = _encoder.encode(body)
    if header.recipient_key is not None:
        content = seal(_padded(content), public_key=header.recipient_key, info=info)
    signature = sender.signer.sign(signing_bytes(header_bytes, content))
    data = Envelope(header=header, header_bytes=header_bytes, body=content, signature=signature).encode()
    if len(data) > MESSAGE_BYTES_MAX:
        raise refused(f"The message exceeds {MESSAGE_BYTES_MAX} bytes.")
    return data


def _open(envelope: Envelope, key: OpeningKey | None, decoder: "msgspec.msgpack.Decoder[T]") -> T:
    recipient_key, content = envelope.header.recipient_key, envelope.body
    if recipient_key is not None:
        content = _unpadded(_unsealed(envelope, key, recipient_key))
    try:
        return decoder.decode(content)
    except MALFORMED:
        raise refused("The body is not of its kind's form.") from None


def _unsealed(envelope: Envelope, key: OpeningKey | None, recipient_key: bytes) -> bytes:
    if key is None or key.public_key != recipient_key:
        raise StrongroomError(Code.TRAVEL_RULE_KEY_UNKNOWN)
    return unseal(envelope.body, key=key, info=envelope.info)


def _check_way(envelope: Envelope, *, sender: VaspRecord, own_vasp_id: str) -> None:
    header = envelope.header
    if header.to_vasp != own_vasp_id:
        raise StrongroomError(Code.TRAVEL_RULE_MESSAGE_MISDIRECTED)
    if header.from_vasp != sender.vasp_id:
        raise refused("The record is another VASP's than the message names.")
    envelope.check_signature(sender.identity_key)


def _check_fresh(envelope: Envelope, now: datetime) -> None:
    if abs(envelope.header.sent_at_ms - _milliseconds(now)) > FRESH_S * 1000:
        raise StrongroomError(Code.TRAVEL_RULE_MESSAGE_STALE)


def _padded(content: bytes) -> bytes:
    framed = len(content).to_bytes(_LENGTH_BYTES, "big") + content
    return framed + bytes(-len(framed) % _PADDED_TO)


def _unpadded(framed: bytes) -> bytes:
    size = int.from_bytes(framed[:_LENGTH_BYTES], "big")
    content = framed[_LENGTH_BYTES : _LENGTH_BYTES + size]
    padding = framed[_LENGTH_BYTES + size :]
    if len(content) != size or padding != bytes(len(padding)) or len(framed) % _PADDED_TO:
        raise refused("The body is not filled up as it has to be.")
    return content


def _milliseconds(now: datetime) -> int:
    return round(now.timestamp() * 1000)
