"""The auditor's own table of legal moves (custody_api.md 3.1; trust.md 5), so that a mistake there is noticed here."""

from collections.abc import Mapping

FIRST = "SUBMITTED"
COMPLETED = "COMPLETED"
TERMINAL = frozenset({COMPLETED, "CANCELLED", "BLOCKED", "REJECTED", "FAILED"})
"""They never change."""
SIGNED = frozenset({"SIGNED", "BROADCASTING", "CONFIRMING", COMPLETED})
"""A signature exists."""
_CLOSING = frozenset({"CANCELLING", "CANCELLED", "FAILED"})
_REJECTING = _CLOSING | {"REJECTED", "BLOCKED"}

MOVES: Mapping[str, frozenset[str]] = {
    "SUBMITTED": _REJECTING | {"PENDING_AML_SCREENING", "PENDING_ENRICHMENT", "PENDING_AUTHORIZATION", "QUEUED"},
    "PENDING_AML_SCREENING": _REJECTING | {"PENDING_ENRICHMENT", "PENDING_AUTHORIZATION"},
    "PENDING_ENRICHMENT": _CLOSING | {"PENDING_AUTHORIZATION"},
    "PENDING_AUTHORIZATION": _REJECTING | {"QUEUED"},
    "QUEUED": _CLOSING | {"PENDING_SIGNATURE"},
    "PENDING_SIGNATURE": _CLOSING | {"SIGNED", "PENDING_3RD_PARTY_MANUAL_APPROVAL", "PENDING_3RD_PARTY"},
    "PENDING_3RD_PARTY_MANUAL_APPROVAL": _CLOSING | {"PENDING_3RD_PARTY"},
    "PENDING_3RD_PARTY": _CLOSING | {"BROADCASTING"},
    "SIGNED": frozenset({"BROADCASTING"}),
    "BROADCASTING": frozenset({"CONFIRMING", "FAILED"}),
    "CONFIRMING": frozenset({COMPLETED, "FAILED"}),
    "CANCELLING": TERMINAL - {"BLOCKED"},
}
"""From each status to those that may follow it; from a terminal one to none."""
