"""TRISA's error codes (trisa.api.v1beta1.Error), and those that stand for a denied verification.

Several names share a number with a code of Sygna Bridge; TRISA's own name is the one used here. Two are misspelt
upstream and stay so.
"""

from collections.abc import Mapping
from typing import Final

NUMBERS: Final[Mapping[str, int]] = {
    "UNHANDLED": 0,
    "UNAVAILABLE": 1,
    "MAINTENANCE": 2,
    "UNIMPLEMENTED": 3,
    "INTERNAL_ERROR": 49,
    "REJECTED": 50,
    "UNKNOWN_WALLET_ADDRESS": 51,
    "UNKOWN_IDENTITY": 52,
    "UNKNOWN_ORIGINATOR": 53,
    "UNKOWN_BENEFICIARY": 54,
    "UNSUPPORTED_CURRENCY": 60,
    "EXCEEDED_TRADING_VOLUME": 61,
    "COMPLIANCE_CHECK_FAIL": 90,
    "NO_COMPLIANCE": 91,
    "HIGH_RISK": 92,
    "OUT_OF_NETWORK": 99,
    "FORBIDDEN": 100,
    "NO_SIGNING_KEY": 101,
    "CERTIFICATE_REVOKED": 102,
    "UNVERIFIED": 103,
    "UNTRUSTED": 104,
    "INVALID_SIGNATURE": 105,
    "INVALID_KEY": 106,
    "ENVELOPE_DECODE_FAIL": 107,
    "UNHANDLED_ALGORITHM": 108,
    "BAD_REQUEST": 150,
    "UNPARSEABLE_IDENTITY": 151,
    "UNPARSEABLE_TRANSACTION": 152,
    "MISSING_FIELDS": 153,
    "INCOMPLETE_IDENTITY": 154,
    "VALIDATION_ERROR": 155,
}
_RETRIED: Final = frozenset(("UNAVAILABLE", "MAINTENANCE", "MISSING_FIELDS", "INCOMPLETE_IDENTITY"))
NOT_NOW: Final = frozenset(("UNAVAILABLE", "MAINTENANCE"))
"""Codes that decide nothing: the counterparty could not say."""
_DECIDED: Final = range(50, 100)
_OF_REASONS: Final[Mapping[str, str]] = {
    "UNKNOWN-SYMBOL": "UNSUPPORTED_CURRENCY",
    "UNKNOWN-NETWORK": "OUT_OF_NETWORK",
    "UNKNOWN-ADDRESS": "UNKNOWN_WALLET_ADDRESS",
    "LACK-OF-INFORMATION": "INCOMPLETE_IDENTITY",
    "UNAVAILABLE-INFORMATION": "NO_COMPLIANCE",
    "BLACKLISTED": "COMPLIANCE_CHECK_FAIL",
    "UNVERIFIED-KYC": "COMPLIANCE_CHECK_FAIL",
    "MISMATCHED-NAME": "UNKOWN_BENEFICIARY",
    "BENEFICIARY-ACCOUNT-NOT-MATCHED": "UNKOWN_BENEFICIARY",
    "REQUEST-TIMEOUT": "UNAVAILABLE",
    "UNDEFINED-ERROR": "REJECTED",
}
_REASONS: Final[Mapping[str, str]] = {
    "UNSUPPORTED_CURRENCY": "UNKNOWN-SYMBOL",
    "OUT_OF_NETWORK": "UNKNOWN-NETWORK",
    "UNKNOWN_WALLET_ADDRESS": "UNKNOWN-ADDRESS",
    "MISSING_FIELDS": "LACK-OF-INFORMATION",
    "INCOMPLETE_IDENTITY": "LACK-OF-INFORMATION",
    "NO_COMPLIANCE": "UNAVAILABLE-INFORMATION",
}


def code_of(reason: str) -> str:
    """TRISA's code for why a verification was denied (travel_rule.md 1.4); REJECTED for a reason it has no word for."""
    return _OF_REASONS.get(reason, "REJECTED")


def reason_of(code: str, message: str) -> str:
    """The same back: of a code that stands for several reasons, the one that is the message, else UNDEFINED-ERROR."""
    if _OF_REASONS.get(message) == code:
        return message
    return _REASONS.get(code, "UNDEFINED-ERROR")


def is_denial(code: str) -> bool:
    """Whether the counterparty decided against the transfer, and does not only say that it cannot tell."""
    return NUMBERS.get(code, 0) in _DECIDED or _REASONS.get(code) == "LACK-OF-INFORMATION"


def is_retried(code: str) -> bool:
    """Whether the same exchange may succeed later, or once it is mended."""
    return code in _RETRIED
