"""The order of the flow, read from ``interfaces/flow.toml``: titles, arrows, and the rows that steps write."""

import tomllib
from dataclasses import dataclass
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowStep:
    """One step as ``flow.toml`` has it; ``database`` and ``table`` are empty for a step that writes no row.

    An ``optional`` one is a part of the step before it, and not every transaction has it.
    """

    number: str
    title: str
    tail: str
    head: str
    operation: str
    database: str
    table: str
    column: str
    optional: bool = False


def load_flow() -> tuple[FlowStep, ...]:
    """Every step, in order."""
    text = files("strongroom.interfaces").joinpath("flow.toml").read_text("utf-8")
    return tuple(
        FlowStep(
            number=step["number"],
            title=step["title"],
            tail=step["arrow"][0],
            head=step["arrow"][1],
            operation=step["operation"],
            database=step["row"]["database"],
            table=step["row"]["table"],
            column=step["row"].get("column", ""),
            optional=step.get("optional", False),
        )
        for step in tomllib.loads(text)["step"]
    )
