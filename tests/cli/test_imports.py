"""Commands about a running system import only the client (architecture.md 2); the tiers would let them do more."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import strongroom.cli

FOLDER = Path(strongroom.cli.__path__[0])
STARTERS = frozenset({"up", "demo", "verify", "recovery", "travel_rule_upkeep"})
"""They start things, audit them from below or need no system at all, so they may import apps; nothing else may."""
OFFLINE = frozenset({"travel_rule", "travel_rule_explain"})
"""They work on files alone, with the wing's pure library and the day's date."""
DOORS = frozenset({"failures", "main"})
"""They must be quick, so they know the error codes without the client."""


def foreign(source: str, *, module: str) -> Iterator[str]:
    """Our own modules that a module of the command line imports and may not."""
    allowed = ["strongroom.cli", "strongroom.client"]
    allowed += ["strongroom.apps"] if module in STARTERS else []
    allowed += ["strongroom.travel_rule", "strongroom.runtime.clock"] if module in OFFLINE else []
    allowed += ["strongroom.kernel.errors"] if module in DOORS else []
    for node in ast.walk(ast.parse(source)):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or "."] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            if name.startswith(("strongroom", ".")) and not any(f"{name}.".startswith(f"{part}.") for part in allowed):
                yield name


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_a_module_imports_what_it_may(path: Path) -> None:
    assert list(foreign(path.read_text(), module=path.stem)) == []


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from strongroom.apps.up import run_embedded", "vault"),
        ("import strongroom.custody", "transactions"),
        ("def f():\n    from strongroom.runtime import clock", "up"),
        ("from strongroom.kernel.money import parse_amount", "transactions"),
        ("from strongroom.kernel.money import parse_amount", "main"),
        ("from strongroom.clients import x", "vault"),
    ],
)
def test_the_rule_refuses(source: str, module: str) -> None:
    assert list(foreign(source, module=module)) != []
