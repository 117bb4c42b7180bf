"""The small HTTP client against servers that behave, and against some that do not."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.http import (
    PEER,
    HttpClient,
    HttpFailure,
    HttpFailureError,
    Origin,
    Peer,
    client_context,
    named_service,
    open_door,
    serve_config,
    server_context,
)
from strongroom.runtime.pki import Authority, TlsIdentity, tls_host_name
from strongroom.runtime.service import HttpApp

SANDBOX = Environment.SANDBOX
LONG_S = 60.0
GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def scripted(script: Script) -> AsyncGenerator[int]:
    """A server that does with every connection what the script says; gives its port."""

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await script(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(run, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@asynccontextmanager
async def client_of(
    origin: Origin, *, connections: int = 64, answer_bytes_max: int = 1 << 20
) -> AsyncGenerator[HttpClient]:
    client = HttpClient(origin, connections=connections, answer_bytes_max=answer_bytes_max)
    yield client
    await client.close()


def plain(port: int) -> Origin:
    return Origin(host="127.0.0.1", port=port)


def saying(answer: bytes) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    return script


@dataclass
class Seen:
    connections: int = 0
    heads: list[bytes] = field(default_factory=list[bytes])
    bodies: list[bytes] = field(default_factory=list[bytes])


def counting(seen: Seen) -> Script:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        while True:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                return
            size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            seen.heads.append(head)
            seen.bodies.append(await reader.readexactly(size))
            writer.write(GOOD)
            await writer.drain()

    return script


async def test_calls_share_connections_and_arrive_whole() -> None:
    seen = Seen()
    async with scripted(counting(seen)) as port, client_of(plain(port), connections=2) as client:
        for number in range(5):
            answer = await client.call(
                "POST", "/v1/x?y=1", body=b"b%d" % number, headers={"accept": "a/b"}, timeout_s=LONG_S
            )
            assert (answer.status, answer.body) == (200, b"hello")
        assert seen.connections == 1
        await asyncio.gather(*(client.call("POST", "/", body=bytes(100_000), timeout_s=LONG_S) for _ in range(20)))
        assert seen.connections == 2
    assert seen.bodies[:5] == [b"b0", b"b1", b"b2", b"b3", b"b4"]
    assert seen.heads[0] == (
        b"POST /v1/x?y=1 HTTP/1.1\r\nhost: 127.0.0.1:%d\r\naccept: a/b\r\ncontent-length: 2\r\n\r\n" % port
    )


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 404 No\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", b"abc"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\ncontent-length: 3\r\n\r\nabc", b"abc"),
        (b"HTTP/1.1 404 No\r\nconnection: close\r\ncontent-length: 3\r\n\r\nabc", b"abc"),
        (b"HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n", b""),
    ],
)
async def test_an_answer_may_have_any_form_that_http_gives_it(answer: bytes, body: bytes) -> None:
    async with scripted(saying(answer)) as port, client_of(plain(port)) as client:
        got = await client.call("GET", "/", timeout_s=LONG_S)
        assert (got.status, got.body) == (404, body)


@pytest.mark.parametrize(
    ("header", "retry_after_s"),
    [
        (b"Retry-After: 7", 7),
        (b"retry-after: 0", 0),
        (b"retry-after: Wed, 21 Oct 2026 07:28:00 GMT", None),
        (b"retry-after: -1", None),
        (b"retry-after: 99999999999999999999", None),
        (b"retry-before: 7", None),
    ],
)
async def test_an_answer_says_when_to_ask_again_and_only_that_answer(header: bytes, retry_after_s: int | None) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for more in (header + b"\r\n", b""):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 429 No\r\n" + more + b"content-length: 0\r\n\r\n")
            await writer.drain()

    async with scripted(script) as port, client_of(plain(port)) as client:
        answers = [await client.call("GET", "/", timeout_s=LONG_S) for _ in range(2)]
        assert [answer.retry_after_s for answer in answers] == [retry_after_s, None]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-len",
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\n\r\nuntil the end, which may be too early",
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n" + bytes(2000),
    ],
)
async def test_half_an_answer_or_none_is_lost(answer: bytes) -> None:
    async with scripted(saying(answer)) as port, client_of(plain(port), answer_bytes_max=1000) as client:
        with pytest.raises(HttpFailureError) as error:
            await client.call("GET", "/", timeout_s=LONG_S)
        assert error.value.failure is HttpFailure.LOST


async def test_an_answer_that_does_not_come_is_late_and_its_connection_is_not_used_again() -> None:
    seen, release = Seen(), asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connections += 1
        await reader.readuntil(b"\r\n\r\n")
        if seen.connections == 1:
            await release.wait()
        writer.write(GOOD)
        await writer.drain()

    async with scripted(slow) as port, client_of(plain(port)) as client:
        with pytest.raises(HttpFailureError) as error:
            await client.call("GET", "/", timeout_s=0.2)
        assert error.value.failure is HttpFailure.LATE
        release.set()
        assert (await client.call("GET", "/", timeout_s=LONG_S)).body == b"hello"
        assert seen.connections == 2


async def test_a_closed_port_is_told_from_a_lost_answer() -> None:
    async with scripted(saying(GOOD)) as port:
        pass
    async with client_of(plain(port)) as client:
        with pytest.raises(HttpFailureError) as error:
            await client.call("GET", "/", timeout_s=LONG_S)
        assert error.value.failure is HttpFailure.NOT_SENT


async def test_a_connection_that_the_server_closed_meanwhile_is_replaced() -> None:
    async with scripted(saying(GOOD)) as port, client_of(plain(port)) as client:
        for _ in range(3):
            assert (await client.call("GET", "/", timeout_s=LONG_S)).body == b"hello"
            await asyncio.sleep(0.05)


async def test_a_call_given_up_leaves_the_next_one_its_own_answer() -> None:
    asked = asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.set()
        body = head.split()[1]
        if body == b"/first":
            await asyncio.sleep(0.1)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))

    async with scripted(script) as port, client_of(plain(port)) as client:
        first = asyncio.create_task(client.call("GET", "/first", timeout_s=LONG_S))
        await asked.wait()
        first.cancel()
        assert (await client.call("GET", "/second", timeout_s=LONG_S)).body == b"/second"


async def test_a_line_break_cannot_be_smuggled_into_the_head() -> None:
    client = HttpClient(plain(1))
    for path, value in (("/\r\nx: y", "v"), ("/", "v\r\nx: y"), ("/", "v\nx: y")):
        with pytest.raises(ValueError, match="line break"):
            await client.call("GET", path, headers={"h": value}, timeout_s=LONG_S)


class Network:
    """An authority and the TLS folders it hands out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = Authority.open(folder / "authority", environment=SANDBOX, clock=SystemClock())

    def folder(self, service: str) -> Path:
        folder = self._folder / service
        if not folder.exists():
            TlsIdentity(self._authority.issue_tls(service), clock=SystemClock()).save(folder)
        return folder


