"""Every SQL statement of cosigner_engine: rows in, frozen objects out; writes are statements for one commit."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from strongroom.custody.cosigner_engine.domain.reports import EventKind, SigningEvent
from strongroom.custody.cosigner_engine.domain.requests import (
    KeyCeremony,
    KeyCeremonyStatus,
    OriginalRequest,
    SigningRequest,
    SigningStatus,
)
from strongroom.kernel.ids import TenantId, TransactionId
from strongroom.runtime.db import Database, Row, Statement

ATTEMPT_KNOWN = "signing_requests_attempt_key"
KEY_KNOWN = "key_ceremonies_pkey"


def insert_signing_request(*, request: SigningRequest, now: datetime) -> Statement:
    """A new signing request; a second one for its attempt is a ``CONFLICT``."""
    return Statement(
        """insert into signing_requests (id, tenant_id, transaction_id, attempt, policy_rule_ref, request_token,
            request_uri, request_body, intent, payload, decision, verdict, approvals, digest, status, created_at,
            updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 'OPEN', $15, $15)""",
        (
            request.id,
            request.tenant_id,
            request.transaction_id,
            request.attempt,
            request.policy_rule_ref,
            request.request.token,
            request.request.uri,
            request.request.body,
            request.intent,
            request.payload,
            request.decision,
            request.verdict,
            list(request.approvals),
            request.digest,
            now,
        ),
    )


async def find_signing_request(
    database: Database, *, tenant_id: TenantId, transaction_id: TransactionId, attempt: int
) -> SigningRequest | None:
    """The signing request of one attempt."""
    row = await database.fetchrow(
        """select id, tenant_id, transaction_id, attempt, policy_rule_ref, request_token, request_uri, request_body,
            intent, payload, decision, verdict, approvals, digest
        from signing_requests where tenant_id = $1 and transaction_id = $2 and attempt = $3""",
        tenant_id,
        transaction_id,
        attempt,
    )
    return None if row is None else _parse_request(row)


async def find_status(database: Database, *, tenant_id: TenantId, signing_request_id: UUID) -> SigningStatus | None:
    """How far a signing request is."""
    status = await database.fetchval(
        "select status from signing_requests where tenant_id = $1 and id = $2", tenant_id, signing_request_id
    )
    return None if status is None else SigningStatus(status)


def update_status(*, tenant_id: TenantId, signing_request_id: UUID, status: SigningStatus, now: datetime) -> Statement:
    """How far it is now."""
    return Statement(
        "update signing_requests set status = $3, updated_at = $4 where tenant_id = $1 and id = $2",
        (tenant_id, signing_request_id, status, now),
        guard=True,
    )


def insert_events(
    *, request: SigningRequest, ceremony_id: bytes, events: Sequence[SigningEvent], now: datetime
) -> Statement:
    """What the co-signers said in one ceremony, a row for each; said twice it is kept once."""
    return Statement(
        """insert into signing_events (tenant_id, signing_request_id, transaction_id, ceremony_id, cosigner, kind,
            document, signature, occurred_at)
        select $1, $2, $3, $4, event.cosigner, event.kind, event.document, event.signature, $9
        from unnest($5::bigint[], $6::text[], $7::bytea[], $8::bytea[])
            as event (cosigner, kind, document, signature)
        on conflict (ceremony_id, cosigner, kind) do nothing""",
        (
            request.tenant_id,
            request.id,
            request.transaction_id,
            ceremony_id,
            [event.cosigner for event in events],
            [event.kind.value for event in events],
            [event.document for event in events],
            [event.signature for event in events],
            now,
        ),
    )


async def list_statements(database: Database, *, tenant_id: TenantId, ceremony_id: bytes) -> list[SigningEvent]:
    """The partial and adopted statements of one ceremony, by co-signer."""
    rows = await database.fetch(
        """select cosigner, kind, document, signature from signing_events
        where tenant_id = $1 and ceremony_id = $2 and kind in ('PARTIAL', 'ADOPTED') order by cosigner""",
        tenant_id,
        ceremony_id,
    )
    return [
        SigningEvent(
            cosigner=row["cosigner"],
            kind=EventKind(row["kind"]),
            document=row["document"],
            signature=row["signature"],
        )
        for row in rows
    ]


def insert_key_ceremony(*, ceremony: KeyCeremony, now: datetime) -> Statement:
    """A key ceremony; a second one for the same request of the owners is a ``CONFLICT``."""
    return Statement(
        """insert into key_ceremonies (tenant_id, key_id, key_request_hash, key_request, status, created_at, updated_at)
        values ($1, $2, $3, $4, 'RUNNING', $5, $5)""",
        (ceremony.tenant_id, ceremony.key_id, ceremony.key_request_hash, ceremony.key_request, now),
    )


async def find_key_ceremony(
    database: Database, *, tenant_id: TenantId, key_id: str, key_request_hash: bytes
) -> KeyCeremony | None:
    """A key ceremony."""
    row = await database.fetchrow(
        """select tenant_id, key_id, key_request_hash, key_request, status, reason, key_records from key_ceremonies
        where tenant_id = $1 and key_id = $2 and key_request_hash = $3""",
        tenant_id,
        key_id,
        key_request_hash,
    )
    return None if row is None else _parse_key_ceremony(row)


def update_key_recorded(
    *, ceremony: KeyCeremony, ceremony_id: bytes, records: Sequence[bytes], now: datetime
) -> Statement:
    """The records of all three co-signers, set once."""
    return Statement(
        """update key_ceremonies set status = 'RECORDED', ceremony_id = $4, key_records = $5, updated_at = $6
        where tenant_id = $1 and key_id = $2 and key_request_hash = $3 and status = 'RUNNING'""",
        (ceremony.tenant_id, ceremony.key_id, ceremony.key_request_hash, ceremony_id, list(records), now),
        guard=True,
    )


def update_key_failed(*, ceremony: KeyCeremony, reason: str, now: datetime) -> Statement:
    """The end of a key ceremony without a key."""
    return Statement(
        """update key_ceremonies set status = 'FAILED', reason = $4, updated_at = $5
        where tenant_id = $1 and key_id = $2 and key_request_hash = $3 and status = 'RUNNING'""",
        (ceremony.tenant_id, ceremony.key_id, ceremony.key_request_hash, reason, now),
        guard=True,
    )


def _parse_request(row: Row) -> SigningRequest:
    return SigningRequest(
        id=row["id"],
        tenant_id=row["tenant_id"],
        transaction_id=row["transaction_id"],
        attempt=row["attempt"],
        policy_rule_ref=row["policy_rule_ref"],
        request=OriginalRequest(token=row["request_token"], uri=row["request_uri"], body=row["request_body"]),
        intent=row["intent"],
        payload=row["payload"],
        decision=row["decision"],
        verdict=row["verdict"],
        approvals=tuple(row["approvals"]),
        digest=row["digest"],
    )


def _parse_key_ceremony(row: Row) -> KeyCeremony:
    return KeyCeremony(
        tenant_id=row["tenant_id"],
        key_id=row["key_id"],
        key_request_hash=row["key_request_hash"],
        key_request=row["key_request"],
        status=KeyCeremonyStatus(row["status"]),
        reason=row["reason"],
        key_records=tuple(row["key_records"] or ()),
    )
