"""The enclave's tables, as real servers report them, against the requirement; and their migrations."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase
from strongroom.travel_rule.enclave.store.migrate import migrate
from strongroom.travel_rule.enclave.store.schema import FEATURES, metadata, x_schema_versions
from tests.fixtures.enclave import EnclaveDatabases
from tests.travel_rule.enclave.store.ddl import DIALECTS, MIGRATIONS, first_migration
from tests.travel_rule.enclave.store.requirement import TEXT, Column, Index, Table, parse

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
OWN = {"x_schema_versions", "x_keyset", "x_row_keys", "x_messages"}
OPTIONAL = {
    "chainalysis_sanction": {"chainalysis_sanction_results"},
    "chainalysis_kyt": {"chainalysis_kyt_results", "chainalysis_kyt_alerts"},
    "refinitiv_wco": {"refinitiv_wco_results"},
    "trp": {"x_trp_exchanges"},
}
CORE = {"verifications", "counter_party_keys", "own_keys", "commands"}


async def reported(database: EnclaveDatabase) -> Mapping[str, Table]:
    """What ``information_schema`` of a MariaDB says of the database."""
    columns: dict[str, list[Column]] = {}
    indexes: dict[str, dict[tuple[str, bool], list[str]]] = {}
    async with database.engine.connect() as connection:
        for row in await connection.execute(
            sa.text(
                "select table_name, column_name, column_type, is_nullable, column_default, extra, column_comment"
                " from information_schema.columns where table_schema = database() order by table_name, ordinal_position"
            )
        ):
            table, name, kind, nullable, default, extra, comment = row
            columns.setdefault(table, []).append(Column(name, kind, nullable == "NO", default, extra, comment))
        for row in await connection.execute(
            sa.text(
                "select table_name, index_name, non_unique, column_name from information_schema.statistics"
                " where table_schema = database() order by table_name, index_name, seq_in_index"
            )
        ):
            table, index, not_unique, column = row
            indexes.setdefault(table, {}).setdefault((index, not not_unique), []).append(column)
        about = await connection.execute(
            sa.text(
                "select t.table_name, t.engine, c.character_set_name from information_schema.tables t"
                " join information_schema.collation_character_set_applicability c"
                " on c.full_collation_name = t.table_collation"
                " where t.table_schema = database()"
            )
        )
        return {
            name: Table(
                name,
                tuple(columns[name]),
                frozenset(Index(index, unique, tuple(parts)) for (index, unique), parts in indexes[name].items()),
                engine,
                charset,
            )
            for name, engine, charset in about
        }


async def table_names(database: EnclaveDatabase) -> set[str]:
    async with database.engine.connect() as connection:
        return set(await connection.run_sync(lambda sync: sa.inspect(sync).get_table_names()))


async def test_mariadb_reports_every_column_and_index_that_the_requirement_defines(
    enclave_databases: EnclaveDatabases,
) -> None:
    required = parse(TEXT)
    assert required.keys() == CORE.union(*OPTIONAL.values()) - OPTIONAL["trp"]
    found = await reported(await enclave_databases.migrated("mariadb"))
    for name, table in required.items():
        assert found[name].columns == table.columns
        assert found[name] == table
    assert found.keys() == required.keys() | OWN | OPTIONAL["trp"]


async def test_mariadb_reports_the_same_of_the_requirements_own_statements_which_are_taken_as_they_are(
    enclave_databases: EnclaveDatabases,
) -> None:
    database = await enclave_databases.open(await enclave_databases.empty("mariadb"))
    async with database.engine.begin() as connection:
        for statement in TEXT.split(";\n"):
            if "CREATE TABLE" in statement:
                await connection.exec_driver_sql(statement)
    before = await reported(database)
    assert before == parse(TEXT)
    assert "0001_core" in await migrate(database, features=FEATURES, now=NOW)
    after = await reported(database)
    assert {name: after[name] for name in before} == before
    assert after.keys() - before.keys() == OWN | OPTIONAL["trp"]


async def test_mariadb_compares_addresses_and_keys_to_the_letter(enclave_databases: EnclaveDatabases) -> None:
    database = await enclave_databases.migrated("mariadb")
    async with database.engine.connect() as connection:
        collations = await connection.execute(
            sa.text(
                "select distinct collation_name from information_schema.columns"
                " where table_schema = database() and collation_name is not null"
            )
        )
        assert [row[0] for row in collations] == ["utf8mb3_bin"]


async def test_postgresql_has_the_columns_of_the_schema(enclave_databases: EnclaveDatabases) -> None:
    database = await enclave_databases.migrated("postgresql")
    async with database.engine.connect() as connection:
        found = await connection.run_sync(_inspected)
    for table in metadata.tables.values():
        columns = [(each.name, each.nullable, each.comment, _type(each.type)) for each in table.columns]
        unique = (each for each in table.constraints if isinstance(each, sa.UniqueConstraint))
        indexes = [[column.name for column in index.columns] for index in (*table.indexes, *unique)]
        assert found[table.name] == (columns, sorted(indexes))


def _inspected(connection: sa.Connection) -> Mapping[str, object]:
    inspector = sa.inspect(connection)
    return {
        name: (
            [
                (each["name"], each["nullable"], each.get("comment"), _type(each["type"]))
                for each in inspector.get_columns(name)
            ],
            sorted([str(column) for column in index["column_names"]] for index in inspector.get_indexes(name)),
        )
        for name in inspector.get_table_names()
    }


def _type(kind: sa.types.TypeEngine[Any]) -> str:
    return kind.compile(DIALECTS["postgresql"])


async def test_a_features_tables_come_when_it_is_switched_on(
    enclave_databases: EnclaveDatabases, enclave_engine: str
) -> None:
    database = await enclave_databases.open(await enclave_databases.empty(enclave_engine))
    assert await migrate(database, features=(), now=NOW) == ("0001_core",)
    there = CORE | OWN
    assert await table_names(database) == there
    for feature, tables in OPTIONAL.items():
        assert await migrate(database, features=[feature], now=NOW) == (f"0001_{feature}",)
        there |= tables
        assert await table_names(database) == there
    assert await migrate(database, features=FEATURES, now=NOW) == ()


async def test_a_migration_that_was_cut_short_is_finished_and_two_do_not_meet(
    enclave_databases: EnclaveDatabases, enclave_engine: str
) -> None:
    url = await enclave_databases.empty(enclave_engine)
    database, other = await enclave_databases.open(url), await enclave_databases.open(url)
    dialect = "mysql" if enclave_engine == "mariadb" else enclave_engine
    async with database.engine.begin() as connection:
        for statement in first_migration(dialect, "core").split(";\n")[:2]:
            await connection.exec_driver_sql(statement)
    done = await asyncio.gather(*(migrate(each, features=FEATURES, now=NOW) for each in (database, other)))
    assert sorted(sum(done, ())) == sorted(f"0001_{feature}" for feature in ("core", *FEATURES))
    assert await table_names(database) == set(metadata.tables)


async def test_a_migration_that_was_edited_is_refused(enclave_database: EnclaveDatabase) -> None:
    row = {"feature": "core", "version": 1}
    of_core = sa.update(x_schema_versions).filter_by(**row)
    async with enclave_database.engine.begin() as connection:
        kept = (await connection.execute(sa.select(x_schema_versions.c.checksum).filter_by(**row))).scalar_one()
        await connection.execute(of_core.values(checksum="0" * 64))
    with pytest.raises(StrongroomError) as caught:
        await migrate(enclave_database, features=(), now=NOW)
    assert caught.value.code is Code.CONFIG_INVALID
    assert "0001_core was edited" in caught.value.detail
    async with enclave_database.engine.begin() as connection:
        await connection.execute(of_core.values(checksum=kept))


async def test_an_unknown_feature_is_refused(enclave_database: EnclaveDatabase) -> None:
    with pytest.raises(StrongroomError) as caught:
        await migrate(enclave_database, features=["elliptic"], now=NOW)
    assert caught.value.code is Code.CONFIG_INVALID


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("feature", ["core", *FEATURES])
def test_the_first_migration_is_what_the_schema_says(dialect: str, feature: str) -> None:
    """For SQL Server and Oracle this is all there is: compiled only, no live server was available."""
    assert (MIGRATIONS / dialect / f"0001_{feature}.sql").read_text() == first_migration(dialect, feature)
