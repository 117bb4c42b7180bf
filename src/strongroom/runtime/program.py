"""How a program of ours runs a command: what it says when it cannot, and its exit code."""

import sys
from collections.abc import Sequence
from enum import IntEnum

from cyclopts import App, CycloptsError

from strongroom.kernel.errors import Code, StrongroomError


class Exit(IntEnum):
    """What the shell learns."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    DAMAGED = 3
    """What it keeps is damaged: starting it again changes nothing."""


def run_program(app: App, arguments: Sequence[str]) -> Exit:
    """Run one command; an error is its code and what to do, on stderr."""
    try:
        app(arguments, exit_on_error=False, result_action="return_value")
    except CycloptsError:
        return Exit.USAGE
    except StrongroomError as error:
        sys.stderr.write(f"{error.code.name}: {error.detail}\n{error.code.meaning.remedy}\n")
        return Exit.DAMAGED if error.code is Code.STATE_DAMAGED else Exit.REFUSED
    return Exit.OK
