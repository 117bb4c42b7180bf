"""Statements, and how several become one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import asyncpg

Row: TypeAlias = asyncpg.Record
"""One row of an answer: ``row["column"]``."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One ``insert``, ``update`` or ``delete`` by hand, to be stored by ``Database.commit``.

    Args:
        sql: with placeholders ``$1`` and on, no ``returning`` and no final semicolon.
        args: one value for each placeholder.
        guard: when it touches no row, the whole commit is undone and ``CLAIM_LOST`` raised.

    Raises:
        ValueError: the text is not such a statement, or the values do not match its placeholders.
    """

    sql: str
    args: tuple[object, ...] = ()
    guard: bool = False

    def __post_init__(self) -> None:
        expected = _placeholders(self.sql)
        if len(self.args) != expected:
            raise ValueError(f"{expected} placeholders but {len(self.args)} values: {self.sql}")


def join(statements: Sequence[Statement]) -> tuple[str, list[object]]:
    """The statements as one data-modifying query, and its values. It answers the rows touched by each, in order."""
    text = _render(tuple((statement.sql, statement.guard) for statement in statements))
    return text, [value for statement in statements for value in statement.args]


# PostgreSQL's lexical structure (documentation 4.1): what a placeholder cannot be inside of.
_TOKEN = re.compile(
    r"""
      [eE]'(?:[^'\\]|\\.|'')*'                              # escape string
    | '(?:[^']|'')*'                                        # string
    | "(?:[^"]|"")*"                                        # quoted identifier
    | --[^\n]*                                              # comment
    | /\*.*?\*/                                             # block comment
    | (?<![\w$])\$(?P<tag>[A-Za-z_]\w*)?\$.*?\$(?P=tag)\$   # dollar-quoted string with a tag
    | (?<![\w$])\$\$.*?\$\$                                 # dollar-quoted string
    | (?<![\w$])\$(?P<number>\d+)                           # placeholder
    """,
    re.VERBOSE | re.DOTALL,
)
_CHANGE = re.compile(r"\s*(insert|update|delete)\b", re.IGNORECASE)
_RETURNING = re.compile(r"\breturning\b", re.IGNORECASE)


@lru_cache(maxsize=4096)
def _placeholders(sql: str) -> int:
    if not _CHANGE.match(sql) or _RETURNING.search(_TOKEN.sub(" ", sql)):
        raise ValueError(f"not an insert, update or delete without returning: {sql}")
    seen = {int(match["number"]) for match in _TOKEN.finditer(sql) if match["number"]}
    if seen != set(range(1, len(seen) + 1)):
        raise ValueError(f"the placeholders are not numbered from 1 without a gap: {sql}")
    return len(seen)


@lru_cache(maxsize=1024)
def _render(parts: tuple[tuple[str, bool], ...]) -> str:
    offset = 0
    bodies: list[str] = []
    counts: list[str] = []
    for position, (sql, guard) in enumerate(parts):
        # the line break keeps a final comment from swallowing what follows
        bodies.append(f"part_{position} as ({_shift(sql, offset)}\nreturning 1)")
        count = f"(select count(*) from part_{position})"  # noqa: S608 - a number
        counts.append(f"require_row({count})" if guard else count)
        offset += _placeholders(sql)
    return f"with {', '.join(bodies)} select {', '.join(counts)}"


def _shift(sql: str, offset: int) -> str:
    def moved(match: re.Match[str]) -> str:
        return f"${int(match['number']) + offset}" if match["number"] else match[0]

    return _TOKEN.sub(moved, sql)
