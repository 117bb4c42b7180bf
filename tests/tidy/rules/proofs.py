"""What makes a test worth its time: it can fail, it always runs, and it runs our own code."""

import ast
import re
from collections.abc import Iterator

from tests.tidy.rule import Rule
from tests.tidy.source import Source

PROOF = re.compile(r"\bassert|raises|\bcheck|expect|verify|refuse")
SKIPS = re.compile(r"^pytest\.(mark\.(skip|skipif|xfail)|skip|xfail|importorskip)$")
PATCHING = re.compile(r"^(unittest\.mock|mock|pytest_mock)(\.|$)")


def replaced_code(source: Source) -> Iterator[tuple[int, str]]:
    """A test of replaced code proves the replacement."""
    for node in ast.walk(source.tree):
        match node:
            case ast.Import(names=names) if any(PATCHING.match(alias.name) for alias in names):
                yield node.lineno, "mocks are refused: use a real implementation or a fake of the port"
            case ast.ImportFrom(module=str() as module) if PATCHING.match(module) or module == "unittest":
                yield node.lineno, "mocks are refused: use a real implementation or a fake of the port"
            case ast.Attribute(attr="setattr", value=ast.Name(id="monkeypatch")):
                yield node.lineno, "patching is refused: pass the port as an argument"
            case _:
                continue


def skipped(source: Source) -> Iterator[tuple[int, str]]:
    """A skipped test is a promise nobody holds."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and SKIPS.match(ast.unparse(node)):
            yield node.lineno, f"`{ast.unparse(node)}`: a test runs or is not there"


def unprovable(source: Source) -> Iterator[tuple[int, str]]:
    """A test function in which nothing can fail but by accident."""
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or not node.name.startswith("test_"):
            continue
        if not any(PROOF.search(ast.unparse(statement)) for statement in node.body):
            yield node.lineno, f"`{node.name}` asserts nothing"


RULES = (
    Rule(
        name="no-mocks",
        covers=lambda source: source.is_python,
        find=replaced_code,
        refused=(
            ("tests/x/test_a.py", "from unittest.mock import patch"),
            ("tests/x/test_a.py", "from unittest import mock"),
            ("tests/x/test_a.py", "import mock"),
            ("tests/x/test_a.py", "def test_a(monkeypatch):\n    monkeypatch.setattr(a, 'b', 1)"),
        ),
        allowed=(("tests/x/test_a.py", "def test_a(monkeypatch):\n    monkeypatch.setenv('A', 'b')"),),
    ),
    Rule(
        name="no-skips",
        covers=lambda source: source.is_python and source.is_under("tests"),
        find=skipped,
        refused=(
            ("tests/x/test_a.py", "import pytest\n@pytest.mark.skipif(True, reason='')\ndef test_a(): assert 1"),
            ("tests/x/test_a.py", "import pytest\ndef test_a(): pytest.skip('later')"),
        ),
        allowed=(("tests/x/test_a.py", "import pytest\n@pytest.mark.parametrize('a', [1])\ndef test_a(a): assert a"),),
    ),
    Rule(
        name="tests-can-fail",
        covers=lambda source: source.is_python and source.is_under("tests"),
        find=unprovable,
        refused=(("tests/x/test_a.py", "async def test_a():\n    await run()"),),
        allowed=(
            ("tests/x/test_a.py", "def test_a():\n    assert run() == 1"),
            ("tests/x/test_a.py", "def test_a():\n    with pytest.raises(ValueError):\n        run()"),
        ),
    ),
)
