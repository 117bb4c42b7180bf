"""What an envelope carries: as TRISA wrote it, as protobuf's own library reads it, and amounts digit by digit."""

import json
import struct
from decimal import Decimal
from functools import cache
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.ivms101.editions import settle
from strongroom.travel_rule.ivms101.findings import Edition
from strongroom.travel_rule.ivms101.model import Payload
from strongroom.travel_rule.ivms101.payload import read_part, read_payload, write_element
from strongroom.travel_rule.trisa.envelope import parse_envelope
from strongroom.travel_rule.trisa.payload import (
    IDENTITY,
    TRANSACTION,
    Contents,
    Pending,
    Received,
    Transaction,
    binary_of,
    decimal_of,
    read_contents,
    write_contents,
)
from strongroom.travel_rule.trisa.schema import MESSAGES, Field, decode, encode
from strongroom.travel_rule.trisa.sealing import open_envelope
from strongroom.travel_rule.trisa.wire import put_bytes
from tests.travel_rule.ivms101.samples import DEMANDS, base, changed, dumps, to_2023
from tests.travel_rule.trisa.envelopes import FOLDER, published_key

SENT = "2026-11-20T12:00:00Z"
COMPANY = {
    "legalPerson": {
        "name": {
            "nameIdentifier": [
                {"legalPersonName": "Acme Ltd", "legalPersonNameIdentifierType": "LEGL"},
                {"legalPersonName": "Acme", "legalPersonNameIdentifierType": "SHRT"},
            ],
            "localNameIdentifier": [{"legalPersonName": "아크메", "legalPersonNameIdentifierType": "TRAD"}],
        },
        "geographicAddress": [
            {"addressType": "GEOG", "addressLine": ["1 High Street", "Seoul"], "country": "KR", "postcode": "04524"}
        ],
        "customerIdentification": "42",
        "nationalIdentification": {
            "nationalIdentifier": "110111-0000000",
            "nationalIdentifierType": "RAID",
            "registrationAuthority": "RA000657",
        },
        "countryOfRegistration": "KR",
    }
}
WHOLE = changed(
    base(),
    put={
        "originator.originatorPersons.0": COMPANY,
        "transferPath": {"transferPath": [{"intermediaryVASP": COMPANY, "sequence": 0}]},
        "payloadMetadata": {"transliterationMethod": ["kore", "othr", "arab"]},
    },
)


def published() -> bytes:
    envelope = parse_envelope((FOLDER / "sealed_envelope.json").read_bytes())
    return open_envelope(envelope, key=published_key())


def identity(payload: dict[str, Any] | None = None) -> Payload:
    reading = read_payload(dumps(payload or base()), DEMANDS)
    assert reading.element is not None
    return reading.element


def sent(**changes: Any) -> bytes:
    fields: dict[str, Any] = {"identity": identity(), "transaction": Transaction(amount="0.1"), "sent_at": SENT}
    return write_contents(Contents(**{**fields, **changes}))


def test_the_published_payload_says_who_what_and_when() -> None:
    read = read_contents(published(), demands=DEMANDS)
    assert isinstance(read.transaction, Pending)
    assert (read.transaction.received_by, read.transaction.reply_not_after) == (
        "BobVASP Compliance Review",
        "2022-01-30T08:22:00Z",
    )
    assert read.transaction.transaction == Transaction(
        originator="14HmBSwec8XrcWge9Zi1ZngNia64u3Wd2v",
        beneficiary="14WU745djqecaJ1gmtWQGeMCFim1W5MNp3",
        amount="0.00206412",
        network="btc",
        asset_type="BTC",
    )
    assert (read.sent_at, read.received_at) == ("2022-01-27T08:21:43Z", "")
    # A sample of form, which the standard's own constraints refuse: that is said, and not passed over.
    assert {each.code for each in read.identity.violations} == {"C3", "C9"}


def test_the_published_identity_is_its_protojson() -> None:
    """The same persons as payload.json holds, but for what differs between the two samples."""
    sample = json.loads((FOLDER / "payload.json").read_bytes())["identity"]
    del sample["@type"]
    expected = read_part(dumps(sample), Payload, DEMANDS).element
    found = read_contents(published(), demands=DEMANDS).identity.element
    assert expected is not None
    assert found is not None
    assert found.originator.persons[0] == expected.originator.persons[0]


