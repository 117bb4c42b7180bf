"""How large rows are: what their columns hold, and what the database takes for them with its indexes."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.schema import metadata

_FIXED = 8  # bytes of a number or a time, on every dialect at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """One table: its rows, bytes in their columns, and bytes on disk with indexes where the database tells."""

    rows: int
    held: int
    on_disk: int | None


class _bytes_of(FunctionElement[int]):  # noqa: N801  named like an SQL function
    inherit_cache = True
    type = sa.BigInteger()


@compiles(_bytes_of)
def _octets(element: _bytes_of, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401  the compiler's own
    return f"octet_length({compiler.process(element.clauses, **how)})"


@compiles(_bytes_of, "mssql")
def _mssql_octets(element: _bytes_of, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401  the same
    return f"datalength({compiler.process(element.clauses, **how)})"


@compiles(_bytes_of, "oracle")
def _oracle_octets(element: _bytes_of, compiler: SQLCompiler, **how: Any) -> str:  # noqa: ANN401  the same
    return f"lengthb({compiler.process(element.clauses, **how)})"


async def measure(tx: Transaction, name: str) -> Size:
    """Measure a table; reads all of it."""
    row = await tx.row(measuring(name))
    rows, held = (0, 0) if row is None else (int(row.row_count), int(row.held or 0))
    return Size(rows=rows, held=held, on_disk=await _on_disk(tx, name))


def measuring(name: str) -> sa.Select[*tuple[Any, ...]]:
    """The statement that counts rows and bytes of a table."""
    table = metadata.tables[name]
    widths = [_width(column) for column in table.columns]
    total = widths[0]
    for width in widths[1:]:
        total += width
    return sa.select(sa.func.count().label("row_count"), sa.func.sum(total).label("held")).select_from(table)


def _width(column: sa.Column[Any]) -> sa.ColumnElement[int]:
    if isinstance(column.type, sa.String):
        return sa.func.coalesce(_bytes_of(column), 0)
    return sa.literal_column(str(_FIXED), sa.BigInteger())


async def _on_disk(tx: Transaction, name: str) -> int | None:
    if tx.dialect == "postgresql":
        row = await tx.row(sa.select(sa.func.pg_total_relation_size(name)))
    elif tx.dialect in {"mysql", "mariadb"}:
        await tx.rows(sa.text(f"analyze table {name}"))  # what is reported is counted now and then, or now
        names = ("table_schema", "table_name", "data_length", "index_length")
        tables = sa.table("tables", *map(sa.column, names), schema="information_schema")
        of_name = sa.and_(tables.c.table_schema == sa.func.database(), tables.c.table_name == name)
        row = await tx.row(sa.select(tables.c.data_length + tables.c.index_length).where(of_name))
    else:
        return None
    return None if row is None else int(row[0])