async def _who(
    scope: dict[str, object], _receive: object, send: Callable[[dict[str, object]], Awaitable[None]]
) -> None:
    peer = cast("dict[str, Peer]", scope["state"])[PEER]
    name = (named_service(peer.certificate_der, SANDBOX) or "nobody").encode()
    headers = [(b"content-length", str(len(name)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": name})


def served(app: HttpApp, folder: Path) -> AbstractAsyncContextManager[int]:
    """The door over mutual TLS; gives its port."""
    return open_door(serve_config(app, host="127.0.0.1", port=0, tls=server_context(folder)))


def secured(port: int, *, own: Path, service: str, key_hash: bytes | None = None) -> Origin:
    return Origin(
        host="127.0.0.1",
        port=port,
        tls=client_context(own),
        server_name=tls_host_name(SANDBOX, service),
        key_hash=key_hash,
    )


async def test_mutual_tls_tells_the_door_who_calls(tmp_path: Path) -> None:
    network = Network(tmp_path)
    async with served(_who, network.folder("hub")) as port:
        for caller in ("vasp-1", "vasp-18446744073709551615"):
            async with client_of(secured(port, own=network.folder(caller), service="hub")) as client:
                assert (await client.call("GET", "/", timeout_s=LONG_S)).body == caller.encode()


async def test_mutual_tls_refuses_whom_it_does_not_know(tmp_path: Path) -> None:
    network, foreign = Network(tmp_path / "ours"), Network(tmp_path / "theirs")
    ours = network.folder("vasp-1")
    strangers = (
        (foreign.folder("vasp-1"), "hub", None),  # their own authority: neither side believes the other
        (ours, "vasp-2", None),  # another name than the door's certificate has
        (ours, "hub", bytes(32)),  # another key than the record says
    )
    async with served(_who, network.folder("hub")) as port:
        for own, service, key_hash in strangers:
            async with client_of(secured(port, own=own, service=service, key_hash=key_hash)) as client:
                with pytest.raises(HttpFailureError) as error:
                    await client.call("GET", "/", timeout_s=LONG_S)
                assert error.value.failure is HttpFailure.NOT_SENT
        believing = foreign.folder("vasp-1")
        (believing / "root.pem").write_bytes((ours / "root.pem").read_bytes())
        async with client_of(secured(port, own=believing, service="hub")) as client:
            with pytest.raises(HttpFailureError):
                await client.call("GET", "/", timeout_s=LONG_S)
        async with client_of(plain(port)) as client:
            with pytest.raises(HttpFailureError):
                await client.call("GET", "/", timeout_s=LONG_S)
