"""Amounts: text in, integers inside, nothing rounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.money import MAX_UNITS, format_amount, parse_amount


@given(units=st.integers(1, MAX_UNITS), decimals=st.integers(0, 30))
def test_an_amount_survives_the_way_through_text(units: int, decimals: int) -> None:
    assert parse_amount(format_amount(units, decimals=decimals), decimals=decimals) == units


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0", Code.AMOUNT_INVALID),
        ("0.000", Code.AMOUNT_INVALID),
        ("", Code.AMOUNT_INVALID),
        ("-1", Code.AMOUNT_INVALID),
        ("+1", Code.AMOUNT_INVALID),
        ("1,5", Code.AMOUNT_INVALID),
        ("01", Code.AMOUNT_INVALID),
        (".5", Code.AMOUNT_INVALID),
        ("1.", Code.AMOUNT_INVALID),
        ("1 ", Code.AMOUNT_INVALID),
        ("\u0661", Code.AMOUNT_INVALID),
        ("NaN", Code.AMOUNT_INVALID),
        ("1.001", Code.AMOUNT_TOO_PRECISE),
        (str(MAX_UNITS), Code.AMOUNT_TOO_LARGE),
    ],
)
def test_a_bad_amount_is_refused(text: str, code: Code) -> None:
    with pytest.raises(StrongroomError) as caught:
        parse_amount(text, decimals=2)
    assert caught.value.code is code


def test_trailing_zeros_are_not_precision() -> None:
    assert parse_amount("1.5000", decimals=1) == 15


def test_negative_balances_are_shown_with_their_sign() -> None:
    assert [format_amount(units, decimals=2) for units in (-150, 0, 7)] == ["-1.5", "0", "0.07"]
