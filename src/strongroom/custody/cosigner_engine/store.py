"""Every SQL statement of cosigner_engine: rows in, frozen objects out; writes are statements for one commit."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from strongroom.custody.cosigner_engine.domain.closing import (
    CloseAnswer,
    CloseErrand,
    CloseKind,
    CloseStatus,
    Standing,
)
from strongroom.custody.cosigner_engine.domain.reports import EventKind, Invocation, SigningEvent
from strongroom.custody.cosigner_engine.domain.requests import (
    KeyCeremony,
    KeyCeremonyStatus,
    OriginalRequest,
    RequestState,
    SigningRequest,
    SigningStatus,
)
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.ids import TenantId, TransactionId
from strongroom.runtime.db import Database, Row, Statement

ATTEMPT_KNOWN = "signing_requests_attempt_key"
CLOSE_KNOWN = "close_requests_pkey"
VERSION_KNOWN = "document_sets_pkey"
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


def supersede_earlier(*, request: SigningRequest, now: datetime) -> Statement:
    """Nothing more is asked for earlier attempts of its transaction."""
    return Statement(
        """update signing_requests set status = 'SUPERSEDED', updated_at = $4
        where tenant_id = $1 and transaction_id = $2 and attempt < $3 and status = 'OPEN'""",
        (request.tenant_id, request.transaction_id, request.attempt, now),
    )


async def find_newest(database: Database, *, tenant_id: TenantId, transaction_id: TransactionId) -> RequestState | None:
    """How far the signing request of a transaction's latest attempt is."""
    row = await database.fetchrow(
        """select id, attempt, status from signing_requests where tenant_id = $1 and transaction_id = $2
        order by attempt desc limit 1""",
        tenant_id,
        transaction_id,
    )
    return None if row is None else RequestState(row["id"], row["attempt"], SigningStatus(row["status"]))


def insert_close_request(*, errand: CloseErrand, now: datetime) -> Statement:
    """A close order; a second one for its transaction is a ``CONFLICT``."""
    return Statement(
        """insert into close_requests (tenant_id, transaction_id, request_hash, reason, status, created_at, updated_at)
        values ($1, $2, $3, $4, 'OPEN', $5, $5)""",
        (errand.tenant_id, errand.id, errand.request_hash, errand.reason, now),
    )


async def is_close_reported(database: Database, *, errand: CloseErrand) -> bool:
    """Whether the manager has the tombstones."""
    status = await database.fetchval(
        "select status from close_requests where tenant_id = $1 and transaction_id = $2", errand.tenant_id, errand.id
    )
    return status == CloseStatus.REPORTED


def update_close(*, errand: CloseErrand, status: CloseStatus, now: datetime) -> Statement:
    """How far a close order is now."""
    return Statement(
        "update close_requests set status = $3, updated_at = $4 where tenant_id = $1 and transaction_id = $2",
        (errand.tenant_id, errand.id, status, now),
        guard=True,
    )


def insert_close_answers(*, errand: CloseErrand, answers: Sequence[CloseAnswer], now: datetime) -> Statement:
    """What the co-signers said to a close order; said twice it is kept once."""
    return Statement(
        """insert into close_answers (tenant_id, transaction_id, cosigner, kind, document, occurred_at)
        select $1, $2, answer.cosigner, answer.kind, answer.document, $6
        from unnest($3::bigint[], $4::text[], $5::bytea[]) as answer (cosigner, kind, document)
        on conflict (transaction_id, cosigner, kind) do nothing""",
        (
            errand.tenant_id,
            errand.id,
            [answer.cosigner for answer in answers],
            [answer.kind.value for answer in answers],
            [answer.document for answer in answers],
            now,
        ),
    )


async def find_standing(database: Database, *, errand: CloseErrand) -> Standing:
    """What the co-signers have said to a close order so far."""
    rows = await database.fetch(
        "select cosigner, kind, document from close_answers where tenant_id = $1 and transaction_id = $2 order by id",
        errand.tenant_id,
        errand.id,
    )
    return Standing(
        tuple(
            CloseAnswer(cosigner=row["cosigner"], kind=CloseKind(row["kind"]), document=row["document"]) for row in rows
        )
    )


def insert_document_set(*, document_set: DocumentSet, document: bytes, now: datetime) -> Statement:
    """The next version of a tenant's document set; a second one of its number is a ``CONFLICT``."""
    return Statement(
        "insert into document_sets (tenant_id, version, hash, document, created_at) values ($1, $2, $3, $4, $5)",
        (document_set.tenant, document_set.version, document_set.hash(), document, now),
    )


async def find_document_set(database: Database, *, tenant: str) -> bytes | None:
    """The newest version, an encoded ``Signed``."""
    return await database.fetchval(
        "select document from document_sets where tenant_id = $1 order by version desc limit 1", tenant
    )


async def list_document_sets(database: Database, *, tenant: str, after: int) -> list[tuple[int, bytes]]:
    """The versions after that one, in order, each an encoded ``Signed``."""
    rows = await database.fetch(
        "select version, document from document_sets where tenant_id = $1 and version > $2 order by version",
        tenant,
        after,
    )
    return [(row["version"], row["document"]) for row in rows]


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


def insert_invocations(*, request: SigningRequest, ceremony_id: bytes, invocations: Sequence[Invocation]) -> Statement:
    """What co-signers say of their callback handlers, a row for each time that one was asked; said twice, kept once."""
    return Statement(
        """insert into callback_invocations (tenant_id, transaction_id, ceremony_id, cosigner, request_id, answer,
            document, occurred_at)
        select $1, $2, $3, asked.cosigner, asked.request_id, asked.answer, asked.document, asked.occurred_at
        from unnest($4::bigint[], $5::text[], $6::text[], $7::bytea[], $8::timestamptz[])
            as asked (cosigner, request_id, answer, document, occurred_at)
        on conflict (cosigner, request_id, occurred_at) do nothing""",
        (
            request.tenant_id,
            request.transaction_id,
            ceremony_id,
            [one.cosigner for one in invocations],
            [one.request_id for one in invocations],
            [one.answer for one in invocations],
            [one.document for one in invocations],
            [datetime.fromtimestamp(0, UTC) + timedelta(microseconds=one.asked_at_us) for one in invocations],
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
