"""``strongroom travel-rule``: work on files and rules alone, with nothing running."""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import App, Parameter

from strongroom.cli.connection import read_file
from strongroom.cli.failures import Exit, WrongUsageError
from strongroom.cli.output import AsJson, remark, say, show_facts, show_json, show_table
from strongroom.runtime.clock import SystemClock
from strongroom.travel_rule.ivms101.constraints import Demands
from strongroom.travel_rule.ivms101.editions import lost_in
from strongroom.travel_rule.ivms101.findings import PROFILES, Edition, Finding
from strongroom.travel_rule.ivms101.model import Payload
from strongroom.travel_rule.ivms101.payload import Reading, read_payload, write_element
from strongroom.travel_rule.names.companies import compare_companies
from strongroom.travel_rule.names.parties import compare as compare_names
from strongroom.travel_rule.names.persons import compare_persons
from strongroom.travel_rule.names.verdict import Verdict
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

app = App(name="travel-rule", help="The Travel Rule: payloads and what jurisdictions ask.", help_format="plaintext")
ivms101 = App(name="ivms101", help="Payloads of IVMS101, 2020 and 2023.", help_format="plaintext")
names = App(name="names", help="Whether two names are of one person or company.", help_format="plaintext")
app.command(ivms101)
app.command(names)
_DEMO = """Let two VASPs exchange originator and beneficiary data on this machine.

Starts two enclaves (one on MariaDB where that is installed), a hub between them
that can read nothing, and a simulated back end for each. Shows a verification,
one that is denied, the report of the transaction and an inquiry, and what each
side stored. Exit code 0 only if all of it is as it should be.

For example:
    strongroom travel-rule demo

    strongroom travel-rule demo --json demo.json --data travel-rule-data
"""
app.command("strongroom.cli.demo:travel_rule", name="demo", help=_DEMO)
_BACKUP = """Back up an enclave's database while it serves.

Writes a folder named by the time: verifications, own keys and screening
results, each row encrypted; with --daily verifications alone. Keys of
counterparties and commands are never backed up. FOLDER/keys is replaced each
time: keep its newest copy only, so that what was erased is erased everywhere.

For example:
    strongroom travel-rule backup backups --config enclave.toml --daily
"""
_RESTORE = """Put a backup back into an empty database, of whatever kind.

Makes the tables first. The key encryption key must be the same.

For example:
    strongroom travel-rule restore backups/20261121T023000Z --config enclave.toml
"""
_SIZES = """Measure what a row of each table takes, beside the requirement's figures.

Exit code 1 if a table is above its figure.

For example:
    strongroom travel-rule sizes --config enclave.toml
"""
_RETENTION = """Count verifications that are older than the jurisdiction has them kept.

With --delete they go for good, with own keys and screening results made for
them, and cannot be read from backups any more once the next one is made.

For example:
    strongroom travel-rule retention --config enclave.toml --delete
"""
_REENCRYPT = """Encrypt every row under the newest data key, while the enclave serves.

Make one with `strongroom-enclave keys rotate`. May be ended, and begun again.
Exit code 1 if rows are left that were written meanwhile under an older key.

For example:
    strongroom travel-rule re-encrypt --config enclave.toml
"""
for _name, _help in (
    ("backup", _BACKUP),
    ("restore", _RESTORE),
    ("sizes", _SIZES),
    ("retention", _RETENTION),
    ("re-encrypt", _REENCRYPT),
):
    app.command(f"strongroom.cli.travel_rule_upkeep:{_name.replace('-', '_')}", name=_name, help=_help)
Version = Literal["2020", "2023"]
PayloadFile = Annotated[Path, Parameter(help="A payload, as JSON.")]
ProfileName = Annotated[Literal["standard", "korea", "strict-lei"], Parameter(help="Custom beside the standard.")]
AuthorityFile = Annotated[
    Path | None,
    Parameter(name="--authorities", help="GLEIF's Registration Authorities List, for C10: its CSV, or codes."),
]


@ivms101.command
def validate(
    file: PayloadFile,
    /,
    *,
    version: Annotated[Version | None, Parameter(help="Refuse the other edition; either one if absent.")] = None,
    profile: ProfileName = "standard",
    authorities: AuthorityFile = None,
    as_json: AsJson = False,
) -> int:
    """Check a payload: every fault by its constraint, C1 to C12, and where it stands.

    Exit code 0 if it is valid, 1 if it is not.

    For example:
        strongroom travel-rule ivms101 validate payload.json --version 2023
    """
    reading = read_payload(read_file(file), _demands(version=version, profile=profile, authorities=authorities))
    if as_json:
        show_json(
            {
                "valid": reading.is_valid,
                "version": reading.edition,
                "violations": [_finding(each, name="constraint") for each in reading.violations],
                "warnings": [_finding(each, name="code") for each in reading.warnings],
            }
        )
    else:
        say(f"{'Valid' if reading.is_valid else 'Not valid'}, edition {reading.edition}.")
        _show_findings(reading)
    return Exit.OK if reading.is_valid else Exit.REFUSED


