"""The record of one service calling another (trust.md 8): written in the commit of the call's effect."""

from uuid import UUID

from strongroom.runtime.db.database import Database
from strongroom.runtime.db.statement import Row, Statement
from strongroom.runtime.rpc.evidence import HandoffEvent

REPLAY_CONSTRAINT = "service_handoff_events_handoff_id_key"
"""``violated_constraint`` of the ``CONFLICT`` that a handoff seen before makes."""


def insert_handoff(event: HandoffEvent) -> Statement:
    """The statement that records it; a replay makes the whole commit a ``CONFLICT``.

    A certificate chain lives for hours and many hops: only the first row under it holds it.
    """
    return Statement(
        """insert into service_handoff_events
            (handoff_id, transaction_id, from_service, to_service, method, cert_chain_hash, payload_hash, parents,
             token, direction, occurred_at, cert_chain)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, case when exists (
            select 1 from service_handoff_events where cert_chain_hash = $6 and cert_chain is not null
        ) then null else $12::text end)""",
        (
            event.handoff_id,
            event.transaction_id,
            event.from_service,
            event.to_service,
            event.method,
            event.cert_chain_hash,
            event.payload_hash,
            list(event.parents),
            event.token,
            event.direction,
            event.occurred_at,
            event.cert_chain,
        ),
    )


async def list_handoffs(database: Database, *, transaction_id: UUID) -> list[HandoffEvent]:
    """All handoffs of a transaction that this service recorded, in the order of recording."""
    rows = await database.fetch(
        """select handoff_id, transaction_id, from_service, to_service, method, cert_chain_hash, payload_hash, parents,
            token, direction, occurred_at, (
                select first.cert_chain from service_handoff_events as first
                where first.cert_chain_hash = event.cert_chain_hash and first.cert_chain is not null limit 1
            ) as cert_chain
        from service_handoff_events as event where transaction_id = $1 order by id""",
        transaction_id,
    )
    return [_parse_row(row) for row in rows]


def _parse_row(row: Row) -> HandoffEvent:
    return HandoffEvent(
        handoff_id=row["handoff_id"],
        transaction_id=row["transaction_id"],
        from_service=row["from_service"],
        to_service=row["to_service"],
        method=row["method"],
        cert_chain_hash=row["cert_chain_hash"],
        cert_chain=row["cert_chain"],
        payload_hash=row["payload_hash"],
        parents=tuple(row["parents"]),
        token=row["token"],
        direction=row["direction"],
        occurred_at=row["occurred_at"],
    )
