"""Risk assessments: what was asked of outside companies, who is working on it, and what they said.

Rows of KYT and World-Check are taken by ``worker_id`` and ``last_checked_at`` through their status indexes. A row that
somebody works on carries the worker and when it took the row; a free one has no worker, and when it was last looked
at. Every change names the lease it is made under, so who lost a lease changes nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.assessments import (
    Alert,
    ApiType,
    AssessmentStatus,
    Direction,
    Identification,
    Kyt,
    Lease,
    Sanction,
    SanctionStatus,
    Wco,
)
from strongroom.travel_rule.enclave.store.claims import Rows, claiming
from strongroom.travel_rule.enclave.store.engine import RepeatTransaction, Transaction
from strongroom.travel_rule.enclave.store.schema import (
    chainalysis_kyt_alerts,
    chainalysis_kyt_results,
    chainalysis_sanction_results,
    refinitiv_wco_results,
)
from strongroom.travel_rule.enclave.store.texts import cut, fitting

WAITING: Final = (AssessmentStatus.REGISTERED, AssessmentStatus.CHECKING)
"""Statuses that somebody has to work on."""
_S, _K = chainalysis_sanction_results.c, chainalysis_kyt_results.c
_A, _W = chainalysis_kyt_alerts.c, refinitiv_wco_results.c
_FIND_SANCTION = sa.select(*_S).where(_S.request_id == sa.bindparam("of_id"))
_FIND_KYT = sa.select(*_K).where(_K.request_id == sa.bindparam("of_id"))
_FIND_WCO = sa.select(*_W).where(_W.request_id == sa.bindparam("of_id"))
_LIST_ALERTS = sa.select(*_A).where(_A.external_id == sa.bindparam("of_id")).order_by(_A.id)
_KNOWN_ALERTS = sa.select(_A.alert_id).where(_A.alert_id.in_(sa.bindparam("of_ids", expanding=True)))


async def insert_sanction(tx: Transaction, sanction: Sanction) -> None:
    """Store what a sanctions screening said.

    Raises:
        StrongroomError: ``CONFLICT``, ``INVALID_FORMAT``.
    """
    found = sanction.found
    values = {
        "request_id": sanction.request_id,
        "verification_uuid": sanction.verification_uuid,
        "counterparty_vasp_id": sanction.counterparty_vasp_id,
        "direction": sanction.direction.value,
        "address": fitting("address", sanction.address, 512),
        "status": sanction.status.value,
        "ofac_name": found and cut(found.name, 1024),
        "ofac_description": found and cut(found.description, 4096),
        "ofac_url": found and cut(found.url, 1024),
        "created_at": sanction.created_at,
        "updated_at": sanction.created_at,
    }
    await tx.insert(sa.insert(chainalysis_sanction_results), values)


async def find_sanction(tx: Transaction, request_id: str) -> Sanction | None:
    """One screening."""
    row = await tx.row(_FIND_SANCTION, {"of_id": request_id})
    if row is None:
        return None
    status = SanctionStatus(row.status)
    found = Identification(name=row.ofac_name, description=row.ofac_description, url=row.ofac_url)
    return Sanction(
        request_id=row.request_id,
        verification_uuid=row.verification_uuid,
        counterparty_vasp_id=row.counterparty_vasp_id,
        direction=Direction(row.direction),
        address=row.address,
        status=status,
        found=found if status is SanctionStatus.SANCTION else None,
        created_at=row.created_at,
    )


async def insert_kyt(tx: Transaction, kyt: Kyt) -> None:
    """Store a new assessment.

    Raises:
        StrongroomError: ``CONFLICT``, ``INVALID_FORMAT``.
    """
    values = {
        "request_id": kyt.request_id,
        "verification_uuid": kyt.verification_uuid,
        "counterparty_vasp_id": kyt.counterparty_vasp_id,
        "api_type": kyt.api_type.value,
        "user_id": fitting("userId", kyt.user_id, 128),
        "direction": kyt.direction.value,
        "network": fitting("network", kyt.network, 128),
        "asset": fitting("symbol", kyt.asset, 16),
        "amount": fitting("amount", kyt.amount, 128),
        "transfer_ref": fitting("transfer reference", kyt.transfer_ref, 1024),
        "output_address": fitting("address", kyt.output_address, 512),
        "timestamp": kyt.timestamp,
    }
    await tx.insert(sa.insert(chainalysis_kyt_results), values | _progress(kyt) | _begun(kyt))


async def find_kyt(tx: Transaction, request_id: str) -> Kyt | None:
    """One assessment."""
    row = await tx.row(_FIND_KYT, {"of_id": request_id})
    return None if row is None else _read_kyt(row)


async def take_kyt(tx: Transaction, *, lease: Lease, limit: int, due: datetime, ran_out: datetime) -> tuple[Kyt, ...]:
    """Take assessments that wait; see ``_take``."""
    return tuple(_read_kyt(row, lease) for row in await _take(tx, chainalysis_kyt_results, lease, limit, due, ran_out))


async def update_kyt(tx: Transaction, kyt: Kyt, *, held: Lease, now: datetime) -> bool:
    """Store how far it is; False, with nothing changed, when the lease was lost."""
    values = _progress(kyt) | {"updated_at": now}
    return await _update(tx, chainalysis_kyt_results, kyt.request_id, held, values)


async def insert_alerts(tx: Transaction, external_id: str, alerts: Sequence[Alert], *, now: datetime) -> None:
    """Store those alerts that are not there yet.

    Raises:
        RepeatTransaction: when another transaction stored one of them meanwhile.
    """
    fresh = {alert.alert_id: alert for alert in alerts}
    if not fresh:
        return
    for row in await tx.rows(_KNOWN_ALERTS, {"of_ids": sorted(fresh)}):
        fresh.pop(row.alert_id, None)
    for alert in fresh.values():
        values = {
            "external_id": external_id,
            "alert_id": fitting("alert id", alert.alert_id, 128),
            "alert_level": alert.level,
            "entity_category": cut(alert.category, 256),
            "service_name": cut(alert.service, 256),
            "exposure_type": alert.exposure,
            "alert_amount": fitting("alert amount", alert.amount, 128),
            "created_at": now,
            "updated_at": now,
        }
        try:
            await tx.insert(sa.insert(chainalysis_kyt_alerts), values)
        except StrongroomError as error:
            if error.code is not Code.CONFLICT:
                raise
            raise RepeatTransaction from error


async def list_alerts(tx: Transaction, external_id: str) -> tuple[Alert, ...]:
    """The alerts of what the company knows by that id, in the order they were stored."""
    return tuple(
        Alert(
            alert_id=row.alert_id,
            level=row.alert_level,
            category=row.entity_category,
            service=row.service_name,
            exposure=row.exposure_type,
            amount=row.alert_amount,
        )
        for row in await tx.rows(_LIST_ALERTS, {"of_id": external_id})
    )


async def insert_wco(tx: Transaction, wco: Wco) -> None:
    """Store a new screening.

    Raises:
        StrongroomError: ``CONFLICT``, ``INVALID_FORMAT``.
    """
    values = {
        "request_id": wco.request_id,
        "verification_uuid": wco.verification_uuid,
        "counterparty_vasp_id": wco.counterparty_vasp_id,
        "direction": wco.direction.value,
        "case_system_id": fitting("case system id", wco.case_system_id, 128),
    }
    await tx.insert(sa.insert(refinitiv_wco_results), values | _summarised(wco) | _begun(wco))


async def find_wco(tx: Transaction, request_id: str) -> Wco | None:
    """One screening."""
    row = await tx.row(_FIND_WCO, {"of_id": request_id})
    return None if row is None else _read_wco(row)


async def take_wco(tx: Transaction, *, lease: Lease, limit: int, due: datetime, ran_out: datetime) -> tuple[Wco, ...]:
    """Take screenings that wait; see ``_take``."""
    return tuple(_read_wco(row, lease) for row in await _take(tx, refinitiv_wco_results, lease, limit, due, ran_out))


async def update_wco(tx: Transaction, wco: Wco, *, held: Lease, now: datetime) -> bool:
    """Store how far it is; False, with nothing changed, when the lease was lost."""
    return await _update(tx, refinitiv_wco_results, wco.request_id, held, _summarised(wco) | {"updated_at": now})


def taking(table: sa.Table, status: AssessmentStatus, *, limit: int, dialect: str) -> Rows:
    """The statement that finds rows of one status to take: free and due, or with a lease that ran out."""
    columns = table.c
    free = sa.and_(columns.worker_id.is_(None), columns.last_checked_at <= sa.bindparam("due"))
    abandoned = sa.and_(columns.worker_id.is_not(None), columns.last_checked_at <= sa.bindparam("ran_out"))
    waiting = sa.select(*columns).where(columns.status == status.value, sa.or_(free, abandoned))
    return claiming(waiting.order_by(columns.last_checked_at), key=columns.id, limit=limit, dialect=dialect)


async def _take(
    tx: Transaction, table: sa.Table, lease: Lease, limit: int, due: datetime, ran_out: datetime
) -> Sequence[sa.Row[Any]]:
    """Lease rows, those first that were looked at longest ago; rows that another is taking are passed over.

    Args:
        lease: who takes them, and when.
        limit: how many at most.
        due: free rows that were last looked at until then.
        ran_out: rows of others whose lease began until then.
    """
    taken: list[sa.Row[Any]] = []
    for status in WAITING:
        if len(taken) < limit:
            statement = taking(table, status, limit=limit - len(taken), dialect=tx.dialect)
            taken += await tx.rows(statement, {"due": due, "ran_out": ran_out})
    if taken:
        mark = sa.update(table).where(table.c.id == sa.bindparam("of_id"))
        marked = mark.values(worker_id=lease.worker_id, last_checked_at=lease.at)
        await tx.change(marked, [{"of_id": row.id} for row in taken])
    return taken


async def _update(tx: Transaction, table: sa.Table, request_id: str, held: Lease, values: dict[str, Any]) -> bool:
    columns = table.c
    statement = sa.update(table).where(
        columns.request_id == request_id,
        columns.worker_id == held.worker_id,
        columns.last_checked_at == held.at,
        columns.status.in_([status.value for status in WAITING]),
    )
    return await tx.change(statement.values(**values)) == 1


def _begun(row: Kyt | Wco) -> dict[str, Any]:
    return {"created_at": row.created_at, "updated_at": row.created_at}


def _worked(row: Kyt | Wco) -> dict[str, Any]:
    return {
        "status": row.status.value,
        "worker_id": row.lease.worker_id,
        "last_checked_at": row.lease.at,
        "assessed_at": row.assessed_at,
    }


def _progress(kyt: Kyt) -> dict[str, Any]:
    return {
        **_worked(kyt),
        "external_id": fitting("external id", kyt.external_id, 128),
        "usd_price": fitting("usd price", kyt.usd_price, 128),
        "alert_count": kyt.alert_count,
    }


def _summarised(wco: Wco) -> dict[str, Any]:
    return {**_worked(wco), "aggregated_result_summaries": fitting("summary", wco.summary, 4096)}


def _read_kyt(row: sa.Row[Any], lease: Lease | None = None) -> Kyt:
    return Kyt(
        request_id=row.request_id,
        verification_uuid=row.verification_uuid,
        counterparty_vasp_id=row.counterparty_vasp_id,
        api_type=ApiType(row.api_type),
        user_id=row.user_id,
        direction=Direction(row.direction),
        network=row.network,
        asset=row.asset,
        amount=row.amount,
        usd_price=row.usd_price,
        transfer_ref=row.transfer_ref,
        output_address=row.output_address,
        timestamp=row.timestamp,
        external_id=row.external_id,
        status=AssessmentStatus(row.status),
        lease=lease or Lease(worker_id=row.worker_id, at=row.last_checked_at),
        alert_count=row.alert_count,
        created_at=row.created_at,
        assessed_at=row.assessed_at,
    )


def _read_wco(row: sa.Row[Any], lease: Lease | None = None) -> Wco:
    return Wco(
        request_id=row.request_id,
        verification_uuid=row.verification_uuid,
        counterparty_vasp_id=row.counterparty_vasp_id,
        direction=Direction(row.direction),
        case_system_id=row.case_system_id,
        summary=row.aggregated_result_summaries,
        status=AssessmentStatus(row.status),
        lease=lease or Lease(worker_id=row.worker_id, at=row.last_checked_at),
        created_at=row.created_at,
        assessed_at=row.assessed_at,
    )
