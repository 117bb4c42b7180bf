"""One enclave's database: a pool, and transactions that are repeated when the database undid them."""

import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar, final

import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.entropy import Entropy
from strongroom.travel_rule.enclave.store.direct import Direct, DirectWay

T = TypeVar("T")

ATTEMPTS: Final = 12
"""How often a transaction is tried before ``UNAVAILABLE``."""
_ISOLATION: Final = "READ COMMITTED"
_FIRST_PAUSE_S: Final = 0.005
_LONGEST_PAUSE_S: Final = 0.5
# Deadlock and lock wait timeout (MySQL 8 reference B.3.1), both and serialisation failure (PostgreSQL appendix A),
# deadlock victim (SQL Server 1205), deadlock and serialisation failure (Oracle ORA-00060, ORA-08177).
_UNDONE: Final[Mapping[str, frozenset[int | str]]] = {
    "mysql": frozenset({1213, 1205}),
    "mariadb": frozenset({1213, 1205, 1020}),
    "postgresql": frozenset({"40P01", "40001", "55P03"}),
    "mssql": frozenset({1205}),
    "oracle": frozenset({60, 8177}),
}
# No connection, too many, or a server that shuts down (MySQL 8 reference B.3; classes of PostgreSQL appendix A).
_GONE: Final = frozenset({1040, 1053, 2002, 2003, 2006, 2013})
_GONE_CLASSES: Final = frozenset({"08", "53", "57"})
_STATE_CHARACTERS: Final = 5


