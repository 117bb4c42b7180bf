"""A commit in one journey to the database: text that SQLAlchemy compiled once, handed to the driver as it is.

SQLAlchemy's own way of running a statement costs a process several times what the driver does, and each statement, the
beginning and the end of a transaction are a journey. Both were most of what a verification costs. There is this way
with asyncpg and asyncmy; with another driver there is the long one.
"""

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias, TypeVar, cast, final

import asyncpg
import sqlalchemy as sa
from asyncmy import errors as asyncmy
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.compiler import SQLCompiler

from strongroom.kernel.errors import StrongroomError

T = TypeVar("T")
Values: TypeAlias = Mapping[str, Any]
_DRIVER_ERRORS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncmy.Error)
_TAKEN: Final = (asyncpg.IntegrityConstraintViolationError, asyncmy.IntegrityError)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Script:
    """One commit, as each of the two servers is told of it, with the same names of parameters.

    Args:
        postgresql: one statement, which is a transaction by itself. Its first row's first value is the answer.
        mysql: statements of one transaction.
        telling: the place among them of the one that answers: with the number of the row that it inserted, where the
            database numbers those, else with how many rows it met.
    """

    postgresql: sa.Executable
    mysql: tuple[sa.Executable, ...]
    telling: int


class Direct(ABC):
    """One connection, as what commits in one journey takes it."""

    @abstractmethod
    async def tell(self, script: Script, values: Values) -> int | str | None:
        """Run and commit it; its answer, None where there is none."""

    @abstractmethod
    async def change_all(self, statement: sa.Executable, many: Sequence[Values]) -> None:
        """Run a statement once for each set of values, and commit all of it."""

    @abstractmethod
    async def undo(self) -> None:
        """End what an error left begun."""

    @property
    @abstractmethod
    def is_gone(self) -> bool:
        """Whether the connection is known to be closed."""


