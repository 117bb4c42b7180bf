"""Versioned migrations of an enclave's own database, by the enclave's start or its ``migrate`` command.

``migrations/<dialect>/NNNN_<feature>.sql`` holds one version of the tables of one feature; ``core`` is always on, the
others are applied once they are switched on, and stay when they are switched off. MySQL and Oracle commit every
statement that makes a table, so each statement is passed over where what it makes is there: a migration that was cut
short is finished by the next, and tables that an administrator made from the requirement are taken as they are.
"""

import hashlib
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase
from strongroom.travel_rule.enclave.store.schema import FEATURES, x_schema_versions

_FOLDER: Final = Path(__file__).parent.parent / "migrations"
_FILE: Final = re.compile(r"(?P<version>\d{4})_(?P<feature>[a-z_]+)\.sql")
_TABLE: Final = re.compile(r"CREATE TABLE (?P<table>\w+) ")
_INDEX: Final = re.compile(r"CREATE INDEX (?P<index>\w+) ON (?P<table>\w+) ")
_LOCK_WAIT_S: Final = 60
# One migration at a time. Oracle's lock needs a package that a schema's owner may not use by default: it has none.
_LOCKS: Final = {
    "mysql": ("select get_lock('strongroom_enclave', :wait)", "select release_lock('strongroom_enclave')"),
    "postgresql": ("select 1 from pg_advisory_lock(5732003)", "select pg_advisory_unlock(5732003)"),
    "mssql": (
        "exec sp_getapplock 'strongroom_enclave', 'Exclusive', 'Session'",
        "exec sp_releaseapplock 'strongroom_enclave', 'Session'",
    ),
}
_APPLIED = sa.select(x_schema_versions.c.feature, x_schema_versions.c.version, x_schema_versions.c.checksum)


@dataclass(frozen=True, slots=True, order=True)
class Migration:
    """One file: a version of one feature's tables on one dialect."""

    version: int
    feature: str
    statements: tuple[str, ...]
    checksum: str

    @property
    def name(self) -> str:
        """As its file is called."""
        return f"{self.version:04}_{self.feature}"


def read_migrations(dialect: str, features: Sequence[str] = ()) -> tuple[Migration, ...]:
    """Every migration of ``core`` and these features, in the order in which they are applied.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` when there is no such feature or dialect.
    """
    unknown = sorted(set(features) - set(FEATURES))
    folder = _FOLDER / ("mysql" if dialect == "mariadb" else dialect)
    if unknown or not folder.is_dir():
        raise StrongroomError(Code.CONFIG_INVALID, f"No such feature or dialect: {', '.join(unknown) or dialect}.")
    wanted = {"core", *features}
    found = ((_FILE.fullmatch(path.name), path.read_text()) for path in folder.iterdir())
    made = (_migration(match, text) for match, text in found if match and match["feature"] in wanted)
    return tuple(sorted(made, key=lambda one: (one.version, one.feature != "core", one.feature)))


async def migrate(database: EnclaveDatabase, *, features: Sequence[str], now: datetime) -> tuple[str, ...]:
    """Bring the tables of ``core`` and these features to this release; safe to call from many processes.

    A database ahead of this release is left as it is.

    Returns:
        The names of what was applied, such as ``0001_core``.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` when there is no such feature, or when an applied migration was edited or
            fails; ``UNAVAILABLE`` when the database is not there, or another process migrates for a minute.
    """
    wanted = read_migrations(database.dialect, features)
    try:
        async with database.engine.connect() as connection, _lock(connection, database.dialect):
            applied = await _list_applied(connection)
            _check(wanted, applied)
            new = [each for each in wanted if (each.feature, each.version) not in applied]
            for migration in new:
                await _apply(connection, migration, now)
    except DBAPIError as error:
        raise StrongroomError(Code.CONFIG_INVALID, "A migration fails: the cause says which statement.") from error
    except OSError as error:
        raise StrongroomError(Code.UNAVAILABLE, "The database does not answer.") from error
    return tuple(migration.name for migration in new)


def _migration(match: re.Match[str], text: str) -> Migration:
    statements = tuple(part.strip() for part in text.split(";\n") if part.strip())
    checksum = hashlib.sha256(text.encode()).hexdigest()
    return Migration(int(match["version"]), match["feature"], statements, checksum)


@asynccontextmanager
async def _lock(connection: AsyncConnection, dialect: str) -> AsyncGenerator[None]:
    take, release = _LOCKS.get("mysql" if dialect == "mariadb" else dialect, (None, None))
    if take is None or release is None:
        yield
        return
    values = {"wait": _LOCK_WAIT_S} if ":wait" in take else {}
    if dialect == "postgresql":
        await connection.execute(sa.select(sa.func.set_config("lock_timeout", f"{_LOCK_WAIT_S}s", False)))  # noqa: FBT003  set_config's own
    if (await connection.execute(sa.text(take), values)).scalar() != 1:
        raise StrongroomError(Code.UNAVAILABLE, "Another process migrates this database.")
    await connection.commit()
    try:
        yield
    finally:
        await connection.rollback()
        await connection.execute(sa.text(release))


async def _list_applied(connection: AsyncConnection) -> dict[tuple[str, int], str]:
    if not await connection.run_sync(lambda sync: sa.inspect(sync).has_table(x_schema_versions.name)):
        return {}
    rows = (await connection.execute(_APPLIED)).all()
    return {(row.feature, row.version): row.checksum for row in rows}


def _check(wanted: Sequence[Migration], applied: dict[tuple[str, int], str]) -> None:
    for migration in wanted:
        checksum = applied.get((migration.feature, migration.version))
        if checksum not in {None, migration.checksum}:
            raise StrongroomError(Code.CONFIG_INVALID, f"Migration {migration.name} was edited after it was applied.")


async def _apply(connection: AsyncConnection, migration: Migration, now: datetime) -> None:
    for statement in migration.statements:
        if not await _is_there(connection, statement):
            await connection.exec_driver_sql(statement)
    row = {
        "feature": migration.feature,
        "version": migration.version,
        "checksum": migration.checksum,
        "applied_at": now,
    }
    await connection.execute(sa.insert(x_schema_versions), row)
    await connection.commit()


async def _is_there(connection: AsyncConnection, statement: str) -> bool:
    if match := _TABLE.match(statement):
        table = match["table"]
        return await connection.run_sync(lambda sync: sa.inspect(sync).has_table(table))
    if match := _INDEX.match(statement):
        table, index = match["table"], match["index"]
        return await connection.run_sync(lambda sync: sa.inspect(sync).has_index(table, index))
    return False
