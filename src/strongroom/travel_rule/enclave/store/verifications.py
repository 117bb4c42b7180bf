"""Verifications, their history, and the keys that their personal data is under."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.keys import KeyType
from strongroom.travel_rule.enclave.domain.verifications import (
    OPEN,
    Action,
    Answered,
    AssetInfo,
    Linked,
    Outcome,
    Persons,
    Result,
    Verification,
    VerificationFilter,
)
from strongroom.travel_rule.enclave.store.cipher import ColumnCipher, RowCipher
from strongroom.travel_rule.enclave.store.claims import locking
from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.keyset import open_row
from strongroom.travel_rule.enclave.store.schema import own_keys, verifications, x_row_keys
from strongroom.travel_rule.enclave.store.texts import cut, fitting, fitting_vasp_id

PERSONAL = ("ivms101_originator", "ivms101_originating_vasp", "ivms101_beneficiary", "ivms101_beneficiary_vasp")
"""The columns of ``verifications`` that are ciphertext."""
_V = verifications.c
_K = x_row_keys.c
_SELECT = sa.select(*_V, _K.key_version, _K.wrapped_key, _K.content_mac, _K.erased_at).select_from(
    verifications.outerjoin(x_row_keys, _K.verification_uuid == _V.verification_uuid)
)
_FIND = _SELECT.where(_V.verification_uuid == sa.bindparam("of_uuid"))
_LOCK_KEY = locking(
    sa.select(_K.key_version, _K.wrapped_key).where(_K.verification_uuid == sa.bindparam("of_uuid")), x_row_keys
)
_LINKED = (
    sa.select(_V.amount, _V.trade_price, _V.trade_currency, _V.trade_iso_datetime, _V.created_at)
    .where(
        _V.beneficiary_account_number == sa.bindparam("to_account"),
        _V.originator_account_number == sa.bindparam("from_account"),
        _V.originating_vasp_id == sa.bindparam("of_vasp"),
        _V.verification_id < sa.bindparam("before_number"),
        _V.created_at >= sa.bindparam("from_at"),
        _V.result.in_(sorted({*OPEN, Result.VERIFIED})),
    )
    .order_by(_V.verification_id.desc())
)
_INSERT = sa.insert(verifications)
_INSERT_KEY = sa.insert(x_row_keys)
_UPDATE = sa.update(verifications).where(_V.verification_uuid == sa.bindparam("of_uuid"))
_RECORD = _UPDATE.where(_V.result.in_(sorted(OPEN)))
_RECORD_TX = _UPDATE.where(
    _V.result.in_((Result.VERIFIED.value, Result.TRANSFER_ERROR.value)),
    sa.or_(_V.tx_hash.is_(None), _V.tx_hash == sa.bindparam("same_hash")),
)
_RECORD_ERROR = _UPDATE.where(_V.result == Result.VERIFIED.value)
_ERASE_KEY = sa.update(x_row_keys).where(_K.verification_uuid == sa.bindparam("of_uuid"), _K.erased_at.is_(None))
_DROP_KEY = sa.delete(own_keys).where(
    own_keys.c.key_identifier == sa.bindparam("of_uuid"), own_keys.c.type == KeyType.PER_VERIFICATION.value
)


async def insert_verification(
    tx: Transaction, verification: Verification, *, cipher: ColumnCipher, row_cipher: RowCipher | None = None
) -> int:
    """Store it, under a key of its own; answers the number that the database gave it.

    Args:
        row_cipher: that key, of ``ColumnCipher.new_row``; made here if it is None.

    Raises:
        StrongroomError: ``CONFLICT`` when the uuid is taken (the transaction is lost then); ``INVALID_FORMAT`` when a
            part of it does not fit its column.
    """
    key = row_cipher or cipher.new_row(verification.uuid)
    number = await tx.insert(_INSERT, verification_row(verification, key))
    await tx.insert(_INSERT_KEY, key_row(verification, key))
    return number


async def find_verification(tx: Transaction, uuid: str, *, cipher: ColumnCipher) -> Verification | None:
    """One verification; ``STATE_DAMAGED`` when its personal data does not open."""
    row = await tx.row(_FIND, {"of_uuid": uuid})
    return None if row is None else _read(row, await _persons(tx, row, cipher))


async def find_outline(tx: Transaction, uuid: str) -> Verification | None:
    """The same without personal data, and so also where that does not open."""
    row = await tx.row(_FIND, {"of_uuid": uuid})
    return None if row is None else _read(row, Persons())


async def list_verifications(
    tx: Transaction, wanted: VerificationFilter, *, page: int, rpp: int, cipher: ColumnCipher
) -> tuple[Verification, ...]:
    """One page of the history, newest first; ``page`` counts from 1, ``rpp`` is rows per page."""
    statement = _SELECT.where(*_conditions(wanted)).order_by(_V.verification_id.desc())
    rows = await tx.rows(statement.limit(rpp).offset((page - 1) * rpp))
    return tuple([_read(row, await _persons(tx, row, cipher)) for row in rows])


async def list_linked(
    tx: Transaction, verification: Verification, *, from_at: datetime, limit: int
) -> tuple[Linked, ...]:
    """What was asked for earlier between the same accounts and did not fail, newest first; it must be stored itself."""
    values = {
        "to_account": verification.beneficiary_account_number,
        "from_account": verification.originator_account_number,
        "of_vasp": verification.originating_vasp_id,
        "before_number": verification.number,
        "from_at": from_at,
    }
    return tuple(
        Linked(
            amount=row.amount,
            trade_price=row.trade_price,
            trade_currency=row.trade_currency,
            trade_at=row.trade_iso_datetime,
            created_at=row.created_at,
        )
        for row in await tx.rows(_LINKED.limit(limit), values)
    )


async def record_result(tx: Transaction, uuid: str, answered: Answered, *, cipher: ColumnCipher) -> bool:
    """Record a result, only where it is not final yet; answers whether it did.

    What the counterparty told of the beneficiary of a verification that was erased meanwhile is dropped.
    """
    values: dict[str, Any] = {**outcome_row(answered.outcome), "verified_at": answered.verified_at}
    told = {"ivms101_beneficiary": answered.beneficiary, "ivms101_beneficiary_vasp": answered.beneficiary_vasp}
    if any(value is not None for value in told.values()):
        row_cipher = await _lock_key(tx, uuid, cipher)
        if row_cipher is not None:
            values |= {column: row_cipher.seal(column, data) for column, data in told.items() if data is not None}
    return await tx.change(_RECORD.values(values), {"of_uuid": uuid}) == 1


async def record_tx(tx: Transaction, uuid: str, *, tx_hash: str, vout: str | None) -> bool:
    """Record the hash of the transaction of a verification that was VERIFIED; False where another hash stands.

    After TRANSFER_ERROR too: of a transfer that failed on its chain, the failure may be told before the hash.
    """
    values = {"tx_hash": fitting("txHash", tx_hash, 128), "vout": fitting("vout", vout, 128)}
    return await tx.change(_RECORD_TX.values(values), {"of_uuid": uuid, "same_hash": tx_hash}) == 1


async def record_transfer_error(tx: Transaction, uuid: str, outcome: Outcome) -> bool:
    """Record that the transfer of a VERIFIED verification will not be; answers whether it did."""
    return await tx.change(_RECORD_ERROR.values(outcome_row(outcome)), {"of_uuid": uuid}) == 1


async def erase_verification(tx: Transaction, uuid: str, *, now: datetime) -> bool:
    """Erase its personal data for good, in every backup too, by erasing its key; answers False if there was none.

    Account numbers and the key made for this verification alone go as well; what the transfer was stays.
    """
    erased = await tx.change(_ERASE_KEY.values(wrapped_key=None, content_mac=None, erased_at=now), {"of_uuid": uuid})
    gone = dict.fromkeys((*PERSONAL, "originator_account_number", "beneficiary_account_number", "message"))
    await tx.change(_UPDATE.values(gone), {"of_uuid": uuid})
    await tx.change(_DROP_KEY, {"of_uuid": uuid})
    return erased == 1


def verification_row(verification: Verification, row_cipher: RowCipher) -> dict[str, Any]:
    """What its row holds; ``INVALID_FORMAT`` when a part of it does not fit its column."""
    persons = verification.persons
    told = (persons.originator, persons.originating_vasp, persons.beneficiary, persons.beneficiary_vasp)
    sealed = {
        column: None if data is None else row_cipher.seal(column, data)
        for column, data in zip(PERSONAL, told, strict=True)
    }
    return {
        "verification_uuid": fitting("verificationUuid", verification.uuid, 40),
        **outcome_row(verification.outcome),
        **_asset(verification.asset),
        "tx_hash": fitting("txHash", verification.tx_hash, 128),
        "vout": fitting("vout", verification.vout, 128),
        "originating_vasp_id": fitting_vasp_id("originatingVaspId", verification.originating_vasp_id),
        "originator_account_number": fitting("originator account", verification.originator_account_number, 256),
        "beneficiary_vasp_id": fitting_vasp_id("beneficiaryVaspId", verification.beneficiary_vasp_id),
        "beneficiary_account_number": fitting("beneficiary account", verification.beneficiary_account_number, 256),
        **sealed,
        "verified_at": verification.verified_at,
        "ordered_at": verification.ordered_at,
        "created_at": verification.created_at,
    }


def key_row(verification: Verification, row_cipher: RowCipher) -> dict[str, Any]:
    """What the row of its key holds."""
    return {
        "verification_uuid": verification.uuid,
        "key_version": row_cipher.version,
        "wrapped_key": row_cipher.wrapped,
        "content_mac": verification.content_mac.hex(),
    }


def outcome_row(outcome: Outcome) -> dict[str, Any]:
    """What a verification's row holds of its outcome."""
    return {
        "result": outcome.result.value,
        "reason": cut(outcome.reason, 256),
        "message": cut(outcome.message, 1024),
    }


