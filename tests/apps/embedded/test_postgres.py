import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from strongroom.apps.embedded.postgres import (
    PostgresCluster,
    RunningPostgres,
    can_reach,
    delete_postgres,
    start_postgres,
)
from strongroom.apps.embedded.process import Account
from strongroom.kernel.errors import Code, StrongroomError


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "postgres"
    delete_postgres(tmp_path / "postgres")


async def ask(dsn: str, question: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_state_survives_a_stop_and_a_kill(folder: Path) -> None:
    first = start_postgres(folder)
    assert await ask(first.admin_dsn(), "SHOW fsync") == "on"
    assert await ask(first.admin_dsn(), "CREATE TABLE kept (id int)") is None
    first.stop()
    second = start_postgres(folder)
    assert await ask(second.admin_dsn(), "INSERT INTO kept VALUES (7) RETURNING id") == 7
    os.kill(second.process.pid, signal.SIGKILL)
    second.process.kill()
    third = start_postgres(folder)
    assert third.port == first.port
    assert await ask(third.admin_dsn(), "SELECT id FROM kept") == 7
    third.stop()


async def test_passwords_are_asked_for_and_the_administrators_is_private(folder: Path) -> None:
    server = start_postgres(folder, durable=False)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(server.dsn(database="postgres", user="postgres", password="guess"), "SELECT 1")
    assert (folder / "admin_password").stat().st_mode & 0o777 == 0o600
    await ask(server.admin_dsn(), "CREATE ROLE \"o'clock/@\" LOGIN PASSWORD 'p/@:?#'")
    dsn = server.dsn(database="postgres", user="o'clock/@", password="p/@:?#")
    assert await ask(dsn, "SELECT current_user") == "o'clock/@"
    assert await ask(server.admin_dsn(), "SHOW listen_addresses") == "127.0.0.1"
    server.stop()


async def test_the_socket_is_behind_the_clusters_own_folder_and_asks_for_passwords_too(folder: Path) -> None:
    server = start_postgres(folder, durable=False)
    where = server.cluster.socket_folder
    assert server.cluster.cluster_dir.stat().st_mode & 0o077 == 0
    dsn = "postgresql://postgres:{}@/postgres?host={}&port={}".format
    assert await ask(dsn(server.cluster.admin_password, where, server.port), "SELECT 1") == 1
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(dsn("guess", where, server.port), "SELECT 1")
    server.stop()
    assert replace(server.cluster, cluster_dir=Path("/" + "x" * 100)).socket_folder == ""


async def test_a_lock_file_whose_number_is_now_a_strangers_does_not_stand_in_the_way(folder: Path) -> None:
    server = start_postgres(folder, durable=False)
    lock = server.cluster.cluster_dir / "postmaster.pid"
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.kill()
    stranger = os.getppid()
    sockets = server.cluster.socket_folder  # empty where the path is too long for one
    socket_locks = [Path(sockets) / f".s.PGSQL.{server.port}.lock"] if sockets else []
    for stale in (lock, *socket_locks):
        stale.write_text(stale.read_text().replace(str(server.process.pid), str(stranger), 1))
    again = start_postgres(folder, durable=False)
    assert await ask(again.admin_dsn(), "SELECT 1") == 1
    again.stop()


def test_a_second_server_on_the_same_folder_is_refused(folder: Path) -> None:
    server = start_postgres(folder, durable=False)
    with pytest.raises(StrongroomError) as refused:
        start_postgres(folder, durable=False)
    assert refused.value.code is Code.STATUS_CONFLICT
    assert (folder / "port").read_text() == f"{server.port}\n"  # of the one that runs
    server.stop()


def test_a_taken_port_is_given_up_for_another(folder: Path, tmp_path: Path) -> None:
    server = start_postgres(folder, durable=False)
    other = tmp_path / "other"
    other.mkdir()
    (other / "port").write_text(str(server.port))
    try:
        second: RunningPostgres = start_postgres(other, durable=False)
        assert second.port != server.port
        second.stop()
    finally:
        delete_postgres(other)
        server.stop()


def test_a_half_made_cluster_is_made_again(folder: Path) -> None:
    cluster = PostgresCluster.prepare(folder, durable=False)
    half = cluster.cluster_dir.with_name("cluster.new")
    cluster.cluster_dir.rename(half)
    (half / "PG_VERSION").unlink()
    start_postgres(folder, durable=False).stop()
    assert not half.exists()


def test_a_cluster_that_was_kept_elsewhere_and_is_gone_is_not_replaced_by_an_empty_one(folder: Path) -> None:
    folder.mkdir()
    (folder / "cluster").symlink_to(folder.parent / "gone" / "cluster")
    with pytest.raises(StrongroomError) as refused:
        start_postgres(folder)
    assert refused.value.code is Code.STATE_DAMAGED


def test_reach_asks_one_class_of_rights_for_every_folder(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    tmp_path.chmod(0o701)
    owner = Account(os.geteuid(), os.getegid())
    stranger = Account(54321, 54321)
    group = Account(54321, tmp_path.stat().st_gid)
    for folder in tmp_path.parents:
        if folder.name.startswith(("pytest-", "popen-")):
            folder.chmod(0o711)
    assert can_reach(tmp_path, stranger)
    assert not can_reach(tmp_path, group)
    assert can_reach(tmp_path, owner)
    tmp_path.chmod(0o700)
    assert not can_reach(inner, stranger)


def test_an_account_that_does_not_exist_is_named(folder: Path) -> None:
    if os.geteuid() != 0:
        assert PostgresCluster.prepare(folder, account_name="no-such-account", durable=False).account is None
        return
    with pytest.raises(StrongroomError, match="no-such-account") as refused:
        start_postgres(folder, account_name="no-such-account")
    assert refused.value.code is Code.CONFIG_INVALID
