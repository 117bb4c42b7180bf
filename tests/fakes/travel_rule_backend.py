"""A provider's back end: three customers, and everything an enclave may have to put up with."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias, final

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

TOKEN: Final = "the enclave's token at the back end"
BOB: Final = "0xb0b0000000000000000000000000000000000b0b"
CAROL: Final = "0xca20100000000000000000000000000000000ca2"
DAVE: Final = "0xdafe000000000000000000000000000000000daf"
"""Bob is known and checked, Carol is known and not checked, and Dave has to be looked at by somebody first."""


@dataclass(frozen=True, kw_only=True)
class Received:
    path: str
    body: Any
    authorization: str


@dataclass(kw_only=True)
class Misbehaviour:
    """Of the next calls of one path: statuses to answer with, and how long to wait first."""

    statuses: list[int] = field(default_factory=list[int])
    delay_s: float = 0.0
    body: bytes | None = None


@final
class FakeBackend:
    """An ASGI application. ``received`` is what it was asked, in order; ``decisions`` overrules its customers."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.decisions: dict[str, dict[str, Any]] = {}
        self.misbehave: dict[str, Misbehaviour] = {}
        self.transactions: dict[str, dict[str, Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix("/")
        raw = await _read(receive)
        headers = dict(scope["headers"])
        authorization = headers.get(b"authorization", b"").decode()
        body = json.loads(raw)
        self.received.append(Received(path=path, body=body, authorization=authorization))
        trouble = self.misbehave.get(path, Misbehaviour())
        if trouble.delay_s:
            await asyncio.sleep(trouble.delay_s)
        if authorization != f"Bearer {TOKEN}":
            await _answer(send, 401, b"{}")
        elif trouble.statuses:
            await _answer(send, trouble.statuses.pop(0), b"<html>sorry</html>")
        elif trouble.body is not None:
            await _answer(send, 200, trouble.body)
        else:
            await _answer(send, 200, json.dumps(self._decide(path, body)).encode())

    def callbacks(self, kind: str) -> list[Any]:
        return [
            call.body["data"] for call in self.received if call.path == "callback" and call.body["callbackType"] == kind
        ]

    def asked(self, path: str) -> list[Any]:
        return [call.body for call in self.received if call.path == path]

    def _decide(self, path: str, body: Any) -> Any:
        if path == "callback":
            return {}
        if path == "transaction":
            return self.transactions.get(body["verificationUuid"], {"transactionStatus": "PENDING"})
        return self._judge(_account(body["ivms101"]["beneficiary"]), body)

    def _judge(self, account: str, body: Any) -> Any:
        decision = self.decisions.get(account)
        if decision is not None:
            return decision
        if account == CAROL:
            return {"result": "DENIED", "reason": "UNVERIFIED-KYC"}
        if account == DAVE:
            return {"result": "PENDING"}
        if account != BOB:
            return {"result": "UNKNOWN", "reason": "UNKNOWN-ADDRESS"}
        return {"result": "VERIFIED", "ivms101": {"beneficiary": body["ivms101"]["beneficiary"]}}


def _account(beneficiary: Any) -> str:
    """Beside the persons in the edition of 2020, with a person in that of 2023."""
    if "accountNumber" in beneficiary:
        return beneficiary["accountNumber"][0]
    return beneficiary["beneficiaryPerson"][0]["accountNumber"][0]


async def _read(receive: Receive) -> bytes:
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(parts)


async def _answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