@pytest.mark.parametrize("payload", [base(), WHOLE, to_2023(base())])
def test_an_identity_arrives_whole(payload: dict[str, Any]) -> None:
    whole = identity(payload)
    read = read_contents(sent(identity=whole, received_at=SENT), demands=DEMANDS)
    assert read.identity.is_valid
    assert read.identity.element == settle(whole, Edition.V2020)
    assert (read.sent_at, read.received_at) == (SENT, SENT)


def test_what_the_message_cannot_hold_is_not_sent() -> None:
    company = changed({"person": COMPANY}, put={"person.legalPerson.dateOfIncorporation": "2001-02-03"})["person"]
    lost = changed(base(), put={"originator.originatorPersons.0": company})
    two = to_2023(base())["originator"]["originatorPerson"]
    loose = changed(to_2023(base()), put={"originator.originatorPerson": [*two, {**two[0], "accountNumber": ["z"]}]})
    for payload in (lost, loose):
        with pytest.raises(StrongroomError) as refusal:
            sent(identity=identity(payload))
        assert refusal.value.code is Code.REQUEST_INVALID


TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
TRANSACTIONS = st.builds(
    Transaction,
    txid=TEXTS,
    originator=TEXTS,
    beneficiary=TEXTS,
    amount=st.sampled_from(("", "0", "1", "0.00000001", "21000000", "123456.789", "1000000000000000000000")),
    network=TEXTS,
    timestamp=TEXTS,
    extra_json=TEXTS,
    asset_type=TEXTS,
    tag=TEXTS,
)
PENDINGS = st.builds(
    Pending,
    envelope_id=TEXTS,
    received_by=TEXTS,
    received_at=TEXTS,
    message=TEXTS,
    reply_not_after=TEXTS,
    reply_not_before=TEXTS,
    extra_json=TEXTS,
    transaction=st.none() | TRANSACTIONS,
)


@given(TRANSACTIONS | PENDINGS)
@settings(max_examples=60, deadline=None)
def test_transactions_and_pending_messages_arrive_whole(transaction: Transaction | Pending) -> None:
    assert read_contents(sent(transaction=transaction), demands=DEMANDS).transaction == transaction


@cache
def classes() -> dict[str, type[Message]]:
    """The same schema in the hands of protobuf's own library."""
    file = descriptor_pb2.FileDescriptorProto(name="trisa.proto", package="t", syntax="proto3")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field in fields.items():
            declared = message.field.add(name=field.name, number=number, json_name=field.name)
            declared.label = declared.LABEL_REPEATED if field.is_repeated else declared.LABEL_OPTIONAL
            declared.type = kind(field)
            if field.message:
                declared.type_name = f".t.{field.message}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"t.{name}")) for name in MESSAGES}


def kind(field: Field) -> Any:
    if field.message:
        return 11
    if field.is_double:
        return 1
    return 13 if field.codes or field.is_number else 9


@given(st.sampled_from(("Transaction", "Pending")), st.data())
@settings(max_examples=50, deadline=None)
def test_protobufs_own_library_writes_what_we_write(name: str, data: st.DataObject) -> None:
    texts = {field.name: data.draw(TEXTS) for field in MESSAGES[name].values() if kind(field) == 9}
    assert classes()[name](**texts).SerializeToString(deterministic=True) == encode(name, texts)


@pytest.mark.parametrize("payload", [base(), WHOLE])
def test_protobufs_own_library_reads_and_writes_our_identities(payload: dict[str, Any]) -> None:
    ours = encode("IdentityPayload", json.loads(write_element(identity(payload), Edition.V2020)))
    theirs = classes()["IdentityPayload"]()
    assert theirs.ParseFromString(ours) == len(ours)
    again = theirs.SerializeToString(deterministic=True)
    assert again == ours


def test_what_a_later_schema_adds_is_skipped() -> None:
    extra = put_bytes(900, b"later") + put_bytes(5, b"also")
    assert isinstance(read_contents(sent() + extra, demands=DEMANDS), Received)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x0a",
        b"\x0a\xff\xff\xff\xff\x0f",
        b"\x80" * 11,
        b"\x0b\x0c",
        b"\x00\x00",
        sent()[:-1],
        sent()[:200],
        sent() + put_bytes(1, b""),
        sent() + put_bytes(3, b"again"),
        put_bytes(1, put_bytes(1, IDENTITY.encode())),
        put_bytes(1, put_bytes(1, b"other")) + put_bytes(2, put_bytes(1, TRANSACTION.encode())),
        put_bytes(1, put_bytes(1, IDENTITY.encode())) + put_bytes(2, put_bytes(1, b"other")),
        put_bytes(1, put_bytes(1, b"\xff")) + put_bytes(2, put_bytes(1, TRANSACTION.encode())),
        b"\x0a\x00" * 300_000,
    ],
)
def test_what_is_no_payload_is_refused(data: bytes) -> None:
    with pytest.raises(StrongroomError) as refusal:
        read_contents(data, demands=DEMANDS)
    assert refusal.value.code is Code.TRAVEL_RULE_MESSAGE_INVALID


