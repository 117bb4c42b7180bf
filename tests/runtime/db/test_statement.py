"""Joining statements: the renumbered text means the same as its parts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.runtime.db import Statement
from strongroom.runtime.db.statement import join

_LITERALS = [
    "'$1'",
    "'it''s $2'",
    '"col$1"',
    "/* $1\n$2 */",
    "-- $1\n",
    "E'\\'$1'",
    "$tag$ $1 $tag$",
    "$$ $2 $$",
    "x$1",
]


@st.composite
def _statements(draw: st.DrawFn) -> Statement:
    numbers = draw(st.lists(st.integers(1, 12), max_size=12))
    dense = {number: rank for rank, number in enumerate(sorted(set(numbers)), start=1)}
    words = [f"${dense[number]}" for number in numbers]
    words += draw(st.lists(st.sampled_from(_LITERALS), max_size=4))
    sql = f"update t set x = ({' , '.join(draw(st.permutations(words)))} )"  # noqa: S608 - never run
    return Statement(sql, tuple(object() for _ in dense), guard=draw(st.booleans()))


def _values(text: str, args: list[object]) -> list[object]:
    """What each placeholder outside of literals stands for, in order of appearance."""
    for literal in _LITERALS:
        text = text.replace(literal, "")
    return [args[int(number) - 1] for number in re.findall(r"\$(\d+)", text)]


@given(st.lists(_statements(), min_size=1, max_size=6))
def test_every_placeholder_still_means_its_own_value(statements: list[Statement]) -> None:
    text, args = join(statements)
    expected = [value for one in statements for value in _values(one.sql, list(one.args))]
    assert _values(text, args) == expected
    assert text.count("require_row") == sum(one.guard for one in statements)
    for literal in _LITERALS:
        assert text.count(literal) == sum(one.sql.count(literal) for one in statements)


@pytest.mark.parametrize(
    ("sql", "args"),
    [
        ("select 1", ()),
        ("insert into t values ($1)", ()),
        ("insert into t values ($1)", (1, 2)),
        ("insert into t values ($2)", (1, 2)),
        ("update t set a = 1 returning a", ()),
    ],
)
def test_what_cannot_be_joined_is_refused_when_it_is_written(sql: str, args: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=re.escape(sql)):
        Statement(sql, args)


def test_the_word_returning_inside_a_literal_is_no_clause() -> None:
    assert Statement("update t set a = 'returning' where b = $1", (1,)).args == (1,)
