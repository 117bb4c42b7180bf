"""Interfaces say what they mean: every service, RPC, message and enum in proto/ has a comment above it."""

import re
from collections.abc import Iterator

from tests.tidy.rule import Rule
from tests.tidy.source import Source

DECLARATION = re.compile(r"^\s*(service|rpc|message|enum)\s+(\w+)")


def undocumented(source: Source) -> Iterator[tuple[int, str]]:
    """A declaration whose line above is no comment."""
    for number, line in enumerate(source.lines, 1):
        if (found := DECLARATION.match(line)) and not source.lines[number - 2].lstrip().startswith("//"):
            yield number, f"{found.group(1)} {found.group(2)} has no comment"


RULES = (
    Rule(
        name="interfaces-documented",
        covers=lambda source: source.path.endswith(".proto"),
        find=undocumented,
        refused=(
            ("proto/strongroom/x/v1/x.proto", "\n// X.\nservice X {\n  rpc Do(A) returns (B);\n}"),
            ("proto/strongroom/x/v1/x.proto", "\nmessage A {}"),
        ),
        allowed=(("proto/strongroom/x/v1/x.proto", "\n// X.\nservice X {\n  // Does.\n  rpc Do(A) returns (B);\n}"),),
    ),
)
