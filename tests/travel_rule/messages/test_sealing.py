"""Sealed messages: opened by whom they are for, and by nobody else, as they were sent and not otherwise."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.entropy import SeededEntropy
from strongroom.travel_rule.messages import (
    MESSAGE_BYTES_MAX,
    Answer,
    KeyAnswer,
    KeyRequest,
    OpeningKey,
    Pending,
    Question,
    Recipient,
    Refusal,
    RefusalCode,
    Sender,
    VaspRecord,
    check_question,
    open_answer,
    open_question,
    parse_envelope,
    public_key_of,
    seal_answer,
    seal_question,
)
from tests.travel_rule.messages.samples import (
    ANNA,
    ANSWERED,
    BORIS,
    CLARA,
    DENIED,
    NOW,
    PAIRS,
    UUID_TEXT,
    VERIFICATION,
    Vasp,
)

_entropy = SeededEntropy("messages")


def _ask(question: Question = VERIFICATION, *, to: Recipient | None = None, sender: Sender = ANNA.sender) -> Pending:
    return seal_question(
        question,
        sender=sender,
        to=to or BORIS.as_recipient(),
        message_id=_entropy.uuid4(),
        reply_private_key=_entropy.token(32),
        now=NOW,
    )


def _read(data: bytes, *, by: Vasp = BORIS, claimed: VaspRecord = ANNA.record, now: datetime = NOW) -> Question:
    envelope = parse_envelope(data)
    check_question(envelope, sender=claimed, own_vasp_id=by.id, now=now)
    return open_question(envelope, key=OpeningKey(by.private_key))


def _reply(pending: Pending, answer: Answer, *, by: Vasp = BORIS) -> bytes:
    header = parse_envelope(pending.message).header
    return seal_answer(answer, question=header, sender=by.sender, message_id=_entropy.uuid4(), now=NOW)


def _hear(data: bytes, pending: Pending, *, by: Vasp = BORIS, now: datetime = NOW) -> Answer:
    return open_answer(data, pending=pending, sender=by.record, now=now)


def _code(error: pytest.ExceptionInfo[StrongroomError]) -> Code:
    return error.value.code


@pytest.mark.parametrize(("question", "answer"), PAIRS, ids=lambda body: type(body).__name__)
def test_a_question_and_its_answer_arrive_as_they_were_sent(question: Question, answer: Answer) -> None:
    pending = _ask(question)
    assert _read(pending.message) == question
    assert _hear(_reply(pending, answer), pending) == answer


def test_a_key_may_be_asked_for_in_clear_and_is_answered_sealed() -> None:
    question, answer = PAIRS[0]
    pending = _ask(question, to=Recipient(vasp_id=BORIS.id))
    envelope = parse_envelope(pending.message)
    check_question(envelope, sender=ANNA.record, own_vasp_id=BORIS.id, now=NOW)
    assert open_question(envelope, key=None) == question
    assert _hear(_reply(pending, answer), pending) == answer


def test_an_account_is_not_named_in_clear_even_for_its_key() -> None:
    question = KeyRequest(key_type="PerAddress", key_identifier="0xdestination")
    with pytest.raises(StrongroomError, match="not an account's"):
        _ask(question, to=Recipient(vasp_id=BORIS.id))
    assert _read(_ask(question).message) == question
    envelope = parse_envelope(_ask(PAIRS[0][0], to=Recipient(vasp_id=BORIS.id)).message)
    with pytest.raises(StrongroomError, match="not an account's"):
        open_question(replace(envelope, body=msgspec.msgpack.encode(question)), key=None)


def test_nothing_else_may_be_asked_in_clear() -> None:
    with pytest.raises(StrongroomError, match="Only a key may be asked for in clear") as error:
        _ask(to=Recipient(vasp_id=BORIS.id))
    assert _code(error) is Code.TRAVEL_RULE_MESSAGE_INVALID
    envelope = parse_envelope(_ask().message)
    header = msgspec.structs.replace(envelope.header, recipient_key=None)
    with pytest.raises(StrongroomError, match="Only a key may be asked for in clear"):
        parse_envelope(replace(envelope, header_bytes=msgspec.msgpack.encode(header)).encode())


def test_what_the_hub_sees_says_nothing_of_the_persons_or_the_transfer() -> None:
    pending = _ask()
    seen = pending.message + _reply(pending, ANSWERED)
    for secret in (b"Hong", b"Kim", b"0xdestination", b"r-source", b"ETH", b"1.5", UUID_TEXT.encode(), b"VERIFIED"):
        assert secret not in seen
    assert len(_reply(pending, ANSWERED)) == len(_reply(pending, DENIED))


@pytest.mark.parametrize("code", list(RefusalCode))
def test_any_question_may_be_refused(code: RefusalCode) -> None:
    refusal = Refusal(code=code, text="Not now.")
    for question, _ in PAIRS:
        pending = _ask(question)
        assert _hear(_reply(pending, refusal), pending) == refusal


def test_an_answer_fits_its_question() -> None:
    pending = _ask(PAIRS[1][0])
    with pytest.raises(StrongroomError, match="does not answer a question of that kind"):
        _reply(pending, ANSWERED)


_question, _answer = _ask(), b""
_answer = _reply(_question, ANSWERED)


@given(place=st.integers(0, len(_question.message) - 1), flip=st.integers(1, 255))
def test_a_question_changed_in_any_byte_is_refused(place: int, flip: int) -> None:
    with pytest.raises(StrongroomError) as error:
        _read(_flipped(_question.message, place, flip))
    assert _code(error) in {Code.TRAVEL_RULE_MESSAGE_INVALID, Code.TRAVEL_RULE_MESSAGE_MISDIRECTED}


@given(place=st.integers(0, len(_answer) - 1), flip=st.integers(1, 255))
def test_an_answer_changed_in_any_byte_is_refused(place: int, flip: int) -> None:
    with pytest.raises(StrongroomError) as error:
        _hear(_flipped(_answer, place, flip), _question)
    assert _code(error) in {Code.TRAVEL_RULE_MESSAGE_INVALID, Code.TRAVEL_RULE_MESSAGE_MISDIRECTED}


@given(size=st.integers(0, len(_question.message) - 1))
def test_half_a_message_is_refused(size: int) -> None:
    with pytest.raises(StrongroomError) as error:
        _read(_question.message[:size])
    assert _code(error) is Code.TRAVEL_RULE_MESSAGE_INVALID
    with pytest.raises(StrongroomError):
        _hear(_answer[: min(size, len(_answer) - 1)], _question)


@given(data=st.binary(max_size=200))
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(StrongroomError) as error:
        parse_envelope(data)
    assert _code(error) is Code.TRAVEL_RULE_MESSAGE_INVALID
    with pytest.raises(StrongroomError):
        parse_envelope(_question.message + data[:1] + b"\x00")


@given(place=st.integers(0, 10**6), flip=st.integers(1, 255))
def test_a_body_that_the_sender_himself_damaged_is_refused_after_the_signature(place: int, flip: int) -> None:
    envelope = parse_envelope(_question.message)
    body = _flipped(envelope.body, place % len(envelope.body), flip)
    signature = ANNA.sender.signer.sign(
        b"strongroom/travel-rule/message/v1\x00"
        + len(envelope.header_bytes).to_bytes(4, "big")
        + envelope.header_bytes
        + body
    )
    with pytest.raises(StrongroomError, match="does not open"):
        _read(replace(envelope, body=body, signature=signature).encode())


def test_a_message_for_another_vasp_is_refused() -> None:
    with pytest.raises(StrongroomError) as error:
        _read(_ask().message, by=CLARA)
    assert _code(error) is Code.TRAVEL_RULE_MESSAGE_MISDIRECTED


def test_a_message_sealed_to_another_key_is_refused_by_name_of_the_key() -> None:
    stale_key = Recipient(vasp_id=BORIS.id, key_type="PerVasp", public_key=public_key_of(CLARA.private_key))
    with pytest.raises(StrongroomError) as error:
        _read(_ask(to=stale_key).message)
    assert _code(error) is Code.TRAVEL_RULE_KEY_UNKNOWN
    assert error.value.retryable
    with pytest.raises(StrongroomError) as error:
        open_question(parse_envelope(_ask().message), key=None)
    assert _code(error) is Code.TRAVEL_RULE_KEY_UNKNOWN


def test_the_hub_cannot_pass_its_own_key_off_as_a_vasps() -> None:
    """Whoever relays has a key to seal to, but not the identity that the authority signed for."""
    pending = _ask(KeyRequest(key_type="PerVasp", key_identifier=BORIS.id), to=Recipient(vasp_id=BORIS.id))
    own = KeyAnswer(key_type="PerVasp", key_identifier=BORIS.id, public_key=public_key_of(CLARA.private_key))
    middle = replace(BORIS, sender=Sender(vasp_id=BORIS.id, signer=CLARA.sender.signer))
    with pytest.raises(StrongroomError, match="not that of the VASP it names"):
        _hear(_reply(pending, own, by=middle), pending)


def test_a_forged_sender_is_refused() -> None:
    forged = _ask(sender=Sender(vasp_id=ANNA.id, signer=CLARA.sender.signer))
    with pytest.raises(StrongroomError, match="not that of the VASP it names") as error:
        _read(forged.message)
    assert _code(error) is Code.TRAVEL_RULE_MESSAGE_INVALID
    with pytest.raises(StrongroomError, match="record is another VASP's"):
        _read(_ask().message, claimed=CLARA.record)
    with pytest.raises(StrongroomError, match="not that of the VASP it names"):
        _hear(_reply(_question, ANSWERED, by=replace(BORIS, sender=replace(CLARA.sender, vasp_id=BORIS.id))), _question)


def test_an_answer_to_another_question_is_refused() -> None:
    other = _ask()
    with pytest.raises(StrongroomError, match="does not answer what was asked"):
        _hear(_reply(other, ANSWERED), _question)


def test_an_answer_by_another_vasp_is_refused() -> None:
    with pytest.raises(StrongroomError) as error:
        _hear(_reply(_question, ANSWERED, by=CLARA), _question, by=CLARA)
    assert _code(error) is Code.TRAVEL_RULE_MESSAGE_MISDIRECTED
    with pytest.raises(StrongroomError, match="record is another VASP's"):
        _hear(_reply(_question, ANSWERED, by=CLARA), _question)


def test_a_question_does_not_pass_for_an_answer_nor_an_answer_for_a_question() -> None:
    with pytest.raises(StrongroomError, match="does not answer what was asked"):
        _hear(_question.message, _question)
    with pytest.raises(StrongroomError, match="An answer is not a question"):
        check_question(parse_envelope(_answer), sender=BORIS.record, own_vasp_id=ANNA.id, now=NOW)


@pytest.mark.parametrize("shift", [timedelta(seconds=301), timedelta(seconds=-301)])
def test_a_stale_message_is_refused_in_either_direction(shift: timedelta) -> None:
    for read in (lambda: _read(_question.message, now=NOW + shift), lambda: _hear(_answer, _question, now=NOW + shift)):
        with pytest.raises(StrongroomError) as error:
            read()
        assert _code(error) is Code.TRAVEL_RULE_MESSAGE_STALE
    assert _read(_question.message, now=NOW + shift * 299 / 301) == VERIFICATION


def test_a_replayed_message_has_the_id_it_had_and_a_repeated_question_another() -> None:
    first, again = parse_envelope(_question.message), parse_envelope(_ask().message)
    assert parse_envelope(_question.message).header.message_id == first.header.message_id
    assert again.header.message_id != first.header.message_id
    assert isinstance(first.header.message_id, UUID)


def test_a_message_above_the_bound_is_refused_by_both_ends() -> None:
    with pytest.raises(StrongroomError, match=f"exceeds {MESSAGE_BYTES_MAX} bytes"):
        parse_envelope(bytes(MESSAGE_BYTES_MAX + 1))
    largest = b'"' + b"x" * 65_533 + b'"'
    full = msgspec.structs.replace(
        VERIFICATION, originator=largest, originating_vasp=largest, beneficiary=largest, beneficiary_vasp=largest
    )
    assert _read(_ask(full).message) == full
    many = msgspec.structs.replace(full, required_beneficiary_info=("X" * 128,) * 600)
    with pytest.raises(StrongroomError, match=f"exceeds {MESSAGE_BYTES_MAX} bytes"):
        _ask(many)


def test_a_key_of_low_order_is_refused() -> None:
    with pytest.raises(StrongroomError, match="not an X25519 key"):
        _ask(to=Recipient(vasp_id=BORIS.id, key_type="PerVasp", public_key=bytes(32)))


def test_a_body_of_another_kind_than_the_header_says_is_refused() -> None:
    envelope = parse_envelope(_ask(PAIRS[0][0], to=Recipient(vasp_id=BORIS.id)).message)
    body = msgspec.msgpack.encode(VERIFICATION)
    with pytest.raises(StrongroomError, match="another kind than the header says"):
        open_question(replace(envelope, body=body), key=None)


def _flipped(data: bytes, place: int, flip: int) -> bytes:
    return data[:place] + bytes([data[place] ^ flip]) + data[place + 1 :]
