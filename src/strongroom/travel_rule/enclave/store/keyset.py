"""Versions of the data key."""

from datetime import datetime

import sqlalchemy as sa

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.store.cipher import ColumnCipher, RowCipher, version_of
from strongroom.travel_rule.enclave.store.engine import RepeatTransaction, Transaction
from strongroom.travel_rule.enclave.store.schema import x_keyset

_LIST = sa.select(x_keyset.c.version, x_keyset.c.wrapped_key)
_INSERT = sa.insert(x_keyset)


async def load_keyset(tx: Transaction, cipher: ColumnCipher) -> int:
    """Teach the cipher every version that is stored; answers the newest, 0 if there is none.

    A process that runs while another rotates learns of it here: call it now and then.

    Raises:
        StrongroomError: ``STATE_DAMAGED`` when a data key does not open under the key encryption key.
    """
    wrapped = {row.version: row.wrapped_key for row in await tx.rows(_LIST)}
    cipher.adopt(wrapped)
    return max(wrapped, default=0)


async def ensure_keyset(tx: Transaction, cipher: ColumnCipher, *, now: datetime) -> int:
    """The same, and make the first version if there is none."""
    return await load_keyset(tx, cipher) or await insert_data_key(tx, cipher, now=now)


async def insert_data_key(tx: Transaction, cipher: ColumnCipher, *, now: datetime) -> int:
    """Make the next version; answers it. It is for this process to load, and for all others, once this is committed."""
    version = await load_keyset(tx, cipher) + 1
    row = {
        "version": version,
        "wrapped_key": cipher.new_data_key(version),
        "wrapped_by": cipher.kind,
        "created_at": now,
    }
    try:
        await tx.insert(_INSERT, row)
    except StrongroomError as error:
        if error.code is Code.CONFLICT:
            raise RepeatTransaction from error
        raise
    return version


async def open_row(tx: Transaction, cipher: ColumnCipher, *, uuid: str, version: int, wrapped: str) -> RowCipher:
    """The key of a verification; a version that is not known yet is looked up once.

    Raises:
        StrongroomError: ``STATE_DAMAGED`` when the version is unknown, or the key was changed or moved.
    """
    if not cipher.knows(version):
        await load_keyset(tx, cipher)
    return cipher.open_row(uuid, version=version, wrapped=wrapped)


async def open_column(tx: Transaction, cipher: ColumnCipher, *, table: str, column: str, row: str, text: str) -> bytes:
    """What stands under the data key itself; the same."""
    if not cipher.knows(version_of(text)):
        await load_keyset(tx, cipher)
    return cipher.open(table, column, row, text)
