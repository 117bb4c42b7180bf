"""What routes take from a request's query, and what they refuse there."""

from typing import Annotated, Any, TypeAlias

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from strongroom.gateway.domain.caller import Caller
from strongroom.gateway.peers import Peers
from strongroom.gateway.routes.door import CALLER
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.paging import MAX_PAGE_SIZE

HttpRequest: TypeAlias = Request[Any, Any, Any]
TheCaller: TypeAlias = NamedDependency[Caller]
ThePeers: TypeAlias = NamedDependency[Peers]
After = Annotated[str, QueryParameter(name="after", description="Cursor of the next page, as it was returned.")]
DEFAULT_LIMIT = 200
"""What the Fireblocks API pages by."""


def caller_of(request: HttpRequest) -> Caller:
    """Who sent the request: put there by the door, without which no route is reached."""
    caller = request.scope["state"].get(CALLER)
    if not isinstance(caller, Caller):
        raise StrongroomError(Code.REQUEST_UNSIGNED)
    return caller


def check_names(request: HttpRequest, *known: str) -> None:
    """Refuse a filter that is not applied: an answer that ignores it would be a wrong one.

    Raises:
        StrongroomError: ``REQUEST_INVALID``.
    """
    unknown = sorted(set(request.query_params.keys()) - set(known))
    if unknown:
        raise StrongroomError(Code.REQUEST_INVALID, f"Unsupported query parameter: {unknown[0][:40]}.")


def page_size(limit: int) -> int:
    """Rows of a page; ``PAGE_INVALID``."""
    if not 1 <= limit <= MAX_PAGE_SIZE:
        raise StrongroomError(Code.PAGE_INVALID, f"limit is 1 to {MAX_PAGE_SIZE}.")
    return limit


def milliseconds(text: str, *, name: str) -> int:
    """A time in Unix milliseconds, 0 for none; ``REQUEST_INVALID``."""
    if not text:
        return 0
    if not text.isascii() or not text.isdecimal() or len(text) > 15:
        raise StrongroomError(Code.REQUEST_INVALID, f"{name} is a time in Unix milliseconds.")
    return int(text)


def replay_headers(*, replayed: bool) -> dict[str, str]:
    """Says that an earlier request is answered again."""
    return {"Idempotency-Replayed": "true"} if replayed else {}
