"""The one place where an error becomes an HTTP answer."""

from typing import Any, Final, cast

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException

from strongroom.gateway.domain.shapes import Refusal
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.rate import Allowance

HeaderList = list[tuple[bytes, bytes]]
_log = structlog.stdlib.get_logger(__name__)
# 7xxx: how services speak with each other is nobody's business outside, and no caller can do anything about it
_INSIDE: Final = frozenset({Code.HANDOFF_INVALID, Code.CALLER_NOT_ALLOWED, Code.HANDOFF_REPLAYED, Code.CLAIM_LOST})


def explain(error: Exception) -> StrongroomError:
    """What the caller may know of an error; anything unexpected is logged and becomes ``INTERNAL``."""
    if isinstance(error, StrongroomError) and error.code not in _INSIDE:
        return error
    if isinstance(error, HTTPException) and error.status_code < 500:
        if error.status_code in {404, 405}:
            return StrongroomError(Code.NOT_FOUND)
        return StrongroomError(Code.REQUEST_INVALID, _fields(error))
    if isinstance(error, RecursionError):  # what the JSON reader says of a body nested too deeply
        return StrongroomError(Code.REQUEST_INVALID)
    _log.error("unexpected_exception", exc_info=error)
    return StrongroomError(Code.INTERNAL)


def refusal(error: StrongroomError) -> tuple[int, bytes]:
    """Status and body of a refusal."""
    meaning = error.code.meaning
    shape = Refusal(message=error.detail, code=meaning.number, error=error.code.name)
    return meaning.http_status, msgspec.json.encode(shape)


def answer_error(_request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    """The same, for what a handler raises."""
    status, body = refusal(explain(error))
    return Response(body, status_code=status, media_type="application/json")


def rate_headers(allowance: Allowance) -> HeaderList:
    """What an API user may still send (custody_api.md 11.2)."""
    headers = {
        b"x-ratelimit-limit": allowance.limit,
        b"x-ratelimit-remaining": allowance.remaining,
        b"x-ratelimit-windowsize": allowance.window_s,
    }
    if allowance.retry_after_s:
        headers[b"retry-after"] = allowance.retry_after_s
    return [(name, str(value).encode()) for name, value in headers.items()]


def _fields(error: HTTPException) -> str:
    """Which fields Litestar refused, without what was in them."""
    extra: object = error.extra
    items = cast("list[object]", extra) if isinstance(extra, list) else []
    named = [str(cast("dict[str, object]", item).get("key", "")) for item in items if isinstance(item, dict)]
    return f"Not of the documented shape: {', '.join(named)}." if any(named) else Code.REQUEST_INVALID.meaning.text
