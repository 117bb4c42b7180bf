"""The table admissions."""

from datetime import datetime
from uuid import UUID

from strongroom.custody.secure_vault.domain import Admission, OriginalRequest
from strongroom.kernel.ids import TenantId, TransactionId
from strongroom.runtime.db import Database, Statement


def insert_admission(*, admission: Admission, document_set_version: int, now: datetime) -> Statement:
    """An admitted transaction; left alone where it was admitted before."""
    return Statement(
        """insert into admissions (tenant_id, transaction_id, attempt, request_token, request_uri, request_body,
            intent, decision, verdict, approvals, document_set_version, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict (transaction_id, attempt) do nothing""",
        (
            admission.tenant_id,
            admission.transaction_id,
            admission.attempt,
            admission.request.token,
            admission.request.uri,
            admission.request.body,
            admission.intent,
            admission.decision,
            admission.verdict,
            list(admission.approvals),
            document_set_version,
            now,
        ),
    )


async def find_admission(
    database: Database, *, tenant_id: TenantId, transaction_id: TransactionId, attempt: int
) -> Admission | None:
    """What was admitted. A transaction has one payload for life: whichever attempt has it, all have it."""
    row = await database.fetchrow(
        """select tenant_id, transaction_id, attempt, request_token, request_uri, request_body, intent, decision,
            verdict, approvals, coalesce(payload, (
                select other.payload from admissions as other
                where other.transaction_id = admissions.transaction_id and other.intent = admissions.intent
                    and other.payload is not null limit 1
            )) as payload
        from admissions where tenant_id = $1 and transaction_id = $2 and attempt = $3""",
        tenant_id,
        transaction_id,
        attempt,
    )
    return (
        None
        if row is None
        else Admission(
            tenant_id=row["tenant_id"],
            transaction_id=row["transaction_id"],
            attempt=row["attempt"],
            request=OriginalRequest(token=row["request_token"], uri=row["request_uri"], body=row["request_body"]),
            intent=row["intent"],
            decision=row["decision"],
            verdict=row["verdict"],
            approvals=tuple(row["approvals"]),
            payload=row["payload"],
        )
    )


def update_admission_opened(
    *, tenant_id: TenantId, transaction_id: TransactionId, attempt: int, payload: bytes, signing_request_id: UUID
) -> Statement:
    """The manager's payload and the engine's signing request, each set once."""
    return Statement(
        """update admissions set payload = $4, signing_request_id = $5
        where tenant_id = $1 and transaction_id = $2 and attempt = $3""",
        (tenant_id, transaction_id, attempt, payload, signing_request_id),
        guard=True,
    )


def update_admission_payload(*, admission: Admission, payload: bytes) -> Statement:
    """The manager's payload for what will not be opened any more, if none is there."""
    return Statement(
        """update admissions set payload = $4
        where tenant_id = $1 and transaction_id = $2 and attempt = $3 and payload is null""",
        (admission.tenant_id, admission.transaction_id, admission.attempt, payload),
    )
