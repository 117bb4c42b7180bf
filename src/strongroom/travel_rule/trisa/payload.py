"""What an envelope carries: IVMS101, a transfer or word that the answer comes later, and when it was sent."""

import math
import re
from typing import Any, Final, cast

import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.ivms101.constraints import Demands
from strongroom.travel_rule.ivms101.editions import lost_in
from strongroom.travel_rule.ivms101.findings import Edition
from strongroom.travel_rule.ivms101.model import LegalPerson, Payload, persons_of
from strongroom.travel_rule.ivms101.payload import Reading, read_payload, write_element
from strongroom.travel_rule.trisa.envelope import PAYLOAD_BYTES_MAX, refused
from strongroom.travel_rule.trisa.schema import decode, encode
from strongroom.travel_rule.trisa.wire import LENGTH, broken, fields_of, put_bytes

_TYPES: Final = "type.googleapis.com/"
IDENTITY: Final = f"{_TYPES}ivms101.IdentityPayload"
TRANSACTION: Final = f"{_TYPES}trisa.data.generic.v1beta1.Transaction"
PENDING: Final = f"{_TYPES}trisa.data.generic.v1beta1.Pending"
_DECIMAL: Final = re.compile(r"(0|[1-9][0-9]{0,39})(\.[0-9]{1,40})?")


class Transaction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The transfer. ``amount`` is decimal text in the asset's own unit; empty where none is said."""

    txid: str = ""
    originator: str = ""
    beneficiary: str = ""
    amount: str = ""
    network: str = ""
    timestamp: str = ""
    extra_json: str = ""
    asset_type: str = ""
    tag: str = ""


