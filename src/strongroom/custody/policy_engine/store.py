"""Every statement of the policy engine."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

from strongroom.custody.policy_engine.domain import (
    ENGINE,
    Answer,
    ApprovalRequest,
    Case,
    Event,
    Question,
    Reply,
    State,
)
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.runtime.db import Database, Row, Statement

ASKED_ONCE = "approval_requests_once"
IN_TURN = "approval_decisions_in_turn"


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


async def find_case(
    database: Database, *, tenant_id: str, transaction_id: UUID, attempt: int | None = None
) -> Case | None:
    """One attempt at a transaction, the newest without ``attempt``, with everything that was answered in any of them.

    One statement: request and answers are of the same moment.
    """
    cases = await list_cases(database, tenant_id=tenant_id, transaction_ids=(transaction_id,), attempt=attempt)
    return cases[0] if cases else None


async def list_cases(
    database: Database, *, tenant_id: str, transaction_ids: Sequence[UUID], attempt: int | None = None
) -> list[Case]:
    """The same for several transactions, in the order in which their attempts were asked."""
    rows = await database.fetch(
        """with request as (
            select distinct on (transaction_id) id, tenant_id, transaction_id, attempt, request_token, request_uri,
                request_body, intent, verdict, action, rule_id, rule_number, decision, document_set_version,
                evaluate_us, parents, requested_at, expires_at
            from approval_requests
            where transaction_id = any($2::uuid[]) and tenant_id = $1 and ($3::bigint is null or attempt = $3)
            order by transaction_id, attempt desc)
        select request.id, request.tenant_id, request.transaction_id, request.attempt, request.request_token,
            request.request_uri, request.request_body, request.intent, request.verdict, request.action,
            request.rule_id, request.rule_number, request.decision, request.document_set_version,
            request.evaluate_us, request.parents, request.requested_at, request.expires_at,
            event.number, event.attempt as event_attempt, event.approver, event.answer, event.document, event.state,
            event.reason
        from request left join approval_decisions as event on event.transaction_id = request.transaction_id
        order by request.id, event.number""",
        tenant_id,
        transaction_ids,
        attempt,
    )
    return [_parse_case(list(group)) for _, group in groupby(rows, key=lambda row: row["id"])]


async def list_waiting(
    database: Database, *, tenant_id: str, now: datetime, after: int, limit: int
) -> list[tuple[int, UUID]]:
    """Place in the line and id of the transactions that wait for people, oldest first, beginning behind ``after``."""
    rows = await database.fetch(
        """select id, transaction_id from approval_requests as request
        where tenant_id = $1 and action = 'APPROVE' and expires_at > $2 and id > $3
            and not exists (select 1 from approval_requests as later
                where later.transaction_id = request.transaction_id and later.attempt > request.attempt)
            and not exists (select 1 from approval_decisions as event
                where event.transaction_id = request.transaction_id and event.attempt = request.attempt
                    and event.state <> 'WAITING')
        order by id limit $4""",
        tenant_id,
        now,
        after,
        limit,
    )
    return [(row["id"], row["transaction_id"]) for row in rows]


async def list_events(database: Database, *, transaction_id: UUID) -> tuple[Event, ...]:
    """What happened to a transaction's approvals so far, in order."""
    rows = await database.fetch(
        """select number, attempt as event_attempt, approver, answer, document, state, reason
        from approval_decisions where transaction_id = $1 order by number""",
        transaction_id,
    )
    return tuple(_parse_event(row) for row in rows)


def insert_request(request: ApprovalRequest) -> Statement:
    """The row of step 6, guarded: nothing is decided by a version that has a successor, nor of what has ended."""
    question, answer = request.question, request.answer
    return Statement(
        """insert into approval_requests (tenant_id, transaction_id, attempt, request_token, request_uri, request_body,
            intent, intent_hash, verdict, action, rule_id, rule_number, decision, document_set_version, evaluate_us,
            parents, requested_at, expires_at)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18
        where not exists (select 1 from document_sets where tenant_id = $1 and version > $14)
            and not exists (select 1 from approval_decisions where transaction_id = $2 and state = 'CLOSED')""",
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
            request.document_set_version,
            request.evaluate_us,
            list(request.parents),
            request.requested_at,
            request.expires_at,
        ),
        guard=True,
    )


def insert_auto_approval(question: Question, *, now: datetime) -> Statement:
    """The row of step 7 when a rule allows without asking anyone: it looks at no answer, so it takes any number."""
    return Statement(
        """insert into approval_decisions (tenant_id, transaction_id, number, attempt, approver, answer, state,
            decided_at)
        select $1, $2, coalesce(max(number) + 1, 0), $3, $4, 'AUTO_APPROVED', 'APPROVED', $5
        from approval_decisions where transaction_id = $2""",
        (question.tenant_id, question.transaction_id, question.attempt, ENGINE, now),
    )


def insert_event(event: Event, *, request: ApprovalRequest, now: datetime, newest: bool = False) -> Statement:
    """What happened next to a transaction's approvals: a ``CONFLICT`` if something else did meanwhile.

    Args:
        newest: also guard that the request's document set has no successor.
    """
    question = request.question
    return Statement(
        """insert into approval_decisions (tenant_id, transaction_id, number, attempt, approver, answer, document,
            state, decided_at)
        select $1, $2, $3, $4, $5, $6, $7, $8, $9
        where not $10 or not exists (select 1 from document_sets where tenant_id = $1 and version > $11)""",
        (
            question.tenant_id,
            question.transaction_id,
            event.number,
            event.attempt,
            event.approver,
            event.answer.value,
            event.document,
            event.state.value,
            now,
            newest,
            request.document_set_version,
        ),
        guard=True,
    )


def insert_close(event: Event, *, tenant_id: str, transaction_id: UUID, now: datetime) -> Statement:
    """The transaction has ended: a ``CONFLICT`` if something else happened to its approvals meanwhile."""
    return Statement(
        """insert into approval_decisions (tenant_id, transaction_id, number, attempt, approver, answer, state, reason,
            decided_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)""",
        (
            tenant_id,
            transaction_id,
            event.number,
            event.attempt,
            event.approver,
            event.answer.value,
            event.state.value,
            event.reason,
            now,
        ),
    )


def _parse_case(rows: Sequence[Row]) -> Case:
    row = rows[0]
    question = Question(
        tenant_id=row["tenant_id"],
        transaction_id=row["transaction_id"],
        attempt=row["attempt"],
        token=row["request_token"],
        uri=row["request_uri"],
        body=row["request_body"],
        intent=row["intent"],
        verdict=row["verdict"],
    )
    answer = Answer(
        action=row["action"], rule_id=row["rule_id"], rule_number=row["rule_number"], decision=row["decision"]
    )
    request = ApprovalRequest(
        question=question,
        answer=answer,
        document_set_version=row["document_set_version"],
        evaluate_us=row["evaluate_us"],
        parents=tuple(row["parents"]),
        requested_at=row["requested_at"],
        expires_at=row["expires_at"],
    )
    return Case(request=request, events=tuple(_parse_event(one) for one in rows if one["number"] is not None))


def _parse_event(row: Row) -> Event:
    return Event(
        number=row["number"],
        attempt=row["event_attempt"],
        approver=row["approver"],
        answer=Reply(row["answer"]),
        state=State(row["state"]),
        document=row["document"],
        reason=row["reason"],
    )
