"""docs/errors.md: every code of the closed error set, from kernel/errors.py."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from strongroom.kernel.errors import Code
from tools.generators import Generator

TARGET = "docs/errors.md"
HEAD = """<!-- Generated from src/strongroom/kernel/errors.py by `make generate`; do not edit. -->
# Error codes

Every refusal carries one of these codes; the code and its number never change meaning. *Repeat* says whether the same
request may succeed later without any change. The text of a refusal is for people; programs read the code.

| number | code | HTTP | what it means | what to do | repeat |
|---|---|---|---|---|---|
"""


def _rows() -> Iterator[str]:
    for code in sorted(Code, key=lambda code: code.meaning.number):
        meaning = code.meaning
        cells = (meaning.number, f"`{code.name}`", meaning.http_status, meaning.text, meaning.remedy)
        yield f"| {' | '.join(str(cell) for cell in cells)} | {'yes' if meaning.retryable else 'no'} |\n"


def make(_root: Path) -> Mapping[str, str]:
    """One table, ordered by number."""
    return {TARGET: HEAD + "".join(_rows())}


GENERATOR = Generator(name="errors", owns=(TARGET,), make=make)
