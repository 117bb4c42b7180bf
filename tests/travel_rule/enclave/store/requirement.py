"""The requirement's table definitions, parsed into what MySQL's ``information_schema`` is to say."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

TEXT = (Path(__file__).parent / "data" / "requirement.sql").read_text()
_TABLE = re.compile(
    r"CREATE TABLE `(?P<name>\w+)` \(\n(?P<body>.*?)\n\) ENGINE=(?P<engine>\w+) DEFAULT CHARSET=(?P<charset>\w+);",
    re.DOTALL,
)
_COLUMN = re.compile(
    r"`(?P<name>\w+)` (?P<type>\w+(?:\([^)]*\))?(?: unsigned)?)(?P<required> NOT NULL)?(?P<auto> AUTO_INCREMENT)?"
    r"(?: DEFAULT (?P<default>'[^']*'|[\w()]+))?(?: COMMENT '(?P<comment>[^']*)')?"
)
_INDEX = re.compile(r"(?P<kind>PRIMARY KEY|UNIQUE KEY|INDEX)(?: `(?P<name>\w+)`)? \((?P<columns>[^)]*)\)")


@dataclass(frozen=True, slots=True)
class Column:
    """A column as ``information_schema.columns`` shows it."""

    name: str
    type: str
    is_required: bool
    default: str | None
    extra: str
    comment: str


@dataclass(frozen=True, slots=True)
class Index:
    """An index as ``information_schema.statistics`` shows it."""

    name: str
    is_unique: bool
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table, with columns in their order."""

    name: str
    columns: tuple[Column, ...]
    indexes: frozenset[Index]
    engine: str
    charset: str


def parse(text: str) -> Mapping[str, Table]:
    """Every table of the text, by name. A line that is not understood raises ``ValueError``."""
    return {table.name: table for table in map(_table, _TABLE.finditer(text))}


def _table(match: re.Match[str]) -> Table:
    columns: list[Column] = []
    indexes: set[Index] = set()
    for line in _lines(match["body"]):
        if found := _COLUMN.fullmatch(line):
            columns.append(_column(found))
        elif found := _INDEX.fullmatch(line):
            names = tuple(re.findall(r"`(\w+)`", found["columns"]))
            indexes.add(Index(found["name"] or "PRIMARY", found["kind"] != "INDEX", names))
        else:
            raise ValueError(line)
    charset = {"utf8": "utf8mb3"}[match["charset"]]  # what utf8 means (MySQL 8 reference 10.9.2)
    return Table(match["name"], tuple(columns), frozenset(indexes), match["engine"], charset)


def _lines(body: str) -> Iterator[str]:
    for line in body.splitlines():
        yield line.strip().removesuffix(",")


def _column(match: re.Match[str]) -> Column:
    # text(n) is the smallest text type that holds n characters, of up to three bytes in utf8 (MySQL 8 reference 11.3.4)
    kind = {"text(65535)": "mediumtext"}.get(match["type"], re.sub(r", ", ",", match["type"]))
    default = (match["default"] or "").replace("CURRENT_TIMESTAMP", "current_timestamp")
    if default == "current_timestamp":
        default = "current_timestamp()"
    required = match["required"] is not None
    return Column(
        name=match["name"],
        type=kind,
        is_required=required,
        default=default or (None if required else "NULL"),
        extra="auto_increment" if match["auto"] else "",
        comment=match["comment"] or "",
    )
