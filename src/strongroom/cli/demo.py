"""``strongroom demo``: one transfer through the fourteen steps; ``travel-rule demo``: two VASPs and a hub."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from strongroom.apps.demo import run_demo
from strongroom.apps.travel_rule import run_travel_rule_demo
from strongroom.cli.failures import Exit

JsonFile = Annotated[Path | None, Parameter(name="--json", help="Where to write the result as data.")]
DataFolder = Annotated[
    Path | None,
    Parameter(help="A data folder to use and keep; without it a temporary one, deleted after a success."),
]


def demo(
    *,
    json: JsonFile = None,
    data: DataFolder = None,
) -> int:
    """Send one transfer and prove it; its help text stands in ``main``."""
    ok = run_demo(data_dir=data, json_path=json, console=Console())
    return Exit.OK if ok else Exit.REFUSED


def travel_rule(
    *,
    json: JsonFile = None,
    data: DataFolder = None,
) -> int:
    """Let two enclaves exchange data; its help text stands in ``travel_rule``."""
    ok = run_travel_rule_demo(data_dir=data, json_path=json, console=Console())
    return Exit.OK if ok else Exit.REFUSED
