"""Roles: what the service, the auditor and even the owner cannot do."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from strongroom.apps.embedded.postgres import RunningPostgres
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import (
    REPLAY_CONSTRAINT,
    Database,
    DatabaseNames,
    Passwords,
    insert_handoff,
    list_handoffs,
    provision,
    violated_constraint,
)
from strongroom.runtime.rpc.evidence import HandoffEvent
from tests.fixtures.postgres import PASSWORD, Databases, ProbeDatabase

PROBE = Path(__file__).parent / "probe"
TRANSACTION = UUID("00000000-0000-4000-8000-000000000001")
EVENT = HandoffEvent(
    handoff_id="jti-1",
    transaction_id=TRANSACTION,
    from_service="gateway",
    to_service="transaction_manager",
    method="/strongroom.transaction_manager.v1.TransactionManager/Accept",
    cert_chain_hash=bytes(32),
    cert_chain="bGVhZg.aW50ZXJtZWRpYXRl",
    payload_hash=bytes(range(32)),
    parents=("aa", "bb"),
    token="e30.e30.c2ln",
    direction="received",
    occurred_at=datetime(2030, 1, 1, 12, 0, 0, 123456, tzinfo=UTC),
)


@pytest.fixture
async def made(databases: Databases) -> ProbeDatabase:
    return await databases.make("probe", migrations=PROBE / "migrations", grants=PROBE / "grants.sql")


async def _run(dsn: str, *statements: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_handoff_is_recorded_once_and_read_back(made: ProbeDatabase) -> None:
    async with await Database.open(made.config) as database:
        assert await database.commit(insert_handoff(EVENT)) == [1]
        assert await list_handoffs(database, transaction_id=TRANSACTION) == [EVENT]
        with pytest.raises(StrongroomError) as caught:
            await database.commit(insert_handoff(EVENT))
        assert caught.value.code is Code.CONFLICT
        assert violated_constraint(caught.value) == REPLAY_CONSTRAINT


async def test_a_certificate_chain_is_stored_once_and_found_for_every_handoff_under_it(made: ProbeDatabase) -> None:
    second = replace(EVENT, handoff_id="jti-2")
    renewed = replace(EVENT, handoff_id="jti-3", cert_chain_hash=bytes([1]) * 32, cert_chain="cmVuZXdlZA.aW50ZXI")
    async with await Database.open(made.config) as database:
        for event in (EVENT, second, renewed):
            await database.commit(insert_handoff(event))
        assert await list_handoffs(database, transaction_id=TRANSACTION) == [EVENT, second, renewed]
        stored = await database.fetch("select cert_chain from service_handoff_events order by id")
    assert [row["cert_chain"] for row in stored] == [EVENT.cert_chain, None, renewed.cert_chain]


_CHANGES = [
    "update service_handoff_events set method = 'other'",
    "delete from service_handoff_events",
    "truncate service_handoff_events",
    "update service_handoff_events set id = default where false or id > 0",
]


async def test_recorded_handoffs_cannot_be_changed(made: ProbeDatabase) -> None:
    async with await Database.open(made.config) as database:
        await database.commit(insert_handoff(EVENT))
        for change in _CHANGES:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):  # the service: by grants
                await _run(made.config.dsn, change)
            for dsn in (made.owner_dsn, made.admin_dsn):  # the owner and a superuser: by triggers
                with pytest.raises(asyncpg.PostgresError, match="append-only"):
                    await _run(dsn, change)
            with pytest.raises(asyncpg.PostgresError, match="append-only"):  # nor as a replica
                await _run(made.admin_dsn, "set session_replication_role = replica", change)
        assert await list_handoffs(database, transaction_id=TRANSACTION) == [EVENT]


async def test_append_only_rows_hold_by_trigger_where_a_grant_is_too_wide(made: ProbeDatabase) -> None:
    await _run(made.config.dsn, "insert into notes (note) values ('a')")
    with pytest.raises(asyncpg.PostgresError, match="DELETE on notes is refused"):
        await _run(made.config.dsn, "delete from notes")


async def test_a_column_is_set_once(made: ProbeDatabase) -> None:
    dsn = made.config.dsn
    await _run(dsn, "insert into records (id, status) values ('r', 'SUBMITTED')")
    await _run(dsn, "update records set status = 'SIGNED', raw_payload = '\\x00ff'")
    await _run(dsn, "update records set status = 'BROADCASTING'")
    await _run(dsn, "update records set tx_hash = '0xaa', raw_payload = '\\x00ff'")
    for change in ("tx_hash = '0xbb'", "tx_hash = null", "raw_payload = '\\x00'", "raw_payload = null"):
        for user in (dsn, made.owner_dsn):
            with pytest.raises(asyncpg.PostgresError, match="is set once and cannot change"):
                await _run(user, f"update records set status = 'X', {change}")  # noqa: S608 - from the line above
    async with await Database.open(made.config) as database:
        row = await database.fetchrow("select status, tx_hash, raw_payload from records")
    assert row is not None
    assert tuple(row) == ("BROADCASTING", "0xaa", b"\x00\xff")


_FORBIDDEN = [
    "create table mine (id bigint)",
    "create schema mine",
    "create temporary table mine (id bigint)",
    "alter table things disable trigger all",
    "drop table things",
    "select checksum from schema_migrations",
    "truncate work",
    "set role postgres",
]


async def test_a_service_can_do_nothing_it_was_not_granted(made: ProbeDatabase) -> None:
    for statement in _FORBIDDEN:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await _run(made.config.dsn, statement)


async def test_the_auditor_reads_everything_and_changes_nothing(made: ProbeDatabase) -> None:
    for table in ("things", "records", "notes", "work", "service_handoff_events", "schema_migrations"):
        await _run(made.auditor_dsn, f"select count(*) from {table}")  # noqa: S608 - from the line above
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
        await _run(made.auditor_dsn, "insert into things (name) values ('a')")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await _run(made.auditor_dsn, "set default_transaction_read_only = off", "delete from things")


async def test_provisioning_may_be_repeated_and_keeps_services_apart(postgres: RunningPostgres) -> None:
    one, other = DatabaseNames("apart", "one"), DatabaseNames("apart", "other")
    for names in (one, other, one):
        await provision(postgres.admin_dsn(), names=names, passwords=Passwords(service=PASSWORD))
    await _run(postgres.dsn(database=one.database, user=one.service_role, password=PASSWORD), "select 1")
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied for database"):
        await _run(postgres.dsn(database=other.database, user=one.service_role, password=PASSWORD), "select 1")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await _run(postgres.dsn(database=one.database, user=one.service_role, password="wrong"), "select 1")


@pytest.mark.parametrize("name", ["", "Sandbox", "a-b", 'a"; drop', "1a", "a" * 27])
def test_names_that_need_quoting_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        DatabaseNames(name, "service")
    with pytest.raises(ValueError, match="not a name"):
        DatabaseNames("sandbox", name)


def test_passwords_and_dsns_are_not_printed(made: ProbeDatabase) -> None:
    assert PASSWORD not in repr(Passwords(service=PASSWORD, owner=PASSWORD, auditor=PASSWORD))
    assert "postgresql" not in repr(made.config)
