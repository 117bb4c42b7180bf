"""Commands: what the enclave still has to do. Their rows are outbox and queue in one."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CommandStatus(StrEnum):
    """CREATED waits for its time; PROCESSING is leased; ERROR is a dead letter."""

    CREATED = "CREATED"
    PROCESSING = "PROCESSING"
    DONE = "DONE"
    ERROR = "ERROR"


class CommandKind(StrEnum):
    """What is to be done; ``command_type`` of the row."""

    VERIFY = "VERIFY"
    """Ask the counterparty, and record its answer."""
    CALLBACK = "CALLBACK"
    """Tell the provider's back end."""
    REPORT = "REPORT"
    """Tell the counterparty of a transaction's hash or of a failed transfer."""
    TRP_ANSWER = "TRP_ANSWER"
    """Tell a counterparty that asked by TRP what our back end has decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A row of ``commands``.

    Attributes:
        id: orders commands by the time they were made; 63 bits of clock and chance.
        kind: a ``CommandKind``, or the name of a kind that another part of the enclave runs.
        body: what to do, as a JSON object without personal data: rows are named by their uuid.
        attempt: how often it was tried; kept inside the stored body.
        fetched_at: CREATED: due then, at once if None. PROCESSING: leased since then.
    """

    id: int
    kind: str
    body: bytes
    status: CommandStatus
    attempt: int = 0
    created_at: datetime
    fetched_at: datetime | None = None
    finished_at: datetime | None = None
