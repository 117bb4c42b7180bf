"""``strongroom verify``: whether what the databases say is true, by code that shares nothing with what wrote them."""

import asyncio
import os
from pathlib import Path
from typing import Annotated

from cyclopts import App, Group, Parameter

from strongroom.apps.verify import CHECKS, Outcome, Report, Sources, audit_custody, find_journals
from strongroom.cli.connection import DEFAULT_DATA_DIR
from strongroom.cli.failures import Exit, WrongUsageError
from strongroom.cli.output import AsJson, remark, say, show_json

_SHOWN = 20
_DATABASE_URL = "STRONGROOM_AUDIT_DATABASE_URL"
_ELSEWHERE = Group("Elsewhere than in a data folder", sort_key=8)

app = App(name="verify", help="Whether what the databases say is true.", help_format="plaintext")


@app.command
def custody(
    *,
    data: Annotated[
        Path, Parameter(help="The data folder of a running `strongroom up`.", show_default=True)
    ] = DEFAULT_DATA_DIR,
    database_url: Annotated[
        str | None,
        Parameter(
            group=_ELSEWHERE,
            help=f"postgresql://ROLE:PASSWORD@HOST:PORT of a role that can only read [env: {_DATABASE_URL}].",
        ),
    ] = None,
    environment: Annotated[str, Parameter(group=_ELSEWHERE, help="live or sandbox.", show_default=True)] = "sandbox",
    rpc_url: Annotated[
        tuple[str, ...], Parameter(group=_ELSEWHERE, help="CHAIN_ID=URL of a node, once for each chain.")
    ] = (),
    cosigner_home: Annotated[
        tuple[str, ...], Parameter(group=_ELSEWHERE, help="INDEX=DIR of a co-signer, to read its journal too.")
    ] = (),
    as_json: AsJson = False,
) -> int:
    """Compare every database with every other, with the chain and with the co-signers' journals.

    Reads only, and may read while everything runs. Exit code 0 if every check
    holds, 1 if one found something, 3 if something could not be read.

    For example:
        strongroom verify custody --data bank
    """
    url = database_url or os.environ.get(_DATABASE_URL)
    if url is None and (rpc_url or cosigner_home):
        raise WrongUsageError("--rpc-url and --cosigner-home come with --database-url.", "Give it, or --data alone.")
    sources = Sources.of_data_dir(data) if url is None else _sources(url, environment, rpc_url, cosigner_home)
    report = asyncio.run(audit_custody(sources, tell=_tell_aside if as_json else _tell))
    show_json(report.as_data()) if as_json else _show(report)
    return Exit.OK if report.holds else Exit.REFUSED


def _sources(url: str, environment: str, rpc_urls: tuple[str, ...], homes: tuple[str, ...]) -> Sources:
    return Sources(
        environment=environment,
        database_url=url,
        rpc_urls=dict(map(_numbered, rpc_urls)),
        journals=find_journals({number: Path(text) for number, text in map(_numbered, homes)}),
    )


def _tell(outcome: Outcome) -> None:
    say(_line(outcome))
    for finding in outcome.findings[:_SHOWN]:
        say(f"      {finding.about}: {finding.what}")
    if outcome.found > _SHOWN:
        say(f"      and {outcome.found - _SHOWN} more (--json shows them)")
    if outcome.left_out:
        say(f"      left out: {outcome.left_out}")


def _tell_aside(outcome: Outcome) -> None:
    remark(_line(outcome))


def _line(outcome: Outcome) -> str:
    verdict = "ok" if outcome.holds else f"{outcome.found} found"
    return f"{verdict:>9}  {outcome.title} ({outcome.looked_at} looked at)"


def _show(report: Report) -> None:
    say("\nread: " + ", ".join(f"{count} {what}" for what, count in report.read.items()))
    failed = sum(not outcome.holds for outcome in report.outcomes)
    say("Every check holds." if report.holds else f"{failed} of {len(CHECKS)} checks found something.")


def _numbered(text: str) -> tuple[int, str]:
    number, _, rest = text.partition("=")
    if not (number.isascii() and number.isdecimal() and rest):
        raise WrongUsageError(f"{text!r} is not NUMBER=VALUE.", "Such as 31337=http://127.0.0.1:8545.")
    return int(number), rest
