"""Every statement of the policy engine."""

from datetime import datetime
from uuid import UUID

from strongroom.custody.policy_engine.domain import AUTO_APPROVER, Answer, Question
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.runtime.db import Database, Statement


async def find_document_set(database: Database, *, tenant_id: str, version: int | None = None) -> bytes | None:
    """The encoded ``Signed`` of a tenant's version; of its newest one without ``version``."""
    return await database.fetchval(
        """select signed from document_sets where tenant_id = $1 and ($2::bigint is null or version = $2)
        order by version desc limit 1""",
        tenant_id,
        version,
    )


def insert_document_set(document: DocumentSet, *, signed: bytes, now: datetime) -> Statement:
    """A version of a tenant's document set; the primary key refuses a second one."""
    return Statement(
        "insert into document_sets (tenant_id, version, hash, signed, published_at) values ($1, $2, $3, $4, $5)",
        (document.tenant, document.version, document.hash(), signed, now),
    )


def insert_registrations(document: DocumentSet) -> Statement:
    """The API users of a version, by id and by key: each is this tenant's for ever, or the commit is a conflict."""
    users = document.roster.api_users
    names = [f"id {user.id}" for user in users] + [f"key {sha256(user.public_key_der).hex()}" for user in users]
    return Statement(
        """insert into api_registrations (name, tenant_id)
        select given.name, $1 from unnest($2::text[]) as given (name)
        where not exists (select 1 from api_registrations as known
            where known.name = given.name and known.tenant_id = $1)""",
        (document.tenant, names),
    )


def insert_delivery(*, tenant_id: str, version: int, now: datetime) -> Statement:
    """Every service has that version."""
    return Statement(
        "insert into document_set_deliveries (tenant_id, version, delivered_at) values ($1, $2, $3)",
        (tenant_id, version, now),
    )


async def is_delivered(database: Database, *, tenant_id: str, version: int) -> bool:
    """Whether every service has that version."""
    found: bool = await database.fetchval(
        "select exists (select 1 from document_set_deliveries where tenant_id = $1 and version = $2)",
        tenant_id,
        version,
    )
    return found


async def find_answer(
    database: Database, *, tenant_id: str, transaction_id: UUID, attempt: int
) -> tuple[Question, Answer] | None:
    """What was asked and answered in one attempt."""
    row = await database.fetchrow(
        """select tenant_id, request_token, request_uri, request_body, intent, verdict, action, rule_id, rule_number,
            decision
        from approval_requests where tenant_id = $1 and transaction_id = $2 and attempt = $3""",
        tenant_id,
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


def insert_request(question: Question, answer: Answer, *, document_set: DocumentSet, now: datetime) -> Statement:
    """The row of step 6, guarded: nothing is decided by a version that has a successor."""
    return Statement(
        """insert into approval_requests (tenant_id, transaction_id, attempt, request_token, request_uri, request_body,
            intent, intent_hash, verdict, action, rule_id, rule_number, decision, requested_at)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14
        where not exists (select 1 from document_sets where tenant_id = $1 and version > $15)""",
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
            document_set.version,
        ),
        guard=True,
    )


def insert_auto_approval(question: Question, *, now: datetime) -> Statement:
    """The row of step 7 when a rule allows without asking anyone."""
    return Statement(
        """insert into approval_decisions (tenant_id, transaction_id, attempt, approver, answer, decided_at)
        values ($1, $2, $3, $4, 'AUTO_APPROVED', $5)""",
        (question.tenant_id, question.transaction_id, question.attempt, AUTO_APPROVER, now),
    )