@final
class DirectWay:
    """Runs what can be done in one journey, on connections of an engine's pool.

    Args:
        engine: of which ``supports`` is true.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._kind = _KINDS[engine.dialect.driver]
        self._texts = _Texts(engine.dialect)

    @staticmethod
    def supports(engine: AsyncEngine) -> bool:
        """Whether its driver is one of the two."""
        return engine.dialect.driver in _KINDS

    async def run(self, at_once: Callable[[Direct], Awaitable[T | None]]) -> T | None:
        """What ``at_once`` answers; None, too, where a row was there already: nothing was done then.

        Raises:
            DBAPIError: any other error of the driver. Nothing was done, unless the connection was lost.
        """
        pooled, connection = await self._take()
        try:
            done = await self._try(connection, at_once)
        except (StrongroomError, DBAPIError) as error:
            is_lost = isinstance(error, DBAPIError) and error.connection_invalidated
            (pooled.invalidate if is_lost else pooled.close)()
            if isinstance(error, DBAPIError) and isinstance(error.orig, _TAKEN):
                return None
            raise
        except BaseException:  # given up half-way: what comes next on this connection may be another's answer
            pooled.invalidate()
            raise
        pooled.close()
        return done

    async def _take(self) -> tuple[PoolProxiedConnection, Direct]:
        while True:
            pooled = await self._engine.raw_connection()
            connection = self._kind(pooled.driver_connection, self._texts)
            if not connection.is_gone:
                return pooled, connection
            pooled.invalidate()  # the pool makes another in its place

    async def _try(self, connection: Direct, at_once: Callable[[Direct], Awaitable[T | None]]) -> T | None:
        try:
            return await at_once(connection)
        except _DRIVER_ERRORS as error:
            raise await self._undone(connection, error) from error

    @staticmethod
    async def _undone(connection: Direct, error: Exception) -> DBAPIError:
        """The error as SQLAlchemy would have it, the connection ready for others or known to be lost."""
        try:
            if not connection.is_gone:
                await connection.undo()
        except _DRIVER_ERRORS as lost:
            return DBAPIError(None, None, lost, connection_invalidated=True)
        return DBAPIError(None, None, error, connection_invalidated=connection.is_gone)


class _Asyncpg(Protocol):
    async def fetchval(self, query: str, *args: Any) -> int | str | None: ...  # noqa: ANN401 - columns' values
    async def executemany(self, command: str, args: Sequence[Sequence[Any]]) -> None: ...
    def is_closed(self) -> bool: ...


@final
class _PostgreSql(Direct):
    def __init__(self, driver: Any, texts: "_Texts") -> None:  # noqa: ANN401 - a pool keeps any driver's
        self._driver = cast("_Asyncpg", driver)
        self._texts = texts

    async def tell(self, script: Script, values: Values) -> int | str | None:
        text = self._texts.of((script.postgresql,))
        return await self._driver.fetchval(text.sql, *text.arguments(values))

    async def change_all(self, statement: sa.Executable, many: Sequence[Values]) -> None:
        text = self._texts.of((statement,))
        await self._driver.executemany(text.sql, [text.arguments(values) for values in many])

    async def undo(self) -> None:
        """Nothing: a statement that failed is over."""

    @property
    def is_gone(self) -> bool:
        return self._driver.is_closed()


class _Cursor(Protocol):
    rowcount: int
    lastrowid: int

    async def execute(self, query: str, args: Sequence[Any]) -> int: ...
    async def nextset(self) -> bool | None: ...


class _Asyncmy(Protocol):
    connected: bool

    def cursor(self) -> _Cursor: ...
    async def rollback(self) -> None: ...


@final
class _MySql(Direct):
    """Several statements are sent as one text, and the server ends at the first that fails."""

    def __init__(self, driver: Any, texts: "_Texts") -> None:  # noqa: ANN401 - a pool keeps any driver's
        self._driver = cast("_Asyncmy", driver)
        self._texts = texts

    async def tell(self, script: Script, values: Values) -> int | str | None:
        text = self._texts.of(script.mysql)
        told = await self._commit(text.sql, text.arguments(values))
        number, met = told[script.telling]
        return number or met or None

    async def change_all(self, statement: sa.Executable, many: Sequence[Values]) -> None:
        text = self._texts.of((statement,))
        every = [text.arguments(values) for values in many]
        await self._commit("; ".join([text.sql] * len(many)), [value for each in every for value in each])

    async def undo(self) -> None:
        await self._driver.rollback()

    @property
    def is_gone(self) -> bool:
        return not self._driver.connected

    async def _commit(self, sql: str, arguments: Sequence[Any]) -> list[tuple[int, int]]:
        """Of each statement, the number of the row it inserted, and how many it met."""
        cursor, told = self._driver.cursor(), list[tuple[int, int]]()
        await cursor.execute(f"{sql}; COMMIT", arguments)
        told.append((cursor.lastrowid, cursor.rowcount))
        while await cursor.nextset():
            told.append((cursor.lastrowid, cursor.rowcount))
        return told


_KINDS: Final[Mapping[str, Callable[[Any, "_Texts"], Direct]]] = {"asyncpg": _PostgreSql, "asyncmy": _MySql}


@dataclass(frozen=True, slots=True)
class _Slot:
    """A place for a value: of the parameter of that name, prepared for the driver, or a constant."""

    name: str | None
    prepare: Callable[[Any], Any] | None
    constant: Any

    def fill(self, values: Values) -> Any:  # noqa: ANN401 - a column's value
        if self.name is None:
            return self.constant
        value = values[self.name]
        return value if self.prepare is None else self.prepare(value)


@dataclass(frozen=True, slots=True)
class _Text:
    sql: str
    slots: tuple[_Slot, ...]

    def arguments(self, values: Values) -> list[Any]:
        return [slot.fill(values) for slot in self.slots]


@final
class _Texts:
    """What was compiled, for as long as the process runs: there are a handful of statements."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._known: dict[tuple[sa.Executable, ...], _Text] = {}

    def of(self, statements: tuple[sa.Executable, ...]) -> _Text:
        text = self._known.get(statements)
        if text is None:
            text = self._known[statements] = self._compile(statements)
        return text

    def _compile(self, statements: tuple[sa.Executable, ...]) -> _Text:
        every = [
            cast("SQLCompiler", cast("sa.ClauseElement", each).compile(dialect=self._dialect)) for each in statements
        ]
        slots = tuple(self._slot(each, name) for each in every for name in each.positiontup or ())
        return _Text("; ".join(each.string for each in every), slots)

    def _slot(self, compiled: SQLCompiler, name: str) -> _Slot:
        parameter = compiled.binds[name]
        prepare = parameter.type.dialect_impl(self._dialect).bind_processor(self._dialect)
        if parameter.required:
            return _Slot(name, prepare, None)
        value = parameter.effective_value
        return _Slot(None, None, value if prepare is None else prepare(value))
