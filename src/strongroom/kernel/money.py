"""Amounts: decimal text at the doors, integers of base units inside, never a float."""

import re

from strongroom.kernel.errors import Code, StrongroomError

MAX_UNITS = (1 << 256) - 1
"""The largest amount an EVM chain can carry (uint256)."""

_DECIMAL = re.compile(r"(0|[1-9][0-9]{0,77})(?:\.([0-9]{1,77}))?")


def parse_amount(text: str, *, decimals: int) -> int:
    """Base units of a decimal amount.

    Args:
        text: digits with an optional point, no sign and no exponent: ``"0.25"``.
        decimals: decimals of the asset; more digits behind the point are refused, not rounded.

    Raises:
        StrongroomError: ``AMOUNT_INVALID`` (malformed, zero, negative), ``AMOUNT_TOO_PRECISE``, ``AMOUNT_TOO_LARGE``.
    """
    match = _DECIMAL.fullmatch(text)
    if match is None:
        raise StrongroomError(Code.AMOUNT_INVALID)
    whole, fraction = match.group(1), (match.group(2) or "").rstrip("0")
    if len(fraction) > decimals:
        raise StrongroomError(Code.AMOUNT_TOO_PRECISE, f"The asset has {decimals} decimals.")
    units = int(whole + fraction.ljust(decimals, "0"))
    if units == 0:
        raise StrongroomError(Code.AMOUNT_INVALID, "The amount is zero.")
    if units > MAX_UNITS:
        raise StrongroomError(Code.AMOUNT_TOO_LARGE)
    return units


def format_amount(units: int, *, decimals: int) -> str:
    """Decimal text of base units, without trailing zeros: ``format_amount(1500, decimals=3) == "1.5"``."""
    sign, digits = ("-" if units < 0 else ""), str(abs(units)).rjust(decimals + 1, "0")
    whole, fraction = (digits[:-decimals], digits[-decimals:].rstrip("0")) if decimals else (digits, "")
    return f"{sign}{whole}.{fraction}" if fraction else f"{sign}{whole}"