class Pending(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Word that the answer comes later, between the two times."""

    envelope_id: str = ""
    received_by: str = ""
    received_at: str = ""
    message: str = ""
    reply_not_after: str = ""
    reply_not_before: str = ""
    extra_json: str = ""
    transaction: Transaction | None = None


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """A payload to send. Times are RFC 3339 text; ``received_at`` is the answerer's."""

    identity: Payload
    transaction: Transaction | Pending
    sent_at: str
    received_at: str = ""


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A payload as received: its identity with whatever is wrong with it, as the demands were."""

    identity: Reading[Payload]
    transaction: Transaction | Pending
    sent_at: str
    received_at: str


def write_contents(contents: Contents) -> bytes:
    """The protobuf of a payload.

    Raises:
        StrongroomError: ``REQUEST_INVALID`` for an identity that the message cannot hold; ``AMOUNT_INVALID`` or
            ``AMOUNT_TOO_PRECISE`` for an amount that its binary fraction would not give back digit by digit.
    """
    if lost := unsendable(contents.identity):
        raise StrongroomError(Code.REQUEST_INVALID, lost[0])
    identity = cast("dict[str, Any]", msgspec.json.decode(write_element(contents.identity, Edition.V2020)))
    parts = [
        put_bytes(1, _any(IDENTITY, encode("IdentityPayload", identity))),
        put_bytes(2, _any(*_transaction(contents.transaction))),
        put_bytes(3, contents.sent_at.encode()),
    ]
    if contents.received_at:
        parts.append(put_bytes(4, contents.received_at.encode()))
    return b"".join(parts)


def read_contents(data: bytes, *, demands: Demands) -> Received:
    """A payload that was opened. The identity is checked as any IVMS101 is; it is the caller's to refuse it.

    Raises:
        StrongroomError: ``TRAVEL_RULE_MESSAGE_INVALID`` for what is no such protobuf; ``AMOUNT_INVALID``.
    """
    if len(data) > PAYLOAD_BYTES_MAX:
        raise broken()
    found = _once(data, {1, 2, 3, 4})
    types = [_any_of(found.get(number, b"")) for number in (1, 2)]
    if types[0][0] != IDENTITY or types[1][0] not in {TRANSACTION, PENDING}:
        raise refused("The payload is not IVMS101 with a generic transaction or a pending message.")
    identity = msgspec.json.encode(decode("IdentityPayload", types[0][1]))
    message = "Transaction" if types[1][0] == TRANSACTION else "Pending"
    return Received(
        identity=read_payload(identity, demands),
        transaction=_read_transaction(message, decode(message, types[1][1])),
        sent_at=_said(found.get(3, b"")),
        received_at=_said(found.get(4, b"")),
    )


def unsendable(identity: Payload) -> list[str]:
    """What of an identity the message has no element for, in words."""
    lost = lost_in(identity, Edition.V2020)
    companies = (person.legal_person for person in persons_of(identity))
    if any(isinstance(company, LegalPerson) and company.date_of_incorporation for company in companies):
        lost.append("A date of incorporation: TRISA's message has none.")
    return lost


def binary_of(decimal: str) -> float:
    """The binary fraction that TRISA sends for a decimal text, if its shortest decimal is that text again.

    Raises:
        StrongroomError: ``AMOUNT_INVALID`` or ``AMOUNT_TOO_PRECISE``.
    """
    if not _DECIMAL.fullmatch(decimal):
        raise StrongroomError(Code.AMOUNT_INVALID)
    binary = float(decimal)
    if decimal_of(binary) != _shortest(decimal):
        raise StrongroomError(Code.AMOUNT_TOO_PRECISE, "TRISA's binary fraction cannot hold the amount exactly.")
    return binary


def decimal_of(binary: float) -> str:
    """The shortest decimal text that stands for a binary fraction, without an exponent.

    Raises:
        StrongroomError: ``AMOUNT_INVALID`` for what is negative, infinite, no number, or has more digits than amounts.
    """
    if not math.isfinite(binary) or binary < 0:
        raise StrongroomError(Code.AMOUNT_INVALID)
    decimal = _shortest(_without_exponent(repr(binary)))
    if not _DECIMAL.fullmatch(decimal):
        raise StrongroomError(Code.AMOUNT_INVALID, "The amount has more than 40 digits on a side of its point.")
    return decimal


def _shortest(decimal: str) -> str:
    return decimal.rstrip("0").rstrip(".") if "." in decimal else decimal


def _without_exponent(text: str) -> str:
    digits, _, exponent = text.partition("e")
    whole, _, fraction = digits.partition(".")
    shift = int(exponent or 0)
    if shift < 0:
        return f"0.{'0' * (-shift - 1)}{whole}{fraction}"
    fraction = fraction.ljust(shift, "0")
    return f"{whole}{fraction[:shift]}.{fraction[shift:]}"


def _transaction(transaction: Transaction | Pending) -> tuple[str, bytes]:
    fields = cast("dict[str, Any]", msgspec.to_builtins(transaction))
    if isinstance(transaction, Transaction):
        return TRANSACTION, encode("Transaction", _with_binary(fields))
    if "transaction" in fields:
        fields["transaction"] = _with_binary(fields["transaction"])
    return PENDING, encode("Pending", fields)


def _with_binary(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "amount": binary_of(fields["amount"])} if "amount" in fields else fields


def _read_transaction(message: str, fields: dict[str, Any]) -> Transaction | Pending:
    if message == "Transaction":
        return msgspec.convert(_with_decimal(fields), Transaction)
    if "transaction" in fields:
        fields["transaction"] = _with_decimal(fields["transaction"])
    return msgspec.convert(fields, Pending)


def _with_decimal(fields: dict[str, Any]) -> dict[str, Any]:
    return {**fields, "amount": decimal_of(fields["amount"])} if "amount" in fields else fields


def _any(type_url: str, value: bytes) -> bytes:
    return put_bytes(1, type_url.encode()) + put_bytes(2, value)


def _any_of(data: bytes) -> tuple[str, bytes]:
    found = _once(data, {1, 2})
    return _said(found.get(1, b"")), found.get(2, b"")


def _once(data: bytes, numbers: set[int]) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for number, wire, value in fields_of(data):
        if number not in numbers:
            continue
        if wire != LENGTH or not isinstance(value, bytes) or number in found:
            raise broken()
        found[number] = value
    return found


def _said(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise broken() from None
