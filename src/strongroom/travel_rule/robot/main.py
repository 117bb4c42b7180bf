"""``python -m strongroom.travel_rule.robot.main``: the robot as a program."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import uvloop
from cyclopts import App, Parameter

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.http import open_door, serve_config, wait_for_signal
from strongroom.runtime.kms import SoftwareAttestor
from strongroom.runtime.program import run_program
from strongroom.runtime.telemetry import configure_logging
from strongroom.travel_rule.robot.server import Robot

app = App(name="strongroom-travel-rule-robot", help="A simulated VASP's back end.")
_TOKEN_MIN = 16


@app.default
def serve(
    *,
    token_file: Annotated[Path, Parameter(help="Holds the bearer token that the enclave sends.")],
    host: Annotated[str, Parameter(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, Parameter(help="The TCP port.")] = 8640,
) -> None:
    """Serve until SIGINT or SIGTERM."""
    token = _read(token_file)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(token, host=host, port=port))


async def _serve(token: str, *, host: str, port: int) -> None:
    configure_logging(service="robot", environment=Environment.SANDBOX, attestor=SoftwareAttestor(), level="WARNING")
    robot = Robot(token=token, clock=SystemClock())
    async with open_door(serve_config(robot, host=host, port=port, tls=None)):
        await wait_for_signal()


def _read(path: Path) -> str:
    try:
        token = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        token = ""
    if len(token) < _TOKEN_MIN:
        raise StrongroomError(Code.CONFIG_INVALID, f"{path} holds no token of at least {_TOKEN_MIN} characters.")
    return token


def main() -> None:
    """Run the program."""
    sys.exit(run_program(app, sys.argv[1:]))


if __name__ == "__main__":
    main()
