"""A MariaDB of one's own, started, stopped and started again."""

import asyncio
import os
import signal
import sys
import time
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
        assert (folder / "port").read_text() == f"{server.port}\n"  # of the one that runs
        strangers = make_url(server.url()).set(password="")
        with pytest.raises(OperationalError, match="Access denied"):
            await create_async_engine(strangers).connect()
    finally:
        server.stop()
    server.stop()
    assert find_identity(pid, program=server.process.command.arguments[0]) is None
    again = start_mariadb(folder)
    try:
        assert again.port == server.port
        assert await ask(again, "select number from t", "kept") == [(7,)]
    finally:
        again.stop()
    assert {path.stat().st_mode & 0o077 for path in (folder, folder / "admin_password")} == {0}


async def test_an_initialisation_that_was_killed_is_begun_again(tmp_path: Path) -> None:
    folder = tmp_path / "mariadb"
    program = "import pathlib, sys; from strongroom.apps.embedded.mariadb import start_mariadb as start; "
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-c", f"{program}start(pathlib.Path(sys.argv[1]))", folder, start_new_session=True
    )
    try:
        end = time.monotonic() + 120
        while not list(folder.glob("*/mysql/*")):
            assert time.monotonic() < end, "it never began"
            assert killed.returncode is None
            await asyncio.sleep(0.002)
    finally:
        os.killpg(killed.pid, signal.SIGKILL)
        await killed.wait()
    server = start_mariadb(folder)
    try:
        assert await ask(server, "select count(*) from mysql.time_zone") == [(0,)]  # made last
        await ask(server, "create database made")
    finally:
        server.stop()
    assert [path.name for path in folder.iterdir() if path.name.startswith("data")] == ["data"]
