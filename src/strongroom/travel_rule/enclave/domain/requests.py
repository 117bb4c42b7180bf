"""What the provider asks of its enclave, from untrusted JSON to typed. Every refusal is ``INVALID_FORMAT``."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Protocol, TypeVar

import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain import shapes
from strongroom.travel_rule.enclave.domain.information import parse_codes
from strongroom.travel_rule.enclave.domain.keys import KeyType
from strongroom.travel_rule.enclave.domain.verifications import (
    Action,
    AssetInfo,
    Persons,
    Result,
    VerificationFilter,
)
from strongroom.travel_rule.ivms101 import model
from strongroom.travel_rule.ivms101.constraints import Demands
from strongroom.travel_rule.ivms101.findings import Constraint, Edition, Finding
from strongroom.travel_rule.ivms101.payload import read_part, read_payload, write_element

_AMOUNT: Final = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_AMOUNT_MAX: Final = 128
_ACCOUNT_MAX: Final = 256
_SHOWN: Final = 5
"""Violations named in a refusal; the whole list is ``strongroom travel-rule ivms101 validate``'s."""
_RPP_MAX: Final = 1000
_PAGE_MAX: Final = 1_000_000
FILTERS: Final = (
    "fromDate",
    "toDate",
    "symbol",
    "txHash",
    "result",
    "actionType",
    "oppositeVaspId",
    "originatorAccountNumber",
    "beneficiaryAccountNumber",
    "page",
    "rpp",
)
_TEXTS: Final = ("symbol", "txHash", "originatorAccountNumber", "beneficiaryAccountNumber")
_LAST: Final = "\uffff"
S = TypeVar("S", bound=shapes.Asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A verification as it was asked for."""

    uuid: str | None
    key_type: KeyType
    beneficiary_vasp_id: str
    asset: AssetInfo
    wanted: tuple[str, ...]
    originator_account_number: str | None
    beneficiary_account_number: str | None
    persons: Persons
    travel_address: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountQuestion:
    """Whether an address is that of a customer of another provider; ``beneficiary`` is a component's JSON."""

    key_type: KeyType
    beneficiary_vasp_id: str
    symbol: str
    network: str | None
    account_number: str
    beneficiary: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which rows of the history, and how many."""

    wanted: VerificationFilter
    page: int
    rpp: int


class Naming(Protocol):
    """A request that names a verification, or should."""

    @property
    def verification_uuid(self) -> str | None:
        """Which one."""
        ...


def parse_body(body: bytes, kind: type[S]) -> S:
    """A request of that shape."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise StrongroomError(Code.INVALID_FORMAT, _shape_fault(error)) from None


def parse_uuid(asked: Naming) -> str:
    """The verification that is meant; ``MISSING_VERIFICATION_UUID`` if none is."""
    if not asked.verification_uuid:
        raise StrongroomError(Code.MISSING_VERIFICATION_UUID)
    return asked.verification_uuid


def parse_order(body: bytes, *, demands: Demands) -> Order:
    """POST /v1/verifications, its IVMS101 payload held to ``demands``."""
    asked = parse_body(body, shapes.AskedVerification)
    payload, edition = parse_persons(bytes(asked.payload.ivms101), demands=demands, at="$.payload.ivms101")
    wanted = parse_codes(asked.required_beneficiary_info)
    account = _account(payload.beneficiary.accounts, "beneficiary")
    return Order(
        uuid=asked.verification_uuid,
        key_type=parse_key_type(asked.key_type),
        beneficiary_vasp_id=asked.beneficiary_vasp_id,
        asset=parse_asset(asked.asset_info),
        wanted=wanted,
        originator_account_number=_account(payload.originator.accounts, "originator"),
        beneficiary_account_number=account if asked.travel_address else _needed(account),
        persons=write_persons(payload, edition=edition),
        travel_address=asked.travel_address,
    )


def parse_account_question(body: bytes, *, demands: Demands) -> AccountQuestion:
    """POST /v1/verifications/account: a beneficiary with one account and perhaps a name, and nobody else."""
    asked = parse_body(body, shapes.AskedAccount)
    beneficiary, edition = parse_beneficiary(bytes(asked.payload.ivms101), demands=demands, at="$.payload.ivms101")
    return AccountQuestion(
        key_type=parse_key_type(asked.key_type),
        beneficiary_vasp_id=asked.beneficiary_vasp_id,
        symbol=asked.symbol,
        network=asked.network,
        account_number=_needed(_account(beneficiary.accounts, "beneficiary")),
        beneficiary=write_element(beneficiary, edition),
    )


def parse_persons(body: bytes, *, demands: Demands, at: str) -> tuple[model.Payload, Edition]:
    """A whole payload that breaks nothing, with one originator and one beneficiary (travel_rule.md 1.8)."""
    reading = read_payload(body, demands)
    if reading.element is None or reading.violations:
        raise StrongroomError(Code.INVALID_FORMAT, _said(reading.violations, at))
    for name, persons in (
        ("originator", reading.element.originator.persons),
        ("beneficiary", reading.element.beneficiary.persons),
    ):
        legal = sum(person.legal_person is not None for person in persons)
        if legal > 1 or (not legal and len(persons) > 1):
            raise StrongroomError(Code.INVALID_FORMAT, f"One {name}: a person, or a company and who represents it.")
    return reading.element, reading.edition


def parse_beneficiary(body: bytes, *, demands: Demands, at: str) -> tuple[model.Beneficiary, Edition]:
    """A payload with a beneficiary alone, whose persons may be absent."""
    part = find_part(body, "beneficiary")
    if part is None or find_part(body, "originator") is not None:
        raise StrongroomError(Code.INVALID_FORMAT, f"{at} holds a beneficiary and no originator.")
    reading = read_part(part, model.Beneficiary, demands)
    is_nameless = reading.element is not None and not reading.element.persons
    faults = tuple(each for each in reading.violations if not (is_nameless and _is_about_persons(each)))
    if reading.element is None or faults:
        raise StrongroomError(Code.INVALID_FORMAT, _said(faults, f"{at}.beneficiary"))
    return reading.element, reading.edition


def find_part(body: bytes, name: str) -> bytes | None:
    """The JSON of one component of a payload, whichever way its name is written (travel_rule.md 2.4)."""
    try:
        parts = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise StrongroomError(Code.INVALID_FORMAT, "The payload is not a JSON object.") from None
    wanted = name.lower()
    found = [bytes(part) for key, part in parts.items() if key.replace("_", "").lower() == wanted]
    if len(found) > 1:
        raise StrongroomError(Code.INVALID_FORMAT, f"The payload holds more than one {name}.")
    return found[0] if found else None


def write_persons(payload: model.Payload, *, edition: Edition) -> Persons:
    """The components of a payload, each as JSON of that edition."""
    own, other = payload.originating_vasp, payload.beneficiary_vasp
    return Persons(
        originator=write_element(payload.originator, edition),
        originating_vasp=None if own is None else write_element(own, edition),
        beneficiary=write_element(payload.beneficiary, edition),
        beneficiary_vasp=None if other is None else write_element(other, edition),
    )


def parse_asset(asked: shapes.AskedAsset) -> AssetInfo:
    """Amount and price as decimal texts, the time of the price in whole seconds."""
    if parse_amount_text(asked.amount, "amount").strip("0.") == "":
        raise StrongroomError(Code.INVALID_FORMAT, "assetInfo.amount is zero.")
    at, price = asked.trade_iso_datetime, asked.trade_price
    price = None if price is None else parse_amount_text(price, "tradePrice")
    return AssetInfo(
        symbol=asked.symbol,
        amount=asked.amount,
        network=asked.network,
        trade_price=price,
        trade_currency=asked.trade_currency,
        trade_at=None if at is None else _time(at, "tradeISODatetime").replace(microsecond=0),
        is_exceeding_threshold=asked.is_exceeding_threshold,
    )


def parse_amount_text(text: str, name: str) -> str:
    """Digits with an optional point, no sign, no exponent, at most 128 characters; the text itself."""
    if len(text) > _AMOUNT_MAX or not _AMOUNT.fullmatch(text):
        raise StrongroomError(Code.INVALID_FORMAT, f"assetInfo.{name} is decimal text: digits and an optional point.")
    return text


def parse_key_type(name: shapes.KeyTypeName) -> KeyType:
    """A key type; PerEoa is another name of PerAddress (travel_rule.md 1.5)."""
    return KeyType.PER_ADDRESS if name == "PerEoa" else KeyType(name)


def parse_page(query: Mapping[str, str], *, own_vasp_id: str, now: datetime) -> Page:
    """The filters of GET /v1/verifications, which are named in ``FILTERS``."""
    result, action = query.get("result"), query.get("actionType")
    if result is not None and result not in Result.__members__:
        raise StrongroomError(Code.INVALID_FORMAT, f"result is one of {', '.join(Result)}.")
    if action is not None and action not in Action.__members__:
        raise StrongroomError(Code.INVALID_FORMAT, "actionType is SEND or RECEIVE.")
    for name in _TEXTS:
        if any(sign == "\0" or sign > _LAST for sign in query.get(name, "")):
            raise StrongroomError(Code.INVALID_FORMAT, f"{name} holds a character that nothing is kept with.")
    opposite = query.get("oppositeVaspId")
    if opposite is not None and not re.fullmatch(r"0|[1-9][0-9]{0,19}", opposite):
        raise StrongroomError(Code.INVALID_FORMAT, "oppositeVaspId is a decimal number.")
    wanted = VerificationFilter(
        from_at=_time(query["fromDate"], "fromDate") if "fromDate" in query else datetime(1970, 1, 1, tzinfo=UTC),
        to_at=_time(query["toDate"], "toDate") if "toDate" in query else now,
        own_vasp_id=own_vasp_id,
        symbol=query.get("symbol"),
        tx_hash=query.get("txHash"),
        result=Result(result) if result else None,
        action=Action(action) if action else None,
        opposite_vasp_id=opposite,
        originator_account_number=query.get("originatorAccountNumber"),
        beneficiary_account_number=query.get("beneficiaryAccountNumber"),
    )
    return Page(
        wanted=wanted,
        page=_count(query.get("page", "1"), "page", _PAGE_MAX),
        rpp=_count(query.get("rpp", "10"), "rpp", _RPP_MAX),
    )


def _count(text: str, name: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and 1 <= int(text) <= most):
        raise StrongroomError(Code.INVALID_FORMAT, f"{name} is 1 to {most}.")
    return int(text)


def _time(text: str, name: str) -> datetime:
    """ISO 8601 with a zone; a date or a time without one is taken as UTC, as the API's defaults are."""
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        at = datetime.max.replace(tzinfo=UTC)
    if not 1970 <= at.year < 9999:
        raise StrongroomError(Code.INVALID_FORMAT, f"{name} is a date and time of ISO 8601, from 1970.")
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _account(accounts: tuple[str, ...], name: str) -> str | None:
    if len(accounts) > 1:
        raise StrongroomError(Code.INVALID_FORMAT, f"The {name} has more than one accountNumber.")
    if accounts and len(accounts[0]) > _ACCOUNT_MAX:
        raise StrongroomError(Code.INVALID_FORMAT, f"The {name}'s accountNumber exceeds {_ACCOUNT_MAX} characters.")
    return accounts[0] if accounts else None


def _needed(account: str | None) -> str:
    if account is None:
        raise StrongroomError(Code.INVALID_FORMAT, "The beneficiary has no accountNumber.")
    return account


def _is_about_persons(finding: Finding) -> bool:
    return finding.code == Constraint.MULTIPLICITY and finding.path.rpartition(".")[2].startswith("beneficiaryPerson")


def _said(findings: tuple[Finding, ...], at: str) -> str:
    """The first violations with their paths; a finding never repeats a value of the payload."""
    said = "; ".join(f"{each.code} at {at}{each.path.removeprefix('$')}: {each.message}" for each in findings[:_SHOWN])
    more = len(findings) - _SHOWN
    return f"{said} And {more} more." if more > 0 else said


def _shape_fault(error: Exception) -> str:
    """Which field is not of the documented shape; without what was in it, which may be a person's."""
    path = re.search(r" - at `(\$[^`]*)`$", str(error))
    unknown = re.search(r"unknown field `([A-Za-z0-9_]{1,40})`", str(error))
    missing = re.search(r"missing required field `([A-Za-z0-9_]{1,40})`", str(error))
    named = (missing and f"{missing[1]} is missing") or (unknown and f"{unknown[1]} is unknown") or "wrong value"
    if isinstance(error, msgspec.ValidationError):
        return f"{named} at {path[1] if path else '$'}."
    return "The body is not JSON in UTF-8."
