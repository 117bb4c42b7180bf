"""Closings of requests that were never consented to here: whoever sends orders can cause them at will."""

import sqlite3
from contextlib import closing

from strongroom.custody.cosigner.domain.entries import KINDS, Closed, PeerClosed
from strongroom.kernel.documents.codec import decode


def list_unseen_closing_times(db: sqlite3.Connection, *, since: int, limit: int) -> list[int]:
    """When the newest of them were written after ``since``, oldest first; Unix seconds."""
    times: list[int] = []
    rows = db.execute("select kind, payload from journal order by sequence desc")
    with closing(rows):  # one that is not read to its end would hold the log
        for kind, payload in rows:
            entry = decode(payload, KINDS[kind])
            if entry.at <= since or len(times) == limit:
                break
            if isinstance(entry, Closed | PeerClosed) and not _was_consented(db, entry.request_hash):
                times.append(entry.at)
    return times[::-1]


def _was_consented(db: sqlite3.Connection, request_hash: bytes) -> bool:
    return db.execute("select 1 from requests where request_hash = ?", (request_hash,)).fetchone() is not None
