"""One commit: all or nothing, one round trip, and failures as codes."""

import asyncio
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import Database, Statement, violated_constraint
from tests.fixtures.postgres import Databases
from tests.runtime.db.wire import counting_proxy, deaf_proxy

MIGRATIONS = Path(__file__).parent / "probe" / "migrations"
GRANTS = Path(__file__).parent / "probe" / "grants.sql"


@pytest.fixture
async def database(databases: Databases) -> Database:
    return await databases.open("probe", migrations=MIGRATIONS, grants=GRANTS)


def _insert(name: str, units: int = 0) -> Statement:
    return Statement("insert into things (name, units) values ($1, $2)", (name, units))


def _rename(old: str, new: str, *, guard: bool) -> Statement:
    return Statement("update things set name = $2 where name = $1", (old, new), guard=guard)


async def _names(database: Database) -> set[str]:
    return {row["name"] for row in await database.fetch("select name from things")}


async def test_a_commit_answers_the_rows_each_statement_touched(database: Database) -> None:
    assert await database.commit(_insert("a", 1), _insert("b", 1)) == [1, 1]
    touch_all = Statement("update things set units = $1", (5,))
    assert await database.commit(touch_all, _insert("c"), Statement("delete from notes")) == [2, 1, 0]
    assert await database.fetchval("select sum(units) from things") == 10
    assert await database.commit() == []


async def test_a_guard_that_touches_no_row_undoes_everything(database: Database) -> None:
    with pytest.raises(StrongroomError) as caught:
        await database.commit(_insert("a"), _rename("absent", "x", guard=True), _insert("b"))
    assert caught.value.code is Code.CLAIM_LOST
    assert await _names(database) == set()


async def test_a_guard_that_touches_a_row_lets_the_commit_pass(database: Database) -> None:
    await database.commit(_insert("a"))
    assert await database.commit(_rename("a", "b", guard=True), _insert("c")) == [1, 1]
    assert await _names(database) == {"b", "c"}


async def test_a_unique_violation_is_a_conflict_that_names_its_constraint(database: Database) -> None:
    await database.commit(_insert("a"))
    with pytest.raises(StrongroomError) as caught:
        await database.commit(_insert("b"), _insert("a"))
    assert caught.value.code is Code.CONFLICT
    assert violated_constraint(caught.value) == "things_name_key"
    assert await _names(database) == {"a"}


async def test_of_many_guarded_writers_exactly_one_wins(database: Database) -> None:
    await database.commit(_insert("free"))
    outcomes = await asyncio.gather(
        *(database.commit(_rename("free", f"taken{n}", guard=True), _insert(f"by{n}")) for n in range(20)),
        return_exceptions=True,
    )
    lost = [one for one in outcomes if isinstance(one, StrongroomError) and one.code is Code.CLAIM_LOST]
    assert len(lost) == 19
    assert len(await _names(database)) == 2


async def test_a_commit_is_one_round_trip(databases: Databases) -> None:
    made = await databases.make("probe", migrations=MIGRATIONS, grants=GRANTS)
    async with counting_proxy(made.config) as (config, count), await Database.open(config) as database:
        await database.commit(_insert("a"), _insert("b"), _rename("x", "y", guard=False))  # prepared the first time
        before = count.round_trips
        await database.commit(_insert("c"), _insert("d"), _rename("c", "e", guard=False))
        assert count.round_trips - before == 1
        await database.fetch("select name from things where units = $1", 0)
        before = count.round_trips
        await database.fetch("select name from things where units = $1", 0)
        assert count.round_trips - before == 1


async def test_a_transaction_is_undone_when_its_block_raises(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as tx:
            await tx.apply(_insert("a"))
            assert await tx.fetchval("select count(*) from things") == 1
            raise OSError("the caller's own")

    with pytest.raises(OSError, match="the caller's own"):
        await fail()
    assert await _names(database) == set()


async def test_a_transaction_commits_at_its_end(database: Database) -> None:
    async with database.transaction() as tx:
        assert await tx.apply(_insert("a")) == [1]
        assert await tx.execute("update things set units = 3") == "UPDATE 1"
        row = await tx.fetchrow("select name, units from things")
        assert row is not None
        assert (row["name"], row["units"]) == ("a", 3)
    assert await _names(database) == {"a"}


async def test_a_deadlock_is_unavailable_and_the_other_side_commits(databases: Databases) -> None:
    made = await databases.make("probe", migrations=MIGRATIONS, grants=GRANTS)
    admin = await asyncpg.connect(made.admin_dsn)
    await admin.execute(f"alter database \"{made.name}\" set deadlock_timeout = '20ms'")
    await admin.close()
    async with await Database.open(made.config) as database:
        await database.commit(_insert("a"), _insert("b"))
        met = asyncio.Barrier(2)

        async def cross(first: str, second: str) -> None:
            async with database.transaction() as tx:
                await tx.execute("update things set units = units + 1 where name = $1", first)
                await met.wait()
                await tx.execute("update things set units = units + 1 where name = $1", second)

        outcomes = await asyncio.gather(cross("a", "b"), cross("b", "a"), return_exceptions=True)
        assert sorted(type(one).__name__ for one in outcomes) == ["NoneType", "StrongroomError"]
        assert [one.code for one in outcomes if isinstance(one, StrongroomError)] == [Code.UNAVAILABLE]
        assert await database.fetchval("select sum(units) from things") == 2


async def test_a_lost_connection_is_unavailable_and_the_next_call_reconnects(databases: Databases) -> None:
    made = await databases.make("probe", migrations=MIGRATIONS, grants=GRANTS)
    admin = await asyncpg.connect(made.admin_dsn)
    async with await Database.open(made.config) as database:
        async with database.transaction() as tx:
            pid = await tx.fetchval("select pg_backend_pid()")
        asleep = asyncio.create_task(database.fetch("select pg_sleep(60)"))
        await asyncio.sleep(0.05)  # whether it is asleep already or not yet: its connection goes
        await admin.execute("select pg_terminate_backend($1)", pid)
        with pytest.raises(StrongroomError) as caught:
            await asleep
        assert caught.value.code is Code.UNAVAILABLE
        assert await database.commit(_insert("after")) == [1]
    await admin.close()


async def test_a_server_that_has_said_goodbye_is_unavailable_before_its_connection_ends(databases: Databases) -> None:
    """A killed server's last word arrives in an idle connection, whose end may come later than the next question."""
    made = await databases.make("probe", migrations=MIGRATIONS, grants=GRANTS)
    admin = await asyncpg.connect(made.admin_dsn)
    one_only = replace(made.config, min_connections=1, max_connections=1)
    async with deaf_proxy(one_only) as (config, gone), await Database.open(config) as database:
        pid = await database.fetchval("select pg_backend_pid()")
        await admin.execute("select pg_terminate_backend($1)", pid)
        await gone.wait()
        with pytest.raises(StrongroomError) as caught:
            await database.fetch("select name from things")
        assert caught.value.code is Code.UNAVAILABLE
        assert await database.commit(_insert("after")) == [1]
    await admin.close()


async def test_a_closed_database_is_unavailable(databases: Databases) -> None:
    database = await databases.open("probe", migrations=MIGRATIONS, grants=GRANTS)
    await database.close()
    with pytest.raises(StrongroomError) as caught:
        await database.fetch("select name from things")
    assert caught.value.code is Code.UNAVAILABLE


async def test_a_mistake_in_a_statement_is_not_disguised(database: Database) -> None:
    with pytest.raises(asyncpg.UndefinedTableError):
        await database.commit(Statement("delete from absent"))
