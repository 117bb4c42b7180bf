"""The message door: ``POST /v1/messages``, for the hub alone."""

from functools import lru_cache
from typing import Final, final

import msgspec
import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.http import PEER, GoneError, Peer, named_service
from strongroom.travel_rule.enclave.operations.answer import answer_message
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.peers import HUB_SERVICE
from strongroom.travel_rule.enclave.routes.answers import (
    Receive,
    Scope,
    Send,
    explain,
    refusal,
    send_answer,
    take_body,
)
from strongroom.travel_rule.enclave.routes.directory import HEALTH, get_health
from strongroom.travel_rule.enclave.routes.route import Call
from strongroom.travel_rule.messages import MESSAGE_BYTES_MAX

PATH: Final = "/v1/messages"
_SEALED: Final = b"application/octet-stream"
_log = structlog.stdlib.get_logger(__name__)


@final
class MessageDoor:
    """An ASGI 3 application that lets in only who shows the hub's certificate.

    Args:
        means: for the operations.
        environment: whose hub.
        is_open: takes messages without TLS: on one machine, for tests alone.
    """

    def __init__(self, means: Means, *, environment: Environment, is_open: bool) -> None:
        self._means = means
        self._environment = environment
        self._is_open = is_open

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection's event."""
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        began_s, status = self._means.clock.monotonic_s(), 0
        try:
            status, body = await self._answer(scope, receive)
            await send_answer(send, status=status, body=body, kind=_SEALED if status == 200 else b"application/json")
        except GoneError:
            return
        finally:
            took_ms = round((self._means.clock.monotonic_s() - began_s) * 1000)
            path = scope["path"] if scope["path"] in {PATH, HEALTH.path} else None
            _log.info("message", method=scope["method"], path=path, status=status, took_ms=took_ms)

    async def _answer(self, scope: Scope, receive: Receive) -> tuple[int, bytes]:
        try:
            self._check_hub(scope)
            return 200, await self._dispatch(scope, receive)
        except GoneError:
            raise
        except Exception as error:  # noqa: BLE001 - the door is where every exception becomes a code
            return refusal(explain(error))

    async def _dispatch(self, scope: Scope, receive: Receive) -> bytes:
        place = (scope["method"], scope["path"])
        if place == ("GET", HEALTH.path):
            return msgspec.json.encode(await get_health(self._means, Call(body=b"", query={})))
        if place != ("POST", PATH):
            raise StrongroomError(Code.NOT_FOUND)
        data = await take_body(scope, receive, limit=MESSAGE_BYTES_MAX)
        return await answer_message(means=self._means, data=data)

    def _check_hub(self, scope: Scope) -> None:
        if self._is_open:
            return
        peer = scope.get("state", {}).get(PEER)
        if not isinstance(peer, Peer) or _service(peer.certificate_der, self._environment) != HUB_SERVICE:
            raise StrongroomError(Code.FORBIDDEN, "Only the hub may.")


@lru_cache(maxsize=64)
def _service(certificate_der: bytes, environment: Environment) -> str | None:
    """Whom a certificate names; it is the same on every request of a connection."""
    return named_service(certificate_der, environment)
