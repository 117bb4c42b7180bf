"""What `make generate` writes, one module for each kind of generated file.

A generator is a pure function from the tree's sources to {path from the project's root: content}, together with the
patterns of the files that belong to it, so that a file nobody generates any longer is found and removed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, kw_only=True)
class Generator:
    """One kind of generated file: `make(root)` returns all of them; `owns` are glob patterns from the root."""

    name: str
    owns: tuple[str, ...]
    make: Callable[[Path], Mapping[str, str]]
