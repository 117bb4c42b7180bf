"""What PostgreSQL and the network say, as codes of the closed set."""

from collections.abc import Generator
from contextlib import contextmanager

import asyncpg
from asyncpg.exceptions import InternalClientError

from strongroom.kernel.errors import Code, StrongroomError

_CLAIM_LOST = "SR001"  # raised by require_row(), migrations/0001_house.sql
# PostgreSQL documentation, appendix A: connection, transaction rollback and resources; then shutdown, time-outs and
# a standby that was promoted away from us.
_PASSING_CLASSES = frozenset({"08", "40", "53"})
_PASSING_STATES = frozenset({"25006", "55P03", "57014", "57P01", "57P02", "57P03", "57P05"})


def violated_constraint(error: StrongroomError) -> str | None:
    """The name of the unique constraint that made a ``CONFLICT``, or None for every other error."""
    cause = error.__cause__
    if error.code is Code.CONFLICT and isinstance(cause, asyncpg.UniqueViolationError):
        return cause.constraint_name
    return None


@contextmanager
def translated() -> Generator[None]:
    """Turn what the database refuses or cannot do into a ``StrongroomError``; let programming errors pass."""
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, InternalClientError, OSError, TimeoutError) as error:
        known = _translate(error)
        if known is None:
            raise
        raise known from error


def _translate(error: Exception) -> StrongroomError | None:
    if isinstance(error, asyncpg.UniqueViolationError):
        # the constraint only: the values stay in the log, with the cause
        return StrongroomError(Code.CONFLICT, f"The row exists already ({error.constraint_name}).")
    if isinstance(error, asyncpg.PostgresError):
        return _translate_state(error.sqlstate or "")
    if isinstance(error, asyncpg.InterfaceError) and not _is_closed(error):
        return None
    if isinstance(error, InternalClientError) and not _is_forsaken(error):
        return None
    return StrongroomError(Code.UNAVAILABLE, "The database does not answer.")


def _translate_state(state: str) -> StrongroomError | None:
    if state == _CLAIM_LOST:
        return StrongroomError(Code.CLAIM_LOST)
    if state[:2] in _PASSING_CLASSES or state in _PASSING_STATES:
        return StrongroomError(Code.UNAVAILABLE, f"The database could not finish this (SQLSTATE {state}).")
    return None


def _is_closed(error: asyncpg.InterfaceError) -> bool:
    # asyncpg has one class for misuse and for a closed connection or pool; only its text tells them apart
    return "closed" in str(error) or "closing" in str(error)


def _is_forsaken(error: InternalClientError) -> bool:
    # the server's last words came between two questions, and asyncpg still waits for the end of the connection
    return "cannot switch to state" in str(error)
