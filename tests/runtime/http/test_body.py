"""A request's body, as every door takes it."""

from collections.abc import Iterable, MutableMapping
from typing import Any

import pytest

from strongroom.runtime.http import GoneError, read_body


class TooLargeError(Exception):
    pass


async def read(*parts: bytes, stated: Iterable[bytes] = (), limit: int = 5, leaves: bool = False) -> bytes:
    """The body that comes in these parts; who ``leaves`` never sends the end of it."""
    messages: list[MutableMapping[str, Any]] = [
        {"type": "http.request", "body": part, "more_body": leaves or number < len(parts)}
        for number, part in enumerate(parts, start=1)
    ]
    messages.append({"type": "http.disconnect"})

    async def receive() -> MutableMapping[str, Any]:
        return messages.pop(0)

    scope = {"headers": [(b"content-length", value) for value in stated]}
    return await read_body(scope, receive, limit=limit, too_large=TooLargeError())


async def test_a_body_in_parts_is_one() -> None:
    assert await read(b"ab", b"", b"cde", stated=[b"5"]) == b"abcde"


@pytest.mark.parametrize("stated", [b"6", b"9" * 18, b"9" * 5000])
async def test_a_stated_length_above_the_limit_is_refused_at_once(stated: bytes) -> None:
    with pytest.raises(TooLargeError):
        await read(leaves=True, stated=[stated])


async def test_the_largest_of_several_stated_lengths_counts() -> None:
    with pytest.raises(TooLargeError):
        await read(b"a", stated=[b"1", b"6"])


async def test_what_comes_counts_whatever_was_stated() -> None:
    with pytest.raises(TooLargeError):
        await read(b"abc", b"def", leaves=True, stated=[b"3"])


async def test_who_hangs_up_is_gone() -> None:
    with pytest.raises(GoneError):
        await read(b"ab", leaves=True)
