"""Everything that the auditor reads from databases, each in one read-only snapshot. All SQL is in here."""

import dataclasses
import sqlite3
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, closing
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import asyncpg

from strongroom.apps.verify.books import (
    Address,
    Admission,
    Assembly,
    BroadcastAttempt,
    Callback,
    DocumentSetVersion,
    Entry,
    Handoff,
    IdempotencyKey,
    Lane,
    ManagerBook,
    Mark,
    NeighbourBook,
    SigningEvent,
    SigningRequest,
    SpendSlot,
    StatusEvent,
    Step,
    Transaction,
)
from strongroom.apps.verify.sources import Sources
from strongroom.kernel.errors import Code, StrongroomError

if TYPE_CHECKING:
    from asyncpg import Connection, Record

T = TypeVar("T")
MANAGER = "transaction_manager"
MARKS = (
    ("screening", "aml_screening_results"),
    ("screening", "travel_rule_records"),
    ("policy_engine", "approval_requests"),
    ("policy_engine", "approval_decisions"),
    ("cosigner_engine", "signing_requests"),
    ("nodes", "broadcast_attempts"),
)
"""Tables of the flow that have one row or more for each attempt that reached them."""
_SERVICES = ("auth_engine", "screening", "policy_engine", "secure_vault", "cosigner_engine", "nodes")
_TIMEOUT_S = 60.0


async def read_manager(sources: Sources) -> tuple[ManagerBook, tuple[Handoff, ...]]:
    """The manager's book, and the handoffs that it received.

    Raises:
        StrongroomError: ``UNAVAILABLE``.
    """
    async with _snapshot(sources, MANAGER) as connection:
        book = ManagerBook(
            transactions=await _read(connection, Transaction, "transactions", order="created_at, id"),
            statuses=await _read(connection, StatusEvent, "transaction_status_events", order="id"),
            steps=await _read(connection, Step, "transaction_steps", order="id"),
            lanes=await _read(connection, Lane, "nonce_lanes", order="chain_id, sender"),
            slots=await _read(connection, SpendSlot, "spend_slots", order="chain_id, sender, nonce"),
            keys=await _read(connection, IdempotencyKey, "idempotency_keys", order="tenant_id, key"),
        )
        return book, await _read(connection, Handoff, "service_handoff_events", order="id")


async def read_neighbours(sources: Sources) -> NeighbourBook:
    """Every other database that has rows of transactions. The manager's handoffs are not in it.

    Raises:
        StrongroomError: ``UNAVAILABLE``.
    """
    handoffs: dict[str, tuple[Handoff, ...]] = {}
    marks: dict[str, frozenset[Mark]] = {}
    tables: dict[str, tuple[Any, ...]] = {}
    for service in _SERVICES:
        async with _snapshot(sources, service) as connection:
            handoffs[service] = await _read(connection, Handoff, "service_handoff_events", order="id")
            for database, table in MARKS:
                if database == service:
                    marks[f"{database}.{table}"] = frozenset(await _read(connection, Mark, table))
            tables |= await _read_own(connection, service)
    return NeighbourBook(marks=marks, handoffs=handoffs, **tables)


async def _read_own(connection: "Connection[Record]", service: str) -> dict[str, tuple[Any, ...]]:
    if service == "secure_vault":
        rows = await connection.fetch(
            """select distinct w.chain_id, a.address from addresses as a
            join wallets as w using (tenant_id, number, asset_id)"""
        )
        return {
            "addresses": tuple(Address(**dict(row)) for row in rows),
            "admissions": await _read(connection, Admission, "admissions"),
            "assemblies": await _read(connection, Assembly, "assemblies"),
        }
    if service == "policy_engine":
        return {"document_sets": await _read(connection, DocumentSetVersion, "document_sets")}
    if service == "cosigner_engine":
        return {
            "requests": await _read(connection, SigningRequest, "signing_requests"),
            "events": await _read(connection, SigningEvent, "signing_events", order="id"),
            "callbacks": await _read(connection, Callback, "callback_invocations", order="id"),
        }
    if service == "nodes":
        return {"attempts": await _read(connection, BroadcastAttempt, "broadcast_attempts", order="id")}
    return {}


def read_journal(path: Path) -> tuple[Entry, ...]:
    """A co-signer's journal, in the order of its entries.

    Raises:
        StrongroomError: ``UNAVAILABLE`` if SQLite cannot read it.
    """
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as opened:
            rows = opened.execute("select sequence, kind, previous, payload, hash from journal order by sequence")
            return tuple(
                Entry(sequence=sequence, kind=kind, previous=previous, payload=payload, hash=hashed)
                for sequence, kind, previous, payload, hashed in rows
            )
    except sqlite3.Error as error:
        raise StrongroomError(Code.UNAVAILABLE, f"The journal {path} cannot be read: {error}.") from error


@asynccontextmanager
async def _snapshot(sources: Sources, service: str) -> AsyncGenerator["Connection[Record]"]:
    name = f"{sources.environment}_{service}"
    try:
        connection: Connection[Record] = await asyncpg.connect(
            sources.database_url, database=name, timeout=_TIMEOUT_S, command_timeout=_TIMEOUT_S
        )
        try:
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                yield connection
        finally:
            await connection.close()
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StrongroomError(Code.UNAVAILABLE, f"The database {name} cannot be read: {error}.") from error


async def _read(connection: "Connection[Record]", shape: type[T], table: str, *, order: str = "") -> tuple[T, ...]:
    """Every row of a table, of the columns that the shape names."""
    wanted = [one.name for one in dataclasses.fields(cast("Any", shape))]
    text = f"select {', '.join(wanted)} from {table}" + (f" order by {order}" if order else "")  # noqa: S608 - ours
    return tuple(shape(**_plain(row.items())) for row in await connection.fetch(text))


def _plain(columns: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    return {name: int(value) if isinstance(value, Decimal) else value for name, value in columns}
