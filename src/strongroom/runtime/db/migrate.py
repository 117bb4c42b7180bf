"""Versioned SQL migrations: applied at start, under a lock, and refused when what was applied has been edited.

A migration is ``NNNN_name.sql``, run once, in one transaction, by the owner role. The runtime's own come first, then
the service's. They only expand what the previous release needs; a database ahead of this release is left as it is.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import asyncpg

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db.failures import translated
from strongroom.runtime.db.names import DatabaseNames
from strongroom.runtime.db.statement import Row

_HOUSE = Path(__file__).parent
_FILE = re.compile(r"(?P<version>\d{4})_[a-z0-9_]+\.sql")
_LOCK = 5_732_001  # any constant: one migration at a time in one database
_TABLE_LOCK_TIMEOUT = "5s"  # a migration that waits for a table makes everybody else wait behind it
_Connection: TypeAlias = "asyncpg.Connection[Row]"


@dataclass(frozen=True, slots=True, order=True)
class _Migration:
    version: int
    name: str
    sql: str
    checksum: bytes


async def migrate(
    dsn: str,
    *,
    names: DatabaseNames,
    migrations: Path | None = None,
    grants: Path | None = None,
    lock_timeout_s: float = 30.0,
) -> tuple[str, ...]:
    """Bring one database to this release, then set what its service's role may do. Safe to call from many processes.

    In ``grants`` the words ``service_role`` and ``auditor_role`` stand for the roles of ``names``; whatever it does not
    grant to the service, the service does not have.

    Args:
        dsn: for a role that is the owner, or may become it.
        names: of the database and its roles, as made by ``provision``.
        migrations: the service's folder of ``NNNN_name.sql``.
        grants: the service's ``grants.sql``, run at every start.
        lock_timeout_s: how long to wait for another process that migrates.

    Returns:
        ``runtime/0001_house.sql`` and so on: what was applied by this call, in order.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` when an applied migration was edited or is missing, when a new one comes
            before one that was applied, or when one fails; ``UNAVAILABLE`` when the database or the lock is.
    """
    folders = {"runtime": _read_folder(_HOUSE / "migrations"), "service": _read_folder(migrations)}
    with translated():
        connection: _Connection = await asyncpg.connect(dsn, database=names.database)
    try:
        with translated():
            await _prepare(connection, names, lock_timeout_s=lock_timeout_s)
            return await _bring_up(connection, names, folders, grants)
    finally:
        await connection.close()


async def _prepare(connection: _Connection, names: DatabaseNames, *, lock_timeout_s: float) -> None:
    await connection.execute(f'set role "{names.owner_role}"')
    await connection.execute("select set_config('lock_timeout', $1, false)", f"{int(lock_timeout_s * 1000)}ms")
    await connection.execute("select pg_advisory_lock($1)", _LOCK)  # let go when the connection closes
    await connection.execute("select set_config('lock_timeout', $1, false)", _TABLE_LOCK_TIMEOUT)


async def _bring_up(
    connection: _Connection, names: DatabaseNames, folders: dict[str, Sequence[_Migration]], grants: Path | None
) -> tuple[str, ...]:
    applied = await _list_applied(connection)
    done: list[str] = []
    ahead = False
    for origin, known in folders.items():
        _check(origin, known, applied.get(origin, {}))
        for migration in known:
            if migration.version not in applied.get(origin, {}):
                await _apply(connection, origin, migration)
                done.append(f"{origin}/{migration.name}")
        ahead = ahead or _newest(applied.get(origin, {})) > max((one.version for one in known), default=0)
    if not ahead:  # a newer release has granted what it needs; this one must not take it away
        await _grant(connection, names, [_HOUSE / "grants.sql", *([grants] if grants else [])])
    return tuple(done)


async def _list_applied(connection: _Connection) -> dict[str, dict[int, tuple[str, bytes]]]:
    if await connection.fetchval("select to_regclass('public.schema_migrations') is null"):
        return {}
    applied: dict[str, dict[int, tuple[str, bytes]]] = {}
    for row in await connection.fetch("select origin, version, name, checksum from schema_migrations"):
        applied.setdefault(row["origin"], {})[row["version"]] = (row["name"], row["checksum"])
    return applied


def _check(origin: str, known: Sequence[_Migration], applied: dict[int, tuple[str, bytes]]) -> None:
    """Refuse a history that is not ours: edited, missing or out of order. Higher versions are a newer release's."""
    files = {migration.version: migration for migration in known}
    for version, (name, checksum) in sorted(applied.items()):
        if version > max(files, default=0):
            continue
        found = files.get(version)
        if found is None or found.name != name:
            raise _refused(origin, name, "was applied but is missing from this release")
        if found.checksum != checksum:
            raise _refused(origin, name, "was edited after it was applied; write a new migration instead")
    for migration in known:
        if migration.version not in applied and migration.version < _newest(applied):
            raise _refused(origin, migration.name, "comes before a migration that was applied; give it a higher number")


async def _apply(connection: _Connection, origin: str, migration: _Migration) -> None:
    try:
        async with connection.transaction():
            await _run_text(connection, migration.sql)
            await connection.execute(
                "insert into schema_migrations (origin, version, name, checksum) values ($1, $2, $3, $4)",
                origin,
                migration.version,
                migration.name,
                migration.checksum,
            )
    except asyncpg.LockNotAvailableError:
        raise  # somebody uses the table: passes, unlike a faulty migration
    except asyncpg.PostgresError as error:
        raise _refused(origin, migration.name, f"failed: {error}") from error


async def _grant(connection: _Connection, names: DatabaseNames, files: Iterable[Path]) -> None:
    service = f'"{names.service_role}"'
    async with connection.transaction():  # taken and given again at once: nobody sees the moment between
        for kind in ("tables", "sequences", "functions"):
            await connection.execute(f"revoke all on all {kind} in schema public from {service}")
        for file in files:
            sql = re.sub(r"\bservice_role\b", service, file.read_text(encoding="utf-8"))
            await _run_text(connection, re.sub(r"\bauditor_role\b", f'"{names.auditor_role}"', sql))


async def _run_text(connection: _Connection, sql: str) -> None:
    await connection.execute(f"{sql}\n;select 1")  # asyncpg fails on a text of comments alone


def _read_folder(folder: Path | None) -> Sequence[_Migration]:
    if folder is None:
        return ()
    found = sorted(_read_file(file) for file in folder.glob("*.sql"))
    versions = [migration.version for migration in found]
    if len(set(versions)) != len(versions):
        raise StrongroomError(Code.CONFIG_INVALID, f"Two migrations in {folder.name} have the same number.")
    return found


def _read_file(file: Path) -> _Migration:
    match = _FILE.fullmatch(file.name)
    if match is None:
        raise StrongroomError(Code.CONFIG_INVALID, f"Migration {file.name} is not called NNNN_name.sql.")
    content = file.read_bytes()
    return _Migration(int(match["version"]), file.name, content.decode(), hashlib.sha256(content).digest())


def _newest(applied: dict[int, tuple[str, bytes]]) -> int:
    return max(applied, default=0)


def _refused(origin: str, name: str, reason: str) -> StrongroomError:
    return StrongroomError(Code.CONFIG_INVALID, f"Migration {origin}/{name} {reason}.")
