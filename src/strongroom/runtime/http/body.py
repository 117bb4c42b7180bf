"""The body of a request, for every door that is an ASGI application."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

_DIGITS_MAX: Final = 18  # of a stated length: more is too large for every door


class GoneError(Exception):
    """The client hung up before its request was complete: nobody waits for an answer."""


async def read_body(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
    *,
    limit: int,
    too_large: Exception,
) -> bytes:
    """The whole body of at most ``limit`` bytes.

    Args:
        scope: of ASGI 3, as is ``receive``.
        limit: in bytes.
        too_large: raised as soon as the body is known to be longer, by what it states or by what came.

    Raises:
        GoneError: the client hung up.
    """
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    for name, value in headers:
        if name == b"content-length" and value.isdigit() and (len(value) > _DIGITS_MAX or int(value) > limit):
            raise too_large
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise GoneError
        parts.append(message.get("body", b""))
        size, more = size + len(parts[-1]), message.get("more_body", False)
        if size > limit:
            raise too_large
    return b"".join(parts)
