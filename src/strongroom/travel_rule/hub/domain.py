"""What the hub knows: members, their health, and that a message passed. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.messages import Header, VaspRecord, VaspStatus


class Health(StrEnum):
    """Whether the hub reached a member's enclave when it last tried."""

    UP = "UP"
    DOWN = "DOWN"


class Outcome(StrEnum):
    """What became of a message that the hub was asked to carry."""

    ANSWERED = "ANSWERED"
    COUNTERPARTY_UNAVAILABLE = "COUNTERPARTY_UNAVAILABLE"
    COUNTERPARTY_REFUSED = "COUNTERPARTY_REFUSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One VASP of the directory; ``signed`` is its record as the network authority signed it."""

    record: VaspRecord
    signed: bytes
    health: Health
    enrolled_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """That a message passed, and nothing of what it held: sizes in bytes, ``answer_bytes`` 0 without an answer."""

    message_id: UUID
    kind: str
    from_vasp: str
    to_vasp: str
    question_bytes: int
    answer_bytes: int
    outcome: Outcome
    took_ms: int
    received_at: datetime


def check_question(header: Header, *, from_vasp: str, to_vasp: str) -> None:
    """Whether a member may have this carried.

    Args:
        from_vasp: whom the sender's certificate names.
        to_vasp: whom the address names.

    Raises:
        StrongroomError: ``FORBIDDEN`` for somebody else's message, ``TRAVEL_RULE_MESSAGE_INVALID``.
    """
    if header.from_vasp != from_vasp:
        raise StrongroomError(Code.FORBIDDEN, "The message is another VASP's than the certificate names.")
    if header.to_vasp != to_vasp:
        raise StrongroomError(Code.TRAVEL_RULE_MESSAGE_INVALID, "The message is for another VASP than the address.")
    if header.answers is not None:
        raise StrongroomError(Code.TRAVEL_RULE_MESSAGE_INVALID, "Only questions are carried; answers come back.")


def can_be_asked(record: VaspRecord, *, now: datetime) -> bool:
    """Whether the record stands for an enclave that runs."""
    return record.status is VaspStatus.VERIFIED_MEMBER and now < record.expires_at
