"""What the command line does when it cannot do what was asked: two lines on stderr, and an exit code."""

import os
import sys
import traceback
from collections.abc import Callable
from enum import IntEnum
from typing import final

from strongroom.kernel.errors import Code, StrongroomError

SHOW_TRACEBACK = "STRONGROOM_TRACEBACK"
_TIMES_OF_TROUBLE = frozenset({503, 504})
_UNREACHED = "Is it running? `strongroom up` starts one on this machine."


class Exit(IntEnum):
    """What the shell learns."""

    OK = 0
    REFUSED = 1
    WRONG_USAGE = 2
    UNAVAILABLE = 3
    INTERRUPTED = 130  # 128 + SIGINT
    READER_GONE = 141  # 128 + SIGPIPE


class CommandError(Exception):
    """Why a command was not carried out.

    Args:
        what: the kind of error, in front of the message.
        message: what is wrong, one sentence.
        remedy: what to do, one sentence.
        exit_code: what the shell learns.
    """

    def __init__(self, what: str, message: str, remedy: str, exit_code: Exit) -> None:
        super().__init__(message)
        self.what, self.message, self.remedy, self.exit_code = what, message, remedy, exit_code


@final
class WrongUsageError(CommandError):
    """The command line cannot be carried out as it was given."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__("Wrong usage", message, remedy, Exit.WRONG_USAGE)


@final
class NothingRunningError(CommandError):
    """No running Strongroom could be found; the message says where it was looked for."""

    def __init__(self, message: str) -> None:
        remedy = "Start one with `strongroom up`, or name one with --ready-file."
        super().__init__(Code.UNAVAILABLE.name, message, remedy, Exit.UNAVAILABLE)


def guard(command: Callable[[], int]) -> int:
    """The exit code of a command; whatever it raises is said on stderr, never as a traceback."""
    try:
        return command()
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter complains at its end
        return Exit.READER_GONE
    except Exception as error:  # noqa: BLE001 -- the outermost door: nobody above could say it in words
        failure = explain(error)
    complain(failure.what, failure.message, failure.remedy)
    return failure.exit_code


def explain(error: Exception) -> CommandError:
    """What to say of an error; with ``STRONGROOM_TRACEBACK`` set, an unexpected one also shows where it came from."""
    if isinstance(error, CommandError):
        return error
    if isinstance(error, StrongroomError):
        remedy = _UNREACHED if error.code is Code.UNAVAILABLE else error.code.meaning.remedy
        return CommandError(error.code.name, error.detail, remedy, exit_code_of(error.code))
    if isinstance(error, OSError) and error.filename:
        return WrongUsageError(f"{error.filename}: {error.strerror}.", "Check its name and whose it is.")
    if os.environ.get(SHOW_TRACEBACK):
        traceback.print_exception(error)
    message = f"{type(error).__name__}: {error}"
    return CommandError(Code.INTERNAL.name, message, f"Set {SHOW_TRACEBACK}=1 to see where.", Exit.REFUSED)


def exit_code_of(code: Code) -> Exit:
    """Which exit code stands for an error code."""
    if code.meaning.http_status in _TIMES_OF_TROUBLE:
        return Exit.UNAVAILABLE
    return Exit.WRONG_USAGE if code is Code.CONFIG_INVALID else Exit.REFUSED


def complain(what: str, message: str, remedy: str) -> None:
    """Two lines on stderr: what went wrong, and what to do."""
    print(f"{what}: {printable(message)}\n-> {printable(remedy)}", file=sys.stderr)


def printable(text: str) -> str:
    """``text`` without characters that command a terminal: it may hold what strangers wrote."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "\ufffd" for sign in text)
