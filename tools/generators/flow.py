"""docs/flows/transaction.md: the fourteen steps as a table and a diagram, from interfaces/flow.toml."""

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tools.generators import Generator

SOURCE = "src/strongroom/interfaces/flow.toml"
TARGET = "docs/flows/transaction.md"
HEAD = f"""<!-- Generated from {SOURCE} by `make generate`; do not edit. -->
# The fourteen steps of a transaction

Each arrow is one call by the service at its tail, and the handoff that travels with it names that service. *Row* is
what the step writes, as database.table; *ends* are the statuses in which a transaction may end there.

| step | arrow | operation | row | status after | ends |
|---|---|---|---|---|---|
"""


def _row(step: Mapping[str, Any]) -> str:
    row = step["row"]
    place = ".".join(part for part in (row["database"], row["table"], row.get("column", "")) if part)
    note = f" ({row['note']})" if "note" in row else ""
    cells = (
        f"{step['number']} {step['title']}",
        " -> ".join(step["arrow"]),
        f"`{step['operation']}`",
        f"`{place}`{note}" if place else "none",
        step["status"],
        ", ".join(step["ends"]),
    )
    return f"| {' | '.join(cells)} |\n"


def _diagram(steps: list[Mapping[str, Any]]) -> Iterator[str]:
    yield "\n```mermaid\nsequenceDiagram\n"
    for step in steps:
        tail, head = step["arrow"]
        yield f"    {tail}->>{head}: {step['number']} {step['title']}\n"
    yield "```\n"


def make(root: Path) -> Mapping[str, str]:
    """The table and the diagram; raises KeyError when a step lacks a field."""
    steps = tomllib.loads((root / SOURCE).read_text())["step"]
    return {TARGET: HEAD + "".join(map(_row, steps)) + "".join(_diagram(steps))}


GENERATOR = Generator(name="flow", owns=(TARGET,), make=make)
