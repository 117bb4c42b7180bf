"""Alarms that were not journalled, because there were too many: counted beside the journal until an entry says so."""

import sqlite3

from strongroom.custody.cosigner.domain.entries import AlarmsSuppressed, Refused, SuppressedAlarms
from strongroom.kernel.documents.codec import decode

ALARM_SCHEMA = """
create table if not exists suppressed_alarms (
    tenant text not null, reason text not null, count integer not null, since integer not null,
    primary key (tenant, reason)
) strict, without rowid;
"""


def list_alarm_times(db: sqlite3.Connection, *, limit: int) -> list[int]:
    """When the newest alarms of the journal were refused, oldest first; Unix seconds."""
    rows = db.execute("select payload from journal where kind = 'refused' order by sequence desc limit ?", (limit,))
    return [decode(payload, Refused).at for (payload,) in rows][::-1]


def count_alarm(db: sqlite3.Connection, *, tenant: str, reason: str, at: int) -> None:
    """One more that is not written."""
    db.execute(
        """insert into suppressed_alarms (tenant, reason, count, since) values (?, ?, 1, ?)
        on conflict (tenant, reason) do update set count = count + 1""",
        (tenant, reason, at),
    )


def find_suppressed_since(db: sqlite3.Connection) -> int | None:
    """When the first alarm was refused that is only counted so far; Unix seconds."""
    since: int | None = db.execute("select min(since) from suppressed_alarms").fetchone()[0]
    return since


def list_suppressed(db: sqlite3.Connection) -> tuple[SuppressedAlarms, ...]:
    """What was counted so far."""
    rows = db.execute("select tenant, reason, count from suppressed_alarms order by tenant, reason")
    return tuple(SuppressedAlarms(tenant=tenant, reason=reason, count=count) for tenant, reason, count in rows)


def forget_counted(db: sqlite3.Connection, entry: AlarmsSuppressed) -> None:
    """An entry says it now; what another process counted meanwhile stays."""
    for one in entry.alarms:
        place = (one.count, one.tenant, one.reason)
        db.execute("update suppressed_alarms set count = count - ? where tenant = ? and reason = ?", place)
    db.execute("delete from suppressed_alarms where count <= 0")
