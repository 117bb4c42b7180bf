"""The rules as data: rows with days in force, parsed strictly from TOML.

Thresholds are decimal text, never binary fractions. A clause is written ``a | b + c``: a, or b and c together; a ``?``
behind it means that it is asked for only where it is known.
"""

import functools
import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from importlib.resources import files
from typing import Literal, get_args

import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.ivms101.codes import CountryCode

BASELINE = "FATF"


class Field(StrEnum):
    """What a rule may ask for, of either party. ``document`` is an official number; ``birth`` is date and place.

    ``legal_person`` is no datum: it stands in a clause for what only natural persons have.
    """

    ORIGINATOR_NAME = "originator.name"
    ORIGINATOR_ACCOUNT = "originator.account"
    ORIGINATOR_DLT_ADDRESS = "originator.dlt_address"
    ORIGINATOR_ADDRESS = "originator.address"
    ORIGINATOR_DOCUMENT = "originator.document"
    ORIGINATOR_CUSTOMER_ID = "originator.customer_id"
    ORIGINATOR_BIRTH = "originator.birth"
    ORIGINATOR_LEI = "originator.lei"
    BENEFICIARY_NAME = "beneficiary.name"
    BENEFICIARY_ACCOUNT = "beneficiary.account"
    BENEFICIARY_DLT_ADDRESS = "beneficiary.dlt_address"
    BENEFICIARY_ADDRESS = "beneficiary.address"
    BENEFICIARY_DOCUMENT = "beneficiary.document"
    BENEFICIARY_CUSTOMER_ID = "beneficiary.customer_id"
    BENEFICIARY_BIRTH = "beneficiary.birth"
    BENEFICIARY_LEI = "beneficiary.lei"
    ORIGINATOR_LEGAL_PERSON = "originator.legal_person"
    BENEFICIARY_LEGAL_PERSON = "beneficiary.legal_person"


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing asked for: any of ``alternatives``, each a set of fields that go together."""

    text: str
    alternatives: tuple[frozenset[Field], ...]
    is_optional: bool

    def is_met_by(self, present: frozenset[Field]) -> bool:
        """Whether these fields are enough; what is optional always is."""
        return self.is_optional or any(fields <= present for fields in self.alternatives)


class Row(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One row of the file; see the head of ``jurisdictions.toml`` for each field."""

    id: str
    jurisdiction: str
    name: str
    valid_from: date
    currency: str
    threshold: str
    comparator: Literal[">", ">="]
    above: tuple[str, ...]
    below: tuple[str, ...]
    linked_hours: int
    source: str
    url: str
    confidence: Literal["high", "medium", "low"]
    members: tuple[str, ...] = ()
    scope: Literal["any", "domestic", "cross_border"] = "any"
    status: Literal["in_force", "planned"] = "in_force"
    valid_to: date | None = None
    unhosted: dict[Literal["threshold", "comparator", "action"], str] = {}
    retention_years: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A sum in a currency, and whether the sum itself is already above."""

    amount: Decimal
    comparator: str
    currency: str

    def is_passed_by(self, amount: Decimal) -> bool:
        """Whether an amount in the same currency is above."""
        return amount > self.amount or (self.comparator == ">=" and amount == self.amount)

    def __str__(self) -> str:
        """For people: ``>= 1000000 KRW``."""
        return f"{self.comparator} {self.amount:f} {self.currency}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A row, parsed."""

    row: Row
    limit: Limit
    above: tuple[Clause, ...]
    below: tuple[Clause, ...]
    unhosted_limit: Limit | None
    unhosted_action: str

    def is_in_force(self, on: date) -> bool:
        """Whether the rule holds on that day; a planned one never does."""
        row = self.row
        return row.status == "in_force" and row.valid_from <= on and (row.valid_to is None or on <= row.valid_to)

    def covers(self, jurisdiction: str, *, is_domestic: bool) -> bool:
        """Whether the rule is this jurisdiction's, for transfers of that scope."""
        is_ours = jurisdiction == self.row.jurisdiction or jurisdiction in self.row.members
        return is_ours and self.row.scope in {"any", "domestic" if is_domestic else "cross_border"}


