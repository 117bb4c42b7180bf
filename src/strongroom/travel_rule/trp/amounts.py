"""Amounts on TRP's wire: a JSON number or a text, read digit by digit; in which unit is agreed with each counterparty.

The specification's samples disagree: one says 0.000021 of an asset, another an integer of its smallest unit.
"""

import re
from decimal import Decimal
from enum import StrEnum
from typing import Final

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.money import format_amount, parse_amount

_NUMBER: Final = re.compile(r"(?:0|[1-9][0-9]{0,77})(?:\.[0-9]{1,77})?(?:[eE][+-]?[0-9]{1,2})?")
_DIGITS_MAX: Final = 100


class Unit(StrEnum):
    """What the number counts."""

    ASSET = "asset"
    """Whole ones of the asset, with a fraction: 0.000021 BTC."""
    SMALLEST = "smallest"
    """The smallest units, without a fraction: 2100 satoshi."""


def read_amount(token: bytes) -> str:
    """Decimal text, without an exponent, of a JSON number or a text that holds one; never by way of a float.

    Raises:
        StrongroomError: ``AMOUNT_INVALID``: no number, negative, or longer than amounts are.
    """
    text = token.decode("ascii", "replace")
    bare = text[1:-1] if len(text) >= 2 and text[0] == text[-1] == '"' else text
    if not _NUMBER.fullmatch(bare):
        raise StrongroomError(Code.AMOUNT_INVALID)
    plain = f"{Decimal(bare):f}"
    if len(plain) > _DIGITS_MAX:
        raise StrongroomError(Code.AMOUNT_INVALID)
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def to_units(amount_text: str, *, unit: Unit, decimals: int) -> int:
    """The smallest units that an amount from the wire stands for.

    Raises:
        StrongroomError: ``AMOUNT_INVALID``, ``AMOUNT_TOO_PRECISE``, ``AMOUNT_TOO_LARGE``.
    """
    return parse_amount(amount_text, decimals=0 if unit is Unit.SMALLEST else decimals)


def from_units(amount_units: int, *, unit: Unit, decimals: int) -> str:
    """The number that stands on the wire for so many of the smallest units."""
    return format_amount(amount_units, decimals=0 if unit is Unit.SMALLEST else decimals)
