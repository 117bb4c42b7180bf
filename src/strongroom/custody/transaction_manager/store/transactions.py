"""The tables transactions, transaction_steps, transaction_status_events and idempotency_keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from strongroom.custody.transaction_manager.domain.acceptance import Earlier
from strongroom.custody.transaction_manager.domain.status import UNSPENT, Status
from strongroom.custody.transaction_manager.domain.steps import Step
from strongroom.custody.transaction_manager.domain.transaction import Change, OriginalRequest, Transaction
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment, TenantId, TransactionId
from strongroom.runtime.db import Database, Row, Statement

EXTERNAL_ID_TAKEN: Final = "transactions_external_id_key"
REQUEST_TAKEN: Final = "transactions_request_hash_key"
_CREATE: Final = "create_transaction"

_COLUMNS: Final = """id, tenant_id, environment, status, sub_status, reason, attempt, step, ending, tombstone, freed,
    held_by_fee, report_due, signed_attempt, asset_id, chain_id, decimals, source_account, sender, destination_type,
    destination_id, destination_address, amount_units, max_fee_units, needed_confirmations, external_id, note,
    created_by, access_token_id, request_token, request_uri, request_body, request_hash, body_hash,
    document_set_version, intent, not_after, verdict, decision, payload, nonce, raw_payload_cbor, tx_hash,
    block_number, block_hash, confirmations, fee_units, created_at, updated_at, version,
    (select max(d.version) from document_sets as d where d.tenant_id = transactions.tenant_id) as current_version"""
_GET: Final = f"select {_COLUMNS} from transactions where tenant_id = $1 and id = $2"  # noqa: S608 - our own columns
_GET_EXTERNAL: Final = f"""select {_COLUMNS} from transactions where tenant_id = $1 and external_id = $2
    order by created_at desc, id desc limit 1"""  # noqa: S608 - our own columns
_LIST: Final = f"""select {_COLUMNS} from transactions
    where tenant_id = $1 and created_at > $2 and created_at < $3
        and ($4::text[] is null or status = any($4)) and ($5::text is null or source_account = $5)
        and ($6::timestamptz is null or (created_at, id) < ($6, $7::uuid))
    order by created_at desc, id desc limit $8"""  # noqa: S608 - our own columns

_UPDATE: Final = """update transactions set status = $4, sub_status = $5, reason = $6, step = $7, attempt = $20,
    verdict = case when attempt = $20 then coalesce($8, verdict) end,
    decision = case when attempt = $20 then coalesce($9, decision) end, payload = coalesce($10, payload),
    ending = coalesce($21, ending), tombstone = coalesce($22, tombstone), freed = $23, held_by_fee = $24,
    report_due = $26, signed_attempt = coalesce($25, signed_attempt),
    nonce = coalesce($11, nonce), raw_payload_cbor = coalesce($12, raw_payload_cbor),
    tx_hash = coalesce($13, tx_hash), block_number = coalesce($14, block_number),
    block_hash = coalesce($15, block_hash), confirmations = coalesce($16, confirmations),
    fee_units = coalesce($17, fee_units), updated_at = $18, version = version + 1
    where tenant_id = $1 and id = $2 and version = $3
    and (select max(d.version) from document_sets as d where d.tenant_id = $1) = $19"""

# the columns of step 5 that are stored as they are, in the order of the insert
_PLAIN: Final = (
    "id",
    "tenant_id",
    "environment",
    "status",
    "step",
    "asset_id",
    "chain_id",
    "decimals",
    "source_account",
    "sender",
    "destination_type",
    "destination_id",
    "destination_address",
    "needed_confirmations",
    "external_id",
    "note",
    "created_by",
    "access_token_id",
    "request_hash",
    "body_hash",
    "document_set_version",
    "intent",
    "not_after",
    "created_at",
    "updated_at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """Which transactions: bounds on ``created_at`` are exclusive; ``after_key`` is the sort key of the row before."""

    tenant_id: TenantId
    created_after: datetime
    created_before: datetime
    statuses: tuple[Status, ...]
    source_account: str | None
    after_key: tuple[datetime, UUID] | None
    limit: int


async def get_transaction(database: Database, *, tenant_id: str, transaction_id: UUID) -> Transaction:
    """One transaction; ``TRANSACTION_UNKNOWN``, also for another tenant's."""
    return _parsed(await database.fetchrow(_GET, tenant_id, transaction_id))


