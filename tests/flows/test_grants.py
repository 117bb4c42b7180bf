"""What a service itself, with its own password, cannot do to its own history; tried on rows of a real transaction."""

from collections.abc import Mapping
from uuid import UUID

import asyncpg
import pytest

from strongroom.client import Strongroom
from tests.fixtures.embedded import OWNERS, Embedded, ended

APPEND_ONLY: Mapping[str, tuple[str, ...]] = {
    "auth_engine": ("auth_tokens", "document_sets", "service_handoff_events"),
    "transaction_manager": (
        "document_sets",
        "idempotency_keys",
        "service_handoff_events",
        "transaction_status_events",
        "transaction_steps",
    ),
    "screening": ("aml_screening_results", "service_handoff_events", "travel_rule_records"),
    "policy_engine": ("approval_decisions", "approval_requests", "document_sets", "service_handoff_events"),
    "secure_vault": ("assemblies", "document_sets", "service_handoff_events"),
    "cosigner_engine": ("callback_invocations", "service_handoff_events", "signing_events"),
    "nodes": ("broadcast_attempts", "broadcast_outcomes", "observed_blocks", "service_handoff_events"),
}
# grants are the first lock, triggers of codes of our own the second (runtime/db/migrations/0001_house.sql)
REFUSED = frozenset({"42501", "SR002", "SR003", "SR004"})


@pytest.fixture
def completed(embedded: Embedded, client: Strongroom) -> UUID:
    done = ended(client, embedded.send(client))
    assert done["status"] == "COMPLETED"
    return UUID(done["id"])


async def refusal(connection: "asyncpg.Connection[asyncpg.Record]", sql: str, *arguments: object) -> str:
    """The SQLSTATE with which a statement is refused; empty when it is carried out, which is undone again."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(sql, *arguments)
    except asyncpg.PostgresError as error:
        return str(error.sqlstate)
    finally:
        await transaction.rollback()
    return ""


def test_every_service_with_a_database_is_tried() -> None:
    assert set(APPEND_ONLY) == set(OWNERS)


@pytest.mark.parametrize("service", OWNERS)
async def test_history_cannot_be_changed_by_its_own_service(embedded: Embedded, completed: UUID, service: str) -> None:
    assert completed
    before = await embedded.contents()
    connection = await embedded.connect(service, role="service")
    try:
        for table in APPEND_ONLY[service]:
            column = await connection.fetchval(
                "select column_name from information_schema.columns "
                " where table_name = $1 and is_identity = 'NO' order by 1 limit 1",
                table,
            )
            assert column, table
            for sql in (
                f'update "{table}" set "{column}" = "{column}"',  # noqa: S608 - names of our own
                f'delete from "{table}"',  # noqa: S608 - the same
                f'truncate "{table}"',
                f'truncate "{table}" cascade',
                f'alter table "{table}" disable trigger all',
                f'drop table "{table}"',
            ):
                assert await refusal(connection, sql) in REFUSED, sql
        assert await refusal(connection, "set session_replication_role = replica") in REFUSED
        assert await refusal(connection, "create table mine (a int)") in REFUSED
    finally:
        await connection.close()
    settled = {name: rows for name, rows in before.items() if not name.startswith("nodes.")}
    after = await embedded.contents()
    assert {name: after[name] for name in settled} == settled


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("raw_payload_cbor", "'\\xf6'"),
        ("raw_payload_cbor", "null"),
        ("tx_hash", "'0x' || repeat('00', 32)"),
        ("tx_hash", "null"),
        ("nonce", "nonce + 1"),
        ("nonce", "null"),
        ("payload", "'\\xf6'"),
        ("intent", "'\\xf6'"),
        ("amount_units", "amount_units + 1"),
        ("destination_address", "'0x' || repeat('00', 20)"),
        ("status", "'FAILED'"),
        ("status", "'SUBMITTED'"),
        ("id", "gen_random_uuid()"),
        ("tenant_id", "'other'"),
        ("request_hash", "sha256('')"),
    ],
)
async def test_what_is_set_once_stays(embedded: Embedded, completed: UUID, column: str, value: str) -> None:
    connection = await embedded.connect("transaction_manager", role="service")
    try:
        sql = f'update transactions set "{column}" = {value} where id = $1'  # noqa: S608 - values of our own
        assert await refusal(connection, sql, completed) in REFUSED
        assert (
            await refusal(connection, "update transactions set updated_at = updated_at where id = $1", completed) == ""
        )
    finally:
        await connection.close()


@pytest.mark.parametrize("service", OWNERS)
async def test_a_service_reaches_no_other_database_and_the_auditor_writes_nothing(
    embedded: Embedded, service: str
) -> None:
    own = await embedded.connect(service, role="service")
    auditor = await embedded.connect(service)
    try:
        other = next(name for name in OWNERS if name != service)
        allowed = "select has_database_privilege(current_user, $1, 'connect')"
        assert await own.fetchval(allowed, f"sandbox_{service}")
        assert not await own.fetchval(allowed, f"sandbox_{other}")
        assert not await own.fetchval("select rolsuper or rolcreatedb from pg_roles where rolname = current_user")
        for sql in ("delete from service_handoff_events", "update work set tries = 0", "create table mine (a int)"):
            assert await refusal(auditor, sql) in REFUSED | {"25006"}, sql
            assert await refusal(auditor, f"set transaction read write; {sql}") in REFUSED, sql
    finally:
        await own.close()
        await auditor.close()
