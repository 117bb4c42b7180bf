"""Bytes that are no payload: never an exception, never a value of the payload in what is said."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.travel_rule.ivms101.model import Payload
from strongroom.travel_rule.ivms101.payload import MAX_PAYLOAD_BYTES, read_part, read_payload
from strongroom.travel_rule.ivms101.report import MAX_FINDINGS
from tests.travel_rule.ivms101.samples import DEMANDS, base, dumps, places, to_2023

GOOD = dumps(base())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"originator":"\\ud800"}',
        b'{"originator":NaN}',
        b'{"a":1,"a":2}',
        GOOD + b"x",
        GOOD.replace(b'"townName":"Berlin"', b'"townName":"Berlin","townName":"Bonn"'),
        GOOD.replace(
            b'"customerIdentification":"1002390"', b'"customerIdentification":"1","customerIdentification":"2"'
        ),
        b'{"originator":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"x":' * 40 + b"1" + b"}" * 40,
        GOOD[:-1] + b" " * MAX_PAYLOAD_BYTES + b"}",
    ],
)
def test_what_is_no_json_of_the_allowed_size_and_depth(body: bytes) -> None:
    reading = read_payload(body, DEMANDS)
    assert [(each.code, each.path) for each in reading.violations] == [("JSON", "$")]
    assert reading.element is None


@pytest.mark.parametrize("body", [b"1", b'"text"', b"null", b"true"])
def test_what_is_json_and_no_object(body: bytes) -> None:
    reading = read_payload(body, DEMANDS)
    assert [(each.code, each.path) for each in reading.violations] == [("TYPE", "$")]
    assert not reading.is_valid


def test_findings_have_a_bound() -> None:
    body = dumps({"beneficiary": {"accountNumber": [0] * 100_000}, "originator": {}})
    assert len(read_payload(body, DEMANDS).violations) == MAX_FINDINGS


def test_a_payload_of_the_largest_size_is_read() -> None:
    many = [str(number) for number in range(18_000)]
    body = dumps({**base(), "beneficiary": {**base()["beneficiary"], "accountNumber": many}})
    assert len(body) < MAX_PAYLOAD_BYTES
    assert read_payload(body, DEMANDS).is_valid


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
ANYTHING = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner)
)


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A good payload of either edition in which one to three places hold anything, or nothing."""
    payload = draw(st.sampled_from((base(), to_2023(base()))))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(places(payload) or [("originator",)]))
        holder: Any = payload
        for step in way:
            holder = holder[step]
        holder[last] = draw(ANYTHING)
        if draw(st.booleans()):
            del holder[last]
    text = json.dumps(payload, ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from((None, 2))))
    return text.encode(errors="surrogatepass")


@given(broken())
@settings(max_examples=300, deadline=None)
def test_the_short_way_never_says_other_than_the_long_way(body: bytes) -> None:
    assert read_payload(body, DEMANDS) == read_part(body, Payload, DEMANDS)


@given(st.binary(max_size=64) | ANYTHING.map(lambda value: json.dumps(value).encode()))
@settings(max_examples=300, deadline=None)
def test_nothing_is_raised_for_any_bytes(body: bytes) -> None:
    reading = read_payload(body, DEMANDS)
    assert not reading.is_valid
    assert reading.violations


def test_what_is_said_holds_nothing_of_the_person() -> None:
    secret = "Geheimrat"
    text = re.sub(
        r'"(Winterfeld|Mara Luise|Lindenallee|Berlin|Leipzig|1984-02-29|C01X00T47)"', f'"{secret}ä"', GOOD.decode()
    )
    reading = read_payload(text.replace('"LEGL"', f'"{secret}"').encode(), DEMANDS)
    assert len(reading.violations) > 7
    assert not [each for each in (*reading.violations, *reading.warnings) if secret in each.message + each.path]
