"""``strongroom travel-rule backup``, ``restore``, ``sizes``, ``retention`` and ``re-encrypt``."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from strongroom.apps.enclave_upkeep import (
    Measured,
    Progress,
    back_up_enclave,
    expire_enclave,
    measure_enclave,
    reencrypt_enclave,
    restore_enclave,
)
from strongroom.cli.failures import Exit
from strongroom.cli.output import AsJson, remark, say, show_json, show_table

Config = Annotated[Path, Parameter(name="--config", help="The enclave's settings, TOML.")]


def backup(
    folder: Annotated[Path, Parameter(help="Where backups are kept.")],
    /,
    *,
    config: Config,
    daily: Annotated[bool, Parameter(help="Verifications alone; own keys and screening periodically.")] = False,
    as_json: AsJson = False,
) -> int:
    """Its help text stands in ``travel_rule``."""
    manifest = asyncio.run(back_up_enclave(config, folder=folder, daily=daily))
    tables = {table: part.rows for table, part in manifest.tables.items()}
    if as_json:
        show_json({"backup": str(folder / manifest.name), "rows": tables})
    else:
        show_table(("table", "rows"), ((table, str(rows)) for table, rows in tables.items()), empty="")
        say(f"{folder / manifest.name}")
    return Exit.OK


def restore(
    backup: Annotated[Path, Parameter(help="One backup's folder.")],
    /,
    *,
    config: Config,
    keys: Annotated[Path | None, Parameter(help="The folder of the keys; beside the backup if absent.")] = None,
    as_json: AsJson = False,
) -> int:
    """Its help text stands in ``travel_rule``."""
    tables = asyncio.run(restore_enclave(config, backup=backup, keys=keys))
    if as_json:
        show_json({"rows": tables})
    else:
        show_table(("table", "rows"), ((table, str(rows)) for table, rows in tables.items()), empty="")
    return Exit.OK


def sizes(*, config: Config, as_json: AsJson = False) -> int:
    """Its help text stands in ``travel_rule``."""
    measured = asyncio.run(measure_enclave(config))
    if as_json:
        show_json([_measured(each) for each in measured])
    else:
        headings = ("table", "rows", "bytes a row", "on disk", "required", "per", "")
        show_table(headings, (_cells(each) for each in measured), empty="")
    return Exit.REFUSED if any(each.is_within is False for each in measured) else Exit.OK


def retention(
    *,
    config: Config,
    delete: Annotated[bool, Parameter(help="Delete them for good, in every backup too.")] = False,
    as_json: AsJson = False,
) -> int:
    """Its help text stands in ``travel_rule``."""
    expired = asyncio.run(expire_enclave(config, delete=delete))
    term = expired.term
    if as_json:
        show_json(
            {
                "jurisdiction": term.jurisdiction,
                "rule": term.rule,
                "years": term.years,
                "before": term.before.isoformat(),
                "found": expired.found,
                "deleted": expired.deleted,
            }
        )
        return Exit.OK
    say(f"{term.jurisdiction}: {term.years} years by rule {term.rule}, so until {term.before:%Y-%m-%d}.")
    say(f"{expired.found} verifications are older; {expired.deleted} were deleted.")
    if expired.found and not delete:
        remark("Most laws count from the end of the business relationship. --delete deletes for good.")
    return Exit.OK


def re_encrypt(*, config: Config, as_json: AsJson = False) -> int:
    """Its help text stands in ``travel_rule``."""

    def report(progress: Progress) -> None:
        remark(f"{progress.done} done, {progress.left} left")

    progress = asyncio.run(reencrypt_enclave(config, report=report))
    if as_json:
        show_json({"done": progress.done, "left": progress.left})
    else:
        say(f"{progress.done} rows were re-encrypted; {progress.left} are under an older key.")
    return Exit.REFUSED if progress.left else Exit.OK


def _cells(measured: Measured) -> tuple[str, ...]:
    expected = measured.expected
    required = "" if expected is None else f"{expected.least}-{expected.most}"
    verdict = {None: "", True: "within", False: "ABOVE"}[measured.is_within]
    return (
        measured.table,
        str(measured.size.rows),
        _number(measured.row_bytes),
        _number(measured.disk_bytes),
        required,
        "" if expected is None else expected.per,
        verdict,
    )


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _measured(measured: Measured) -> Mapping[str, Any]:
    expected = measured.expected
    return {
        "table": measured.table,
        "rows": measured.size.rows,
        "rowBytes": measured.row_bytes,
        "diskBytes": measured.disk_bytes,
        "required": None if expected is None else {"from": expected.least, "to": expected.most, "per": expected.per},
        "within": measured.is_within,
    }
