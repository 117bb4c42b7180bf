"""Rows on their way into a backup and out of it, in one form for every dialect, sealed one by one.

A row that belongs to a verification is sealed by that verification's key, any other by the backup's.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

import msgspec
import sqlalchemy as sa

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.keys import KeyType
from strongroom.travel_rule.enclave.store.cipher import ArchiveCipher, ColumnCipher, RowCipher
from strongroom.travel_rule.enclave.store.columns import UtcDateTime
from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.keys import own_key_place
from strongroom.travel_rule.enclave.store.keyset import open_column, open_row
from strongroom.travel_rule.enclave.store.schema import metadata, own_keys, verifications, x_keyset, x_row_keys
from strongroom.travel_rule.enclave.store.verifications import PERSONAL

BEFORE_ALL: Final = " "
"""Before every uuid, on every engine; Oracle takes an empty text for none, and nothing comes after that."""
_K: Final = x_row_keys.c
_CLEAR: Final = msgspec.json.Encoder()
_KEYS_OF: Final = sa.select(_K.verification_uuid, _K.key_version, _K.wrapped_key)
_KEYS: Final = sa.select(*_K).where(_K.verification_uuid > sa.bindparam("after")).order_by(_K.verification_uuid)
_KEYSET: Final = sa.select(*x_keyset.c).order_by(x_keyset.c.version)


Place: TypeAlias = int | str
"""The primary key of a row: its number, or the uuid of the verification it is about."""


class Copy(msgspec.Struct, frozen=True, omit_defaults=True):
    """One row of a backup. ``place`` is its primary key; ``uuid`` is of the verification by whose key it is sealed."""

    place: Place = msgspec.field(name="number")
    sealed: str
    uuid: str | None = None


@dataclass(frozen=True, slots=True)
class Ciphers:
    """What seals and opens the rows of one backup."""

    columns: ColumnCipher
    archive: ArchiveCipher


async def copy_rows(tx: Transaction, name: str, *, after: Place | None, limit: int, ciphers: Ciphers) -> Sequence[Copy]:
    """The next rows of a table by their primary key, sealed; the first ones after None."""
    table = metadata.tables[name]
    if after is None:
        after = 0 if _is_numbered(table) else BEFORE_ALL
    rows = await tx.records(_paged(table).limit(limit), {"after": after})
    return [await _sealed(tx, name, row, ciphers) for row in rows]


async def insert_copies(tx: Transaction, name: str, copies: Sequence[Copy], *, ciphers: Ciphers) -> int:
    """Put rows of a backup back, under the keys of this database; answers how many, without those that were erased.

    Raises:
        StrongroomError: ``STATE_DAMAGED`` when one does not open, or its key is missing and was not erased.
    """
    table = metadata.tables[name]
    keys = await _row_keys(tx, [copy.uuid for copy in copies if copy.uuid], ciphers.columns)
    rows: list[dict[str, Any]] = []
    for copy in copies:
        row_cipher = None if copy.uuid is None else keys[copy.uuid]
        if copy.uuid is not None and row_cipher is None:
            continue
        rows.append(_restored(name, _opened(name, copy, row_cipher, ciphers), row_cipher, ciphers.columns))
    if rows:
        await tx.change(sa.insert(table), rows)
    return len(rows)


async def list_row_keys(tx: Transaction, *, after: str, limit: int) -> Sequence[dict[str, Any]]:
    """The keys of verifications as they are stored, wrapped, by uuid; those that were erased say when."""
    return [_plain(row) for row in await tx.records(_KEYS.limit(limit), {"after": after})]


async def list_data_keys(tx: Transaction) -> Sequence[dict[str, Any]]:
    """Every version of the data key as it is stored, wrapped."""
    return [_plain(row) for row in await tx.records(_KEYSET)]


async def insert_keys(tx: Transaction, name: str, rows: Sequence[dict[str, Any]]) -> None:
    """Put rows of ``x_keyset`` or ``x_row_keys`` back."""
    if rows:
        table = metadata.tables[name]
        await tx.change(sa.insert(table), [_typed(table, row) for row in rows])


async def is_empty(tx: Transaction, name: str) -> bool:
    """Whether a table has no row."""
    return await tx.row(sa.select(sa.literal(1)).select_from(metadata.tables[name]).limit(1)) is None


async def continue_numbers(tx: Transaction, name: str) -> None:
    """Have the database count on behind the rows that were put back; MySQL and SQL Server do so by themselves."""
    table = metadata.tables[name]
    number = _place(table)
    if not _is_numbered(table):
        return
    if tx.dialect == "postgresql":
        row = await tx.row(sa.select(sa.func.max(number)))
        if row is not None and row[0] is not None:
            await tx.row(sa.select(sa.func.setval(sa.func.pg_get_serial_sequence(name, number.name), row[0])))
    elif tx.dialect == "oracle":
        await tx.change(
            sa.text(
                f"alter table {name} modify {number.name} generated by default as identity (start with limit value)"
            )
        )


def _place(table: sa.Table) -> sa.Column[Any]:
    (column,) = table.primary_key.columns
    return column


def _is_numbered(table: sa.Table) -> bool:
    """Whether the database numbers its rows; else their primary key is text."""
    return not isinstance(_place(table).type, sa.String)


def _paged(table: sa.Table) -> sa.Select[*tuple[Any, ...]]:
    place = _place(table)
    statement = sa.select(*table.c).where(place > sa.bindparam("after")).order_by(place)
    owner = _owner(table)
    if owner is None:
        return statement
    joined = table.outerjoin(x_row_keys, sa.and_(_K.verification_uuid == owner, _K.wrapped_key.is_not(None)))
    keys = (_K.verification_uuid.label("owner"), _K.key_version, _K.wrapped_key)
    return statement.add_columns(*keys).select_from(joined)


def _owner(table: sa.Table) -> sa.Column[Any] | None:
    """The column that names the verification a row belongs to; for own keys only those of one verification do."""
    return table.c.get("key_identifier" if table is own_keys else "verification_uuid")


async def _sealed(tx: Transaction, name: str, row: sa.RowMapping, ciphers: Ciphers) -> Copy:
    table, kept = metadata.tables[name], _plain(row)
    owner, version, wrapped = (kept.pop(key, None) for key in ("owner", "key_version", "wrapped_key"))
    if table is own_keys and kept["type"] != KeyType.PER_VERIFICATION.value:
        owner = None
    row_cipher = None
    if owner is not None:
        row_cipher = await open_row(tx, ciphers.columns, uuid=owner, version=version, wrapped=wrapped)
    await _unseal(tx, name, kept, row_cipher, ciphers.columns)
    key = kept[_place(table).name]
    place: Place = int(key) if _is_numbered(table) else str(key)
    data = _CLEAR.encode(kept)
    if row_cipher is not None:
        return Copy(place=place, sealed=row_cipher.seal_copy(name, data), uuid=owner)
    return Copy(place=place, sealed=ciphers.archive.seal(name, str(place), data))


async def _unseal(
    tx: Transaction, name: str, row: dict[str, Any], row_cipher: RowCipher | None, cipher: ColumnCipher
) -> None:
    if name == verifications.name:
        for column in PERSONAL:
            if row[column] is not None and row_cipher is None:
                raise StrongroomError(Code.STATE_DAMAGED, f"The key of {row['verification_uuid']} is missing.")
            if row[column] is not None and row_cipher is not None:
                row[column] = row_cipher.open(column, row[column]).decode()
    elif name == own_keys.name:
        secret = await open_column(
            tx, cipher, table=name, column="private_key", row=_own_place(row), text=row["private_key"]
        )
        row["private_key"] = base64.b64encode(secret).decode()


def _opened(name: str, copy: Copy, row_cipher: RowCipher | None, ciphers: Ciphers) -> dict[str, Any]:
    if row_cipher is not None:
        data = row_cipher.open_copy(name, copy.sealed)
    else:
        data = ciphers.archive.open(name, str(copy.place), copy.sealed)
    return msgspec.json.decode(data, type=dict[str, Any])


def _restored(name: str, row: dict[str, Any], row_cipher: RowCipher | None, cipher: ColumnCipher) -> dict[str, Any]:
    if name == verifications.name and row_cipher is not None:
        for column in PERSONAL:
            if row[column] is not None:
                row[column] = row_cipher.seal(column, row[column].encode())
    elif name == own_keys.name:
        secret = base64.b64decode(row["private_key"], validate=True)
        row["private_key"] = cipher.seal(name, "private_key", _own_place(row), secret)
    return _typed(metadata.tables[name], row)


async def _row_keys(tx: Transaction, uuids: Sequence[str], cipher: ColumnCipher) -> dict[str, RowCipher | None]:
    rows = await tx.rows(_KEYS_OF.where(_K.verification_uuid.in_(uuids))) if uuids else ()
    keys = {
        row.verification_uuid: None
        if row.wrapped_key is None
        else cipher.open_row(row.verification_uuid, version=row.key_version, wrapped=row.wrapped_key)
        for row in rows
    }
    if lost := set(uuids) - keys.keys():
        raise StrongroomError(Code.STATE_DAMAGED, f"The key of {min(lost)} is missing, and was not erased.")
    return keys


def _own_place(row: dict[str, Any]) -> str:
    return own_key_place(row["type"], row["key_identifier"], row["public_key"])


def _plain(row: sa.RowMapping) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}


def _typed(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    return {
        key: datetime.fromisoformat(value)
        if value is not None and isinstance(table.c[key].type, UtcDateTime)
        else value
        for key, value in row.items()
    }
