"""The tree as the rules see it: every file that belongs to the project, read once."""

import ast
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from tools.generators import ROOT

NOT_OURS = frozenset(
    [
        ".git",
        ".venv",
        ".build",
        ".data",
        "node_modules",
        "target",
        "__pycache__",
        ".pytest_cache",
        ".ruff_cache",
        ".hypothesis",
        ".import_linter_cache",
    ]
)
READABLE = frozenset(
    [
        ".cfg",
        ".css",
        ".html",
        ".js",
        ".json",
        ".jsonl",
        ".lock",
        ".md",
        ".proto",
        ".py",
        ".pyi",
        ".rs",
        ".sh",
        ".sql",
        ".toml",
        ".txt",
        ".yaml",
        ".yml",
    ]
) | {""}


@dataclass(frozen=True)
class Source:
    """One file: its path from the project's root, with forward slashes, and its text."""

    path: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        """The text's lines without line ends."""
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree; only of Python files. Raises SyntaxError."""
        return ast.parse(self.text, filename=self.path)

    @property
    def is_python(self) -> bool:
        """Whether it is Python that a person wrote."""
        return self.path.endswith(".py") and not self.is_generated

    @property
    def is_generated(self) -> bool:
        """Whether `make generate` wrote it."""
        return re.match(r"src/strongroom/interfaces/\w+/.*\.pyi?$", self.path) is not None

    def is_under(self, *folders: str) -> bool:
        """Whether it lies in one of these folders, or is one of these files."""
        return any(self.path == folder or self.path.startswith(folder.rstrip("/") + "/") for folder in folders)


def walk(root: Path) -> Iterator[Path]:
    """Every file that belongs to the project, in order; asks no version control, so that any user's copy works."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in NOT_OURS and not name.endswith(".egg-info"))
        yield from (Path(folder) / name for name in sorted(files))


@cache
def project() -> tuple[Source, ...]:
    """Every text file of the project."""
    found = (path for path in walk(ROOT) if path.suffix in READABLE)
    return tuple(
        Source(path=path.relative_to(ROOT).as_posix(), text=path.read_text(errors="replace")) for path in found
    )
