"""A hub that does what the real one does, without TLS and database, and that can do what no hub may."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from typing import Any, TypeAlias, final

from strongroom.runtime.http import HttpClient, HttpFailureError, Origin

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Meddle: TypeAlias = Callable[[bytes], bytes]


def _as_it_is(message: bytes) -> bytes:
    return message


@final
class FakeHub:
    """An ASGI application.

    ``carried`` are the questions as they were sent. ``on_question`` and ``on_answer`` meddle with what is carried;
    ``is_down`` answers nothing of use; ``limited`` says 429 to everything, with that Retry-After, and counts in
    ``refused``; ``down`` names providers whose enclave is said to be unreachable. While
    ``hold_question`` or ``hold_answer`` is there and not set, what is carried waits at that place.
    """

    def __init__(self) -> None:
        self.records: dict[str, bytes] = {}
        self.ports: dict[str, int] = {}
        self.carried: list[tuple[str, bytes]] = []
        self.answers: list[bytes] = []
        self.on_question: Meddle = _as_it_is
        self.on_answer: Meddle = _as_it_is
        self.is_down = False
        self.limited: str | None = None
        self.refused = 0
        self.down: set[str] = set()
        self.hold_question: asyncio.Event | None = None
        self.hold_answer: asyncio.Event | None = None
        self._clients: dict[str, HttpClient] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.is_down:
            await _answer(send, 503, b"down for maintenance")
        elif self.limited is not None:
            self.refused += 1
            await _answer(send, 429, b'{"code":"RATE_LIMITED","message":"too much"}', retry_after=self.limited)
        elif scope["path"] == "/v1/vasps":
            await _answer(send, 200, self._directory())
        else:
            status, body = await self._carry(scope["path"].rpartition("/")[2], await _read(receive))
            await _answer(send, status, body)

    async def close(self) -> None:
        for client in self._clients.values():
            await client.close()

    async def knock(self, vasp_id: str, message: bytes) -> tuple[int, bytes]:
        """Hand a message to an enclave's door, whoever asked for it."""
        client = self._clients.get(vasp_id)
        if client is None:
            client = self._clients[vasp_id] = HttpClient(Origin(host="127.0.0.1", port=self.ports[vasp_id]))
        answer = await client.call("POST", "/v1/messages", body=message, timeout_s=10.0)
        return answer.status, answer.body

    def restore(self) -> None:
        """Behave again."""
        self.on_question = self.on_answer = _as_it_is
        self.is_down, self.limited = False, None
        self.down.clear()

    async def _carry(self, vasp_id: str, message: bytes) -> tuple[int, bytes]:
        self.carried.append((vasp_id, message))
        if vasp_id not in self.records:
            return 400, json.dumps({"code": "VASP_UNKNOWN", "message": "no such"}).encode()
        unreachable = 503, json.dumps({"code": "COUNTERPARTY_UNAVAILABLE", "message": "down"}).encode()
        if vasp_id in self.down:
            return unreachable
        if self.hold_question is not None:
            await self.hold_question.wait()
        try:
            status, answer = await self.knock(vasp_id, self.on_question(message))
        except HttpFailureError:
            return unreachable
        if status != 200:
            code = "COUNTERPARTY_UNAVAILABLE" if status >= 500 else "COUNTERPARTY_REFUSED"
            return 502, json.dumps({"code": code, "message": f"answers {status}"}).encode()
        self.answers.append(answer)
        if self.hold_answer is not None:
            await self.hold_answer.wait()
        return 200, self.on_answer(answer)

    def _directory(self) -> bytes:
        now = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
        rows = [
            {"record": base64.b64encode(record).decode(), "health": "UP", "createdAt": now, "updatedAt": now}
            for record in self.records.values()
        ]
        return json.dumps({"vasps": rows}).encode()


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def _answer(send: Send, status: int, body: bytes, *, retry_after: str = "") -> None:
    headers = [(b"content-type", b"application/octet-stream"), (b"content-length", str(len(body)).encode())]
    if retry_after:
        headers.append((b"retry-after", retry_after.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
