"""A threat model is worth the tests that hold it."""

import ast
import re
from collections.abc import Iterator
from functools import cache

from tests.tidy.rule import Rule
from tests.tidy.source import Source
from tools.generators import ROOT

NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
ROW = re.compile(r"^\| (?!what is tried |party |-)")
HEADING = "### What they try"


@cache
def tests_in(path: str) -> frozenset[str]:
    """The tests of a file, or of none that is not there."""
    file = ROOT / path
    tree = ast.parse(file.read_text()) if file.is_file() else ast.Module([], [])
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions if node.name.startswith("test_"))


def unheld(source: Source) -> Iterator[tuple[int, str]]:
    """A row without a test, or with one that is not there."""
    trying = False
    for number, line in enumerate(source.lines, 1):
        if line.startswith("#"):
            trying = line == HEADING
        named = NAMED.findall(line)
        if trying and ROW.match(line) and not named:
            yield number, "a threat without a test"
        yield from ((number, f"`{path}::{name}` is no test") for path, name in named if name not in tests_in(path))


RULES = (
    Rule(
        name="threats-have-tests",
        covers=lambda source: source.path == "SECURITY.md",
        find=unheld,
        refused=(
            ("SECURITY.md", f"{HEADING}\n| theft | gateway | us | trust us |"),
            ("SECURITY.md", "| theft | gateway | us | `tests/tidy/test_rules.py::test_gone` |"),
            (
                "SECURITY.md",
                "| theft | gateway | us | `tests/tidy/test_gone.py::test_the_tree_keeps_the_rule` |",
            ),
        ),
        allowed=(
            (
                "SECURITY.md",
                f"{HEADING}\n| theft | gateway | us | `tests/tidy/test_rules.py::test_the_tree_keeps_the_rule` |",
            ),
        ),
    ),
)
