"""The SQL of the table ``work``. Times are arguments: the clock is the process's, not the database's."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from strongroom.runtime.db import Database, Row, Statement
from strongroom.runtime.work.item import Place, WorkItem


def insert_item(item: WorkItem, *, worker_id: str, now: datetime) -> Statement:
    """A new row; touches none when there is one already."""
    return Statement(
        """insert into work
            (key, operation, attempt, payload, version, lease_owner, lease_until, due_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (key, operation, attempt) do nothing""",
        (
            *item.place,
            item.payload,
            item.version,
            worker_id if item.lease_until else None,
            item.lease_until,
            item.due_at,
            now,
        ),
    )


def finish_item(item: WorkItem, *, worker_id: str, now: datetime) -> Statement:
    """Close the row, if it is still ours: guarded, so that what is stored beside it is stored once."""
    return Statement(
        """update work set finished_at = $1, lease_owner = null, lease_until = null, version = version + 1
        where key = $2 and operation = $3 and attempt = $4 and version = $5 and lease_owner = $6
            and finished_at is null""",
        (now, *item.place, item.version, worker_id),
        guard=True,
    )


def withdraw_item(place: Place, *, now: datetime) -> Statement:
    """Close a row whose call nobody needs any more, whoever holds it; touches none when it is closed already."""
    return Statement(
        """update work set finished_at = $1, lease_owner = null, lease_until = null, version = version + 1
        where key = $2 and operation = $3 and attempt = $4 and finished_at is null""",
        (now, *place),
    )


def postpone_item(item: WorkItem, *, worker_id: str, due_at: datetime, error: str | None) -> Statement:
    """Give the row back, due later; touches none when it is no longer ours. Without an error it was no failed try."""
    return Statement(
        """update work set due_at = $1, last_error = $2, tries = $3, lease_owner = null, lease_until = null,
            version = version + 1
        where key = $4 and operation = $5 and attempt = $6 and version = $7 and lease_owner = $8
            and finished_at is null""",
        (due_at, error, 0 if error is None else item.tries + 1, *item.place, item.version, worker_id),
    )


def release_all(*, worker_id: str) -> Statement:
    """Give back every row that this worker's name holds."""
    return Statement(
        """update work set lease_owner = null, lease_until = null, version = version + 1
        where lease_owner = $1 and finished_at is null""",
        (worker_id,),
    )


def renew_leases(items: Iterable[WorkItem], *, worker_id: str, lease_until: datetime) -> Statement:
    """Keep the rows that are still ours; the version stays, so that their handlers can store."""
    rows = [(*item.place, item.version) for item in items]
    return Statement(
        """update work set lease_until = $1
        from unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) as held (key, operation, attempt, version)
        where work.key = held.key and work.operation = held.operation and work.attempt = held.attempt
            and work.version = held.version and work.lease_owner = $6 and work.finished_at is null""",
        (
            lease_until,
            [row[0] for row in rows],
            [row[1] for row in rows],
            [row[2] for row in rows],
            [row[3] for row in rows],
            worker_id,
        ),
    )


def delete_finished(*, before: datetime, limit: int) -> Statement:
    """Forget the rows that were over first, before that moment, unless a call of the same key is still to be made."""
    return Statement(
        """delete from work where (key, operation, attempt) in (
            select key, operation, attempt from work as over
            where over.finished_at < $1
                and not exists (select 1 from work as other where other.key = over.key and other.finished_at is null)
            order by over.finished_at limit $2 for update of over skip locked)""",
        (before, limit),
    )


async def claim_due(
    database: Database,
    *,
    worker_id: str,
    operations: Sequence[str],
    now: datetime,
    lease_until: datetime,
    limit: int,
) -> list[WorkItem]:
    """Lease due rows that nobody holds, the longest due first; rows that another claims right now are passed over."""
    rows = await database.fetch(
        """with due as (
            select key, operation, attempt from work
            where finished_at is null and due_at <= $1 and (lease_until is null or lease_until <= $1)
                and operation = any($2::text[])
            order by due_at limit $3 for update skip locked)
        update work set lease_owner = $4, lease_until = $5, version = work.version + 1 from due
        where work.key = due.key and work.operation = due.operation and work.attempt = due.attempt
        returning work.key, work.operation, work.attempt, work.payload, work.due_at, work.version, work.lease_until,
            work.tries""",
        now,
        operations,
        limit,
        worker_id,
        lease_until,
    )
    return [_parse_row(row) for row in rows]


async def count_unfinished(database: Database) -> int:
    """How many calls are still to be made, due or not."""
    return int(await database.fetchval("select count(*) from work where finished_at is null"))


def _parse_row(row: Row) -> WorkItem:
    return WorkItem(
        key=row["key"],
        operation=row["operation"],
        attempt=row["attempt"],
        payload=row["payload"],
        due_at=row["due_at"],
        version=row["version"],
        lease_until=row["lease_until"],
        tries=row["tries"],
    )
