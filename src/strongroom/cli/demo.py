"""``strongroom demo``: one transfer through the fourteen steps."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console

from strongroom.apps.demo import run_demo
from strongroom.cli.failures import Exit


def demo(
    *,
    json: Annotated[Path | None, Parameter(name="--json", help="Where to write the result as data.")] = None,
    data: Annotated[
        Path | None,
        Parameter(help="A data folder to use and keep; without it a temporary one, deleted after a success."),
    ] = None,
) -> int:
    """Send one transfer and prove it; its help text stands in ``main``."""
    ok = run_demo(data_dir=data, json_path=json, console=Console())
    return Exit.OK if ok else Exit.REFUSED
