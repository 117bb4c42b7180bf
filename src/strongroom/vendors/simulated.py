"""What every stand-in for an outside company shares: an HTTP server that misbehaves on command.

``POST /simulator/misbehave`` orders misbehaviour (``Order``), ``POST /simulator/behave`` ends it, and
``GET /simulator/asked`` counts the calls by method and path. Everything else is the company's own interface.
"""

import asyncio
import contextlib
import signal
import socket
import sys
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, cast
from urllib.parse import unquote

import msgspec
import uvicorn
import uvloop

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Way: TypeAlias = Literal[
    "unauthorized",  # 401
    "forbidden-html",  # 403 from the edge
    "rate-limited",  # 429
    "server-error",  # 500
    "unavailable-html",  # 503 from the edge
    "refused",  # 400
    "not-found",  # 404
    "redirect",  # 302
    "slow",
    "half-body",
    "hang-up",
    "wrapped",  # the answer one level deeper than documented
    "nulled",  # every value of the answer null
    "no-json",
]
JSON: Final = "application/json"
HTML: Final = "text/html"
_PAGE: Final = b"<html><body><h1>Request blocked</h1></body></html>"
_STATUSES: Final = {
    "unauthorized": 401,
    "forbidden-html": 403,
    "rate-limited": 429,
    "server-error": 500,
    "unavailable-html": 503,
    "refused": 400,
    "not-found": 404,
    "redirect": 302,
}
_ENCODER: Final = msgspec.json.Encoder(order="deterministic", decimal_format="number")


class Order(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How to misbehave: the next ``times`` calls whose path contains ``path``; ``seconds`` is for slow and 429."""

    way: Way
    times: int = 1
    path: str = ""
    seconds: int = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call: ``target`` is path and query as they were sent, ``path`` the path decoded; header names lower-case."""

    method: str
    target: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def segments(self) -> list[str]:
        """The path's parts, each decoded by itself: an encoded slash separates nothing."""
        return [unquote(part) for part in self.target.partition("?")[0].split("/")[1:]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer; ``value`` becomes JSON unless ``page`` is given instead."""

    status: int = 200
    value: object = None
    page: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def content_type(self) -> str:
        """JSON, or HTML for a page."""
        return JSON if self.page is None else HTML

    @property
    def body(self) -> bytes:
        """The bytes to send."""
        return _ENCODER.encode(self.value) if self.page is None else self.page


class Simulator(ABC):
    """An ASGI application in a company's place; a subclass answers the company's calls.

    ``asked`` counts them by method and path, ``slowed`` counts those that are, or were, answered slowly.
    """

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.slowed = 0
        self._orders: list[Order] = []

    @abstractmethod
    def answer(self, request: Request) -> Reply:
        """What the company would answer: authentication checked, state kept."""

    def misbehave(self, order: Order) -> None:
        """Carry out an order from the next call on, after those that came before it."""
        self._orders.extend(msgspec.structs.replace(order, times=1) for _ in range(order.times))

    def behave(self) -> None:
        """Forget all orders."""
        self._orders.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One HTTP call, as ASGI 3 has it."""
        if scope["type"] != "http":
            return
        request = await _read(scope, receive)
        if request.path.startswith("/simulator/"):
            await _send(self._control(request), send)
            return
        self.asked[f"{request.method} {request.path}"] += 1
        order = next((order for order in self._orders if order.path in request.path), None)
        if order is None:
            await _send(self.answer(request), send)
            return
        self._orders.remove(order)
        await self._carry_out(order, request, receive, send)

    def _control(self, request: Request) -> Reply:
        match request.method, request.path:
            case "POST", "/simulator/misbehave":
                self.misbehave(msgspec.json.decode(request.body, type=Order))
            case "POST", "/simulator/behave":
                self.behave()
            case "GET", "/simulator/asked":
                return Reply(value=dict(self.asked))
            case _:
                return Reply(status=404)
        return Reply()

    async def _carry_out(self, order: Order, request: Request, receive: Receive, send: Send) -> None:
        match order.way:
            case "hang-up":
                return  # a server that was given no answer closes the connection
            case "slow":
                self.slowed += 1
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(order.seconds):
                        await receive()  # returns when the client gives up
                await _send(self.answer(request), send)
            case "half-body":
                await _send(self.answer(request), send, cut=True)
            case "wrapped":
                await _send(_changed(self.answer(request), lambda value: {"data": value}), send)
            case "nulled":
                await _send(_changed(self.answer(request), _nulled), send)
            case "no-json":
                await _send(Reply(page=b'{"status": "OK'), send)
            case _:
                await _send(_refusal(order), send)


def _refusal(order: Order) -> Reply:
    headers = {"retry-after": str(order.seconds)} if order.way == "rate-limited" else {"location": "/elsewhere"}
    if order.way.endswith("-html"):
        return Reply(status=_STATUSES[order.way], page=_PAGE)
    status = _STATUSES[order.way]
    return Reply(status=status, value={"status": status, "message": order.way}, headers=headers)


def _changed(reply: Reply, change: Callable[[object], object]) -> Reply:
    return Reply(status=reply.status, value=change(reply.value))


def _nulled(value: object) -> object:
    if isinstance(value, dict):
        return dict.fromkeys(cast("dict[str, object]", value))
    return [None]


async def _read(scope: Scope, receive: Receive) -> Request:
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    target = bytes(scope["raw_path"]) + (b"?" + bytes(scope["query_string"]) if scope["query_string"] else b"")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    return Request(
        method=scope["method"],
        target=target.decode("latin-1"),
        path=scope["path"],
        headers=headers,
        body=bytes(body),
    )


async def _send(reply: Reply, send: Send, *, cut: bool = False) -> None:
    """Send a reply; ``cut`` promises all of it, sends half and closes the connection."""
    body = reply.body
    headers = {"content-type": reply.content_type, "content-length": str(len(body)), **reply.headers}
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
    half = len(body) // 2
    await send({"type": "http.response.body", "body": body[:half] if cut else body, "more_body": cut})


def serve(simulator: Simulator, *, port: int) -> None:
    """Serve on loopback until SIGTERM or SIGINT; the first line on standard output says where.

    Args:
        simulator: what answers.
        port: 0 for a free one.
    """
    listener = socket.create_server(("127.0.0.1", port))
    sys.stdout.write(f"http://127.0.0.1:{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner, contextlib.suppress(KeyboardInterrupt):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        runner.run(uvicorn.Server(configure(simulator)).serve(sockets=[listener]))


def configure(simulator: Simulator) -> uvicorn.Config:
    """How a simulator is served: quietly, since half an answer is no error here."""
    return uvicorn.Config(
        simulator,
        http="httptools",
        lifespan="off",
        ws="none",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
