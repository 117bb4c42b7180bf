"""``strongroom up`` with processes that can be killed at a place: ``python -m tests.flows.crash.up up ...``.

It is the command itself; only what it starts is wrapped, and a child that crashed is started again at once: waiting
longer after every crash is right for a machine and wrong for a test that crashes on purpose.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from strongroom.apps.embedded import supervisor
from strongroom.apps.embedded.process import Command, ManagedProcess
from strongroom.cli import main
from tests.flows.crash.fault import FOLDER, HURRY

_ROOT = str(Path(__file__).resolve().parents[3])
_WRAPPED = {
    "strongroom.apps.serve": "tests.flows.crash.platform",
    "strongroom.custody.cosigner.main": "tests.flows.crash.cosigner",
}


def wrap_children() -> None:
    """Let the platform and the co-signers be started through the modules that know places."""
    start = ManagedProcess.start

    def started(command: Command, *, before: Callable[[], None] | None = None) -> ManagedProcess:
        arguments = tuple(_WRAPPED.get(argument, argument) for argument in command.arguments)
        if arguments != command.arguments:
            passed_on = {name: os.environ[name] for name in (FOLDER, HURRY) if name in os.environ}
            told = {**command.environment, **passed_on, "PYTHONPATH": _ROOT}
            command = replace(command, arguments=arguments, environment=told)
        return start(command, before=before)

    changed: tuple[tuple[Any, str, Any], ...] = (
        (ManagedProcess, "start", staticmethod(started)),
        (supervisor, "_FIRST_DELAY_S", 0.05),
        (supervisor, "_STEADY_S", 0.0),
    )
    for owner, name, value in changed:
        setattr(owner, name, value)


if __name__ == "__main__":
    wrap_children()
    main.main()
