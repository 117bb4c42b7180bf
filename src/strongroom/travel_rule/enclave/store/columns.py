"""The column types of the enclave's tables, on four dialects.

MySQL's are the requirement's. Elsewhere: ``bigint unsigned`` is an identity column of 64 bits where the database counts
(it never reaches half), and a number of twenty digits where it holds a VASP id, which may exceed 2^63; an enum is a
text with a check, so that a value can be added without rewriting the table; a text that exceeds the dialect's longest
varying text is its large one; times are UTC without a zone. ``utc_now`` is what ``CURRENT_TIMESTAMP`` means here.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, final

import sqlalchemy as sa
from sqlalchemy.dialects import mssql, mysql, oracle, postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

_MYSQL = ("mysql", "mariadb")
_LONGEST = 4000  # NVARCHAR(n) of SQL Server, VARCHAR2(n) of Oracle
TEXT_MAX = 65535
"""Characters that ``text(65535)`` holds."""


def varchar(length: int) -> TypeEngine[str]:
    """``varchar(n)``, counted in characters."""
    if length > _LONGEST:
        return sa.String(length).with_variant(mssql.NVARCHAR(None), "mssql").with_variant(oracle.CLOB(), "oracle")
    return sa.String(length).with_variant(mssql.NVARCHAR(length), "mssql")


def text() -> TypeEngine[str]:
    """``text(65535)``."""
    return (
        sa.Text()
        .with_variant(mysql.TEXT(length=TEXT_MAX), *_MYSQL)
        .with_variant(mssql.NVARCHAR(None), "mssql")
        .with_variant(oracle.CLOB(), "oracle")
    )


def enum(name: str, *values: str) -> TypeEngine[str]:
    """``enum(...)``; ``name`` is that of the check which stands for it on other dialects than MySQL."""
    checked = sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)
    return checked.with_variant(mysql.ENUM(*values), *_MYSQL)


def row_number() -> TypeEngine[int]:
    """``bigint(20) unsigned`` of a primary key."""
    return sa.BigInteger().with_variant(mysql.BIGINT(display_width=20, unsigned=True), *_MYSQL)


def flag() -> TypeEngine[int]:
    """``tinyint(1)``: 1 or 0."""
    return sa.SmallInteger().with_variant(mysql.TINYINT(display_width=1), *_MYSQL)


def integer() -> TypeEngine[int]:
    """``int(11)``."""
    return sa.Integer().with_variant(mysql.INTEGER(display_width=11), *_MYSQL)


@final
class VaspId(TypeDecorator[str]):
    """``bigint(20) unsigned`` that is decimal text in Python, for it exceeds 2^53."""

    impl = sa.Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """MySQL's own type, else twenty digits."""
        if dialect.name in _MYSQL:
            return dialect.type_descriptor(mysql.BIGINT(display_width=20, unsigned=True))
        return dialect.type_descriptor(sa.Numeric(20, 0))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> int | Decimal | None:
        """From text; ``ValueError`` when it is no number."""
        if value is None:
            return None
        return int(value) if dialect.name in _MYSQL else Decimal(value)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ANN401, ARG002  int or Decimal, by driver
        """To text."""
        return None if value is None else str(int(value))


@final
class UtcDateTime(TypeDecorator[datetime]):
    """``datetime`` or ``datetime(3)``: aware in Python, UTC without a zone in the column, cut to its precision.

    Args:
        digits: of the second, 0 or 3.
    """

    impl = sa.DateTime
    cache_ok = True

    def __init__(self, digits: int) -> None:
        super().__init__()
        self.digits = digits

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The type of that precision. Oracle's TIMESTAMP keeps more than it is given."""
        types: dict[str, TypeEngine[Any]] = {
            "postgresql": postgresql.TIMESTAMP(precision=self.digits),
            "mssql": mssql.DATETIME2(precision=self.digits),
            "oracle": sa.TIMESTAMP(),
        }
        # not its adaptation to the driver, which forgets the precision
        return types.get(dialect.name, mysql.DATETIME(fsp=self.digits or None))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  every dialect alike
        """Cut, not rounded: MariaDB and PostgreSQL would disagree."""
        if value is None:
            return None
        unit = 1000 if self.digits else 1_000_000
        moment = value if value.tzinfo is UTC else value.astimezone(UTC)
        return moment.replace(microsecond=moment.microsecond // unit * unit, tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002  the same
        """Aware again."""
        return None if value is None else value.replace(tzinfo=UTC)


class utc_now(FunctionElement[datetime]):  # noqa: N801  named like an SQL function
    """The database's clock in UTC. MySQL's answers in the session's zone, which the engine sets to UTC."""

    inherit_cache = True
    type = sa.DateTime()

    def __init__(self, digits: int) -> None:
        super().__init__()
        self.digits = digits


def _mysql_now(element: utc_now, _compiler: SQLCompiler, **_how: object) -> str:
    return f"CURRENT_TIMESTAMP({element.digits})" if element.digits else "CURRENT_TIMESTAMP"


def _postgresql_now(_element: utc_now, _compiler: SQLCompiler, **_how: object) -> str:
    return "(CURRENT_TIMESTAMP AT TIME ZONE 'UTC')"


def _mssql_now(_element: utc_now, _compiler: SQLCompiler, **_how: object) -> str:
    return "SYSUTCDATETIME()"


def _oracle_now(_element: utc_now, _compiler: SQLCompiler, **_how: object) -> str:
    return "SYS_EXTRACT_UTC(SYSTIMESTAMP)"


compiles(utc_now, *_MYSQL)(_mysql_now)
compiles(utc_now, "postgresql")(_postgresql_now)
compiles(utc_now, "mssql")(_mssql_now)
compiles(utc_now, "oracle")(_oracle_now)
