"""TRP's messages as published, amounts digit by digit, and whatever else may come."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.trp.amounts import Unit, from_units, read_amount, to_units
from strongroom.travel_rule.trp.messages import (
    Acknowledged,
    Approval,
    Approved,
    Asset,
    Canceled,
    Confirmed,
    Extensions,
    Identity,
    Rejected,
    VersionInfo,
    parse_answer,
    parse_confirmation,
    parse_discovery,
    parse_inquiry,
    parse_resolution,
    write,
    write_inquiry,
)
from tests.travel_rule.ivms101.samples import DEMANDS, base, changed, dumps
from tests.travel_rule.trp.desks import CALLBACK, INQUIRY
from tools.generators import ROOT

FOLDER = ROOT / "tests/data/trp"


def published(name: str) -> bytes:
    return (FOLDER / f"{name}.json").read_bytes()


def refused(code: Code, body: bytes) -> str:
    with pytest.raises(StrongroomError) as refusal:
        parse_inquiry(body, demands=DEMANDS)
    assert refusal.value.code is code
    return refusal.value.detail


def test_the_published_answers() -> None:
    callback = "https://beneficiary.com/implementation/defined/path/for/transferConfirmation"
    approved = Approved(approved=Approval(address="some payment address", callback=callback))
    assert parse_answer(published("acknowledged")) == Acknowledged(version="3.2.1")
    assert parse_answer(published("approved")) == parse_resolution(published("approved")) == approved
    assert parse_answer(published("rejected")) == Rejected(rejected="human readable comment")
    assert parse_confirmation(published("confirmation")) == Confirmed(txid="[some asset-specific tx identifier]")
    assert parse_confirmation(published("canceled")) == Canceled(canceled="human readable comment")


def test_the_published_discovery() -> None:
    identity = parse_discovery(published("identity"), Identity)
    assert (identity.name, identity.lei) == ("Acme VASP", "TVYD005I7Q5IJK0EMI53")
    assert parse_discovery(published("version"), VersionInfo) == VersionInfo(version="1.2.0", vendor="21Analytics")
    extensions = parse_discovery(published("extensions"), Extensions)
    assert (extensions.required, extensions.supported) == (
        ("message-signing",),
        ("extended-ivms101", "deterministic-transfer"),
    )


@pytest.mark.parametrize("name", ["acknowledged", "approved", "rejected"])
def test_a_published_answer_written_again_is_the_same(name: str) -> None:
    assert json.loads(write(parse_answer(published(name)))) == json.loads(published(name))


@pytest.mark.parametrize("name", ["confirmation", "canceled"])
def test_a_published_confirmation_written_again_is_the_same(name: str) -> None:
    assert json.loads(write(parse_confirmation(published(name)))) == json.loads(published(name))


def test_the_published_inquiry() -> None:
    read = parse_inquiry(published("inquiry"), demands=DEMANDS)
    assert (read.asset, read.amount) == (Asset(dti="4H95J0R2X"), "0.000021")
    assert read.callback == "https://originator.com/implementation/defined/path/for/inquiryResolution"
    assert json.loads(read.ivms101) == json.loads(published("inquiry"))["IVMS101"]


def test_an_inquiry_is_read_as_it_was_written() -> None:
    inquiry = parse_inquiry(INQUIRY, demands=DEMANDS)
    assert (inquiry.asset, inquiry.amount, inquiry.callback) == (Asset(slip0044=0), "0.000021", CALLBACK)
    assert json.loads(inquiry.ivms101) == base()
    assert b'"amount":0.000021' in INQUIRY


AMOUNTS = st.decimals(min_value=0, max_value=10**30, places=18).map(lambda amount: f"{amount:f}")


@given(AMOUNTS)
@settings(max_examples=100, deadline=None)
def test_eighteen_decimals_arrive_digit_by_digit(amount: str) -> None:
    body = write_inquiry(asset=Asset(slip0044=60), amount=amount, callback=CALLBACK, ivms101=dumps(base()))
    read = parse_inquiry(body, demands=DEMANDS).amount
    assert Decimal(read) == Decimal(amount)
    assert "e" not in read.lower()


@pytest.mark.parametrize(
    ("token", "text"),
    [
        (b"150025", "150025"),
        (b'"150025"', "150025"),
        (b"0.000021", "0.000021"),
        (b"2.1e-5", "0.000021"),
        (b"2.1E-5", "0.000021"),
        (b"1e3", "1000"),
        (b"1.50", "1.5"),
        (b"0", "0"),
        (b"0.123456789012345678901", "0.123456789012345678901"),
        (b"9007199254740993", "9007199254740993"),
    ],
)
def test_a_number_is_read_digit_by_digit(token: bytes, text: str) -> None:
    assert read_amount(token) == text


@pytest.mark.parametrize(
    "token",
    [
        *(b"", b'""', b"-1", b'"-1"', b"NaN", b"Infinity", b"null", b"true", b"1e999", b"1.5e-99", b"0x10", b"1,5"),
        *(b"[1]", b"\xff", b'"1', b"01", b"1.", b".5", b"1" * 101),
    ],
)
def test_what_is_no_amount_is_refused(token: bytes) -> None:
    with pytest.raises(StrongroomError) as refusal:
        read_amount(token)
    assert refusal.value.code is Code.AMOUNT_INVALID


@given(st.integers(1, 10**30), st.sampled_from(tuple(Unit)), st.integers(0, 18))
@settings(max_examples=100, deadline=None)
def test_either_unit_comes_back(amount_units: int, unit: Unit, decimals: int) -> None:
    text = from_units(amount_units, unit=unit, decimals=decimals)
    assert to_units(read_amount(text.encode()), unit=unit, decimals=decimals) == amount_units


def test_the_unit_decides_what_the_published_amounts_are() -> None:
    assert to_units("0.000021", unit=Unit.ASSET, decimals=8) == 2100
    assert to_units("150025", unit=Unit.SMALLEST, decimals=8) == 150025
    with pytest.raises(StrongroomError) as refusal:
        to_units("0.000021", unit=Unit.SMALLEST, decimals=8)
    assert refusal.value.code is Code.AMOUNT_TOO_PRECISE


def inquiry(**changes: Any) -> bytes:
    return dumps({**json.loads(INQUIRY), **changes})


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "The body is not JSON in UTF-8."),
        (b"\xff", "The body is not JSON in UTF-8."),
        (b"[" * 5000, "The body is not JSON in UTF-8."),
        (b"[]", "Wrong value at $."),
        (b"{}", "Asset is missing."),
        (inquiry(asset={}), "Asset names a dti or a slip0044."),
        (inquiry(asset={"dti": "4H95J0R2"}), "Wrong value at asset.dti."),
        (inquiry(asset={"slip0044": -1}), "Wrong value at asset.slip0044."),
        (inquiry(callback="http://localhost/x"), "Callback is an HTTPS URL."),
        (inquiry(callback="https://user@localhost/x"), "Callback is an HTTPS URL."),
        (inquiry(callback=7), "Wrong value at callback."),
        (inquiry(IVMS101={}), "MULTIPLICITY at $.IVMS101.originator: originator is missing."),
        (inquiry(IVMS101=[]), "MULTIPLICITY at $.IVMS101: This is one object, not a list."),
        (inquiry(x="x" * 400_000), "The body exceeds 393216 bytes."),
    ],
)
def test_what_is_no_inquiry_is_refused_by_the_element(body: bytes, detail: str) -> None:
    assert refused(Code.INVALID_FORMAT, body) == detail


def test_a_person_who_breaks_the_standard_is_refused_without_being_named() -> None:
    first = "originator.originatorPersons.0.naturalPerson.name.nameIdentifier.0"
    broken = changed(base(), put={f"{first}.nameIdentifierType": "NONE"})
    detail = refused(Code.INVALID_FORMAT, inquiry(IVMS101=broken))
    assert "nameIdentifierType" in detail
    name = base()["originator"]["originatorPersons"][0]["naturalPerson"]["name"]["nameIdentifier"][0]
    assert name["primaryIdentifier"] not in detail


def test_the_amount_of_an_inquiry_is_no_float() -> None:
    assert refused(Code.AMOUNT_INVALID, inquiry(amount=-1)) == Code.AMOUNT_INVALID.meaning.text
    assert refused(Code.AMOUNT_INVALID, inquiry(amount=None)) == Code.AMOUNT_INVALID.meaning.text


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b'{"version":"3.2.1","rejected":"no"}',
        b'{"approved":{"address":"a","callback":"http://b/"}}',
        b'{"approved":{"address":"","callback":"https://b/"}}',
        b'{"approved":{"address":"a\\nb","callback":"https://b/"}}',
        b'{"approved":{"address":"a"}}',
        b'{"rejected":7}',
        b'{"rejected":"' + b"x" * 1001 + b'"}',
    ],
)
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    for parse in (parse_answer, parse_resolution):
        with pytest.raises(StrongroomError):
            parse(body)


def test_an_acknowledgement_is_no_late_answer() -> None:
    with pytest.raises(StrongroomError):
        parse_resolution(published("acknowledged"))


@pytest.mark.parametrize(
    "body", [b"{}", b'{"txid":"a","canceled":"b"}', b'{"txid":""}', b'{"txid":"a\\u0000"}', b'"a"']
)
def test_what_is_no_confirmation_is_refused(body: bytes) -> None:
    with pytest.raises(StrongroomError):
        parse_confirmation(body)


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_no_bytes_break_the_readers(body: bytes) -> None:
    for parse in (parse_answer, parse_confirmation):
        with pytest.raises(StrongroomError):
            parse(body)
    with pytest.raises(StrongroomError):
        parse_inquiry(body, demands=DEMANDS)


def test_what_a_later_version_adds_is_not_read() -> None:
    assert parse_answer(b'{"rejected":"no","later":{"a":[1]}}') == Rejected(rejected="no")
    assert parse_inquiry(inquiry(extensions={"a": 1}), demands=DEMANDS).extensions == b'{"a":1}'
    assert msgspec.json.decode(write(Identity(name="A"))) == {"name": "A"}
