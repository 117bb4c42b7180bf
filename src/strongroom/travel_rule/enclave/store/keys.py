"""Keys that personal data is sealed to: the enclave's own pairs, and what counterparties answered."""

import base64
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.keys import CounterPartyKey, KeyType, OwnKey
from strongroom.travel_rule.enclave.store.cipher import ColumnCipher
from strongroom.travel_rule.enclave.store.engine import RepeatTransaction, Transaction
from strongroom.travel_rule.enclave.store.keyset import open_column
from strongroom.travel_rule.enclave.store.schema import counter_party_keys, own_keys
from strongroom.travel_rule.enclave.store.texts import fitting

_O = own_keys.c
_C = counter_party_keys.c
_OWN = sa.select(_O.type, _O.key_identifier, _O.public_key, _O.private_key)
_FIND_OWN = _OWN.where(_O.key_identifier == sa.bindparam("identifier"), _O.type == sa.bindparam("of_type"))
_FIND_PUBLIC = _OWN.where(_O.public_key == sa.bindparam("of_public")).order_by(_O.id)
_INSERT_OWN = sa.insert(own_keys)
_DROP_OWN = sa.delete(own_keys).where(
    _O.key_identifier == sa.bindparam("identifier"), _O.type == sa.bindparam("of_type")
)
_OF_PARTY = (
    _C.vasp_id == sa.bindparam("of_vasp"),
    _C.key_identifier == sa.bindparam("identifier"),
    _C.type == sa.bindparam("of_type"),
)
_FIND_PARTY = sa.select(_C.type, _C.vasp_id, _C.key_identifier, _C.public_key).where(*_OF_PARTY)
_UPDATE_PARTY = sa.update(counter_party_keys).where(*_OF_PARTY)
_INSERT_PARTY = sa.insert(counter_party_keys)
_DROP_PARTY = sa.delete(counter_party_keys).where(*_OF_PARTY)


async def insert_own_key(tx: Transaction, key: OwnKey, *, cipher: ColumnCipher, now: datetime) -> None:
    """Store a pair; ``CONFLICT`` when there is one of that type and identifier (the transaction is lost then)."""
    await tx.insert(_INSERT_OWN, own_key_row(key, cipher=cipher, now=now))


async def find_own_key(tx: Transaction, key_type: KeyType, identifier: str, *, cipher: ColumnCipher) -> OwnKey | None:
    """The pair of that type and identifier."""
    row = await tx.row(_FIND_OWN, {"identifier": identifier, "of_type": key_type.value})
    return None if row is None else await _own_key(tx, row, cipher)


async def find_own_key_by_public(tx: Transaction, public_key: bytes, *, cipher: ColumnCipher) -> OwnKey | None:
    """The pair of that public key."""
    row = await tx.row(_FIND_PUBLIC, {"of_public": _text(public_key)})
    return None if row is None else await _own_key(tx, row, cipher)


async def drop_own_key(tx: Transaction, key_type: KeyType, identifier: str) -> bool:
    """Forget a pair, so that another can take its place; answers whether there was one."""
    return await tx.change(_DROP_OWN, {"identifier": identifier, "of_type": key_type.value}) == 1


async def find_counter_party_key(
    tx: Transaction, *, vasp_id: str, key_type: KeyType, identifier: str
) -> CounterPartyKey | None:
    """What the counterparty answered last."""
    row = await tx.row(_FIND_PARTY, _party(vasp_id, key_type, identifier))
    if row is None:
        return None
    return CounterPartyKey(
        type=KeyType(row.type),
        vasp_id=row.vasp_id,
        identifier=row.key_identifier,
        public_key=base64.b64decode(row.public_key, validate=True),
    )


async def put_counter_party_key(tx: Transaction, key: CounterPartyKey, *, now: datetime) -> None:
    """Keep what a counterparty answered, instead of what it answered before."""
    fitting("key identifier", key.identifier, 256)
    values = {"public_key": _text(key.public_key), "created_at": now}
    where = _party(key.vasp_id, key.type, key.identifier)
    if await tx.change(_UPDATE_PARTY.values(values), where):
        return
    row = {"type": key.type.value, "vasp_id": key.vasp_id, "key_identifier": key.identifier, **values}
    try:
        await tx.insert(_INSERT_PARTY, row)
    except StrongroomError as error:
        if error.code is Code.CONFLICT:
            raise RepeatTransaction from error
        raise


async def drop_counter_party_key(tx: Transaction, *, vasp_id: str, key_type: KeyType, identifier: str) -> bool:
    """Forget what a counterparty answered; answers whether there was anything."""
    return await tx.change(_DROP_PARTY, _party(vasp_id, key_type, identifier)) == 1


def own_key_row(key: OwnKey, *, cipher: ColumnCipher, now: datetime) -> dict[str, Any]:
    """What its row holds; ``INVALID_FORMAT`` when its identifier does not fit its column."""
    identifier, public_key = fitting("key identifier", key.identifier, 256), _text(key.public_key)
    place = own_key_place(key.type.value, key.identifier, public_key)
    return {
        "type": key.type.value,
        "key_identifier": identifier,
        "public_key": public_key,
        "private_key": cipher.seal("own_keys", "private_key", place, key.private_key),
        "created_at": now,
    }


def own_key_place(key_type: str, identifier: str, public_key: str) -> str:
    """What stands for the row of a private key in its associated data."""
    return f"{key_type}/{public_key}/{identifier}"


def _party(vasp_id: str, key_type: KeyType, identifier: str) -> dict[str, Any]:
    return {"of_vasp": vasp_id, "identifier": identifier, "of_type": key_type.value}


async def _own_key(tx: Transaction, row: sa.Row[Any], cipher: ColumnCipher) -> OwnKey:
    place = own_key_place(row.type, row.key_identifier, row.public_key)
    return OwnKey(
        type=KeyType(row.type),
        identifier=row.key_identifier,
        public_key=base64.b64decode(row.public_key, validate=True),
        private_key=await open_column(
            tx, cipher, table="own_keys", column="private_key", row=place, text=row.private_key
        ),
    )


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()
