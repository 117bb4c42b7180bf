"""Migrations: applied once, refused when history was edited, and grants that say everything."""

import asyncio
import itertools
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from strongroom.apps.embedded.postgres import RunningPostgres
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import DatabaseNames, Passwords, migrate, provision
from tests.fixtures.postgres import PASSWORD

HOUSE = ("runtime/0001_house.sql", "runtime/0002_forget_work.sql")
_NUMBERS = itertools.count()


@dataclass(frozen=True, slots=True)
class Bench:
    """A database of one service, and the folder of its migrations."""

    names: DatabaseNames
    folder: Path
    server: RunningPostgres

    def write(self, name: str, sql: str) -> None:
        (self.folder / name).write_text(sql)

    def dsn(self, role: str) -> str:
        return self.server.dsn(database=self.names.database, user=role, password=PASSWORD)

    async def migrate(self, grants: str = "", *, lock_timeout_s: float = 10) -> tuple[str, ...]:
        file = self.folder.parent / "grants.sql"
        file.write_text(grants)
        return await migrate(
            self.dsn(self.names.owner_role),
            names=self.names,
            migrations=self.folder,
            grants=file,
            lock_timeout_s=lock_timeout_s,
        )

    async def refusal(self) -> str:
        with pytest.raises(StrongroomError) as caught:
            await self.migrate()
        assert caught.value.code is Code.CONFIG_INVALID
        return caught.value.detail

    async def ask(self, role: str, sql: str) -> object:
        connection = await asyncpg.connect(self.dsn(role))
        try:
            return await connection.fetchval(sql)
        finally:
            await connection.close()


@pytest.fixture
async def bench(postgres: RunningPostgres, tmp_path: Path) -> Bench:
    folder = tmp_path / "migrations"
    folder.mkdir()
    names = DatabaseNames(f"m{next(_NUMBERS)}", "probe")
    passwords = Passwords(service=PASSWORD, owner=PASSWORD, auditor=PASSWORD)
    await provision(postgres.admin_dsn(), names=names, passwords=passwords)
    return Bench(names, folder, postgres)


async def test_migrations_are_applied_once_and_in_order(bench: Bench) -> None:
    bench.write("0001_a.sql", "create table a (id bigint);")
    bench.write("0002_b.sql", "alter table a add column b text;")
    assert await bench.migrate() == (*HOUSE, "service/0001_a.sql", "service/0002_b.sql")
    assert await bench.migrate() == ()
    bench.write("0003_c.sql", "create table c (id bigint);")
    assert await bench.migrate() == ("service/0003_c.sql",)


async def test_many_processes_at_once_apply_each_migration_once(bench: Bench) -> None:
    bench.write("0001_a.sql", "create table a (id bigint); insert into a values (1); select pg_sleep(0.05);")
    applied = await asyncio.gather(*(bench.migrate() for _ in range(5)))
    assert sorted(applied, key=len) == [(), (), (), (), (*HOUSE, "service/0001_a.sql")]
    assert await bench.ask(bench.names.owner_role, "select count(*) from a") == 1


async def test_a_lock_that_is_not_let_go_is_unavailable(bench: Bench) -> None:
    bench.write("0001_a.sql", "select pg_sleep(0.5);")
    first = asyncio.create_task(bench.migrate())
    await asyncio.sleep(0.2)
    with pytest.raises(StrongroomError) as caught:
        await bench.migrate(lock_timeout_s=0.05)
    assert caught.value.code is Code.UNAVAILABLE
    assert len(await first) == len(HOUSE) + 1


async def test_an_edited_migration_is_refused(bench: Bench) -> None:
    bench.write("0001_a.sql", "create table a (id bigint);")
    await bench.migrate()
    bench.write("0001_a.sql", "create table a (id bigint); -- harmless?")
    assert await bench.refusal() == (
        "Migration service/0001_a.sql was edited after it was applied; write a new migration instead."
    )


@pytest.mark.parametrize("new_name", [None, "0001_other.sql"])
async def test_a_migration_that_went_missing_is_refused(bench: Bench, new_name: str | None) -> None:
    bench.write("0001_a.sql", "create table a (id bigint);")
    bench.write("0002_b.sql", "create table b (id bigint);")
    await bench.migrate()
    old = bench.folder / "0001_a.sql"
    if new_name is None:
        old.unlink()
    else:
        old.rename(bench.folder / new_name)
    assert await bench.refusal() == "Migration service/0001_a.sql was applied but is missing from this release."


async def test_a_migration_that_comes_too_late_is_refused(bench: Bench) -> None:
    bench.write("0002_b.sql", "create table b (id bigint);")
    await bench.migrate()
    bench.write("0001_a.sql", "create table a (id bigint);")
    assert "comes before a migration that was applied" in await bench.refusal()


@pytest.mark.parametrize("name", ["1_a.sql", "0001-a.sql", "0001_A.sql"])
async def test_a_file_of_another_form_is_refused(bench: Bench, name: str) -> None:
    bench.write(name, "select 1;")
    assert await bench.refusal() == f"Migration {name} is not called NNNN_name.sql."


async def test_two_files_of_one_number_are_refused(bench: Bench) -> None:
    bench.write("0001_a.sql", "select 1;")
    bench.write("0001_b.sql", "select 1;")
    assert "same number" in await bench.refusal()


async def test_a_migration_that_fails_leaves_nothing_and_names_itself(bench: Bench) -> None:
    bench.write("0001_a.sql", "create table a (id bigint);")
    bench.write("0002_b.sql", "create table b (id bigint); select absent from a;")
    assert 'service/0002_b.sql failed: column "absent" does not exist' in await bench.refusal()
    assert await bench.ask(bench.names.owner_role, "select to_regclass('b') is null")
    bench.write("0002_b.sql", "create table b (id bigint);")
    assert await bench.migrate() == ("service/0002_b.sql",)


async def test_an_older_release_runs_on_a_newer_schema_and_takes_no_grant_away(bench: Bench) -> None:
    bench.write("0001_a.sql", "create table a (id bigint);")
    bench.write("0002_b.sql", "create table b (id bigint);")
    await bench.migrate("grant select on a, b to service_role;")
    (bench.folder / "0002_b.sql").unlink()
    assert await bench.migrate("grant select on a to service_role;") == ()
    assert await bench.ask(bench.names.service_role, "select count(*) from b") == 0


async def test_what_grants_no_longer_say_is_taken_away(bench: Bench) -> None:
    bench.write("0001_a.sql", "create table a (id bigint, b text);")
    await bench.migrate("grant select, insert on a to service_role; grant update (b) on a to service_role;")
    assert await bench.ask(bench.names.service_role, "insert into a values (1) returning id") == 1
    await bench.ask(bench.names.service_role, "update a set b = 'x'")
    await bench.migrate("grant select on a to service_role;")
    assert await bench.ask(bench.names.service_role, "select b from a") == "x"
    for change in ("insert into a values (2)", "update a set b = 'y'"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await bench.ask(bench.names.service_role, change)