@final
class RepeatTransaction(Exception):  # noqa: N818  no error: somebody else was first
    """Raised by work that another transaction overtook: the whole of it is run again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """How to reach an enclave's database.

    Args:
        url: ``mysql+asyncmy://user:password@host:port/database`` or ``postgresql+asyncpg://...``; a Unix socket is
            ``?unix_socket=/path`` or ``?host=/folder``.
        max_connections: opened at most; further callers wait.
        timeout_s: for connecting, for a free connection and for a lock.
        tls_ca_file: certificates that the server's must chain to; without it the connection is not encrypted.
        schema: another schema than the default one; PostgreSQL only.
    """

    url: str = field(repr=False)
    max_connections: int = 8
    timeout_s: float = 10.0
    tls_ca_file: Path | None = None
    schema: str | None = None


@final
class Transaction:
    """One transaction, as the store's functions take it."""

    __slots__ = ("_connection", "dialect")

    def __init__(self, connection: AsyncConnection, dialect: str) -> None:
        self._connection = connection
        self.dialect = dialect

    async def rows(self, statement: sa.Executable, values: Mapping[str, Any] | None = None) -> Sequence[sa.Row[Any]]:
        """Every row."""
        return (await self._connection.execute(statement, values)).all()

    async def row(self, statement: sa.Executable, values: Mapping[str, Any] | None = None) -> sa.Row[Any] | None:
        """The first row, or None; ``CONFLICT`` as ``insert``, when the statement also writes."""
        with _conflicts():
            return (await self._connection.execute(statement, values)).first()

    async def records(
        self, statement: sa.Executable, values: Mapping[str, Any] | None = None
    ) -> Sequence[sa.RowMapping]:
        """Every row, by the names of its columns."""
        return (await self._connection.execute(statement, values)).mappings().all()

    async def change(
        self, statement: sa.Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> int:
        """Run it, once for each set of values; answers how many rows it met."""
        return (await self._connection.execute(statement, values)).rowcount

    async def insert(self, statement: sa.Insert, values: Mapping[str, Any]) -> int:
        """Insert one row; answers the number that the database gave it.

        Raises:
            StrongroomError: ``CONFLICT`` when the row exists already. The transaction is lost then.
        """
        with _conflicts():
            result = await self._connection.execute(statement, values)
        key = result.inserted_primary_key
        return 0 if key is None or not isinstance(key[0], int) else key[0]

    async def has_table(self, name: str) -> bool:
        """Whether there is such a table."""
        return await self._connection.run_sync(lambda sync: sa.inspect(sync).has_table(name))


@final
class EnclaveDatabase:
    """A pool of connections to one database. Every method raises ``UNAVAILABLE`` when the database is not there.

    Args:
        engine: whose connections commit each statement by itself on PostgreSQL, where a transaction begins explicitly.
        clock, entropy: for the pauses before a transaction is repeated.
    """

    def __init__(self, engine: AsyncEngine, *, clock: Clock, entropy: Entropy) -> None:
        self._pool = engine
        # elsewhere a connection is brought from one to the other by more journeys than that spares
        is_cheap = engine.dialect.name == "postgresql"
        self._single = engine if is_cheap else None
        self._engine = engine.execution_options(isolation_level=_ISOLATION) if is_cheap else engine
        self._direct = DirectWay(engine) if DirectWay.supports(engine) else None
        self._clock = clock
        self._entropy = entropy

    @property
    def dialect(self) -> str:
        """``mysql``, ``mariadb``, ``postgresql``, ``mssql`` or ``oracle``."""
        return self._engine.dialect.name

    @property
    def engine(self) -> AsyncEngine:
        """For migrations alone."""
        return self._engine

    async def run(
        self,
        work: Callable[[Transaction], Awaitable[T]],
        *,
        at_once: Callable[[Direct], Awaitable[T | None]] | None = None,
    ) -> T:
        """Run ``work`` in one transaction and commit it, again from the start when the database undid it.

        ``work`` must have no other effect than on the transaction. Deadlocks, lock waits that timed out and failures to
        serialise are repeated after a pause that grows.

        Args:
            work: any number of statements.
            at_once: the same in one journey to the database instead of one for each statement, the beginning and the
                commit. Where it answers None it has done nothing, and ``work`` is run; so it is with drivers that have
                no such way.

        Raises:
            StrongroomError: ``UNAVAILABLE`` after ``ATTEMPTS``, or when the database is gone; what ``work`` raises.
        """

        async def step() -> T:
            done = None if at_once is None or self._direct is None else await self._direct.run(at_once)
            return await self._once(work) if done is None else done

        return await self._repeat(step)

    async def read(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Run ``work``, which only reads; each statement sees what is committed when it begins."""
        engine = self._single
        return await self._repeat(lambda: self._once(work) if engine is None else self._alone(engine, work))

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.dispose()

    async def _repeat(self, step: Callable[[], Awaitable[T]]) -> T:
        for attempt in range(ATTEMPTS):
            try:
                return await step()
            except RepeatTransaction:
                pass
            except (OSError, PoolTimeoutError) as error:
                raise StrongroomError(Code.UNAVAILABLE, "The database does not answer.") from error
            except DBAPIError as error:
                if not self._was_undone(error):
                    raise _translated(error) from error
            await self._clock.sleep(self._pause_s(attempt))
        raise StrongroomError(Code.UNAVAILABLE, "The database undid the transaction each time.")

    async def _once(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        async with self._engine.begin() as connection:
            return await work(Transaction(connection, self.dialect))

    async def _alone(self, engine: AsyncEngine, work: Callable[[Transaction], Awaitable[T]]) -> T:
        connection = await engine.connect()
        try:
            return await work(Transaction(connection, self.dialect))
        finally:
            await connection.close()

    def _was_undone(self, error: DBAPIError) -> bool:
        return not _reasons(error).isdisjoint(_UNDONE.get(self.dialect, frozenset()))

    def _pause_s(self, attempt: int) -> float:
        ceiling = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**attempt)
        return ceiling * (1 + self._entropy.token(1)[0]) / 256


async def open_database(settings: DatabaseSettings, *, clock: Clock, entropy: Entropy) -> EnclaveDatabase:
    """Open the pool and reach the database once.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` when the address or its driver is unknown; ``UNAVAILABLE``.
    """
    try:
        url = sa.make_url(settings.url)
        engine = create_async_engine(
            url,
            isolation_level="AUTOCOMMIT" if url.get_backend_name() == "postgresql" else _ISOLATION,
            pool_size=settings.max_connections,
            max_overflow=0,
            pool_timeout=settings.timeout_s,
            pool_reset_on_return=None,  # whoever takes a connection ends what it began on it
            hide_parameters=True,  # they are customers' account numbers, and an error's text reaches the log
            connect_args=_connect_args(url.get_backend_name(), settings),
        )
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError):
        # the cause may quote the address, and with it the password
        raise StrongroomError(Code.CONFIG_INVALID, "The database's address or its driver is unknown.") from None
    database = EnclaveDatabase(engine, clock=clock, entropy=entropy)
    try:
        await database.read(_reach)
    except BaseException:
        await database.close()
        raise
    return database


async def _reach(tx: Transaction) -> None:
    await tx.row(sa.select(sa.literal(1)))


def _connect_args(backend: str, settings: DatabaseSettings) -> dict[str, Any]:
    tls = None if settings.tls_ca_file is None else ssl.create_default_context(cafile=str(settings.tls_ca_file))
    if backend == "postgresql":
        schema = {} if settings.schema is None else {"search_path": settings.schema}
        waits = {"lock_timeout": f"{int(settings.timeout_s * 1000)}ms"}
        # "False" keeps asyncpg from trying, and silently giving up, TLS
        return {"timeout": settings.timeout_s, "ssl": tls or False, "server_settings": {**schema, **waits}}
    if settings.schema is not None:
        raise StrongroomError(Code.CONFIG_INVALID, "A schema is chosen on PostgreSQL only.")
    if backend in {"mysql", "mariadb"}:
        wait_s = max(1, int(settings.timeout_s))
        started = f"set time_zone = '+00:00', innodb_lock_wait_timeout = {wait_s}, sql_mode = 'STRICT_ALL_TABLES'"
        return {"connect_timeout": wait_s, "charset": "utf8mb4", "init_command": started} | (
            {"ssl": tls} if tls else {}
        )
    return {}


class _conflicts:  # noqa: N801  a context manager of one line
    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, IntegrityError):
            raise StrongroomError(Code.CONFLICT, "The row exists already.") from error


def _reasons(error: DBAPIError) -> frozenset[int | str]:
    """The database's own codes of an error: SQLSTATE, its number, or both."""
    cause = error.orig
    parts = (getattr(part, "code", part) for part in getattr(cause, "args", ()))
    return frozenset(each for each in (getattr(cause, "sqlstate", None), *parts) if isinstance(each, (int, str)))


def _translated(error: DBAPIError) -> Exception:
    """``UNAVAILABLE`` when the database is gone or shutting down; an error of ours passes as it is."""
    reasons = _reasons(error)
    states = {reason[:2] for reason in reasons if isinstance(reason, str) and len(reason) == _STATE_CHARACTERS}
    if error.connection_invalidated or isinstance(error, InterfaceError) or reasons & _GONE or states & _GONE_CLASSES:
        return StrongroomError(Code.UNAVAILABLE, "The database does not answer.")
    return error
