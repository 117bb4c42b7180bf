"""``strongroom travel-rule explain``: which rule asks for which field, at both ends."""

import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from strongroom.cli.connection import read_file
from strongroom.cli.failures import Exit, WrongUsageError
from strongroom.cli.output import AsJson, remark, say, show_facts, show_json, show_table
from strongroom.runtime.clock import SystemClock
from strongroom.travel_rule.ivms101.constraints import Demands
from strongroom.travel_rule.ivms101.payload import read_payload
from strongroom.travel_rule.rules.book import Book, own_book, parse_book
from strongroom.travel_rule.rules.evaluate import (
    Duty,
    EarlierTransfer,
    Evaluation,
    FiatValue,
    Price,
    Requirement,
    Transfer,
    evaluate,
    value_in,
)
from strongroom.travel_rule.rules.presence import fields_in


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Worth:
    """What a transfer's value is compared by."""

    price: Annotated[list[str] | None, Parameter(help="EUR/KRW=1480.5@SOURCE, for a threshold in KRW.")] = None
    earlier: Annotated[
        list[str] | None, Parameter(help="500@3: an earlier transfer between the same parties, and hours ago.")
    ] = None


def explain(
    *,
    from_: Annotated[str, Parameter(name="--from", help="Jurisdiction of the originating provider: KR, DE, AE-DU.")],
    to: Annotated[str, Parameter(help="Jurisdiction of the beneficiary's provider.")],
    amount: Annotated[str, Parameter(help="What the transfer is worth, as decimal text.")],
    currency: Annotated[str, Parameter(help="The currency of the amount: EUR.")],
    on: Annotated[date | None, Parameter(help="The day of the request; today if absent.")] = None,
    worth: Worth | None = None,
    unhosted: Annotated[bool, Parameter(help="The other end is a wallet that nobody hosts.")] = False,
    payload: Annotated[Path | None, Parameter(help="An IVMS101 payload: say what it lacks.")] = None,
    rules: Annotated[Path | None, Parameter(help="Another file of rules than Strongroom's own.")] = None,
    as_json: AsJson = False,
) -> int:
    """Say which rule asks for which field, at both ends.

    Without a price for a threshold in another currency, the transfer counts as above it. With
    --payload the exit code is 1 if something asked for is missing.

    For example:
        strongroom travel-rule explain --from KR --to DE --amount 900 --currency EUR --on 2026-11-20
    """
    at = datetime.combine(on, time(12), tzinfo=UTC) if on else SystemClock().now()
    worth = worth or Worth()
    book = parse_book(read_file(rules).decode(errors="replace")) if rules else own_book()
    value = _valued(worth, currency=_currency(currency), at=at)
    transfer = Transfer(
        originating=_jurisdiction(from_, book),
        beneficiary=_jurisdiction(to, book),
        asked_at=at,
        values=value(_decimal(amount)),
        is_unhosted=unhosted,
        earlier=tuple(_earlier(text, at=at, value=value) for text in worth.earlier or ()),
    )
    evaluation = evaluate(book, transfer)
    missing = None if payload is None else _missing(payload, evaluation)
    if as_json:
        show_json(_explained(transfer, evaluation, missing))
    else:
        _show_explained(book, evaluation, missing)
    return Exit.REFUSED if missing else Exit.OK


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0 or not re.fullmatch(r"[0-9]{1,60}(\.[0-9]{1,40})?", text):
        raise WrongUsageError(f"{text} is not an amount.", "Write digits with an optional point: 1250.50.")
    return number


def _valued(worth: Worth, *, currency: str, at: datetime) -> Callable[[Decimal], tuple[FiatValue, ...]]:
    prices = tuple(_price(text, at=at) for text in worth.price or ())
    return functools.partial(value_in, currency=currency, prices=prices, at=at)


def _jurisdiction(text: str, book: Book) -> str:
    """A country or a jurisdiction of the rules: a misspelt one would quietly get the baseline."""
    if not book.has(text.upper()):
        raise WrongUsageError(f"{text} is no jurisdiction.", "Write a country of ISO 3166-1 as KR, or AE-DU.")
    return text.upper()


