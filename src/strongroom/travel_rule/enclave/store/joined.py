"""The commits of a verification as one statement each, for PostgreSQL, whose ``WITH`` may change rows (7.8.4).

A statement is a transaction by itself, so ``EnclaveDatabase.run`` takes these as ``at_once``. Each does all of it or
nothing: where a row is there already, was erased, re-encrypted or decided meanwhile, it answers None, and the
transaction of several statements finds out what is to be done then.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.commands import Command, CommandStatus
from strongroom.travel_rule.enclave.domain.verifications import OPEN, Answered, Verification
from strongroom.travel_rule.enclave.store.cipher import RowCipher
from strongroom.travel_rule.enclave.store.commands import command_row
from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.schema import commands, verifications, x_messages, x_row_keys
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
_INSERT = sa.insert(verifications).values(_bound(_ROW, _ROW_COLUMNS)).returning(_V.verification_id)
_WITH_KEY = sa.insert(x_row_keys).values(_bound(_KEY, _KEY_COLUMNS)).cte("new_key")
_WITH_COMMAND = sa.insert(commands).values(_bound(_COMMAND, tuple(_C))).cte("new_command")
_WITH_MESSAGE = sa.insert(x_messages).values(_bound(_MESSAGE, tuple(x_messages.c))).cte("new_message")
_ASKED = _INSERT.add_cte(_WITH_KEY, _WITH_COMMAND)
_RECEIVED = _INSERT.add_cte(_WITH_KEY, _WITH_MESSAGE)

_HELD_KEY = (
    sa.select(_K.verification_uuid)
    .where(_K.verification_uuid == sa.bindparam("of_uuid"), _K.wrapped_key == sa.bindparam("wrapped"))
    .with_for_update()
    .cte("held_key")
)
_RECORD = (
    sa.update(verifications)
    .where(
        _V.verification_uuid == sa.bindparam("of_uuid"),
        sa.or_(*(_V.result == each for each in sorted(OPEN))),
        sa.exists(sa.select(_HELD_KEY.c.verification_uuid)),
    )
    .values(
        {
            **_bound(_ROW, (_V.result, _V.reason, _V.message, _V.verified_at)),
            **{
                column.name: sa.func.coalesce(sa.bindparam(_ROW + column.name, type_=column.type), column)
                for column in _TOLD
            },
        }
    )
    .returning(_V.verification_uuid)
)
_WITH_RECORD = _RECORD.cte("recorded")
_IS_RECORDED = sa.exists(sa.select(_WITH_RECORD.c.verification_uuid))
_WITH_FOLLOWING = (
    sa.insert(commands)
    .from_select(list(_C.keys()), sa.select(*_bound(_COMMAND, tuple(_C)).values()).where(_IS_RECORDED))
    .cte("new_command")
)
_WITH_ENDING = (
    sa.update(commands)
    .where(
        _C.command_id == sa.bindparam(_ENDING + "id"),
        _C.status == CommandStatus.PROCESSING.value,
        _C.fetched_at == sa.bindparam(_ENDING + "leased_at"),
        _IS_RECORDED,
    )
    .values(status=CommandStatus.DONE.value, finished_at=sa.bindparam(_ENDING + "at"))
    .cte("finished_command")
)
_ENDED = sa.select(_WITH_RECORD.c.verification_uuid).add_cte(_WITH_FOLLOWING, _WITH_ENDING)


async def insert_asked(
    tx: Transaction, verification: Verification, command: Command, *, row_cipher: RowCipher
) -> int | None:
    """A verification, its key and the command that works on it; answers the verification's number."""
    return await _insert(tx, _ASKED, verification, row_cipher, _named(_COMMAND, command_row(command)))


async def insert_received(
    tx: Transaction, verification: Verification, *, guard: str, now: datetime, row_cipher: RowCipher
) -> int | None:
    """A verification, its key and the replay guard's row; answers the verification's number."""
    message = {"message_id": guard, "seen_at": now}
    return await _insert(tx, _RECEIVED, verification, row_cipher, _named(_MESSAGE, message))


async def record_answered(
    tx: Transaction, uuid: str, answered: Answered, *, row_cipher: RowCipher
) -> Literal[True] | None:
    """A result that is the first, and what was told."""
    row = await tx.row(_RECORD, _record_values(uuid, answered, row_cipher))
    return None if row is None else True


async def record_ended(
    tx: Transaction,
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
    row = await tx.row(_ENDED, values)
    return None if row is None else True


async def _insert(
    tx: Transaction,
    statement: sa.Executable,
    verification: Verification,
    row_cipher: RowCipher,
    others: Mapping[str, Any],
) -> int | None:
    row, key = verification_row(verification, row_cipher), key_row(verification, row_cipher)
    try:
        inserted = await tx.row(statement, {**_named(_ROW, row), **_named(_KEY, key), **others})
    except StrongroomError as error:
        if error.code is Code.CONFLICT:
            return None
        raise
    return None if inserted is None else int(inserted.verification_id)


def _record_values(uuid: str, answered: Answered, row_cipher: RowCipher) -> dict[str, Any]:
    told = {"ivms101_beneficiary": answered.beneficiary, "ivms101_beneficiary_vasp": answered.beneficiary_vasp}
    sealed = {column: None if data is None else row_cipher.seal(column, data) for column, data in told.items()}
    row = {**outcome_row(answered.outcome), "verified_at": answered.verified_at, **sealed}
    return {"of_uuid": uuid, "wrapped": row_cipher.wrapped, **_named(_ROW, row)}
