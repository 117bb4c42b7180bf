"""What is older than it may be kept, and deleting it for good."""

from datetime import datetime

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
_OPTIONAL = (chainalysis_sanction_results, chainalysis_kyt_results, refinitiv_wco_results, x_trp_exchanges)


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


def older(*, limit: int, dialect: str) -> Rows:
    """The statement that takes the oldest verifications; those that others hold are passed over."""
    return claiming(_OLD, key=_V.verification_uuid, limit=limit, dialect=dialect)


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
