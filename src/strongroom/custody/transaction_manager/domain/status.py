"""The statuses of a transaction and the only ways between them, as data (custody_api.md 3.1).

The database holds the last rule once more: a status in ``TERMINAL`` never changes (migrations/0001).
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from strongroom.kernel.errors import Code, StrongroomError


class Status(StrEnum):
    """The sixteen public statuses, and SIGNED, which the doors show as PENDING_SIGNATURE."""

    SUBMITTED = "SUBMITTED"
    PENDING_AML_SCREENING = "PENDING_AML_SCREENING"
    PENDING_ENRICHMENT = "PENDING_ENRICHMENT"
    PENDING_AUTHORIZATION = "PENDING_AUTHORIZATION"
    QUEUED = "QUEUED"
    PENDING_SIGNATURE = "PENDING_SIGNATURE"
    PENDING_3RD_PARTY_MANUAL_APPROVAL = "PENDING_3RD_PARTY_MANUAL_APPROVAL"
    PENDING_3RD_PARTY = "PENDING_3RD_PARTY"
    SIGNED = "SIGNED"
    BROADCASTING = "BROADCASTING"
    CONFIRMING = "CONFIRMING"
    COMPLETED = "COMPLETED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    BLOCKED = "BLOCKED"
    REJECTED = "REJECTED"
    FAILED = "FAILED"


_S = Status
TERMINAL = frozenset({_S.COMPLETED, _S.CANCELLED, _S.BLOCKED, _S.REJECTED, _S.FAILED})
_CLOSING = frozenset({_S.CANCELLING})

ARROWS: Mapping[Status, frozenset[Status]] = {
    # until it is signed, every end goes by way of CANCELLING: the co-signers have to close the request first
    _S.SUBMITTED: _CLOSING | {_S.PENDING_AML_SCREENING, _S.PENDING_ENRICHMENT, _S.PENDING_AUTHORIZATION, _S.QUEUED},
    # a new attempt goes back to screening; a digest that an earlier one released may still be signed meanwhile
    _S.PENDING_AML_SCREENING: _CLOSING | {_S.PENDING_ENRICHMENT, _S.PENDING_AUTHORIZATION, _S.SIGNED},
    _S.PENDING_ENRICHMENT: _CLOSING | {_S.PENDING_AUTHORIZATION},
    _S.PENDING_AUTHORIZATION: _CLOSING | {_S.QUEUED, _S.PENDING_AML_SCREENING, _S.SIGNED},
    _S.QUEUED: _CLOSING | {_S.PENDING_SIGNATURE, _S.PENDING_AML_SCREENING},
    _S.PENDING_SIGNATURE: _CLOSING
    | {_S.SIGNED, _S.PENDING_AML_SCREENING, _S.PENDING_3RD_PARTY_MANUAL_APPROVAL, _S.PENDING_3RD_PARTY},
    _S.PENDING_3RD_PARTY_MANUAL_APPROVAL: _CLOSING | {_S.PENDING_3RD_PARTY},
    _S.PENDING_3RD_PARTY: _CLOSING | {_S.BROADCASTING},
    # from here on the signature exists: there is no cancelling, and only the chain can make it fail (trust.md 5)
    _S.SIGNED: frozenset({_S.BROADCASTING}),
    _S.BROADCASTING: frozenset({_S.CONFIRMING, _S.FAILED}),
    _S.CONFIRMING: frozenset({_S.COMPLETED, _S.FAILED}),
    # what was released before the co-signers closed it is signed, or lands, all the same
    _S.CANCELLING: frozenset({_S.CANCELLED, _S.FAILED, _S.REJECTED, _S.BLOCKED, _S.SIGNED, _S.COMPLETED}),
    **{status: frozenset[Status]() for status in TERMINAL},
}
"""From each status to those that may follow it."""

UNSPENT = frozenset(Status) - TERMINAL - {_S.CONFIRMING}
"""What an address may still spend; once CONFIRMING, the balance at the newest block lacks it already."""
BEFORE_SIGNED = frozenset(Status) - TERMINAL - {_S.SIGNED, _S.BROADCASTING, _S.CONFIRMING}


def check_moves(before: Status, moves: Iterable[Status]) -> None:
    """Check that each move follows legally from the one before it.

    Raises:
        StrongroomError: ``STATUS_CONFLICT``.
    """
    for after in moves:
        if after not in ARROWS[before]:
            raise StrongroomError(Code.STATUS_CONFLICT, f"A transaction does not go from {before} to {after}.")
        before = after


def public_status(status: Status) -> Status:
    """What the doors show: SIGNED is ours alone."""
    return Status.PENDING_SIGNATURE if status is Status.SIGNED else status


def parse_filter(text: str) -> tuple[Status, ...]:
    """The statuses that a public status stands for; none for an empty text.

    Raises:
        StrongroomError: ``REQUEST_INVALID``.
    """
    if not text:
        return ()
    if text not in Status.__members__ or text == Status.SIGNED:
        raise StrongroomError(Code.REQUEST_INVALID, f"{text[:64]!r} is not a status.")
    return (Status.PENDING_SIGNATURE, Status.SIGNED) if text == Status.PENDING_SIGNATURE else (Status(text),)
