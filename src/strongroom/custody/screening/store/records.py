"""What was screened and exchanged, and the lists of addresses."""

from datetime import datetime

from strongroom.custody.screening.domain.verdicts import AmlResult, ListHead, Obligation, TravelRuleRecord
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.verdict import AmlVerdict, TravelRuleOutcome
from strongroom.kernel.paging import Page, encode_cursor, parse_cursor
from strongroom.runtime.db import Database, Statement


async def list_heads(database: Database, *, address: str) -> tuple[ListHead, ...]:
    """Every list, and whether it holds ``address`` (a key of ``domain.address_key``); by name."""
    rows = await database.fetch(
        """select name, content_hash, addresses,
            exists (select 1 from screening_entries where address = $1 and list_name = name) as holds
        from screening_lists order by name""",
        address,
    )
    return tuple(
        ListHead(name=row["name"], content_hash=row["content_hash"], addresses=row["addresses"], holds=row["holds"])
        for row in rows
    )


async def find_result(database: Database, *, intent: Intent, attempt: int) -> AmlResult | None:
    """The AML result of one attempt at the transaction of an intent; it may have been of another intent."""
    row = await database.fetchrow(
        """select intent_hash, aml, provider, matched_list, detail, evidence_hash
        from aml_screening_results where tenant_id = $1 and transaction_id = $2 and attempt = $3""",
        intent.tenant,
        intent.id,
        attempt,
    )
    if row is None:
        return None
    return AmlResult(
        intent_hash=row["intent_hash"],
        aml=AmlVerdict(row["aml"]),
        provider=row["provider"],
        matched_list=row["matched_list"],
        detail=row["detail"],
        evidence_hash=row["evidence_hash"],
    )


def insert_result(result: AmlResult, *, intent: Intent, attempt: int, now: datetime) -> Statement:
    """The AML result of one attempt."""
    return Statement(
        """insert into aml_screening_results (tenant_id, transaction_id, attempt, intent_hash, address, provider, aml,
            matched_list, detail, evidence_hash, screened_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
        (
            intent.tenant,
            intent.id,
            attempt,
            result.intent_hash,
            intent.destination,
            result.provider,
            result.aml.value,
            result.matched_list,
            result.detail,
            result.evidence_hash,
            now,
        ),
    )


async def find_record(database: Database, *, intent: Intent, attempt: int) -> TravelRuleRecord | None:
    """The Travel Rule record of one attempt, likewise."""
    row = await database.fetchrow(
        """select intent_hash, required, reason, outcome, counterparty, simulated, verification_uuid, verdict
        from travel_rule_records where tenant_id = $1 and transaction_id = $2 and attempt = $3""",
        intent.tenant,
        intent.id,
        attempt,
    )
    if row is None:
        return None
    return TravelRuleRecord(
        intent_hash=row["intent_hash"],
        obligation=Obligation(required=row["required"], reason=row["reason"]),
        outcome=TravelRuleOutcome(row["outcome"]),
        counterparty=row["counterparty"],
        simulated=row["simulated"],
        verification_id=row["verification_uuid"],
        verdict=row["verdict"],
    )


def insert_record(record: TravelRuleRecord, *, intent: Intent, attempt: int, now: datetime) -> Statement:
    """The Travel Rule record of one attempt."""
    return Statement(
        """insert into travel_rule_records (tenant_id, transaction_id, attempt, intent_hash, required, reason, outcome,
            counterparty, simulated, verification_uuid, verdict, recorded_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)""",
        (
            intent.tenant,
            intent.id,
            attempt,
            record.intent_hash,
            record.obligation.required,
            record.obligation.reason,
            record.outcome.value,
            record.counterparty,
            record.simulated,
            record.verification_id,
            record.verdict,
            now,
        ),
    )


async def replace_list(
    database: Database, *, name: str, content_hash: bytes, addresses: tuple[str, ...], now: datetime
) -> None:
    """Put ``addresses`` in place of the list of that name, in one commit: nobody sees half a list."""
    async with database.transaction() as tx:
        await tx.execute(
            """insert into screening_lists (name, content_hash, addresses, imported_at) values ($1, $2, $3, $4)
            on conflict (name) do update set content_hash = excluded.content_hash, addresses = excluded.addresses,
                imported_at = excluded.imported_at""",
            name,
            content_hash,
            len(addresses),
            now,
        )
        await tx.execute("delete from screening_entries where list_name = $1", name)
        await tx.execute(
            "insert into screening_entries (list_name, address) select $1, unnest($2::text[])", name, list(addresses)
        )


async def list_lists(database: Database, *, page_size: int, cursor: str | None) -> Page[tuple[str, int, datetime]]:
    """Names, sizes and import times, by name."""
    after = parse_cursor(cursor, parts=1)[0] if cursor else ""
    rows = await database.fetch(
        "select name, addresses, imported_at from screening_lists where name > $1 order by name limit $2",
        after,
        page_size + 1,
    )
    items = tuple((str(row["name"]), int(row["addresses"]), row["imported_at"]) for row in rows[:page_size])
    return Page(items=items, next_cursor=encode_cursor(items[-1][0]) if len(rows) > page_size else None)
