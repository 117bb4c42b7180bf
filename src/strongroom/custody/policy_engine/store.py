"""Every statement of the policy engine."""

from datetime import datetime
from uuid import UUID

from strongroom.custody.policy_engine.domain import AUTO_APPROVER, Answer, Question
from strongroom.kernel.digest import sha256
from strongroom.runtime.db import Database, Statement


async def find_document_set(database: Database, *, tenant_id: str, version: int | None = None) -> bytes | None:
    """The encoded ``Signed`` of a tenant's version; of its newest one without ``version``."""
    return await database.fetchval(
        """select signed from document_sets where tenant_id = $1 and ($2::bigint is null or version = $2)
        order by version desc limit 1""",
        tenant_id,
        version,
    )


async def list_tenants(database: Database) -> tuple[str, ...]:
    """Every tenant with a document set."""
    rows = await database.fetch("select distinct tenant_id from document_sets order by tenant_id")
    return tuple(row["tenant_id"] for row in rows)


def insert_document_set(
    *, tenant_id: str, version: int, document_hash: bytes, signed: bytes, now: datetime
) -> Statement:
    """A version of a tenant's document set; the primary key refuses a second one."""
    return Statement(
        "insert into document_sets (tenant_id, version, hash, signed, published_at) values ($1, $2, $3, $4, $5)",
        (tenant_id, version, document_hash, signed, now),
    )


async def find_answer(database: Database, *, transaction_id: UUID, attempt: int) -> tuple[Question, Answer] | None:
    """What was asked and answered in one attempt."""
    row = await database.fetchrow(
        """select tenant_id, request_token, request_uri, request_body, intent, verdict, action, rule_id, rule_number,
            decision
        from approval_requests where transaction_id = $1 and attempt = $2""",
        transaction_id,
        attempt,
    )
    if row is None:
        return None
    question = Question(
        tenant_id=row["tenant_id"],
        transaction_id=transaction_id,
        attempt=attempt,
        token=row["request_token"],
        uri=row["request_uri"],
        body=row["request_body"],
        intent=row["intent"],
        verdict=row["verdict"],
    )
    answer = Answer(
        action=row["action"], rule_id=row["rule_id"], rule_number=row["rule_number"], decision=row["decision"]
    )
    return question, answer


def insert_request(question: Question, answer: Answer, *, now: datetime) -> Statement:
    """The row of step 6."""
    return Statement(
        """insert into approval_requests (tenant_id, transaction_id, attempt, request_token, request_uri, request_body,
            intent, intent_hash, verdict, action, rule_id, rule_number, decision, requested_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)""",
        (
            question.tenant_id,
            question.transaction_id,
            question.attempt,
            question.token,
            question.uri,
            question.body,
            question.intent,
            sha256(question.intent),
            question.verdict,
            answer.action,
            answer.rule_id,
            answer.rule_number,
            answer.decision,
            now,
        ),
    )


def insert_auto_approval(question: Question, *, now: datetime) -> Statement:
    """The row of step 7 when a rule allows without asking anyone."""
    return Statement(
        """insert into approval_decisions (tenant_id, transaction_id, attempt, approver, answer, decided_at)
        values ($1, $2, $3, $4, 'AUTO_APPROVED', $5)""",
        (question.tenant_id, question.transaction_id, question.attempt, AUTO_APPROVER, now),
    )