@dataclass(frozen=True, slots=True)
class Book:
    """All rules."""

    rules: tuple[Rule, ...]

    def has(self, jurisdiction: str) -> bool:
        """Whether that is one: of these rules or a country, for which the baseline may hold. A misspelt one is none."""
        own = {name for rule in self.rules for name in (rule.row.jurisdiction, *rule.row.members)}
        return jurisdiction in own or jurisdiction in get_args(CountryCode)

    def find(self, jurisdiction: str, *, on: date, is_domestic: bool) -> Rule | None:
        """The rule that a jurisdiction has in force on that day, if any."""
        found = (rule for rule in self.rules if rule.covers(jurisdiction, is_domestic=is_domestic))
        return next((rule for rule in found if rule.is_in_force(on)), None)


def parse_book(text: str) -> Book:
    """The rules of a TOML file.

    Raises:
        StrongroomError: ``CONFIG_INVALID``, naming the row.
    """
    try:
        rows = msgspec.convert(tomllib.loads(text), type=dict[Literal["rule"], tuple[Row, ...]]).get("rule", ())
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise StrongroomError(Code.CONFIG_INVALID, f"The rules are malformed: {error}") from None
    book = Book(tuple(_rule(row) for row in rows))
    _check_book(book)
    return book


@functools.cache
def own_book() -> Book:
    """The rules that come with Strongroom."""
    return parse_book(files("strongroom.travel_rule.rules").joinpath("jurisdictions.toml").read_text(encoding="utf-8"))


def parse_clause(text: str) -> Clause:
    """A clause of fields; ``ValueError`` for a field that there is none of."""
    body = text.removesuffix("?")
    alternatives = tuple(frozenset(Field(name.strip()) for name in part.split("+")) for part in body.split("|"))
    return Clause(text, alternatives, is_optional=text.endswith("?"))


def _rule(row: Row) -> Rule:
    try:
        own = _limit(row.threshold, row.comparator, row.currency)
        unhosted = row.unhosted.get("threshold")
        return Rule(
            row=row,
            limit=own,
            above=tuple(map(parse_clause, row.above)),
            below=tuple(map(parse_clause, row.below)),
            unhosted_limit=_limit(unhosted, row.unhosted["comparator"], row.currency) if unhosted else None,
            unhosted_action=row.unhosted.get("action", ""),
        )
    except (ValueError, KeyError) as error:
        raise StrongroomError(Code.CONFIG_INVALID, f"Rule {row.id}: {error}") from None


def _limit(amount_text: str, comparator: str, currency: str) -> Limit:
    if not amount_text.replace(".", "", 1).isdecimal() or not amount_text.isascii():
        raise ValueError("a threshold is decimal text without sign or exponent")
    if comparator not in {">", ">="}:
        raise ValueError("a comparator is > or >=")
    return Limit(amount=Decimal(amount_text), comparator=comparator, currency=currency)


def _check_book(book: Book) -> None:
    """Refuse two rules of one jurisdiction and scope on one day, two of one id, and a book without baseline."""
    rows = [rule.row for rule in book.rules]
    if len({row.id for row in rows}) < len(rows):
        raise StrongroomError(Code.CONFIG_INVALID, "Two rules have one id.")
    if not any(row.jurisdiction == BASELINE and row.scope == "any" for row in rows):
        raise StrongroomError(Code.CONFIG_INVALID, f"There is no {BASELINE} rule to fall back on.")
    for index, one in enumerate(rows):
        for other in rows[index + 1 :]:
            if _overlap(one, other):
                raise StrongroomError(Code.CONFIG_INVALID, f"Rules {one.id} and {other.id} hold at once.")


def _overlap(one: Row, other: Row) -> bool:
    shared = {one.jurisdiction, *one.members} & {other.jurisdiction, *other.members}
    same_scope = "any" in {one.scope, other.scope} or one.scope == other.scope
    if not shared or not same_scope or "planned" in {one.status, other.status}:
        return False
    one_ends, other_ends = one.valid_to or date.max, other.valid_to or date.max
    return one.valid_from <= other_ends and other.valid_from <= one_ends
