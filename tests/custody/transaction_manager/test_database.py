"""What the database itself refuses, whatever the code does."""

# ruff: noqa: S608 - names of our own tables and columns

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from strongroom.runtime.clock import ManualClock
from strongroom.runtime.db import Database
from tests.custody.transaction_manager.world import GRANTS, MIGRATIONS, NOW, Neighbours, World
from tests.fixtures.postgres import Databases

APPEND_ONLY = (
    "document_sets",
    "transaction_steps",
    "transaction_status_events",
    "idempotency_keys",
    "service_handoff_events",
)


@pytest.fixture
async def connections(databases: Databases) -> AsyncIterator[tuple[Any, Any]]:
    """The service's own role and the owner's, on a database with one completed transaction."""
    made = await databases.make("transaction_manager", migrations=MIGRATIONS, grants=GRANTS)
    async with await Database.open(made.config) as database:
        world = await World(database, Neighbours(), ManualClock(NOW)).start()
        await world.publish()
        transaction_id = await world.create(key="key-1")
        await world.settle()
        await world.walk(transaction_id, until="13")
        await world.confirm(transaction_id, depth=2)
        await world.stop()
    service, owner = await asyncpg.connect(made.config.dsn), await asyncpg.connect(made.owner_dsn)
    yield service, owner
    await service.close()
    await owner.close()


async def _state(connection: Any, sql: str) -> str:
    with pytest.raises(asyncpg.PostgresError) as caught:
        await connection.execute(sql)
    return str(caught.value.sqlstate)


async def test_append_only_rows_stay_as_they_are(connections: tuple[Any, Any]) -> None:
    service, owner = connections
    for table in APPEND_ONLY:
        for change in (f"delete from {table}", f"truncate {table} cascade"):
            assert (change, await _state(service, change)) == (change, "42501")
            assert (change, await _state(owner, change)) == (change, "SR002")
    for table, column in (("transaction_steps", "outcome"), ("transaction_status_events", "status")):
        change = f"update {table} set {column} = 'x'"
        assert await _state(service, change) == "42501"
        assert await _state(owner, change) == "SR002"


async def test_the_service_may_not_touch_what_was_asked(connections: tuple[Any, Any]) -> None:
    service, _ = connections
    for column in ("intent", "request_body", "amount_units", "sender", "destination_address", "tenant_id"):
        assert await _state(service, f"update transactions set {column} = null") == "42501"
    assert await _state(service, "delete from transactions") == "42501"


@pytest.mark.parametrize("role", [0, 1])
async def test_set_once_columns_are_set_once(connections: tuple[Any, Any], role: int) -> None:
    for change in (
        "tx_hash = '0x00'",
        "tx_hash = null",
        r"raw_payload_cbor = '\x00'",
        "nonce = 7",
        r"payload = '\x00'",
        r"payload = '\x00', attempt = attempt + 1",
        "payload = null, attempt = attempt + 1",
        "nonce = nonce + 1, attempt = attempt + 1",
        "signed_attempt = signed_attempt + 1",
        "decision = null",
        r"verdict = '\x00'",
    ):
        state = await _state(connections[role], f"update transactions set {change}")
        assert (change, state) == (change, "SR003")


async def test_a_final_status_never_changes(connections: tuple[Any, Any]) -> None:
    for connection in connections:
        for status in ("FAILED", "CONFIRMING", "SUBMITTED"):
            assert await _state(connection, f"update transactions set status = '{status}'") == "SR004"
    assert await _state(connections[1], "delete from transactions") == "SR002"


async def test_a_slot_has_one_owner(connections: tuple[Any, Any]) -> None:
    service, owner = connections
    double = """insert into spend_slots (chain_id, sender, nonce, tenant_id, transaction_id, state, reserved_at,
            since_block)
        select chain_id, sender, nonce, tenant_id, transaction_id, 'LIVE', reserved_at, 0 from spend_slots"""
    assert await _state(service, double) == "23505"
    assert await _state(service, "update spend_slots set nonce = 9") == "42501"
    assert await _state(owner, "update spend_slots set state = 'LOST'") == "23514"
