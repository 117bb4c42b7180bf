"""Cursors: opaque to the caller, a sort key to us. Every list pages."""

import base64
from dataclasses import dataclass
from typing import Generic, TypeVar

from strongroom.kernel.errors import Code, StrongroomError

T = TypeVar("T")

DEFAULT_PAGE_SIZE = 50
MAX_PAGE_SIZE = 500


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list and the cursor of the next, None at the end."""

    items: tuple[T, ...]
    next_cursor: str | None


def encode_cursor(*parts: str) -> str:
    """A URL-safe cursor of the sort key of the last row shown."""
    return base64.urlsafe_b64encode("\n".join(parts).encode()).decode().rstrip("=")


def parse_cursor(cursor: str, *, parts: int) -> tuple[str, ...]:
    """The sort key inside a cursor.

    Raises:
        StrongroomError: ``PAGE_INVALID``.
    """
    try:
        found = tuple(
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode().split("\n")
        )
    except ValueError:  # not base64, or not UTF-8
        raise StrongroomError(Code.PAGE_INVALID) from None
    if len(found) != parts or not all(part.isprintable() for part in found):
        raise StrongroomError(Code.PAGE_INVALID)
    return found


def check_page_size(size: int) -> int:
    """``size`` if it is within 1 to 500.

    Raises:
        StrongroomError: ``PAGE_INVALID``.
    """
    if not 1 <= size <= MAX_PAGE_SIZE:
        raise StrongroomError(Code.PAGE_INVALID, f"A page holds 1 to {MAX_PAGE_SIZE} rows.")
    return size