async def _lock_key(tx: Transaction, uuid: str, cipher: ColumnCipher) -> RowCipher | None:
    row = await tx.row(_LOCK_KEY, {"of_uuid": uuid})
    if row is None or row.wrapped_key is None:
        return None
    return await open_row(tx, cipher, uuid=uuid, version=row.key_version, wrapped=row.wrapped_key)


def _conditions(wanted: VerificationFilter) -> Sequence[sa.ColumnElement[bool]]:
    equal = {
        _V.symbol: wanted.symbol,
        _V.tx_hash: wanted.tx_hash,
        _V.result: None if wanted.result is None else wanted.result.value,
        _V.originator_account_number: wanted.originator_account_number,
        _V.beneficiary_account_number: wanted.beneficiary_account_number,
    }
    conditions: list[sa.ColumnElement[bool]] = [column == value for column, value in equal.items() if value is not None]
    conditions += [_V.created_at >= wanted.from_at, _V.created_at <= wanted.to_at]
    if wanted.action is not None:
        side = _V.originating_vasp_id if wanted.action is Action.SEND else _V.beneficiary_vasp_id
        conditions.append(side == wanted.own_vasp_id)
    if (other := wanted.opposite_vasp_id) is not None:
        conditions.append(sa.or_(_V.originating_vasp_id == other, _V.beneficiary_vasp_id == other))
    return conditions


