"""The one place where an error becomes an HTTP answer. Codes are written with hyphens (travel_rule.md 1.2)."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final, TypeAlias

import msgspec
import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.http import read_body
from strongroom.travel_rule.enclave.domain.shapes import Refusal

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_OUR_NAMES: Final = {Code.REQUEST_INVALID: Code.INVALID_FORMAT, Code.AMOUNT_INVALID: Code.INVALID_FORMAT}
_log = structlog.stdlib.get_logger(__name__)


def explain(error: Exception) -> StrongroomError:
    """What the caller may know of an error; anything unexpected is logged and becomes ``INTERNAL``."""
    if isinstance(error, StrongroomError):
        name = _OUR_NAMES.get(error.code)
        return error if name is None else StrongroomError(name, error.detail)
    _log.error("unexpected_exception", exc_info=error)
    return StrongroomError(Code.INTERNAL)


def refusal(error: StrongroomError) -> tuple[int, bytes]:
    """Status and body of a refusal."""
    shape = Refusal(code=error.code.name.replace("_", "-"), message=error.detail)
    return error.code.meaning.http_status, msgspec.json.encode(shape)


async def send_answer(
    send: Send, *, status: int, body: bytes, kind: bytes = b"application/json", retry_after_s: int = 0
) -> None:
    """A whole answer; ``retry_after_s`` is said unless it is 0."""
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store")]
    if retry_after_s:
        headers.append((b"retry-after", b"%d" % retry_after_s))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def header(scope: Scope, name: bytes) -> str:
    """A header's value, empty without it; ``INVALID_FORMAT`` for one that is given twice: who reads which?"""
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    values = [value for key, value in headers if key == name]
    if len(values) > 1:
        raise StrongroomError(Code.INVALID_FORMAT, f"{name.decode()} is given twice.")
    return values[0].decode("latin-1") if values else ""


async def take_body(scope: Scope, receive: Receive, *, limit: int) -> bytes:
    """The body; ``INVALID_FORMAT`` as soon as it is known to be longer than ``limit`` bytes."""
    too_large = StrongroomError(Code.INVALID_FORMAT, f"The body exceeds {limit} bytes.")
    return await read_body(scope, receive, limit=limit, too_large=too_large)