@ivms101.command
def convert(
    file: PayloadFile,
    /,
    *,
    to: Annotated[Version, Parameter(help="The edition to write.")],
    profile: ProfileName = "standard",
) -> int:
    """Write a payload in the standard's own spelling of one edition, on stdout.

    Only a valid payload is converted. What the edition cannot hold is said on stderr, as is what
    was read from another dialect.

    For example:
        strongroom travel-rule ivms101 convert payload.json --to 2023
    """
    reading = read_payload(read_file(file), _demands(profile=profile))
    if reading.element is None or not reading.is_valid:
        _remark_findings(reading.violations)
        return Exit.REFUSED
    written = write_element(reading.element, Edition(to))
    again = read_payload(written, _demands(version=to, profile=profile))
    if not again.is_valid:
        _remark_findings(again.violations)
        return Exit.REFUSED
    _remark_findings(reading.warnings)
    for lost in lost_in(reading.element, Edition(to)):
        remark(f"LOST: {lost}")
    show_json(msgspec.json.decode(written))
    return Exit.OK


@names.command
def compare(
    a: Annotated[str, Parameter(help="A name, in Latin letters or Hangul.")],
    b: Annotated[str, Parameter(help="Another.")],
    /,
    *,
    kind: Annotated[Literal["person", "company"] | None, Parameter(help="By the legal form if absent.")] = None,
    as_json: AsJson = False,
) -> int:
    """Say whether two names match, are close or do not match, and why; docs/name_matching.md says how well.

    Exit code 0 for a match, 1 for anything else.

    For example:
        strongroom travel-rule names compare 이영희 "Young Hee Lee"
    """
    comparing = {"person": compare_persons, "company": compare_companies, None: compare_names}[kind]
    found = comparing(a, b)
    answer = {"verdict": found.verdict, "score": found.score, "reason": found.reason, "message": found.reason.text}
    if as_json:
        show_json(answer)
    else:
        say(f"{found.verdict} ({found.score}): {found.reason.text}")
    return Exit.OK if found.verdict is Verdict.MATCH else Exit.REFUSED


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Worth:
    """What a transfer's value is compared by."""

    price: Annotated[list[str] | None, Parameter(help="EUR/KRW=1480.5@SOURCE, for a threshold in KRW.")] = None
    earlier: Annotated[
        list[str] | None, Parameter(help="500@3: an earlier transfer between the same parties, and hours ago.")
    ] = None


@app.command
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
    now = SystemClock().now()
    at = datetime.combine(on, time(12), tzinfo=UTC) if on else now
    worth = worth or Worth()
    prices = tuple(_price(text, at=at) for text in worth.price or ())
    book = parse_book(read_file(rules).decode(errors="replace")) if rules else own_book()
    value = functools.partial(value_in, currency=_currency(currency), prices=prices, at=at)
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


def _demands(*, version: Version | None = None, profile: str, authorities: Path | None = None) -> Demands:
    listed = None
    if authorities is not None:
        listed = frozenset(found.decode() for found in re.findall(rb"\bRA[0-9]{6}\b", read_file(authorities)))
        if not listed:
            raise WrongUsageError(f"{authorities} lists no registration authority.", "It holds codes like RA000001.")
    return Demands(
        today=SystemClock().now().date(),
        edition=Edition(version) if version else None,
        profile=PROFILES[profile],
        authorities=listed,
    )


def _finding(finding: Finding, *, name: str) -> Mapping[str, str]:
    return {name: finding.code, "path": finding.path, "message": finding.message}


def _show_findings(reading: Reading[Payload]) -> None:
    for title, findings in (("violation", reading.violations), ("warning", reading.warnings)):
        if findings:
            rows = ((each.code, each.path, each.message) for each in findings)
            show_table((title, "path", "message"), rows, empty="")


def _remark_findings(findings: Sequence[Finding]) -> None:
    for each in findings:
        remark(f"{each.code} {each.path}: {each.message}")


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or number < 0 or not re.fullmatch(r"[0-9]{1,60}(\.[0-9]{1,40})?", text):
        raise WrongUsageError(f"{text} is not an amount.", "Write digits with an optional point: 1250.50.")
    return number


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
    reading = read_payload(read_file(file), _demands(profile="standard"))
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
