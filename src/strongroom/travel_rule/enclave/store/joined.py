"""The commits of a verification in one journey each: what ``EnclaveDatabase.run`` takes as ``at_once``.

PostgreSQL's ``WITH`` may change rows (7.8.4), so that one statement is a whole transaction there; MariaDB and MySQL are
sent several. Each does all of it or nothing: where a row is there already, was erased, re-encrypted or decided
meanwhile, it answers None, and the transaction of several journeys finds out what is to be done then.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa

from strongroom.travel_rule.enclave.domain.commands import Command, CommandStatus
from strongroom.travel_rule.enclave.domain.keys import OwnKey
from strongroom.travel_rule.enclave.domain.verifications import OPEN, Answered, Verification
from strongroom.travel_rule.enclave.store.cipher import ColumnCipher, RowCipher
from strongroom.travel_rule.enclave.store.commands import FINISH, command_row, finish_values
from strongroom.travel_rule.enclave.store.direct import Direct, Script
from strongroom.travel_rule.enclave.store.keys import own_key_row
from strongroom.travel_rule.enclave.store.schema import (
    commands,
    own_keys,
    verifications,
    x_messages,
    x_row_keys,
)
from strongroom.travel_rule.enclave.store.verifications import key_row, outcome_row, verification_row

_V, _K, _C = verifications.c, x_row_keys.c, commands.c
_ROW, _KEY, _COMMAND, _MESSAGE, _ENDING = "row_", "key_", "command_", "message_", "ending_"
_KEY_COLUMNS = (_K.verification_uuid, _K.key_version, _K.wrapped_key, _K.content_mac)
_TOLD = (_V.ivms101_beneficiary, _V.ivms101_beneficiary_vasp)


def _bound(
    prefix: str, columns: "sa.sql.base.ReadOnlyColumnCollection[str, sa.Column[Any]] | tuple[sa.Column[Any], ...]"
) -> dict[str, sa.BindParameter[Any]]:
    """A parameter for each column, whose name no other part of the statement has."""
    return {column.name: sa.bindparam(prefix + column.name, type_=column.type) for column in columns}


def _named(prefix: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {prefix + name: value for name, value in values.items()}


_ROW_COLUMNS = tuple(column for column in verifications.c if column is not _V.verification_id)
_ROW_INSERT = sa.insert(verifications).values(_bound(_ROW, _ROW_COLUMNS))
_KEY_INSERT = sa.insert(x_row_keys).values(_bound(_KEY, _KEY_COLUMNS))
_COMMAND_INSERT = sa.insert(commands).values(_bound(_COMMAND, tuple(_C)))
_MESSAGE_INSERT = sa.insert(x_messages).values(_bound(_MESSAGE, tuple(x_messages.c)))
_NUMBERED = _ROW_INSERT.returning(_V.verification_id)
_WITH_KEY = _KEY_INSERT.cte("new_key")
_ASKED = Script(
    postgresql=_NUMBERED.add_cte(_WITH_KEY, _COMMAND_INSERT.cte("new_command")),
    mysql=(_ROW_INSERT, _KEY_INSERT, _COMMAND_INSERT),
    telling=0,
)
_RECEIVED = Script(
    postgresql=_NUMBERED.add_cte(_WITH_KEY, _MESSAGE_INSERT.cte("new_message")),
    mysql=(_MESSAGE_INSERT, _ROW_INSERT, _KEY_INSERT),
    telling=1,
)

_IS_KEY = (_K.verification_uuid == sa.bindparam("of_uuid"), _K.wrapped_key == sa.bindparam("wrapped"))
_HELD_KEY = sa.select(_K.verification_uuid).where(*_IS_KEY).with_for_update().cte("held_key")
_HOLD = sa.update(x_row_keys).where(*_IS_KEY).values(key_version=_K.key_version)
"""Changes nothing, and locks the row as ``for update`` does, without rows to be answered."""
_MET_ONE = sa.func.row_count() == sa.literal_column("1")
"""Whether the statement before met one row; MySQL's own (8.0 reference 12.15), with the client flag FOUND_ROWS."""
_RECORD = (
    sa.update(verifications)
    .where(_V.verification_uuid == sa.bindparam("of_uuid"), sa.or_(*(_V.result == each for each in sorted(OPEN))))
    .values(
        {
            **_bound(_ROW, (_V.result, _V.reason, _V.message, _V.verified_at)),
            **{
                column.name: sa.func.coalesce(sa.bindparam(_ROW + column.name, type_=column.type), column)
                for column in _TOLD
            },
        }
    )
)
_RECORD_HELD = _RECORD.where(sa.exists(sa.select(_HELD_KEY.c.verification_uuid))).returning(_V.verification_uuid)
_RECORD_NEXT = _RECORD.where(_MET_ONE)
_ANSWERED = Script(postgresql=_RECORD_HELD, mysql=(_HOLD, _RECORD_NEXT), telling=1)

