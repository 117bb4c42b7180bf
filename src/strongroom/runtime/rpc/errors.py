"""The one place where a ``StrongroomError`` becomes a gRPC status, and the one place where it comes back.

The code crosses as trailing metadata; the status is for tools that only know gRPC.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import grpc
import structlog
from grpc import aio

from strongroom.kernel.errors import Code, StrongroomError, parse_code

CODE_KEY: Final = "x-error-code"
_log = structlog.stdlib.get_logger(__name__)

_STATUS_BY_HTTP: Final = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.FAILED_PRECONDITION,
    410: grpc.StatusCode.FAILED_PRECONDITION,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    502: grpc.StatusCode.UNAVAILABLE,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}
_CODE_BY_STATUS: Final[Mapping[grpc.StatusCode, Code]] = {
    grpc.StatusCode.UNAVAILABLE: Code.UNAVAILABLE,
    grpc.StatusCode.CANCELLED: Code.UNAVAILABLE,
    grpc.StatusCode.DEADLINE_EXCEEDED: Code.DEADLINE_EXCEEDED,
}


def status_of(code: Code) -> grpc.StatusCode:
    """The gRPC status that goes with a code."""
    return _STATUS_BY_HTTP[code.meaning.http_status]


def refuse(error: Exception, *, method: str) -> tuple[grpc.StatusCode, str, tuple[tuple[str, str], ...]]:
    """Status, details and trailing metadata for an exception that a handler raised.

    Anything but a ``StrongroomError`` is logged with its traceback and leaves as ``INTERNAL`` without its text.
    """
    if not isinstance(error, StrongroomError):
        _log.error("unexpected_exception", method=method, exc_info=error)
        error = StrongroomError(Code.INTERNAL)
    return status_of(error.code), error.detail, ((CODE_KEY, error.code.name),)


def read_refusal(error: aio.AioRpcError | aio.UsageError) -> StrongroomError:
    """What a failed call says, as the callee said it; transport failures become UNAVAILABLE or DEADLINE_EXCEEDED."""
    if isinstance(error, aio.UsageError):  # the channel was closed, as at the end of a process
        return StrongroomError(Code.UNAVAILABLE)
    name = _named_code(error.trailing_metadata())
    if name is not None:
        return StrongroomError(parse_code(name), error.details() or "")
    return StrongroomError(_CODE_BY_STATUS.get(error.code(), Code.INTERNAL))


def _named_code(trailing: Iterable[tuple[str, str | bytes]] | None) -> str | None:
    named = [value for key, value in trailing or () if key == CODE_KEY]
    return named[0] if len(named) == 1 and isinstance(named[0], str) else None