def _currency(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", text):
        raise WrongUsageError(f"{text} is no currency.", "Write a code of ISO 4217: EUR.")
    return text.upper()


def _earlier(text: str, *, at: datetime, value: Callable[[Decimal], tuple[FiatValue, ...]]) -> EarlierTransfer:
    amount, _, hours = text.partition("@")
    if not re.fullmatch(r"[0-9]{1,6}", hours):
        raise WrongUsageError(f"{text} is not an earlier transfer.", "Write what it was worth, and hours ago: 500@3.")
    return EarlierTransfer(at=at - timedelta(hours=int(hours)), values=value(_decimal(amount)))


def _price(text: str, *, at: datetime) -> Price:
    quote, _, source = text.partition("@")
    pair, _, rate = quote.partition("=")
    of, _, currency = pair.upper().partition("/")
    if not (of and currency and rate):
        raise WrongUsageError(f"{text} is not a price.", "It looks like EUR/KRW=1480.5@upbit.")
    return Price(of=of, currency=currency, rate=_decimal(rate), source=source or "as given", at=at)


def _missing(file: Path, evaluation: Evaluation) -> tuple[Requirement, ...]:
    reading = read_payload(read_file(file), Demands(today=SystemClock().now().date()))
    if reading.element is None:
        raise WrongUsageError(
            f"{file} holds no IVMS101 payload.", "`strongroom travel-rule ivms101 validate` says why."
        )
    return evaluation.missing(fields_in(reading.element))


def _explained(
    transfer: Transfer, evaluation: Evaluation, missing: tuple[Requirement, ...] | None
) -> Mapping[str, Any]:
    answer: dict[str, Any] = {
        "above": evaluation.is_above,
        "values": [
            {
                "amount": f"{value.amount:f}",
                "currency": value.currency,
                "source": value.source,
                "fixedAt": value.fixed_at.isoformat(),
            }
            for value in transfer.values
        ],
        "duties": [_duty(duty) for duty in evaluation.duties],
        "requirements": [_requirement(each) for each in evaluation.requirements],
    }
    if missing is not None:
        answer["missing"] = [_requirement(each) for each in missing]
    return answer


def _duty(duty: Duty) -> Mapping[str, Any]:
    row = duty.rule.row
    return {
        "role": duty.role,
        "jurisdiction": duty.jurisdiction,
        "rule": row.id,
        "baseline": duty.is_baseline,
        "tier": duty.tier,
        "threshold": str(duty.rule.limit),
        "counted": None if duty.counted is None else f"{duty.counted:f}",
        "linked": duty.linked,
        "fields": [clause.text for clause in duty.clauses],
        "unhosted": duty.unhosted_action,
        "retentionYears": row.retention_years,
        "source": row.source,
        "url": row.url,
        "confidence": row.confidence,
        "note": row.note,
    }


def _requirement(requirement: Requirement) -> Mapping[str, Any]:
    return {"fields": requirement.clause.text, "askedBy": list(requirement.asked_by)}


def _counted(duty: Duty) -> str:
    """What was compared with the threshold, in words."""
    if duty.rule.limit.is_passed_by(Decimal(0)):
        return "every amount"
    if duty.counted is None:
        return "no price in that currency"
    return f"counted {duty.counted:f}" + (f", with {duty.linked} earlier" if duty.linked else "")


def _show_explained(book: Book, evaluation: Evaluation, missing: tuple[Requirement, ...] | None) -> None:
    for duty in evaluation.duties:
        row = duty.rule.row
        show_facts(
            {
                f"{duty.role} end": f"{duty.jurisdiction}: rule {row.id}, {row.name}",
                "threshold": f"{duty.rule.limit}; {_counted(duty)}: {duty.tier}",
                "unhosted": duty.unhosted_action,
                "source": f"{row.source} (confidence {row.confidence})",
                "note": row.note,
            }
        )
        say("")
    lacking = {each.clause for each in missing or ()}
    rows = (
        (each.clause.text, ", ".join(each.asked_by), "missing" if each.clause in lacking else "")
        for each in evaluation.requirements
    )
    show_table(("field", "asked by", ""), rows, empty="Neither end asks for anything.")
    planned = [rule.row.id for rule in book.rules if rule.row.status == "planned"]
    if planned:
        remark(f"Planned, and not counted: {', '.join(planned)}.")
