"""Versions of TRP (semver): 3.0.0 to 3.2.1 are spoken, and the other side's is answered with."""

import re
from typing import Final

LATEST: Final = "3.2.1"
SPOKEN: Final = ("3.2.1", "3.2.0", "3.1.0", "3.0.0")
"""Newest first: what a client tries in turn. 3.1 brought travel addresses, 3.2.0 DTI, 3.2.1 more identity."""
WITH_DTI: Final = "3.2.0"
_VERSION: Final = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})")


def parse_version(text: str) -> tuple[int, int, int] | None:
    """Major, minor, patch; None for what is no plain semantic version."""
    found = _VERSION.fullmatch(text)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def is_spoken(text: str) -> bool:
    """Whether it lies between 3.0.0 and 3.2.1, both included."""
    version = parse_version(text)
    return version is not None and (3, 0, 0) <= version <= (3, 2, 1)


def is_before(one: str, other: str) -> bool:
    """Whether one version is older than another; both are semantic versions."""
    versions = parse_version(one), parse_version(other)
    return versions[0] is not None and versions[1] is not None and versions[0] < versions[1]


def next_to_try(refused: str, offered: str | None) -> str | None:
    """After a refusal of one version: what the other side offers if that is spoken here, else the next older one."""
    if offered is not None and is_spoken(offered) and is_before(offered, refused):
        return offered
    return next((version for version in SPOKEN if is_before(version, refused)), None)