@pytest.mark.parametrize(
    ("message", "data"),
    [
        ("Transaction", b"\x0a\x01\xff"),
        ("Transaction", b"\x08\x01"),
        ("Transaction", b"\x21\x00"),
        ("Transaction", b"\x22\x01a"),
        ("Transaction", b"\x0a\x01a\x0a\x01b"),
        ("NaturalPersonNameId", b"\x18\x05"),
        ("NaturalPersonNameId", b"\x1a\x01\x04"),
        ("PayloadMetadata", b"\x0a\x01\x0d"),
        ("Address", put_bytes(1, b"")),
    ],
)
def test_a_field_of_another_kind_is_refused(message: str, data: bytes) -> None:
    with pytest.raises(StrongroomError):
        decode(message, data)


def test_a_list_of_codes_may_be_packed_or_not() -> None:
    assert decode("PayloadMetadata", b"\x0a\x02\x0b\x00") == decode("PayloadMetadata", b"\x08\x0b\x08\x00")


@given(st.binary(max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_bytes_break_the_decoder(data: bytes) -> None:
    for message in ("IdentityPayload", "Pending"):
        assert outcome(message, data) in {None, Code.TRAVEL_RULE_MESSAGE_INVALID}


def outcome(message: str, data: bytes) -> Code | None:
    try:
        decode(message, data)
    except StrongroomError as error:
        return error.code
    return None


def test_nesting_is_bounded_by_the_schema() -> None:
    deep = b""
    for _ in range(2000):
        deep = put_bytes(1, deep)
    with pytest.raises(StrongroomError):
        decode("IdentityPayload", deep)


FLOATS = st.floats(min_value=0, max_value=1e38, allow_nan=False, allow_infinity=False)


@given(FLOATS)
@settings(max_examples=300, deadline=None)
def test_a_binary_fraction_reads_as_the_decimal_that_python_prints(binary: float) -> None:
    try:
        read = decimal_of(binary)
    except StrongroomError:
        assert len(f"{Decimal(repr(binary)):f}".partition(".")[2]) > 40
        return
    assert Decimal(read) == Decimal(repr(binary))
    assert "e" not in read
    assert struct.pack("<d", float(read)) == struct.pack("<d", abs(binary))
    assert binary_of(read) == binary


@given(st.decimals(min_value=0, max_value=10**9, places=6))
@settings(max_examples=200, deadline=None)
def test_fifteen_digits_always_pass(amount: Decimal) -> None:
    assert decimal_of(binary_of(f"{amount:f}")) == f"{amount:f}".rstrip("0").rstrip(".")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0.123456789012345678", Code.AMOUNT_TOO_PRECISE),
        ("9007199254740993", Code.AMOUNT_TOO_PRECISE),
        ("1.00000000000000001", Code.AMOUNT_TOO_PRECISE),
        ("-1", Code.AMOUNT_INVALID),
        ("1e3", Code.AMOUNT_INVALID),
        ("NaN", Code.AMOUNT_INVALID),
        ("", Code.AMOUNT_INVALID),
        ("1.", Code.AMOUNT_INVALID),
        ("01", Code.AMOUNT_INVALID),
        ("\u0661", Code.AMOUNT_INVALID),
    ],
)
def test_an_amount_that_would_not_come_back_is_not_sent(text: str, code: Code) -> None:
    with pytest.raises(StrongroomError) as refusal:
        binary_of(text)
    assert refusal.value.code is code


@pytest.mark.parametrize("binary", [float("nan"), float("inf"), -1.0, 1e300, 1e-300])
def test_a_number_that_is_no_amount_is_refused(binary: float) -> None:
    with pytest.raises(StrongroomError) as refusal:
        decimal_of(binary)
    assert refusal.value.code is Code.AMOUNT_INVALID
    with pytest.raises(StrongroomError):
        read_contents(with_amount(binary), demands=DEMANDS)


def with_amount(binary: float) -> bytes:
    transaction = put_bytes(1, TRANSACTION.encode()) + put_bytes(2, b"\x21" + struct.pack("<d", binary))
    return put_bytes(1, put_bytes(1, IDENTITY.encode())) + put_bytes(2, transaction)
