"""The API's door: bearer token, sizes, depth. Fail-closed: only /v1/health is open."""

import hmac
import math
from collections.abc import Mapping
from typing import Final, final
from urllib.parse import parse_qsl

import msgspec
import structlog

from strongroom.kernel.documents.request import check_depth
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.http import GoneError
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.routes.answers import (
    Receive,
    Scope,
    Send,
    explain,
    header,
    refusal,
    send_answer,
    take_body,
)
from strongroom.travel_rule.enclave.routes.directory import HEALTH
from strongroom.travel_rule.enclave.routes.route import Call, Route
from strongroom.travel_rule.enclave.routes.table import find_route

_QUERY_BYTES_MAX: Final = 8192
_log = structlog.stdlib.get_logger(__name__)


@final
class ApiDoor:
    """An ASGI 3 application: the API for the provider's own systems.

    Args:
        means: for the operations.
        token: the bearer token.
        max_body_bytes: of a request.
    """

    def __init__(self, means: Means, *, token: str, max_body_bytes: int) -> None:
        self._means = means
        self._token = token.encode()
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection's event."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        began_s, status = self._means.clock.monotonic_s(), 0
        route, uuid = find_route(scope["method"], scope["path"])
        try:
            status, body = await self._answer(scope, receive, route, uuid)
            await send_answer(send, status=status, body=body, retry_after_s=self._retry_after_s(status))
        except GoneError:
            return
        finally:
            took_ms = round((self._means.clock.monotonic_s() - began_s) * 1000)
            path = None if route is None else route.path  # what was asked for instead may hold a name
            _log.info("request", method=scope["method"], path=path, status=status, took_ms=took_ms)

    async def _answer(self, scope: Scope, receive: Receive, route: Route | None, uuid: str) -> tuple[int, bytes]:
        try:
            return 200, msgspec.json.encode(await self._admit(scope, receive, route, uuid))
        except GoneError:
            raise
        except Exception as error:  # noqa: BLE001 - the door is where every exception becomes a code
            return refusal(explain(error))

    def _retry_after_s(self, status: int) -> int:
        """Only the hub limits this enclave; the enclave limits nobody."""
        is_limited = status == Code.RATE_LIMITED.meaning.http_status
        return max(1, math.ceil(self._means.hub.paused_s())) if is_limited else 0

    async def _admit(self, scope: Scope, receive: Receive, route: Route | None, uuid: str) -> object:
        if route is not HEALTH:
            self._check_token(header(scope, b"authorization"))
        if route is None:
            raise StrongroomError(Code.NOT_FOUND)
        body = await take_body(scope, receive, limit=self._max_body_bytes)
        check_depth(body)
        query = _query(bytes(scope["query_string"]), route.query)
        return await route.handle(self._means, Call(body=body, query=query, uuid=uuid))

    def _check_token(self, value: str) -> None:
        scheme, _, token = value.partition(" ")
        is_known = hmac.compare_digest(token.strip().encode("latin-1"), self._token)
        if scheme.lower() != "bearer" or not self._token or not is_known:
            raise StrongroomError(Code.API_TOKEN_INVALID)


def _query(text: bytes, known: tuple[str, ...]) -> Mapping[str, str]:
    """The parameters; one that is not known or stands there twice is refused: the answer would be a wrong one."""
    if not text:
        return {}
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=32)
    except ValueError:
        raise StrongroomError(Code.INVALID_FORMAT, "The query is malformed.") from None
    names = [name for name, _ in pairs]
    unknown = sorted(set(names) - set(known))
    if len(text) > _QUERY_BYTES_MAX or unknown or len(set(names)) < len(names):
        detail = f"Unknown query parameter: {unknown[0][:40]}." if unknown else "A query parameter is given twice."
        raise StrongroomError(Code.INVALID_FORMAT, detail)
    return dict(pairs)
