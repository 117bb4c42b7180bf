"""What commands print on stdout: JSON for programs, tables and lines for people."""

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.console import Console
from rich.table import Table
from rich.text import Text

from strongroom.cli.failures import printable

AsJson = Annotated[bool, Parameter(name="--json", help="Print JSON instead, as the platform answered.")]
"""The option that every command with output has."""
_EXACT = msgspec.json.Encoder(decimal_format="number")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_UNLIMITED = 10_000
"""Columns where no terminal folds lines: a program that reads a table wants every id whole."""


def say(line: str) -> None:
    """Print a line at once."""
    print(printable(line), flush=True)


def remark(line: str) -> None:
    """Print a line that is not part of the answer: on stderr, so that the answer can be piped."""
    print(printable(line), file=sys.stderr, flush=True)


def show_json(value: object) -> None:
    """Print a value as JSON: numbers to the last digit, and nothing beyond ASCII, which might command a terminal."""
    text = msgspec.json.format(_EXACT.encode(value), indent=2).decode()
    print(_BEYOND_ASCII.sub(lambda found: json.dumps(found[0])[1:-1], text))


def show_facts(facts: Mapping[str, str]) -> None:
    """Print names and values, one a line; what has no value is left out."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        if value:
            table.add_row(Text(name), Text(printable(value)))
    _print(table)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, empty: str) -> None:
    """Print rows under headings, or one line if there are none."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    if table.row_count:
        _print(table)
    else:
        say(empty)


def time_text(unix_ms: int) -> str:
    """A time for people, UTC; empty for 0."""
    return f"{datetime.fromtimestamp(unix_ms / 1000, tz=UTC):%Y-%m-%d %H:%M:%S}Z" if unix_ms else ""


def _print(table: Table) -> None:
    width = None if sys.stdout.isatty() else _UNLIMITED
    console = Console(highlight=False, markup=False, emoji=False, width=width)
    with console.capture() as captured:
        console.print(table)
    print("\n".join(line.rstrip() for line in captured.get().splitlines()))
