"""Sizes, with a ratchet: `python -m tests.tidy.sizes` writes ratchet.toml anew.

A function over 70 lines or a file over 600 is refused. One over 40, or 400, is a question whose answer is a line in
ratchet.toml: there it may shrink, and then the line goes; it may not grow, and a new one is a visible decision.
"""

import ast
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.tidy.source import Source, project

RATCHET = Path(__file__).parent / "ratchet.toml"
FUNCTION_QUESTION, FUNCTION_LIMIT = 40, 70
FILE_QUESTION, FILE_LIMIT = 400, 600
HEAD = "# Large functions and files, in lines; they may only shrink. Written by `python -m tests.tidy.sizes`.\n"


@dataclass(frozen=True, kw_only=True)
class Size:
    """Lines of one function (`path::Class.name`) or file (`path`), with the bounds that hold for it."""

    name: str
    lines: int
    question: int
    limit: int


def measure(sources: Iterable[Source]) -> Iterator[Size]:
    """The size of every file and function that a person wrote."""
    for source in sources:
        if source.is_python:
            lines = len(source.lines)
            yield Size(name=source.path, lines=lines, question=FILE_QUESTION, limit=FILE_LIMIT)
            yield from _functions(source.path, "", source.tree)


def _functions(path: str, prefix: str, node: ast.AST) -> Iterator[Size]:
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _functions(path, prefix, child)
            continue
        if not isinstance(child, ast.ClassDef):
            lines = (child.end_lineno or child.lineno) - child.lineno + 1
            name = f"{path}::{prefix}{child.name}"
            yield Size(name=name, lines=lines, question=FUNCTION_QUESTION, limit=FUNCTION_LIMIT)
        yield from _functions(path, f"{prefix}{child.name}.", child)


def complaints(sizes: Iterable[Size], ratchet: Mapping[str, int]) -> list[str]:
    """What is too large, what grew, and what the ratchet still lists though it shrank or went."""
    large = {size.name: size for size in sizes if size.lines > size.question}
    refused = [
        f"{size.name}: {size.lines} lines, the limit is {size.limit}"
        for size in large.values()
        if size.lines > size.limit
    ]
    asked = [
        f"{size.name}: {size.lines} lines, the ratchet has {ratchet.get(size.name, 'no such line')}"
        for size in large.values()
        if size.lines <= size.limit and size.lines != ratchet.get(size.name)
    ]
    gone = [f"{name}: no longer large; take it out of ratchet.toml" for name in ratchet if name not in large]
    return refused + asked + gone


def read_ratchet() -> Mapping[str, int]:
    """The committed answers."""
    return tomllib.loads(RATCHET.read_text())["lines"]


def write_ratchet() -> None:
    """Write the present sizes; what is over the limit stays refused whatever is written."""
    large = sorted((size.name, size.lines) for size in measure(project()) if size.limit >= size.lines > size.question)
    RATCHET.write_text(HEAD + "\n[lines]\n" + "".join(f'"{name}" = {lines}\n' for name, lines in large))


if __name__ == "__main__":
    write_ratchet()
