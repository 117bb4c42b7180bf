"""Bringing old ciphertext under the newest version of the data key, a batch at a time."""

from typing import Any

import sqlalchemy as sa

from strongroom.travel_rule.enclave.store.cipher import ColumnCipher, RowCipher
from strongroom.travel_rule.enclave.store.claims import Rows, claiming
from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.keys import own_key_place
from strongroom.travel_rule.enclave.store.keyset import open_column, open_row
from strongroom.travel_rule.enclave.store.schema import own_keys, verifications, x_row_keys
from strongroom.travel_rule.enclave.store.verifications import PERSONAL

_V = verifications.c
_K = x_row_keys.c
_O = own_keys.c
_IS_OLD_ROW = (_K.key_version < sa.bindparam("newest"), _K.wrapped_key.is_not(None))
_IS_OLD_PAIR = _O.private_key.not_like(sa.bindparam("newest_prefix"))
_OLD_ROWS = (
    sa.select(_K.verification_uuid, _K.key_version, _K.wrapped_key)
    .where(*_IS_OLD_ROW)
    .order_by(_K.key_version, _K.verification_uuid)
)
_OLD_PAIRS = (
    sa.select(_O.id, _O.type, _O.key_identifier, _O.public_key, _O.private_key).where(_IS_OLD_PAIR).order_by(_O.id)
)
_SEALED = sa.select(*(_V[column] for column in PERSONAL)).where(_V.verification_uuid == sa.bindparam("of_uuid"))
_COUNT_ROWS = sa.select(sa.func.count()).select_from(x_row_keys).where(*_IS_OLD_ROW)
_COUNT_PAIRS = sa.select(sa.func.count()).select_from(own_keys).where(_IS_OLD_PAIR)
_UPDATE = sa.update(verifications).where(_V.verification_uuid == sa.bindparam("of_uuid"))
_UPDATE_KEY = sa.update(x_row_keys).where(_K.verification_uuid == sa.bindparam("of_uuid"))
_UPDATE_PAIR = sa.update(own_keys).where(_O.id == sa.bindparam("of_id"))


async def count_old(tx: Transaction, cipher: ColumnCipher) -> int:
    """How many verifications and own keys are under an older version."""
    rows = await tx.row(_COUNT_ROWS, {"newest": cipher.version})
    pairs = await tx.row(_COUNT_PAIRS, {"newest_prefix": f"{cipher.version}.%"})
    return int(rows[0] if rows else 0) + int(pairs[0] if pairs else 0)


async def reencrypt_verifications(tx: Transaction, cipher: ColumnCipher, *, limit: int) -> int:
    """Wrap the keys of the next few verifications by the newest version, and seal their columns anew; answers how many.

    The key itself stays, so that copies of the row in backups open as long as it is not erased.
    """
    rows = await tx.rows(old_rows(limit=limit, dialect=tx.dialect), {"newest": cipher.version})
    for row in rows:
        uuid = row.verification_uuid
        old = await open_row(tx, cipher, uuid=uuid, version=row.key_version, wrapped=row.wrapped_key)
        new = old.under(cipher)
        if sealed := await tx.row(_SEALED, {"of_uuid": uuid}):
            await tx.change(_UPDATE.values(_resealed(sealed, old, new)), {"of_uuid": uuid})
        values = {"key_version": new.version, "wrapped_key": new.wrapped}
        await tx.change(_UPDATE_KEY.values(values), {"of_uuid": uuid})
    return len(rows)


async def reencrypt_own_keys(tx: Transaction, cipher: ColumnCipher, *, limit: int) -> int:
    """Seal the next few private keys under the newest version; answers how many."""
    rows = await tx.rows(old_pairs(limit=limit, dialect=tx.dialect), {"newest_prefix": f"{cipher.version}.%"})
    for row in rows:
        place = own_key_place(row.type, row.key_identifier, row.public_key)
        secret = await open_column(tx, cipher, table="own_keys", column="private_key", row=place, text=row.private_key)
        sealed = cipher.seal("own_keys", "private_key", place, secret)
        await tx.change(_UPDATE_PAIR.values(private_key=sealed), {"of_id": row.id})
    return len(rows)


def old_rows(*, limit: int, dialect: str) -> Rows:
    """The statement that takes verifications under an older version; those that others hold are passed over."""
    return claiming(_OLD_ROWS, key=_K.verification_uuid, limit=limit, dialect=dialect)


def old_pairs(*, limit: int, dialect: str) -> Rows:
    """The same of own keys."""
    return claiming(_OLD_PAIRS, key=_O.id, limit=limit, dialect=dialect)


def _resealed(sealed: sa.Row[Any], old: RowCipher, new: RowCipher) -> dict[str, str | None]:
    texts = zip(PERSONAL, sealed, strict=True)
    return {column: None if text is None else new.seal(column, old.open(column, text)) for column, text in texts}
