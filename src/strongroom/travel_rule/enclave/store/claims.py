"""Taking work from a table: rows that nobody else holds, locked until the transaction ends."""

from typing import Any, TypeAlias

import sqlalchemy as sa

Rows: TypeAlias = sa.Select[*tuple[Any, ...]]
_HINT = "WITH (UPDLOCK, READPAST, ROWLOCK)"  # SQL Server has no FOR UPDATE


def claiming(statement: Rows, *, key: sa.Column[Any], limit: int, dialect: str) -> Rows:
    """The first ``limit`` rows of an ordered ``statement`` on one table, locked; rows that others hold are passed over.

    Oracle refuses ``FETCH FIRST`` together with ``FOR UPDATE`` (ORA-02014), so the rows are chosen in a subquery there;
    two who take at once may then get fewer than there are, never the same.
    """
    if dialect == "oracle":
        chosen = statement.with_only_columns(key).limit(limit)
        return statement.where(key.in_(chosen)).with_for_update(skip_locked=True)
    return statement.limit(limit).with_hint(key.table, _HINT, "mssql").with_for_update(skip_locked=True)


def locking(statement: Rows, table: sa.Table) -> Rows:
    """The rows of ``statement``, locked; waits for whoever holds them."""
    return statement.with_hint(table, "WITH (UPDLOCK, ROWLOCK)", "mssql").with_for_update()
