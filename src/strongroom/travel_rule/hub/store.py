"""Every statement of the hub."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from strongroom.runtime.db import Database, Statement
from strongroom.travel_rule.hub.domain import Health, Outcome, Passage


async def list_records(database: Database) -> tuple[tuple[bytes, Health, datetime, datetime], ...]:
    """Every signed record, its health (DOWN before the first look), when it was enrolled and updated; by VASP id."""
    rows = await database.fetch(
        """select vasps.record, coalesce(vasp_health.health, 'DOWN') as health, vasps.enrolled_at,
            greatest(vasps.updated_at, vasp_health.since) as updated_at
        from vasps left join vasp_health using (vasp_id) order by length(vasps.vasp_id), vasps.vasp_id"""
    )
    return tuple((row["record"], Health(row["health"]), row["enrolled_at"], row["updated_at"]) for row in rows)


async def put_record(database: Database, *, vasp_id: str, serial: int, signed: bytes, now: datetime) -> bool:
    """Keep a record, unless one with the same or a higher serial is kept; answers whether it was."""
    touched = await database.commit(
        Statement(
            """insert into vasps (vasp_id, serial, record, enrolled_at, updated_at) values ($1, $2, $3, $4, $4)
            on conflict (vasp_id) do update set serial = excluded.serial, record = excluded.record,
                updated_at = excluded.updated_at
            where vasps.serial < excluded.serial""",
            (vasp_id, serial, signed, now),
        )
    )
    return touched == [1]


async def put_health(database: Database, found: Mapping[str, Health], *, now: datetime) -> None:
    """What was found just now; ``since`` moves only when it differs from what was found before."""
    await database.commit(
        Statement(
            """insert into vasp_health (vasp_id, health, since, checked_at)
            select found.vasp_id, found.health, $3::timestamptz, $3::timestamptz
            from unnest($1::text[], $2::text[]) as found (vasp_id, health)
            on conflict (vasp_id) do update set health = excluded.health, checked_at = excluded.checked_at,
                since = case vasp_health.health when excluded.health then vasp_health.since else excluded.since end""",
            (list(found), [health.value for health in found.values()], now),
        )
    )


async def insert_passages(database: Database, passages: Sequence[Passage]) -> None:
    """What passed, in one commit."""
    await database.commit(
        Statement(
            """insert into relayed_messages (message_id, kind, from_vasp, to_vasp, question_bytes, answer_bytes,
                outcome, took_ms, received_at)
            select passed.message_id, passed.kind, passed.from_vasp, passed.to_vasp, passed.question_bytes,
                passed.answer_bytes, passed.outcome, passed.took_ms, passed.received_at
            from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::text[],
                $8::bigint[], $9::timestamptz[])
            as passed (message_id, kind, from_vasp, to_vasp, question_bytes, answer_bytes, outcome, took_ms,
                received_at)""",
            (
                [passage.message_id for passage in passages],
                [passage.kind for passage in passages],
                [passage.from_vasp for passage in passages],
                [passage.to_vasp for passage in passages],
                [passage.question_bytes for passage in passages],
                [passage.answer_bytes for passage in passages],
                [passage.outcome.value for passage in passages],
                [passage.took_ms for passage in passages],
                [passage.received_at for passage in passages],
            ),
        )
    )


async def list_passages(database: Database, *, limit: int) -> tuple[Passage, ...]:
    """What passed last, newest first."""
    rows = await database.fetch(
        """select message_id, kind, from_vasp, to_vasp, question_bytes, answer_bytes, outcome, took_ms, received_at
        from relayed_messages order by id desc limit $1""",
        limit,
    )
    return tuple(
        Passage(
            message_id=row["message_id"],
            kind=row["kind"],
            from_vasp=row["from_vasp"],
            to_vasp=row["to_vasp"],
            question_bytes=row["question_bytes"],
            answer_bytes=row["answer_bytes"],
            outcome=Outcome(row["outcome"]),
            took_ms=row["took_ms"],
            received_at=row["received_at"],
        )
        for row in rows
    )


async def forget_old_passages(database: Database, *, before: datetime, most: int) -> int:
    """Delete the oldest of what passed before that time, and answers how many; never anything of the last day."""
    rows = await database.fetch("select forget_relayed_messages($1, $2) as done", before, most)
    return int(rows[0]["done"])
