"""A MariaDB of one's own, started, stopped and started again."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from strongroom.apps.embedded.mariadb import RunningMariaDb, start_mariadb
from strongroom.apps.embedded.process import find_identity
from strongroom.kernel.errors import Code, StrongroomError


async def ask(server: RunningMariaDb, statement: str, database: str = "mysql") -> list[tuple[object, ...]]:
    engine = create_async_engine(server.url(database))
    try:
        async with engine.begin() as connection:
            result = await connection.execute(sa.text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        await engine.dispose()


async def test_it_keeps_what_it_holds_and_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = tmp_path / "mariadb"
    server = start_mariadb(folder)
    pid = server.process.pid
    try:
        await ask(server, "create database kept")
        await ask(server, "create table t (number int)", "kept")
        await ask(server, "insert into t values (7)", "kept")
        with pytest.raises(StrongroomError) as caught:
            start_mariadb(folder)
        assert caught.value.code is Code.STATUS_CONFLICT
        strangers = make_url(server.url()).set(password="")
        with pytest.raises(OperationalError, match="Access denied"):
            await create_async_engine(strangers).connect()
    finally:
        server.stop()
    server.stop()
    assert find_identity(pid, program=server.process.command.arguments[0]) is None
    again = start_mariadb(folder)
    try:
        assert await ask(again, "select number from t", "kept") == [(7,)]
    finally:
        again.stop()
    assert {path.stat().st_mode & 0o077 for path in (folder, folder / "admin_password")} == {0}
