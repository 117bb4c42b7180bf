"""What is set once is compared in plain SQL, column by column, and by the function only for what it will refuse."""

import re
from collections.abc import Iterator

import pytest

from tools.generators import ROOT

_TRIGGER = re.compile(r"CREATE TRIGGER (\w+) (.*) EXECUTE FUNCTION public\.set_once\((.*)\);")
_COMPARED = re.compile(r"\(\(old\.(\w+) IS NOT NULL\) AND \(old\.(\w+) IS DISTINCT FROM new\.(\w+)\)\)")


def guards() -> Iterator[tuple[str, str, list[str]]]:
    """Name, events with condition, and columns of each."""
    for schema in sorted(ROOT.glob("src/strongroom/**/schema.sql")):
        for name, when, columns in _TRIGGER.findall(schema.read_text()):
            yield name, when, re.findall(r"'(\w+)'", columns)


GUARDS = list(guards())


def test_there_are_guards() -> None:
    assert {"admissions_set_once", "certificates_set_once", "signing_requests_set_once"} <= {
        name for name, *_ in GUARDS
    }


@pytest.mark.parametrize(("name", "when", "columns"), GUARDS, ids=[name for name, *_ in GUARDS])
def test_a_guard_compares_every_column_that_it_guards_and_nothing_else_decides(
    name: str, when: str, columns: list[str]
) -> None:
    assert columns, name
    assert _COMPARED.findall(when) == [(column, column, column) for column in columns]
    events, _, condition = when.partition(" WHEN ")
    assert events.startswith("BEFORE UPDATE ON ")
    assert events.endswith(" FOR EACH ROW")
    assert set(_COMPARED.sub("", condition).replace("OR", "").strip()) <= set("() ")