_WITH_RECORD = _RECORD_HELD.cte("recorded")
_IS_RECORDED = sa.exists(sa.select(_WITH_RECORD.c.verification_uuid))


def _following(condition: sa.ColumnElement[bool]) -> sa.Insert:
    values = sa.select(*_bound(_COMMAND, tuple(_C)).values()).where(condition)
    return sa.insert(commands).from_select(list(_C.keys()), values)


def _ending(condition: sa.ColumnElement[bool]) -> sa.Update:
    return (
        sa.update(commands)
        .where(
            _C.command_id == sa.bindparam(_ENDING + "id"),
            _C.status == CommandStatus.PROCESSING.value,
            _C.fetched_at == sa.bindparam(_ENDING + "leased_at"),
            condition,
        )
        .values(status=CommandStatus.DONE.value, finished_at=sa.bindparam(_ENDING + "at"))
    )


_ENDED = Script(
    postgresql=sa.select(_WITH_RECORD.c.verification_uuid).add_cte(
        _following(_IS_RECORDED).cte("new_command"), _ending(_IS_RECORDED).cte("finished_command")
    ),
    mysql=(_HOLD, _RECORD_NEXT, _following(_MET_ONE), _ending(_MET_ONE)),
    telling=1,
)
_OWN_KEY_COLUMNS = tuple(column for column in own_keys.c if column is not own_keys.c.id)
_OWN_KEY_INSERT = sa.insert(own_keys).values(_bound(_KEY, _OWN_KEY_COLUMNS))
_MADE = Script(postgresql=_OWN_KEY_INSERT.returning(own_keys.c.id), mysql=(_OWN_KEY_INSERT,), telling=0)
SCRIPTS: Final[Mapping[str, Script]] = {
    "insert_asked": _ASKED,
    "insert_received": _RECEIVED,
    "record_answered": _ANSWERED,
    "record_ended": _ENDED,
    "insert_made": _MADE,
}
"""What each function has run."""


async def insert_asked(
    direct: Direct, verification: Verification, command: Command, *, row_cipher: RowCipher
) -> int | None:
    """A verification, its key and the command that works on it; answers the verification's number."""
    return await _insert(direct, _ASKED, verification, row_cipher, _named(_COMMAND, command_row(command)))


async def insert_received(
    direct: Direct, verification: Verification, *, guard: str, now: datetime, row_cipher: RowCipher
) -> int | None:
    """A verification, its key and the replay guard's row; answers the verification's number."""
    message = {"message_id": guard, "seen_at": now}
    return await _insert(direct, _RECEIVED, verification, row_cipher, _named(_MESSAGE, message))


async def record_answered(
    direct: Direct, uuid: str, answered: Answered, *, row_cipher: RowCipher
) -> Literal[True] | None:
    """A result that is the first, and what was told."""
    told = await direct.tell(_ANSWERED, _record_values(uuid, answered, row_cipher))
    return None if told is None else True


async def record_ended(
    direct: Direct,
    uuid: str,
    answered: Answered,
    *,
    row_cipher: RowCipher,
    done: Command,
    follow: Command,
    now: datetime,
) -> Literal[True] | None:
    """The same, with the end of the command that asked, if it still holds its lease, and the one that follows."""
    values = {
        **_record_values(uuid, answered, row_cipher),
        **_named(_COMMAND, command_row(follow)),
        **_named(_ENDING, {"id": done.id, "leased_at": done.fetched_at, "at": now}),
    }
    return None if await direct.tell(_ENDED, values) is None else True


async def insert_made(direct: Direct, key: OwnKey, *, cipher: ColumnCipher, now: datetime) -> OwnKey | None:
    """A pair of the enclave's own; answers it."""
    row = own_key_row(key, cipher=cipher, now=now)
    return None if await direct.tell(_MADE, _named(_KEY, row)) is None else key


async def finish_all(direct: Direct, done: Sequence[Command], *, now: datetime) -> int:
    """They are done, those whose lease was not lost; answers how many were given."""
    await direct.change_all(FINISH, [finish_values(command, now=now) for command in done])
    return len(done)


async def _insert(
    direct: Direct,
    script: Script,
    verification: Verification,
    row_cipher: RowCipher,
    others: Mapping[str, Any],
) -> int | None:
    row, key = verification_row(verification, row_cipher), key_row(verification, row_cipher)
    number = await direct.tell(script, {**_named(_ROW, row), **_named(_KEY, key), **others})
    return None if number is None else int(number)


def _record_values(uuid: str, answered: Answered, row_cipher: RowCipher) -> dict[str, Any]:
    told = {"ivms101_beneficiary": answered.beneficiary, "ivms101_beneficiary_vasp": answered.beneficiary_vasp}
    sealed = {column: None if data is None else row_cipher.seal(column, data) for column, data in told.items()}
    row = {**outcome_row(answered.outcome), "verified_at": answered.verified_at, **sealed}
    return {"of_uuid": uuid, "wrapped": row_cipher.wrapped, **_named(_ROW, row)}
