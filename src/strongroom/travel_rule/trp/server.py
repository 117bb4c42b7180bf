"""The server: an ASGI 3 application that speaks TRP and asks its desk.

``POST /inquiries/{place}`` is what travel addresses lead to, ``/resolutions/{token}`` and ``/confirmations/{token}``
what callbacks do; ``GET /identity``, ``/version``, ``/uptime`` and ``/extensions`` tell of the server itself.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, final
from urllib.parse import parse_qsl

import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.http import PEER, GoneError, Peer, read_body
from strongroom.travel_rule.trp.desk import Desk, Sender
from strongroom.travel_rule.trp.headers import JSON, FaultError, echoed, parse_head
from strongroom.travel_rule.trp.messages import (
    MESSAGE_BYTES_MAX,
    Extensions,
    VersionInfo,
    parse_confirmation,
    parse_inquiry,
    parse_resolution,
    write,
)
from strongroom.travel_rule.trp.versions import LATEST

VENDOR: Final = "Strongroom"
INQUIRIES: Final = "inquiries"
RESOLUTIONS: Final = "resolutions"
CONFIRMATIONS: Final = "confirmations"
_DISCOVERY: Final = frozenset(("/identity", "/version", "/uptime", "/extensions"))
_PLACE_MAX: Final = 512
_TEXT: Final = "text/plain; charset=utf-8"
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Reply:
    status: int
    body: bytes = b""
    kind: str = JSON


@final
class TrpServer:
    """Serves TRP.

    Args:
        desk: decides.
        clock: for /uptime.
        extensions: what is required and supported; nothing is, unless the desk knows how.
    """

    def __init__(self, desk: Desk, *, clock: Clock, extensions: Extensions | None = None) -> None:
        self._desk, self._clock = desk, clock
        self._extensions = extensions or Extensions()
        self._began_s = clock.monotonic_s()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection's event."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            reply = await self._answer(scope, receive)
        except GoneError:
            return
        kind = scope["path"].split("/")[1][:20] if scope["path"].startswith("/") else ""
        _log.info("trp_request", method=scope["method"], kind=kind, status=reply.status)
        await _send(send, reply, echoed(scope["headers"]))

    async def _answer(self, scope: Scope, receive: Receive) -> _Reply:
        try:
            if scope["path"] in _DISCOVERY:
                return self._discover(scope)
            return await self._take(scope, receive)
        except FaultError as fault:
            return _Reply(fault.status, fault.text.encode(), _TEXT)
        except StrongroomError as error:
            status = status_of(error)
            if status >= 500:
                _log.warning("trp_failed", code=error.code.name)
            return _Reply(status, error.detail.encode(), _TEXT)
        except GoneError:
            raise
        except Exception:  # noqa: BLE001 - the door is where every exception becomes a status
            _log.exception("unexpected_exception")
            return _Reply(500, Code.INTERNAL.meaning.text.encode(), _TEXT)

    def _discover(self, scope: Scope) -> _Reply:
        if scope["method"] != "GET":
            raise FaultError(405, "Only GET.")
        match scope["path"]:
            case "/identity":
                return _Reply(200, write(self._desk.identity()))
            case "/version":
                return _Reply(200, write(VersionInfo(version=LATEST, vendor=VENDOR)))
            case "/extensions":
                return _Reply(200, write(self._extensions))
            case _:
                return _Reply(200, str(int(self._clock.monotonic_s() - self._began_s)).encode(), _TEXT)

    async def _take(self, scope: Scope, receive: Receive) -> _Reply:
        noun, _, place = scope["path"].removeprefix("/").partition("/")
        if noun not in {INQUIRIES, RESOLUTIONS, CONFIRMATIONS} or not place or "/" in place or len(place) > _PLACE_MAX:
            raise StrongroomError(Code.NOT_FOUND)
        if scope["method"] != "POST":
            raise FaultError(405, "Only POST.")
        known = (*self._extensions.supported, *self._extensions.required)
        head = parse_head(scope["headers"], supported=known)
        if set(self._extensions.required) - set(head.extensions):
            raise FaultError(400, "An extension that is required is not used; see /extensions.")
        sender = Sender(
            key_hash=_key_hash(scope), version=head.version, identifier=head.identifier, extensions=head.extensions
        )
        too_large = FaultError(413, f"The body exceeds {MESSAGE_BYTES_MAX} bytes.")
        body = await read_body(scope, receive, limit=MESSAGE_BYTES_MAX, too_large=too_large)
        if noun == INQUIRIES:
            _check_tag(bytes(scope["query_string"]))
            inquiry = parse_inquiry(body, demands=self._desk.demands())
            return _Reply(200, write(await self._desk.take_inquiry(inquiry, place=place, sender=sender)))
        if noun == RESOLUTIONS:
            await self._desk.take_resolution(parse_resolution(body), token=place, sender=sender)
        else:
            await self._desk.take_confirmation(parse_confirmation(body), token=place, sender=sender)
        return _Reply(204)


def status_of(error: StrongroomError) -> int:
    """The status that an error of the desk becomes."""
    return error.code.meaning.http_status


def _check_tag(query: bytes) -> None:
    """An inquiry is posted to a URL that says so: ``t=i``."""
    try:
        tags = [value for name, value in parse_qsl(query.decode("ascii"), max_num_fields=32) if name == "t"]
    except ValueError:
        tags = []
    if tags != ["i"]:
        raise FaultError(404, "Inquiries are posted with t=i.")


def _key_hash(scope: Scope) -> bytes:
    peer = scope.get("state", {}).get(PEER)
    return peer.key_hash if isinstance(peer, Peer) else b""


async def _send(send: Send, reply: _Reply, echo: list[tuple[bytes, bytes]]) -> None:
    headers = [*echo, (b"cache-control", b"no-store")]
    if reply.status != 204:
        headers += [(b"content-type", reply.kind.encode()), (b"content-length", str(len(reply.body)).encode())]
    if reply.status == 405:
        headers.append((b"allow", b"GET" if reply.body == b"Only GET." else b"POST"))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})
