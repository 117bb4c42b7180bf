"""Whether a balance suffices. All amounts in wei."""

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.money import MAX_UNITS

_MAX_DIGITS = 100  # very many uint256 together


def parse_units(text: str, *, limit: int | None = MAX_UNITS) -> int:
    """A decimal integer of base units.

    Args:
        limit: the largest allowed; None for a sum.

    Raises:
        StrongroomError: ``REQUEST_INVALID``.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS) or (
        limit is not None and int(text) > limit
    ):
        raise StrongroomError(Code.REQUEST_INVALID, "An amount is a decimal integer of base units.")
    return int(text)


def decide_shortfall(*, balance_units: int, reserved_units: int, amount_units: int, max_fee_units: int) -> Code | None:
    """What is missing: the amount itself, or the fee beside it; None if both are there."""
    available_units = balance_units - reserved_units
    if available_units < amount_units:
        return Code.INSUFFICIENT_FUNDS
    if available_units < amount_units + max_fee_units:
        return Code.INSUFFICIENT_FUNDS_FOR_FEE
    return None