async def get_by_external_id(database: Database, *, tenant_id: str, external_id: str) -> Transaction:
    """The newest transaction of an externalTxId; ``TRANSACTION_UNKNOWN``."""
    return _parsed(await database.fetchrow(_GET_EXTERNAL, tenant_id, external_id))


async def list_transactions(database: Database, query: ListQuery) -> list[Transaction]:
    """Newest first."""
    rows = await database.fetch(
        _LIST,
        query.tenant_id,
        query.created_after,
        query.created_before,
        list(query.statuses) or None,
        query.source_account,
        *(query.after_key or (None, None)),
        query.limit,
    )
    return [_parse_row(row) for row in rows]


async def list_steps(database: Database, *, tenant_id: str, transaction_id: UUID) -> list[Step]:
    """What happened to a transaction, in the order of recording."""
    rows = await database.fetch(
        """select step, attempt, from_service, to_service, operation, outcome, detail, started_at, duration_us
        from transaction_steps where tenant_id = $1 and transaction_id = $2 order by id""",
        tenant_id,
        transaction_id,
    )
    return [Step(**dict(row)) for row in rows]


async def find_earlier(
    database: Database, *, tenant_id: str, key: str, external_id: str | None, request_hash: bytes
) -> Earlier:
    """What is stored already under the same key, externalTxId or request, and the tenant's current document set."""
    row = await database.fetchrow(
        """select
            (select (transaction_id, body_hash) from idempotency_keys
                where tenant_id = $1 and operation = $2 and key = $3) as by_key,
            (select (id, body_hash) from transactions
                where tenant_id = $1 and external_id = $4 and tombstone is null) as by_external_id,
            (select (id, body_hash) from transactions where tenant_id = $1 and request_hash = $5) as by_request,
            (select max(version) from document_sets where tenant_id = $1) as current_version""",
        tenant_id,
        _CREATE,
        key,
        external_id,
        request_hash,
    )
    assert row is not None, "a select without from answers one row"
    return Earlier(**dict(row))


async def sum_reserved(database: Database, transaction: Transaction) -> int:
    """What the sender's other unfinished transactions may still spend, fees included, in wei.

    Counted are those that passed this check already and those that came earlier: of two that do not both fit, the
    first passes, in whatever order they are checked. What is being closed counts only if it may have been released.
    """
    total = await database.fetchval(
        """select coalesce(sum(amount_units + max_fee_units), 0) from transactions
        where tenant_id = $1 and chain_id = $2 and sender = $3 and id <> $4 and status = any($5::text[])
            and status not in ('CONFIRMING', 'COMPLETED', 'CANCELLED', 'BLOCKED', 'REJECTED', 'FAILED')
            and (status <> 'SUBMITTED' or (created_at, id) < ($6, $4))
            and (status <> 'CANCELLING' or nonce is not null)""",
        transaction.tenant_id,
        transaction.chain_id,
        transaction.sender,
        transaction.id,
        [status.value for status in UNSPENT],
        transaction.created_at,
    )
    return int(total)


def insert_transaction(transaction: Transaction) -> Statement:
    """The row of step 5."""
    return Statement(
        """insert into transactions (id, tenant_id, environment, status, step, asset_id, chain_id, decimals,
            source_account, sender, destination_type, destination_id, destination_address, needed_confirmations,
            external_id, note, created_by, access_token_id, request_hash, body_hash, document_set_version, intent,
            not_after, created_at, updated_at, amount_units, max_fee_units, request_token, request_uri, request_body)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
            $23, $24, $25, $26, $27, $28, $29, $30)""",
        (
            *(getattr(transaction, name) for name in _PLAIN),
            Decimal(transaction.amount_units),
            Decimal(transaction.max_fee_units),
            transaction.request.token,
            transaction.request.uri,
            transaction.request.body,
        ),
    )


