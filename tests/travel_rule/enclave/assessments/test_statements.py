"""How work is taken, on four dialects: through the status index, and past whoever holds a row."""

import pytest
import sqlalchemy as sa

from strongroom.travel_rule.enclave.store.assessments import WAITING, taking
from strongroom.travel_rule.enclave.store.schema import chainalysis_kyt_results, refinitiv_wco_results
from tests.fixtures.enclave import EnclaveDatabases
from tests.travel_rule.enclave.store.ddl import DIALECTS

PASSING_OVER = {
    "mssql": "WITH (UPDLOCK, READPAST, ROWLOCK)",
    "mysql": "FOR UPDATE SKIP LOCKED",
    "oracle": "FOR UPDATE SKIP LOCKED",
    "postgresql": "FOR UPDATE SKIP LOCKED",
}


@pytest.mark.parametrize("dialect", sorted(DIALECTS))
@pytest.mark.parametrize("table", [chainalysis_kyt_results, refinitiv_wco_results], ids=lambda table: table.name)
def test_taking_passes_over_what_others_hold(dialect: str, table: sa.Table) -> None:
    for status in WAITING:
        statement = " ".join(
            str(taking(table, status, limit=5, dialect=dialect).compile(dialect=DIALECTS[dialect])).split()
        )
        assert PASSING_OVER[dialect] in statement
        assert f"{table.name}.status = " in statement
        assert f"ORDER BY {table.name}.last_checked_at" in statement


async def test_taking_can_use_the_status_index(enclave_databases: EnclaveDatabases) -> None:
    database = await enclave_databases.migrated("mariadb")
    async with database.engine.connect() as connection:
        for table in (chainalysis_kyt_results, refinitiv_wco_results):
            plain = sa.select(table.c.id).where(
                table.c.status == "REGISTERED", table.c.last_checked_at <= sa.func.now()
            )
            text = str(plain.compile(dialect=DIALECTS["mysql"], compile_kwargs={"literal_binds": True}))
            plan = (await connection.execute(sa.text(f"explain {text}"))).mappings().one()
            assert "idx_status_last_checked_at" in plan["possible_keys"].split(",")
