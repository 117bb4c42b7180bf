"""STYLE.md holds no rule that nothing holds, and forgets none that is held."""

import re
import tomllib

from tests.tidy.rules import RULES
from tools.generators import ROOT

ROW = re.compile(r"^\| (?!rule \||-)(.+) \| (.+) \|$", re.MULTILINE)
PROGRAMS = {"ruff", "basedpyright", "squawk", "clippy", "generated"}


def holders() -> set[str]:
    """Everything that can hold a rule: programs of `make lint`, import contracts, tidy rules."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return PROGRAMS | {f"contract:{contract['id']}" for contract in contracts} | {f"tidy:{rule.name}" for rule in RULES}


def holds(name: str) -> bool:
    """Whether the name is a holder, or the path of a test that is there."""
    return name in holders() or (name.startswith("tests/") and (ROOT / name).is_file())


def named(text: str) -> list[list[str]]:
    """The holders that each rule of the document names."""
    return [re.findall(r"`([^`]+)`", cell) for _, cell in ROW.findall(text)]


def test_every_rule_names_what_holds_it_and_it_is_there() -> None:
    rows = named((ROOT / "STYLE.md").read_text())
    assert rows
    assert all(rows)
    assert [name for row in rows for name in row if not holds(name)] == []


def test_every_holder_has_its_rule_written_down() -> None:
    written = {name for row in named((ROOT / "STYLE.md").read_text()) for name in row}
    assert holders() - written == set()


def test_a_rule_without_holder_is_noticed() -> None:
    assert named("| rule | held by |\n|---|---|\n| Be good | hope |\n") == [[]]
    assert not holds("tidy:no-such-rule")
    assert not holds("tests/tidy/test_gone.py")
