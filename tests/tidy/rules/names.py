"""File names, and what an operation's signature looks like (style 2 and 3)."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from tests.tidy.rule import Rule
from tests.tidy.source import Source

DRAWERS = re.compile(r"^_*(utils?|helpers?|common|misc|base|shared|stuff|manager\d+)$")
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def drawers(source: Source) -> Iterator[tuple[int, str]]:
    """A module or folder whose name says nothing collects whatever fits nowhere."""
    parts = PurePosixPath(source.path).with_suffix("").parts
    for part in parts:
        if DRAWERS.match(part):
            yield 1, f"`{part}` is a drawer, not a name"


def public_functions(source: Source) -> Iterator[FunctionNode]:
    """The module's own public functions."""
    for node in source.tree.body:
        if isinstance(node, FunctionNode) and not node.name.startswith("_"):
            yield node


def positional(source: Source) -> Iterator[tuple[int, str]]:
    """An operation is called by name of each argument, so that two ids cannot change places unseen."""
    for node in public_functions(source):
        if len(node.args.args) + len(node.args.posonlyargs) > 1:
            yield node.lineno, f"`{node.name}` takes several positional arguments"


def asynchronous_decisions(source: Source) -> Iterator[tuple[int, str]]:
    """A decision is pure; what is awaited is not."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("decide_"):
            yield node.lineno, f"`{node.name}` is asynchronous, so it is no pure decision"


RULES = (
    Rule(
        name="no-drawers",
        covers=lambda source: source.is_python,
        find=drawers,
        refused=(
            ("src/strongroom/runtime/utils.py", ""),
            ("src/strongroom/custody/helpers/money.py", ""),
            ("tests/common.py", ""),
            ("src/strongroom/custody/manager2.py", ""),
        ),
        allowed=(("src/strongroom/runtime/clock.py", ""), ("src/strongroom/chains/solana/v1/base58.py", "")),
    ),
    Rule(
        name="operations-by-keyword",
        covers=lambda source: source.is_under("src") and re.search(r"/operations(\.py|/)", source.path) is not None,
        find=positional,
        refused=(("src/strongroom/custody/x/operations.py", "async def accept(store, request): ..."),),
        allowed=(
            ("src/strongroom/custody/x/operations.py", "async def accept(*, store, request): ...\ndef _f(a, b): ..."),
            ("src/strongroom/custody/x/operations.py", "def sender_of(payload): ..."),
            ("src/strongroom/custody/x/domain.py", "def decide_fee(amount): ..."),
        ),
    ),
    Rule(
        name="decisions-are-pure",
        covers=lambda source: source.is_python and source.is_under("src"),
        find=asynchronous_decisions,
        refused=(("src/strongroom/custody/x/domain.py", "async def decide_fee(*, amount): ..."),),
        allowed=(("src/strongroom/custody/x/domain.py", "def decide_fee(*, amount): ..."),),
    ),
)
