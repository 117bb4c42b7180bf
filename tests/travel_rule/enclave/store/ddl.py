"""What ``schema.py`` says, as DDL of each dialect; ``python -m tests.travel_rule.enclave.store.ddl`` writes migrations.

Index names are the requirement's on MySQL, where they belong to a table. Elsewhere they belong to a schema, so the
table's name is put before those that do not hold it.
"""

import re
from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable, DDLElement, SetColumnComment

from strongroom.travel_rule.enclave.store.schema import FEATURES, tables_of
from tools.generators import ROOT

DIALECTS: Mapping[str, Dialect] = {
    "mssql": mssql.dialect(),
    "mysql": mysql.dialect(),
    "oracle": oracle.dialect(),
    "postgresql": postgresql.dialect(),
}
DIALECTS["mssql"].default_schema_name = "dbo"  # asked of the server otherwise
MIGRATIONS = ROOT / "src/strongroom/travel_rule/enclave/migrations"


def first_migration(dialect: str, feature: str) -> str:
    """``0001_<feature>.sql`` of that dialect."""
    tables = [_named_for(dialect, table) for table in tables_of(feature)]
    return "".join(
        _compiled(element, DIALECTS[dialect]) + ";\n" for table in tables for element in _elements(dialect, table)
    )


def _named_for(dialect: str, table: sa.Table) -> sa.Table:
    if dialect == "mysql":
        return table
    copy = table.to_metadata(sa.MetaData())
    named = [*copy.indexes, *(each for each in copy.constraints if isinstance(each, sa.UniqueConstraint))]
    for each in named:
        if not str(each.name).startswith(("x_", f"uk_{table.name}")) and table.name not in str(each.name):
            each.name = sa.quoted_name(f"{table.name}_{each.name}", None)
    return copy


def _elements(dialect: str, table: sa.Table) -> Iterator[DDLElement]:
    yield CreateTable(table)
    yield from (CreateIndex(index) for index in sorted(table.indexes, key=lambda index: str(index.name)))
    if dialect != "mysql":
        yield from (SetColumnComment(column) for column in table.columns if column.comment)


def _compiled(element: DDLElement, dialect: Dialect) -> str:
    lines = str(element.compile(dialect=dialect)).strip().splitlines()
    return "\n".join(re.sub(r"^\t", "  ", line.rstrip()) for line in lines if line.strip())


if __name__ == "__main__":
    for name in DIALECTS:
        (MIGRATIONS / name).mkdir(parents=True, exist_ok=True)
        for part in ("core", *FEATURES):
            (MIGRATIONS / name / f"0001_{part}.sql").write_text(first_migration(name, part))