def _asset(asset: AssetInfo) -> dict[str, Any]:
    return {
        "network": fitting("network", asset.network, 128),
        "symbol": fitting("symbol", asset.symbol, 16),
        "amount": fitting("amount", asset.amount, 128),
        "trade_price": fitting("tradePrice", asset.trade_price, 128),
        "trade_currency": fitting("tradeCurrency", asset.trade_currency, 128),
        "trade_iso_datetime": asset.trade_at,
        "is_exceeding_threshold": int(asset.is_exceeding_threshold),
    }


def _read(row: sa.Row[Any], persons: Persons) -> Verification:
    return Verification(
        number=int(row.verification_id),
        uuid=row.verification_uuid,
        outcome=Outcome(result=Result(row.result), reason=row.reason, message=row.message),
        asset=AssetInfo(
            symbol=row.symbol,
            amount=row.amount,
            network=row.network,
            trade_price=row.trade_price,
            trade_currency=row.trade_currency,
            trade_at=row.trade_iso_datetime,
            is_exceeding_threshold=bool(row.is_exceeding_threshold),
        ),
        tx_hash=row.tx_hash,
        vout=row.vout,
        originating_vasp_id=row.originating_vasp_id,
        originator_account_number=row.originator_account_number,
        beneficiary_vasp_id=row.beneficiary_vasp_id,
        beneficiary_account_number=row.beneficiary_account_number,
        persons=persons,
        content_mac=bytes.fromhex(row.content_mac or ""),
        verified_at=row.verified_at,
        ordered_at=row.ordered_at,
        created_at=row.created_at,
    )


async def _persons(tx: Transaction, row: sa.Row[Any], cipher: ColumnCipher) -> Persons:
    kept = [getattr(row, column) for column in PERSONAL]
    if row.erased_at is not None or all(text is None for text in kept):
        return Persons()
    if row.wrapped_key is None:
        raise StrongroomError(Code.STATE_DAMAGED, "A verification's key is missing, and was not erased.")
    uuid = row.verification_uuid
    row_cipher = await open_row(tx, cipher, uuid=uuid, version=row.key_version, wrapped=row.wrapped_key)
    opened = [
        None if text is None else row_cipher.open(column, text) for column, text in zip(PERSONAL, kept, strict=True)
    ]
    return Persons(originator=opened[0], originating_vasp=opened[1], beneficiary=opened[2], beneficiary_vasp=opened[3])
