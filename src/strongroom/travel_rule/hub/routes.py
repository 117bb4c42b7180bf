"""The hub's REST door: an ASGI application behind mutual TLS."""

import base64
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime
from typing import Any, Final, TypeAlias, cast

import msgspec
import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.http import PEER, GoneError, Peer, read_body
from strongroom.runtime.service import HttpApp
from strongroom.travel_rule.hub.domain import Health, Member
from strongroom.travel_rule.hub.operations.relay import Relay, carry_message, list_members
from strongroom.travel_rule.messages import MESSAGE_BYTES_MAX, VaspStatus

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_MESSAGES: Final = "/v1/messages/"
_JSON: Final = b"application/json"
_BYTES: Final = b"application/octet-stream"
_log = structlog.stdlib.get_logger(__name__)


class Vasp(msgspec.Struct, frozen=True, rename="camel"):
    """A member as listed: ``record`` is the signed record, base64; the other fields repeat it for people."""

    vasp_id: str
    vasp_name: str
    legal_name: str
    country: str
    health: Health
    vasp_status: VaspStatus
    record: str
    created_at: datetime
    updated_at: datetime


class Vasps(msgspec.Struct, frozen=True):
    """``GET /v1/vasps``."""

    vasps: list[Vasp]


def make_application(relay: Relay) -> HttpApp:
    """The door; every connection's certificate has been checked by TLS, and is looked up here."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http", "uvicorn is told of no other"
        try:
            content_type, body = await _answer(relay, scope, receive)
            status = 200
        except GoneError:
            return
        except StrongroomError as error:
            status, content_type, body = error.code.meaning.http_status, _JSON, _refusal(error)
        except Exception:  # noqa: BLE001 - the door is where every exception becomes a code
            _log.exception("request_failed", path=scope["path"])
            error = StrongroomError(Code.INTERNAL)
            status, content_type, body = 500, _JSON, _refusal(error)
        headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
        if status == Code.RATE_LIMITED.meaning.http_status:
            headers.append((b"retry-after", str(_retry_after_s(relay, scope)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return application


async def _answer(relay: Relay, scope: Scope, receive: Receive) -> tuple[bytes, bytes]:
    peer = _peer(scope)
    method, path = cast("str", scope["method"]), cast("str", scope["path"])
    if method == "POST" and path.startswith(_MESSAGES):
        to_vasp = path.removeprefix(_MESSAGES)
        return _BYTES, await carry_message(relay=relay, peer=peer, to_vasp=to_vasp, read=lambda: _take(scope, receive))
    if method == "GET" and path == "/v1/vasps":
        listed = [_vasp(member) for member in list_members(relay=relay, peer=peer)]
        return _JSON, msgspec.json.encode(Vasps(listed))
    if method == "GET" and path == "/v1/health":
        return _JSON, b'{"status":"UP"}'
    raise StrongroomError(Code.NOT_FOUND)


def _peer(scope: Scope) -> Peer:
    return cast("Peer", scope["state"][PEER])


def _retry_after_s(relay: Relay, scope: Scope) -> int:
    """At least a second: some time has passed since it was refused."""
    return max(1, relay.limits.retry_after_s(relay.directory.get_caller(_peer(scope)).vasp_id))


async def _take(scope: Scope, receive: Receive) -> bytes:
    too_large = StrongroomError(Code.TRAVEL_RULE_MESSAGE_INVALID, f"The message exceeds {MESSAGE_BYTES_MAX} bytes.")
    return await read_body(scope, receive, limit=MESSAGE_BYTES_MAX, too_large=too_large)


def _vasp(member: Member) -> Vasp:
    record = member.record
    return Vasp(
        vasp_id=record.vasp_id,
        vasp_name=record.name,
        legal_name=record.legal_name,
        country=record.country,
        health=member.health,
        vasp_status=record.status,
        record=base64.b64encode(member.signed).decode(),
        created_at=member.enrolled_at,
        updated_at=member.updated_at,
    )


def _refusal(error: StrongroomError) -> bytes:
    return msgspec.json.encode({"code": error.code.name, "message": error.detail})
