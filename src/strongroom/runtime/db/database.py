"""One service's database: a pool, reads, and the one-round-trip commit."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self, TypeAlias, final

import asyncpg
from asyncpg.pool import Pool, PoolConnectionProxy

from strongroom.runtime.db.failures import translated
from strongroom.runtime.db.statement import Row, Statement, join

_Connection: TypeAlias = "PoolConnectionProxy[Row]"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseConfig:
    """How to reach one service's database.

    Args:
        dsn: ``postgresql://role:password@host:port/database``, or with ``?host=/folder`` for a Unix socket.
        min_connections: kept open.
        max_connections: opened at most; further callers wait.
        timeout_s: for connecting, for a free connection and for each statement.
    """

    dsn: str = field(repr=False)
    min_connections: int = 1
    max_connections: int = 8
    timeout_s: float = 30.0


@final
class Transaction:
    """Several statements in one transaction, for the rare case that one ``commit`` cannot express."""

    def __init__(self, connection: _Connection) -> None:
        self._connection = connection

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """All rows."""
        with translated():
            return await self._connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> Row | None:
        """The first row, or None."""
        with translated():
            return await self._connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:  # noqa: ANN401 - the type of a column
        """The first column of the first row, or None."""
        with translated():
            return await self._connection.fetchval(sql, *args)

    async def execute(self, sql: str, *args: object) -> str:
        """Run it; answers PostgreSQL's command tag, such as ``UPDATE 1``."""
        with translated():
            return await self._connection.execute(sql, *args)

    async def apply(self, *statements: Statement) -> list[int]:
        """The same as ``Database.commit``, inside this transaction."""
        return await _apply(self._connection, statements)


@final
class Database:
    """A pool of connections to one database, under the service's own role.

    Session state is not reset between uses (that would cost a round trip), so nothing may set any: use ``set local``.
    Every method raises ``UNAVAILABLE`` when the database is gone, overloaded, or undid the work because of a
    deadlock, and ``CONFLICT`` when a unique constraint is violated (``violated_constraint`` names it).
    """

    def __init__(self, pool: "Pool[Row]", *, timeout_s: float) -> None:
        self._pool = pool
        self._timeout_s = timeout_s

    @classmethod
    async def open(cls, config: DatabaseConfig) -> Self:
        """Connect. Close it with ``close`` or ``async with``."""
        with translated():
            pool = await asyncpg.create_pool(
                config.dsn,
                min_size=config.min_connections,
                max_size=config.max_connections,
                timeout=config.timeout_s,
                command_timeout=config.timeout_s,
                statement_cache_size=512,
                max_cached_statement_lifetime=0,  # kept for the life of the connection
                max_cacheable_statement_size=0,  # whatever their length
                reset=_keep_session,
                server_settings={
                    "application_name": "strongroom",
                    "jit": "off",
                    "plan_cache_mode": "force_generic_plan",  # the same few statements for ever: planned once each
                    "timezone": "UTC",
                },
            )
        return cls(pool, timeout_s=config.timeout_s)

    async def close(self) -> None:
        """Wait for the statements under way, then disconnect."""
        await self._pool.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def fetch(self, sql: str, *args: object) -> list[Row]:
        """All rows."""
        with translated():
            async with self._pool.acquire(timeout=self._timeout_s) as connection:
                return await connection.fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: object) -> Row | None:
        """The first row, or None."""
        with translated():
            async with self._pool.acquire(timeout=self._timeout_s) as connection:
                return await connection.fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: object) -> Any:  # noqa: ANN401 - the type of a column
        """The first column of the first row, or None."""
        with translated():
            async with self._pool.acquire(timeout=self._timeout_s) as connection:
                return await connection.fetchval(sql, *args)

    async def commit(self, *statements: Statement) -> list[int]:
        """Store all statements or none, in one round trip and one fsync; answers the rows each touched.

        They run as sub-statements of one query, so all see the data as it was before any of them, and no two may touch
        the same row (PostgreSQL documentation, 7.8.4): what depends on another's effect needs ``transaction``.
        After ``UNAVAILABLE`` the commit may have happened; repeating it is safe when it is guarded or unique.

        Raises:
            StrongroomError: ``CLAIM_LOST`` when a guarded statement touched no row; nothing is stored then.
        """
        if not statements:
            return []
        with translated():
            async with self._pool.acquire(timeout=self._timeout_s) as connection:
                return await _apply(connection, statements)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction]:
        """``async with database.transaction() as tx``: committed at the end, undone when the block raises."""
        with translated():
            connection = await self._pool.acquire(timeout=self._timeout_s)
        try:
            async with _begun(connection):
                yield Transaction(connection)
        finally:
            await self._pool.release(connection)


async def _keep_session(_connection: object) -> None:
    """No reset query: asyncpg has already rolled back what was open."""


async def _apply(connection: _Connection, statements: tuple[Statement, ...]) -> list[int]:
    if not statements:
        return []
    text, args = join(statements)
    with translated():
        row = await connection.fetchrow(text, *args)
    assert row is not None, "a select without from answers one row"
    return [int(count) for count in row]


@asynccontextmanager
async def _begun(connection: _Connection) -> AsyncGenerator[None]:
    """A transaction whose beginning and end are translated, but not what the block itself raises."""
    transaction = connection.transaction()
    with translated():
        await transaction.start()
    try:
        yield
    except BaseException:
        if not connection.is_closed():
            with translated():
                await transaction.rollback()
        raise
    with translated():
        await transaction.commit()
