"""The auditor's own table of legal moves (custody_api.md 3.1; trust.md 5), so that a mistake there is noticed here."""

from collections.abc import Mapping

FIRST = "SUBMITTED"
COMPLETED = "COMPLETED"
TERMINAL = frozenset({COMPLETED, "CANCELLED", "BLOCKED", "REJECTED", "FAILED"})
"""They never change."""
SIGNED = frozenset({"SIGNED", "BROADCASTING", "CONFIRMING", COMPLETED})
"""A signature exists."""
CANCELLING = "CANCELLING"
"""The only way to an end before a signature exists: the co-signers have to close the request first."""
_AGAIN = "PENDING_AML_SCREENING"
"""Where a new attempt begins."""

MOVES: Mapping[str, frozenset[str]] = {
    "SUBMITTED": frozenset({CANCELLING, _AGAIN, "PENDING_ENRICHMENT", "PENDING_AUTHORIZATION", "QUEUED"}),
    # what an earlier attempt released may be signed while a later one is decided, or closed
    _AGAIN: frozenset({CANCELLING, "PENDING_ENRICHMENT", "PENDING_AUTHORIZATION", "SIGNED"}),
    "PENDING_ENRICHMENT": frozenset({CANCELLING, "PENDING_AUTHORIZATION"}),
    "PENDING_AUTHORIZATION": frozenset({CANCELLING, _AGAIN, "QUEUED", "SIGNED"}),
    "QUEUED": frozenset({CANCELLING, _AGAIN, "PENDING_SIGNATURE"}),
    "PENDING_SIGNATURE": frozenset(
        {CANCELLING, _AGAIN, "SIGNED", "PENDING_3RD_PARTY_MANUAL_APPROVAL", "PENDING_3RD_PARTY"}
    ),
    "PENDING_3RD_PARTY_MANUAL_APPROVAL": frozenset({CANCELLING, "PENDING_3RD_PARTY"}),
    "PENDING_3RD_PARTY": frozenset({CANCELLING, "BROADCASTING"}),
    "SIGNED": frozenset({"BROADCASTING"}),
    "BROADCASTING": frozenset({"CONFIRMING", "FAILED"}),
    "CONFIRMING": frozenset({COMPLETED, "FAILED"}),
    CANCELLING: TERMINAL | {"SIGNED"},
}
"""From each status to those that may follow it; from a terminal one to none."""
