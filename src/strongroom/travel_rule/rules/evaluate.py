"""Which rules hold for a transfer, and what they ask for together.

Both ends are asked, each by its own rule, and what either asks for is asked for (travel_rule.md 7). Where the value is
not known in a rule's currency the transfer counts as above: what cannot be compared is not let off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal
from typing import Literal

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.rules.book import BASELINE, Book, Clause, Field, Limit, Rule

Role = Literal["originating", "beneficiary"]
Tier = Literal["above", "below"]
_EXACT = Context(prec=120)


@dataclass(frozen=True, slots=True, kw_only=True)
class FiatValue:
    """What a transfer was worth, fixed when it was asked for: where the price came from, and when. Never a float."""

    amount: Decimal
    currency: str
    source: str
    fixed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """How much of ``currency`` one of ``of`` is, as ``source`` had it at ``at``."""

    of: str
    currency: str
    rate: Decimal
    source: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierTransfer:
    """A transfer between the same originator and beneficiary that was asked for at ``at``."""

    at: datetime
    values: tuple[FiatValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What rules look at.

    Attributes:
        originating: jurisdiction of the originating provider.
        beneficiary: jurisdiction of the beneficiary's provider, or of the customer whose wallet is unhosted.
        asked_at: when it was asked for; its day decides which rules hold.
        values: its value in every currency that it was fixed in.
        is_unhosted: whether the other end is a wallet that nobody hosts.
        earlier: what went between the same parties before.
    """

    originating: str
    beneficiary: str
    asked_at: datetime
    values: tuple[FiatValue, ...]
    is_unhosted: bool = False
    earlier: tuple[EarlierTransfer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """What one end's rule says of a transfer. ``counted`` is the sum compared; None if it could not be."""

    role: Role
    jurisdiction: str
    rule: Rule
    is_baseline: bool
    tier: Tier
    counted: Decimal | None
    linked: int
    unhosted_action: str

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """What this rule asks for."""
        return self.rule.above if self.tier == "above" else self.rule.below


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """A clause, and the ids of the rules that ask for it."""

    clause: Clause
    asked_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What both ends ask for, in the order in which they ask."""

    duties: tuple[Duty, ...]
    requirements: tuple[Requirement, ...]

    @property
    def is_above(self) -> bool:
        """Whether the transfer is above the threshold at either end."""
        return any(duty.tier == "above" for duty in self.duties)

    def missing(self, present: frozenset[Field]) -> tuple[Requirement, ...]:
        """What is still asked for when these fields are given."""
        return tuple(each for each in self.requirements if not each.clause.is_met_by(present))


def value_in(amount: Decimal, currency: str, *, prices: Sequence[Price], at: datetime) -> tuple[FiatValue, ...]:
    """The value of an amount of fiat in its own currency and in all that it has a price in, exactly.

    Raises:
        StrongroomError: ``AMOUNT_INVALID`` for an amount or a price that is negative or no number.
    """
    numbers = (amount, *(price.rate for price in prices))
    if not all(number.is_finite() and number >= 0 for number in numbers):
        raise StrongroomError(Code.AMOUNT_INVALID, "Amounts and prices are decimal numbers from 0.")
    own = FiatValue(amount=amount, currency=currency, source="as given", fixed_at=at)
    others = (
        FiatValue(
            amount=_EXACT.multiply(amount, price.rate),
            currency=price.currency,
            source=price.source,
            fixed_at=price.at,
        )
        for price in prices
        if price.of == currency
    )
    return (own, *others)


def evaluate(book: Book, transfer: Transfer) -> Evaluation:
    """The duties of both ends and the union of what they ask for.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` if neither an end nor the baseline has a rule on that day.
    """
    duties = (
        _duty(book, transfer, role="originating", jurisdiction=transfer.originating),
        _duty(book, transfer, role="beneficiary", jurisdiction=transfer.beneficiary),
    )
    asked: dict[tuple[frozenset[frozenset[Field]], bool], tuple[Clause, list[str]]] = {}
    for duty in duties:
        for clause in duty.clauses:
            key = (frozenset(clause.alternatives), clause.is_optional)
            _, rules = asked.setdefault(key, (clause, []))
            if duty.rule.row.id not in rules:
                rules.append(duty.rule.row.id)
    requirements = tuple(Requirement(clause=clause, asked_by=tuple(rules)) for clause, rules in asked.values())
    return Evaluation(duties=duties, requirements=requirements)


def _duty(book: Book, transfer: Transfer, *, role: Role, jurisdiction: str) -> Duty:
    rule, is_baseline = _rule_for(book, transfer, jurisdiction)
    counted, linked = _counted(transfer, rule)
    is_above = counted is None or rule.limit.is_passed_by(counted)
    return Duty(
        role=role,
        jurisdiction=jurisdiction,
        rule=rule,
        is_baseline=is_baseline,
        tier="above" if is_above else "below",
        counted=counted,
        linked=linked,
        unhosted_action=_unhosted_action(transfer, rule, counted),
    )


def _rule_for(book: Book, transfer: Transfer, jurisdiction: str) -> tuple[Rule, bool]:
    on, is_domestic = transfer.asked_at.date(), transfer.originating == transfer.beneficiary
    if (rule := book.find(jurisdiction, on=on, is_domestic=is_domestic)) is not None:
        return rule, False
    if (rule := book.find(BASELINE, on=on, is_domestic=is_domestic)) is not None:
        return rule, True
    raise StrongroomError(Code.CONFIG_INVALID, f"No rule holds for {jurisdiction} on {on}, nor the baseline.")


def _counted(transfer: Transfer, rule: Rule) -> tuple[Decimal | None, int]:
    """The sum that is compared with the threshold, and how many earlier transfers are in it; None if one is unknown."""
    begins = transfer.asked_at - timedelta(hours=rule.row.linked_hours)
    linked = [each for each in transfer.earlier if begins <= each.at <= transfer.asked_at]
    total = Decimal(0)
    for values in (transfer.values, *(each.values for each in linked)):
        amount = next((value.amount for value in values if value.currency == rule.limit.currency), None)
        if amount is None:
            return (Decimal(0), len(linked)) if _always(rule.limit) else (None, len(linked))
        total = _EXACT.add(total, amount)
    return total, len(linked)


def _always(limit: Limit) -> bool:
    """Whether every amount is above, so that no price is needed."""
    return limit.amount == 0 and limit.comparator == ">="


def _unhosted_action(transfer: Transfer, rule: Rule, counted: Decimal | None) -> str:
    limit = rule.unhosted_limit
    is_due = limit is None or counted is None or not _is_known(transfer, limit) or limit.is_passed_by(counted)
    return rule.unhosted_action if transfer.is_unhosted and is_due else ""


def _is_known(transfer: Transfer, limit: Limit) -> bool:
    return any(value.currency == limit.currency for value in transfer.values)
