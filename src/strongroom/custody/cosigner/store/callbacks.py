"""What the callback handler was asked, and what of its answers counts."""

import sqlite3
from dataclasses import dataclass

from strongroom.kernel.documents.consent import CallbackAnswer


@dataclass(frozen=True, slots=True)
class StoredCallback:
    """One question; ``answer`` is APPROVE, REJECT, or None as long as neither has been heard."""

    request_id: str
    answer: CallbackAnswer | None


def find_callback(db: sqlite3.Connection, *, request_hash: bytes, digest: bytes) -> StoredCallback | None:
    """The question about a digest of a request."""
    row = db.execute(
        "select request_id, answer from callbacks where request_hash = ? and digest = ?", (request_hash, digest)
    ).fetchone()
    return None if row is None else StoredCallback(row[0], None if row[1] is None else CallbackAnswer(row[1]))


def list_callback_reports(db: sqlite3.Connection, *, request_hash: bytes) -> list[bytes]:
    """Our signed reports of the answers that counted for a request."""
    rows = db.execute(
        "select report from callbacks where request_hash = ? and report is not null order by digest", (request_hash,)
    )
    return [report for (report,) in rows]
