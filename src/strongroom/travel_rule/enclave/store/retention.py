"""What is older than it may be kept, and deleting it for good."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

import sqlalchemy as sa

from strongroom.travel_rule.enclave.domain.keys import KeyType
from strongroom.travel_rule.enclave.store.claims import Rows, claiming
from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.schema import (
    chainalysis_kyt_alerts,
    chainalysis_kyt_results,
    chainalysis_sanction_results,
    own_keys,
    refinitiv_wco_results,
    verifications,
    x_row_keys,
    x_trp_exchanges,
)

_V = verifications.c
_OLD = sa.select(_V.verification_uuid).where(_V.created_at < sa.bindparam("before")).order_by(_V.verification_id)
_COUNT = sa.select(sa.func.count()).select_from(verifications).where(_V.created_at < sa.bindparam("before"))
_O = own_keys.c
_KEYS = sa.select(_O.id, _O.type, _O.key_identifier, _O.created_at).where(_O.id > sa.bindparam("after")).order_by(_O.id)
_DROP_KEY = sa.delete(own_keys).where(_O.id == sa.bindparam("of_id"))
_ASKED_BY = {
    KeyType.PER_VERIFICATION.value: _V.verification_uuid,
    KeyType.PER_ADDRESS.value: _V.beneficiary_account_number,
}
"""Where a verification says which key it was sealed to; a provider's own key is none's."""
_OPTIONAL = (chainalysis_sanction_results, chainalysis_kyt_results, refinitiv_wco_results, x_trp_exchanges)


@dataclass(frozen=True, slots=True)
class UnusedKeys:
    """Own keys by the id of their row; every key up to ``seen`` was looked at."""

    ids: tuple[int, ...]
    seen: int


async def count_older(tx: Transaction, *, before: datetime) -> int:
    """How many verifications were made before that time."""
    row = await tx.row(_COUNT, {"before": before})
    return 0 if row is None else int(row[0])


async def delete_older(tx: Transaction, *, before: datetime, limit: int, now: datetime) -> int:
    """Delete the oldest few of them with all that is kept of them; answers how many.

    Their keys are erased, so that copies in backups cannot be read; that they were erased is remembered.
    """
    rows = await tx.rows(older(limit=limit, dialect=tx.dialect), {"before": before})
    uuids = [row.verification_uuid for row in rows]
    if not uuids:
        return 0
    await _delete_optional(tx, uuids)
    of_one = sa.and_(own_keys.c.type == KeyType.PER_VERIFICATION.value, own_keys.c.key_identifier.in_(uuids))
    erased = sa.update(x_row_keys).where(x_row_keys.c.verification_uuid.in_(uuids), x_row_keys.c.erased_at.is_(None))
    await tx.change(erased.values(wrapped_key=None, content_mac=None, erased_at=now))
    await tx.change(sa.delete(own_keys).where(of_one))
    await tx.change(sa.delete(verifications).where(_V.verification_uuid.in_(uuids)))
    return len(uuids)


async def find_unused_keys(tx: Transaction, *, after: int, before: datetime, limit: int) -> UnusedKeys | None:
    """Of the few keys behind the one with id ``after`` those that no verification was sealed to.

    None when the next behind it was not made before that time.
    """
    rows = list(takewhile(lambda row: row.created_at < before, await tx.rows(_KEYS.limit(limit), {"after": after})))
    if not rows:
        return None
    used = {key_type: await _used(tx, rows, key_type) for key_type in _ASKED_BY}
    ids = (row.id for row in rows if row.type in used and row.key_identifier not in used[row.type])
    return UnusedKeys(ids=tuple(ids), seen=rows[-1].id)


async def drop_own_keys(tx: Transaction, ids: Iterable[int]) -> None:
    """Forget these keys."""
    await tx.change(_DROP_KEY, [{"of_id": each} for each in ids])


def older(*, limit: int, dialect: str) -> Rows:
    """The statement that takes the oldest verifications; those that others hold are passed over."""
    return claiming(_OLD, key=_V.verification_uuid, limit=limit, dialect=dialect)


async def _used(tx: Transaction, rows: Sequence[sa.Row[Any]], key_type: str) -> frozenset[str]:
    named = [row.key_identifier for row in rows if row.type == key_type]
    if not named:
        return frozenset()
    asked_by = _ASKED_BY[key_type]
    return frozenset(row[0] for row in await tx.rows(sa.select(asked_by).where(asked_by.in_(named)).distinct()))


async def _delete_optional(tx: Transaction, uuids: list[str]) -> None:
    if await tx.has_table(chainalysis_kyt_results.name):
        known = chainalysis_kyt_results.c
        external = sa.select(known.external_id).where(
            known.verification_uuid.in_(uuids), known.external_id.is_not(None)
        )
        alerts = chainalysis_kyt_alerts.c.external_id.in_(external)
        await tx.change(sa.delete(chainalysis_kyt_alerts).where(alerts))
    for table in _OPTIONAL:
        if await tx.has_table(table.name):
            await tx.change(sa.delete(table).where(table.c.verification_uuid.in_(uuids)))
