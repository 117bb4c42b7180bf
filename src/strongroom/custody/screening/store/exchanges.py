"""Exchanges that were begun, whichever side asked, and what was told of their transfers."""

from datetime import datetime
from uuid import UUID

from strongroom.custody.screening.domain.exchanges import Asked
from strongroom.custody.screening.domain.inbound import Answer, Inbound
from strongroom.kernel.documents.intent import Intent
from strongroom.runtime.db import Database, Row, Statement


def insert_exchange(intent: Intent, *, verification_id: UUID, vasp_id: str, now: datetime) -> Statement:
    """That the other institution is about to be asked; left alone where it is stored already."""
    return Statement(
        """insert into travel_rule_exchanges (transaction_id, tenant_id, verification_uuid, vasp_id, asked_at)
        values ($1, $2, $3, $4, $5) on conflict (transaction_id) do nothing""",
        (intent.id, intent.tenant, verification_id, vasp_id, now),
    )


async def find_exchange(database: Database, *, tenant_id: str, transaction_id: UUID) -> Asked | None:
    """The exchange of a transaction."""
    row = await database.fetchrow(
        """select verification_uuid, vasp_id, tx_hash, failure from travel_rule_exchanges
        where tenant_id = $1 and transaction_id = $2""",
        tenant_id,
        transaction_id,
    )
    return None if row is None else _parse_asked(row)


async def find_exchange_by_verification(database: Database, *, verification_id: UUID) -> Asked | None:
    """The same, by what the network calls it."""
    row = await database.fetchrow(
        "select verification_uuid, vasp_id, tx_hash, failure from travel_rule_exchanges where verification_uuid = $1",
        verification_id,
    )
    return None if row is None else _parse_asked(row)


def update_sent(*, verification_id: UUID, tx_hash: str, now: datetime) -> Statement:
    """That the hash was told."""
    return Statement(
        """update travel_rule_exchanges set tx_hash = $1, sent_reported_at = $2
        where verification_uuid = $3 and tx_hash is null""",
        (tx_hash, now, verification_id),
    )


def update_failed(*, verification_id: UUID, failure: str, now: datetime) -> Statement:
    """That the failure was told."""
    return Statement(
        """update travel_rule_exchanges set failure = $1, failed_reported_at = $2
        where verification_uuid = $3 and failure is null""",
        (failure, now, verification_id),
    )


async def find_inbound(database: Database, *, verification_id: UUID) -> Inbound | None:
    """What another institution asked, and the answer that it got."""
    row = await database.fetchrow(
        """select tenant_id, vault_account, originating_vasp_id, asset_id, address, amount, result, reason
        from travel_rule_inbound where verification_uuid = $1""",
        verification_id,
    )
    if row is None:
        return None
    return Inbound(
        verification_id=verification_id,
        tenant_id=row["tenant_id"],
        vault_account=row["vault_account"],
        originating_vasp_id=row["originating_vasp_id"],
        asset_id=row["asset_id"],
        address=row["address"],
        amount=row["amount"],
        answer=Answer(result=row["result"], reason=row["reason"]),
    )


def insert_inbound(inbound: Inbound, *, now: datetime) -> Statement:
    """The first answer to a verification; left alone where there is one."""
    return Statement(
        """insert into travel_rule_inbound (verification_uuid, tenant_id, vault_account, originating_vasp_id, asset_id,
            address, amount, result, reason, answered_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (verification_uuid) do nothing""",
        (
            inbound.verification_id,
            inbound.tenant_id,
            inbound.vault_account,
            inbound.originating_vasp_id,
            inbound.asset_id,
            inbound.address,
            inbound.amount,
            inbound.answer.result,
            inbound.answer.reason,
            now,
        ),
    )


def update_inbound_sent(*, verification_id: UUID, tx_hash: str, now: datetime) -> Statement:
    """The hash that the other institution told; the first one stays."""
    return Statement(
        """update travel_rule_inbound set tx_hash = $1, sent_at = $2
        where verification_uuid = $3 and tx_hash is null""",
        (tx_hash, now, verification_id),
    )


def update_inbound_failed(*, verification_id: UUID, failure: str, now: datetime) -> Statement:
    """That the other institution will not send; the first reason stays."""
    return Statement(
        """update travel_rule_inbound set failure = $1, failed_at = $2
        where verification_uuid = $3 and failure is null""",
        (failure, now, verification_id),
    )


def _parse_asked(row: Row) -> Asked:
    return Asked(
        verification_id=row["verification_uuid"],
        vasp_id=row["vasp_id"],
        tx_hash=row["tx_hash"] or "",
        failure=row["failure"] or "",
    )
