"""A Travel Rule enclave as a back end sees it, with the enclave's own request shapes, and as bad as wanted."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, final

import msgspec

from strongroom.travel_rule.enclave.domain import shapes

TOKEN = "the-enclave-wants-this-token"
Json = dict[str, Any]


@final
@dataclass
class FakeEnclave:
    """Answers ``outcome`` to a new verification once it was read ``reads_until_end`` times.

    ``down`` cuts every connection; ``raw`` is sent in place of any answer; ``lost`` loses the answer to the next POSTs.
    """

    url: str = ""
    outcome: Json = field(default_factory=lambda: {"result": "VERIFIED"})
    reads_until_end: int = 0
    down: bool = False
    raw: bytes | None = None
    lost: int = 0
    verifications: dict[str, Json] = field(default_factory=dict[str, Json])
    posted: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])
    reads: int = 0

    def result(self, uuid: str) -> str:
        return self.verifications[uuid]["result"]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            size = next(
                (int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:")), 0
            )
            body = await reader.readexactly(size)
            method, path, _ = head.split(" ", 2)
            if not self.down:
                authorized = f"bearer {TOKEN}" in head.lower()
                status, answer = self._answer(method, path, body) if authorized else refused(401, "API-TOKEN-INVALID")
                if method == "POST" and self.lost:
                    self.lost -= 1
                else:
                    writer.write(self.raw or http(status, answer))
                    await writer.drain()
        writer.close()

    def _answer(self, method: str, path: str, body: bytes) -> tuple[int, Json]:
        if method == "GET":
            return self._read(path.rpartition("/")[2])
        self.posted.append((path, json.loads(body)))
        match path:
            case "/v1/verifications":
                return self._verify(msgspec.json.decode(body, type=shapes.AskedVerification), json.loads(body))
            case "/v1/verifications/tx":
                told = msgspec.json.decode(body, type=shapes.AskedTxReport)
                return self._report(told.verification_uuid, txHash=told.tx_hash)
            case "/v1/verifications/error":
                failed = msgspec.json.decode(body, type=shapes.AskedErrorReport)
                return self._report(failed.verification_uuid, result=failed.result, reason=failed.reason)
            case _:
                return refused(404, "NOT-FOUND")

    def _verify(self, asked: shapes.AskedVerification, body: Json) -> tuple[int, Json]:
        uuid = asked.verification_uuid or ""
        known = self.verifications.get(uuid)
        if known is not None and known["body"] != body:
            return refused(409, "VERIFICATION-UUID-REUSED")
        if known is None and self.outcome["result"] == "REFUSED":
            return refused(400, self.outcome["code"])
        known = self.verifications.setdefault(uuid, {"verificationUuid": uuid, "body": body, "result": "WAIT"})
        if not self.reads_until_end:
            known.update(self.outcome)
        return 200, shown(known)

    def _read(self, uuid: str) -> tuple[int, Json]:
        self.reads += 1
        if uuid not in self.verifications:
            return refused(400, "VERIFICATION-NOT-FOUND")
        found = self.verifications[uuid]
        if found["result"] == "WAIT":
            self.reads_until_end -= 1
            if self.reads_until_end <= 0:
                found.update(self.outcome)
        return 200, shown(found)

    def _report(self, uuid: str | None, **changes: str) -> tuple[int, Json]:
        found = self.verifications.get(uuid or "")
        if found is None:
            return refused(400, "VERIFICATION-NOT-FOUND")
        if found["result"] != "VERIFIED":
            return refused(409, "VERIFICATION-STATE-CONFLICT")
        found.update(changes)
        return 200, {"result": True}


def shown(verification: Json) -> Json:
    return {name: value for name, value in verification.items() if name != "body"}


def refused(status: int, code: str) -> tuple[int, Json]:
    return status, {"code": code, "message": "Erika Mustermann is refused"}


def http(status: int, body: Json) -> bytes:
    data = json.dumps(body).encode()
    return f"HTTP/1.1 {status} X\r\nContent-Length: {len(data)}\r\nConnection: close\r\n\r\n".encode() + data


@asynccontextmanager
async def fake_enclave() -> AsyncGenerator[FakeEnclave]:
    """An enclave that listens."""
    made = FakeEnclave()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield made
    server.close()
    await server.wait_closed()