def insert_idempotency_key(
    *, transaction_id: UUID, tenant_id: str, key: str, body_hash: bytes, now: datetime
) -> Statement:
    """The first answer under a key is the only one."""
    return Statement(
        """insert into idempotency_keys (tenant_id, operation, key, body_hash, transaction_id, created_at)
        values ($1, $2, $3, $4, $5, $6)""",
        (tenant_id, _CREATE, key, body_hash, transaction_id, now),
    )


def update_transaction(transaction: Transaction, change: Change, *, now: datetime) -> Statement:
    """What one step changes, if nobody changed the transaction or its tenant's document set since it was read.

    Guarded by both versions, because what was read may have been kept for a while.
    """
    after = change.applied_to(transaction, now=now)
    return Statement(
        _UPDATE,
        (
            transaction.tenant_id,
            transaction.id,
            transaction.version,
            after.status,
            after.sub_status,
            after.reason,
            after.step,
            change.verdict,
            change.decision,
            change.payload,
            change.nonce,
            change.raw_payload_cbor,
            change.tx_hash,
            change.block_number,
            change.block_hash,
            change.confirmations,
            None if change.fee_units is None else Decimal(change.fee_units),
            now,
            transaction.current_version,
            after.attempt,
            change.ending,
            change.tombstone,
            after.freed,
            after.held_by_fee,
            change.signed_attempt,
            after.report_due,
        ),
        guard=True,
    )


def insert_steps(transaction: Transaction, *, steps: Sequence[Step], now: datetime) -> Statement:
    """Rows of the history, in order; one that is there already stays."""
    return Statement(
        """insert into transaction_steps (tenant_id, transaction_id, attempt, step, from_service, to_service, operation,
            outcome, detail, started_at, duration_us, recorded_at)
        select $1, $2, attempt, step, from_service, to_service, operation, outcome, detail, started_at, duration_us, $3
        from unnest($4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[],
            $11::timestamptz[], $12::bigint[]) with ordinality
            as given (attempt, step, from_service, to_service, operation, outcome, detail, started_at, duration_us, at)
        order by at on conflict on constraint transaction_steps_once do nothing""",
        (
            transaction.tenant_id,
            transaction.id,
            now,
            [step.attempt for step in steps],
            [step.step for step in steps],
            [step.from_service for step in steps],
            [step.to_service for step in steps],
            [step.operation for step in steps],
            [step.outcome for step in steps],
            [step.detail for step in steps],
            [step.started_at for step in steps],
            [step.duration_us for step in steps],
        ),
    )


def insert_status_events(transaction: Transaction, *, change: Change, now: datetime) -> Statement:
    """One row for every status gone through; sub-status and reason belong to the last."""
    last = len(change.moves) - 1
    return Statement(
        """insert into transaction_status_events (tenant_id, transaction_id, status, sub_status, reason, occurred_at)
        select $1, $2, status, sub_status, reason, $3
        from unnest($4::text[], $5::text[], $6::text[]) with ordinality as given (status, sub_status, reason, place)
        order by place""",
        (
            transaction.tenant_id,
            transaction.id,
            now,
            [status.value for status in change.moves],
            [change.sub_status if place == last else "" for place in range(len(change.moves))],
            [change.reason if place == last else "" for place in range(len(change.moves))],
        ),
    )


def _parsed(row: Row | None) -> Transaction:
    if row is None:
        raise StrongroomError(Code.TRANSACTION_UNKNOWN)
    return _parse_row(row)


def _parse_row(row: Row) -> Transaction:
    fields: dict[str, Any] = dict(row)
    fee_units = fields["fee_units"]
    fields |= {
        "id": TransactionId(row["id"]),
        "environment": Environment(row["environment"]),
        "status": Status(row["status"]),
        "ending": None if row["ending"] is None else Status(row["ending"]),
        "amount_units": int(row["amount_units"]),
        "max_fee_units": int(row["max_fee_units"]),
        "fee_units": None if fee_units is None else int(fee_units),
        "request": OriginalRequest(
            token=fields.pop("request_token"), uri=fields.pop("request_uri"), body=fields.pop("request_body")
        ),
    }
    return Transaction(**fields)
