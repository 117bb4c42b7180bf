"""One call that is to be made."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

Place: TypeAlias = tuple[str, str, int]
"""The primary key of a row: key, operation, attempt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkItem:
    """A row of ``work`` as one worker sees it.

    Args:
        key: what it is about, such as a transaction id; with operation and attempt it is unique for ever.
        operation: which handler does it.
        attempt: tells repeated calls of the same operation apart; a retry after a failure keeps it.
        payload: what the handler needs, at most a few kilobytes.
        due_at: not to be started before.
        version: bumped by every claim, so that a claim that was lost cannot be stored.
        lease_until: until when it is ours without renewal; None when it waits for any worker.
        tries: how often it was postponed.
        carried: what the commit that made it due knew already, and stored: never stored itself, so None for every
            call that is made again, or by another process, which reads instead.
    """

    key: str
    operation: str
    attempt: int
    payload: bytes
    due_at: datetime
    version: int = 0
    lease_until: datetime | None = None
    tries: int = 0
    carried: object = field(default=None, repr=False, compare=False)

    @property
    def place(self) -> Place:
        """Its primary key."""
        return self.key, self.operation, self.attempt
