"""A node in front of a real one: it passes everything on, unless the test lets it fail, lie or stay silent."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast, final

import httpx

Answer = Callable[[dict[str, Any]], bytes | None]
"""The whole HTTP answer to a question; None to stay silent."""


@final
class ProxyNode:
    """``answers`` by method replace the real node's; ``asked`` keeps the methods in the order they came.

    ``looks`` counts the questions for the newest block.
    """

    def __init__(self, real_url: str) -> None:
        self.url = ""
        self.answers: dict[str, Answer] = {}
        self.asked: list[str] = []
        self.looks = 0
        self.before_send: Callable[[], object] = lambda: None
        self._real_url = real_url
        self._client = httpx.AsyncClient(trust_env=False)

    def fail_all(self, answer: Answer) -> None:
        """Every question gets this answer, until ``recover``."""
        self.answers = {"*": answer}

    def recover(self) -> None:
        self.answers = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            answer = await self._answer(await reader.readexactly(size))
            if answer is None:
                await asyncio.sleep(60)
            else:
                writer.write(answer)
                await writer.drain()
        writer.close()

    async def close(self) -> None:
        await self._client.aclose()

    async def _answer(self, body: bytes) -> bytes | None:
        question = cast("dict[str, Any]", json.loads(body))
        method = str(question["method"])
        self.asked.append(method)
        self.looks += question["params"] == ["latest", False]
        if method == "eth_sendRawTransaction":
            self.before_send()
        wrong = self.answers.get(method) or self.answers.get("*")
        if wrong is not None:
            return wrong(question)
        reply = await self._client.post(self._real_url, content=body, headers={"Content-Type": "application/json"})
        return http(reply.content)


@asynccontextmanager
async def proxy_node(real_url: str) -> AsyncGenerator[ProxyNode]:
    """A proxy that listens."""
    proxy = ProxyNode(real_url)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield proxy
    server.close()
    await proxy.close()


def http(body: bytes) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def result(value: object) -> Answer:
    return lambda question: http(json.dumps({"jsonrpc": "2.0", "id": question["id"], "result": value}).encode())


def refusal(words: str) -> Answer:
    return lambda question: http(
        json.dumps({"jsonrpc": "2.0", "id": question["id"], "error": {"code": -32000, "message": words}}).encode()
    )


def garbage(_: dict[str, Any]) -> bytes:
    return http(b'{"jsonrpc": "2.0", "id": 1, "resu')


def hang_up(_: dict[str, Any]) -> bytes:
    return b""


def half_an_answer(_: dict[str, Any]) -> bytes:
    return b'HTTP/1.1 200 OK\r\nContent-Length: 400\r\nConnection: close\r\n\r\n{"jsonrpc": "2.0", "id"'


def silence(_: dict[str, Any]) -> None:
    return None
