"""In front of every route: request ids, sizes, authentication, rates. Fail-closed: only /v1/health is open."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final, TypeAlias, final

import structlog

from strongroom.gateway.domain.caller import Arrival, Caller, parse_idempotency_key
from strongroom.gateway.operations.authenticate import Authentication
from strongroom.gateway.routes.answers import HeaderList, explain, rate_headers, refusal
from strongroom.kernel.documents.request import check_depth
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.entropy import Entropy
from strongroom.runtime.http import GoneError, read_body
from strongroom.runtime.rate import Allowance

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application: TypeAlias = Callable[[Any, Any, Any], Awaitable[None]]

HEALTH: Final = "/v1/health"
CALLER: Final = "caller"
_METHODS: Final = frozenset({"GET", "POST"})
# minted by the gateway for the services (architecture.md 5); nobody sends them from outside
_MINTED: Final = frozenset(
    {b"x-tenant-id", b"x-user-id", b"x-environment", b"x-session-id", b"x-customer-id", b"x-idempotency-key"}
)
_log = structlog.stdlib.get_logger(__name__)


@final
@final
class Door:
    """An ASGI application in front of the routes.

    Args:
        routes: the application that answers for authenticated requests.
        authentication: lets them in.
        clock: time.
        entropy: for request ids.
        max_body_bytes: of an API user's request.
        max_operator_body_bytes: of the operator's.
    """

    def __init__(
        self,
        routes: Application,
        *,
        authentication: Authentication,
        clock: Clock,
        entropy: Entropy,
        max_body_bytes: int,
        max_operator_body_bytes: int,
    ) -> None:
        self._routes, self._authentication = routes, authentication
        self._clock, self._entropy = clock, entropy
        self._max_body_bytes, self._max_operator_body_bytes = max_body_bytes, max_operator_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection's event, as ASGI 3 has it."""
        if scope["type"] == "lifespan":
            await self._routes(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        began_s = self._clock.monotonic_s()
        answer = _Answer(send, request_id=str(self._entropy.uuid4()))
        with structlog.contextvars.bound_contextvars(request_id=answer.request_id):
            try:
                await self._admit(scope, receive, answer, began_s)
            except GoneError:
                return
            except Exception as error:  # noqa: BLE001 - the door is where every exception becomes a code
                await answer.refuse(explain(error))
            finally:
                took_ms = round((self._clock.monotonic_s() - began_s) * 1000)
                _log.info("request", method=scope["method"], path=scope["path"], status=answer.status, took_ms=took_ms)

    async def _admit(self, scope: Scope, receive: Receive, answer: "_Answer", began_s: float) -> None:
        if scope["path"] == HEALTH:
            await self._routes(scope, receive, answer.send)
            return
        if scope["method"] not in _METHODS:
            raise StrongroomError(Code.NOT_FOUND)
        received_at_us = round(self._clock.now().timestamp() * 1_000_000)
        operator_token = _header(scope, b"x-operator-token")
        limit = self._max_body_bytes
        if self._authentication.is_operator(operator_token):
            limit = self._max_operator_body_bytes
        arrival = Arrival(
            method=scope["method"],
            uri=_uri(scope),
            api_key=_header(scope, b"x-api-key") or "",
            token=_bearer(_header(scope, b"authorization")),
            operator_token=operator_token,
            idempotency_key=parse_idempotency_key(_header(scope, b"idempotency-key") or "", method=scope["method"]),
            body=await read_body(scope, receive, limit=limit, too_large=_too_large(limit)),
            received_at_us=received_at_us,
            request_id=answer.request_id,
        )
        caller = await self._authenticate(arrival, answer, began_s)
        _check_encoding(arrival.body)
        check_depth(arrival.body)
        scope["headers"] = [(name, value) for name, value in scope["headers"] if name not in _MINTED]
        scope.setdefault("state", {})[CALLER] = caller
        await self._routes(scope, _replay(arrival.body, receive), answer.send)

    async def _authenticate(self, arrival: Arrival, answer: "_Answer", began_s: float) -> Caller:
        try:
            caller, answer.allowance = await self._authentication.authenticate(arrival=arrival, began_s=began_s)
        except StrongroomError as error:
            if error.code is Code.RATE_LIMITED:
                answer.allowance = self._authentication.look(arrival.api_key)
            raise
        return caller


@final
class _Answer:
    """The answer to one request: adds the headers that every answer has."""

    def __init__(self, send: Send, *, request_id: str) -> None:
        self._send = send
        self.request_id = request_id
        self.allowance: Allowance | None = None
        self.status = 0

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """What the routes send, with the headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._headers()]
        await self._send(message)

    async def refuse(self, error: StrongroomError) -> None:
        """A refusal, unless an answer is on its way already."""
        if self.status:
            return
        status, body = refusal(error)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def _headers(self) -> HeaderList:
        rates = rate_headers(self.allowance) if self.allowance else []
        return [(b"x-request-id", self.request_id.encode()), (b"cache-control", b"no-store"), *rates]


def _header(scope: Scope, name: bytes) -> str | None:
    """A header's value; None without it. ``REQUEST_INVALID`` for one that is given twice: who reads which?"""
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    values = [value for key, value in headers if key == name]
    if len(values) > 1:
        raise StrongroomError(Code.REQUEST_INVALID, f"{name.decode()} is given twice.")
    return values[0].decode("latin-1") if values else None


def _bearer(value: str | None) -> str:
    scheme, _, token = (value or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _uri(scope: Scope) -> str:
    """Path and query as they were sent: what the token was signed for."""
    path, query = bytes(scope["raw_path"]), bytes(scope["query_string"])
    return (path + b"?" + query if query else path).decode("latin-1")


def _too_large(limit: int) -> StrongroomError:
    return StrongroomError(Code.REQUEST_INVALID, f"The body exceeds {limit} bytes.")


def _check_encoding(body: bytes) -> None:
    """JSON is UTF-8 (RFC 8259 8.1); the routes' JSON reader takes anything else for an error of ours."""
    try:
        body.decode()
    except UnicodeDecodeError:
        raise StrongroomError(Code.REQUEST_INVALID, "The body is not UTF-8.") from None


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body once more, for the routes; afterwards what the client still sends."""
    waiting = [body]

    async def replayed() -> MutableMapping[str, Any]:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return replayed
