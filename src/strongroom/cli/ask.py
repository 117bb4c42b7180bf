"""Asking the person in front of the screen, before anything is signed."""

import sys
from typing import Annotated

from cyclopts import Parameter

from strongroom.cli.failures import WrongUsageError

Yes = Annotated[bool, Parameter(name="--yes", help="Do not ask: you have read it elsewhere.")]
"""The option of every command that asks."""


def confirm(question: str, *, yes: bool) -> None:
    """Go on only after the word ``yes``.

    Raises:
        WrongUsageError: for any other answer, or none.
    """
    if yes:
        return
    print(f"\n{question} Type yes to go on: ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() != "yes":
        raise WrongUsageError("Not confirmed: nothing was signed or sent.", "Answer yes, or give --yes.")
