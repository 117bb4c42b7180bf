"""Commands: outbox, queue and dead letters in one table.

``fetched_at`` is when a CREATED command is due and when a PROCESSING one was leased. It tells leases apart, to the
second: whoever lost its lease cannot finish, postpone or fail the command any more. How often a command was tried
stands in its body.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.commands import Command, CommandStatus
from strongroom.travel_rule.enclave.store.claims import Rows, claiming
from strongroom.travel_rule.enclave.store.columns import TEXT_MAX
from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.schema import commands
from strongroom.travel_rule.enclave.store.texts import fitting

_C = commands.c
_SELECT = sa.select(
    _C.command_id, _C.command_type, _C.command_body, _C.status, _C.created_at, _C.fetched_at, _C.finished_at
)
_INSERT = sa.insert(commands)
_CREATED, _PROCESSING = CommandStatus.CREATED.value, CommandStatus.PROCESSING.value
_DONE, _ERROR = CommandStatus.DONE.value, CommandStatus.ERROR.value
_DUE = _SELECT.where(
    _C.status == _CREATED, sa.or_(_C.fetched_at.is_(None), _C.fetched_at <= sa.bindparam("by"))
).order_by(_C.command_id)
_ABANDONED = _SELECT.where(_C.status == _PROCESSING, _C.fetched_at <= sa.bindparam("by")).order_by(_C.command_id)
_OF_ID = sa.update(commands).where(_C.command_id == sa.bindparam("of_id"))
_LEASE = _OF_ID.values(status=_PROCESSING, fetched_at=sa.bindparam("at"))
_HELD = _OF_ID.where(_C.status == _PROCESSING, _C.fetched_at == sa.bindparam("leased_at"))
FINISH = _HELD.values(status=_DONE, finished_at=sa.bindparam("at"))
"""What ``finish_command`` says, with ``finish_values``."""
_FAIL = _HELD.values(status=_ERROR, finished_at=sa.bindparam("at"))
_POSTPONE = _HELD.values(status=_CREATED, fetched_at=sa.bindparam("at"), command_body=sa.bindparam("body"))
_REPLAY = _OF_ID.where(_C.status == _ERROR).values(
    status=_CREATED, fetched_at=None, finished_at=None, command_body=sa.bindparam("body")
)
_DEAD = _SELECT.where(_C.status == _ERROR).order_by(_C.command_id)
_DEAD_ONE = _DEAD.where(_C.command_id == sa.bindparam("of_id"))
_FORGET = sa.delete(commands).where(_C.status == _DONE, _C.finished_at < sa.bindparam("before"))


class _Body(msgspec.Struct, frozen=True):
    attempt: int
    body: msgspec.Raw


_decoder = msgspec.json.Decoder(_Body)


async def insert_commands(tx: Transaction, new: Sequence[Command]) -> None:
    """Store commands as they are: CREATED for whoever takes them, or PROCESSING and leased by who stores them.

    Raises:
        StrongroomError: ``INVALID_FORMAT`` when a body does not fit its column.
    """
    if new:
        await tx.change(_INSERT, [command_row(command) for command in new])


async def take_commands(tx: Transaction, *, limit: int, lease_s: int, now: datetime) -> tuple[Command, ...]:
    """Lease what is due, oldest first, then what a lease ran out on; rows that others hold are passed over."""
    taken = await _take(tx, abandoned=False, by=now, limit=limit, now=now)
    if len(taken) < limit:
        ran_out = now - timedelta(seconds=lease_s)
        taken += await _take(tx, abandoned=True, by=ran_out, limit=limit - len(taken), now=now)
    return taken


async def finish_command(tx: Transaction, command: Command, *, now: datetime) -> bool:
    """It is done; answers False when the lease was lost."""
    return await tx.change(FINISH, finish_values(command, now=now)) == 1


async def finish_commands(tx: Transaction, done: Sequence[Command], *, now: datetime) -> int:
    """They are done, those whose lease was not lost; answers how many were given."""
    await tx.change(FINISH, [finish_values(command, now=now) for command in done])
    return len(done)


async def postpone_command(tx: Transaction, command: Command, *, due_at: datetime, attempt: int) -> bool:
    """Try it again then; answers False when the lease was lost."""
    values = {**_lease(command), "at": _up(due_at), "body": _stored(replace(command, attempt=attempt))}
    return await tx.change(_POSTPONE, values) == 1


async def fail_command(tx: Transaction, command: Command, *, now: datetime) -> bool:
    """It is tried no more: a dead letter; answers False when the lease was lost."""
    return await tx.change(_FAIL, {**_lease(command), "at": now}) == 1


async def list_dead_letters(tx: Transaction, *, limit: int, after: int = 0) -> tuple[Command, ...]:
    """Commands that failed, oldest first, behind the one with id ``after``."""
    return tuple(_read(row) for row in await tx.rows(_DEAD.where(_C.command_id > after).limit(limit)))


async def replay_dead_letter(tx: Transaction, command_id: int) -> bool:
    """Have one tried again at once, as if for the first time; answers False when there is no such dead letter."""
    row = await tx.row(_DEAD_ONE, {"of_id": command_id})
    if row is None:
        return False
    body = _stored(replace(_read(row), attempt=0))
    return await tx.change(_REPLAY, {"of_id": command_id, "body": body}) == 1


async def forget_commands(tx: Transaction, *, before: datetime) -> int:
    """Drop what was done before that time; answers how many."""
    return await tx.change(_FORGET, {"before": before})


def finish_values(command: Command, *, now: datetime) -> dict[str, Any]:
    """Which command is done, under which lease, and when."""
    return {**_lease(command), "at": now}


def taking(*, abandoned: bool, limit: int, dialect: str) -> Rows:
    """The statement by which commands are taken: those due, or those whose lease ran out."""
    return claiming(_ABANDONED if abandoned else _DUE, key=_C.command_id, limit=limit, dialect=dialect)


def command_row(command: Command) -> dict[str, Any]:
    """What its row holds; ``INVALID_FORMAT`` when its body does not fit its column."""
    due = command.fetched_at
    is_later = command.status is CommandStatus.CREATED and due is not None and due > command.created_at
    return {
        "command_id": command.id,
        "command_type": command.kind,
        "command_body": _stored(command),
        "status": command.status.value,
        "created_at": command.created_at,
        "fetched_at": _up(due) if is_later and due is not None else due,
        "finished_at": command.finished_at,
    }


async def _take(tx: Transaction, *, abandoned: bool, by: datetime, limit: int, now: datetime) -> tuple[Command, ...]:
    rows = await tx.rows(taking(abandoned=abandoned, limit=limit, dialect=tx.dialect), {"by": by})
    if not rows:
        return ()
    await tx.change(_LEASE, [{"of_id": row.command_id, "at": now} for row in rows])
    leased_at = now.astimezone(UTC).replace(microsecond=0)
    leased = (replace(_read(row), status=CommandStatus.PROCESSING, fetched_at=leased_at) for row in rows)
    return tuple(sorted(leased, key=lambda command: command.id))


def _lease(command: Command) -> dict[str, Any]:
    return {"of_id": command.id, "leased_at": command.fetched_at}


def _up(moment: datetime) -> datetime:
    """The next whole second: a column of seconds must not make a command due too early."""
    return moment + timedelta(microseconds=-moment.microsecond % 1_000_000)


def _stored(command: Command) -> str:
    encoded = msgspec.json.encode(_Body(attempt=command.attempt, body=msgspec.Raw(command.body)))
    if len(encoded) > TEXT_MAX:
        raise StrongroomError(Code.INVALID_FORMAT, f"A command's body exceeds {TEXT_MAX} bytes.")
    return fitting("command body", encoded.decode(), TEXT_MAX) or ""


def _read(row: sa.Row[Any]) -> Command:
    stored = _decoder.decode(row.command_body)
    return Command(
        id=int(row.command_id),
        kind=row.command_type,
        body=bytes(stored.body),
        status=CommandStatus(row.status),
        attempt=stored.attempt,
        created_at=row.created_at,
        fetched_at=row.fetched_at,
        finished_at=row.finished_at,
    )
