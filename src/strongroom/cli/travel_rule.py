"""``strongroom travel-rule``: work on files and rules alone, with nothing running."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from cyclopts import App, Parameter

from strongroom.cli.connection import read_file
from strongroom.cli.failures import Exit, WrongUsageError
from strongroom.cli.output import AsJson, remark, say, show_json, show_table
from strongroom.cli.travel_rule_explain import explain
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

app = App(name="travel-rule", help="The Travel Rule: payloads and what jurisdictions ask.", help_format="plaintext")
ivms101 = App(name="ivms101", help="Payloads of IVMS101, 2020 and 2023.", help_format="plaintext")
names = App(name="names", help="Whether two names are of one person or company.", help_format="plaintext")
app.command(ivms101)
app.command(names)
app.command(explain)
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
