"""Connections to a node: kept while they are clean, and never again once they are not."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator

import pytest

from strongroom.chains.evm.post import BrokenError, Poster
from strongroom.kernel.errors import Code, StrongroomError

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
ENDLESS_HEAD = b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 100_000


class Server:
    """Answers each question with the next of ``answers``; ``heads`` are the heads of the questions."""

    def __init__(self) -> None:
        self.answers: list[bytes] = []
        self.heads: list[str] = []
        self.connections = 0
        self.writers: list[asyncio.StreamWriter] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.writers.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head.decode())
                await reader.readexactly(int(head.lower().split(b"content-length: ")[1]))
                writer.write(self.answers.pop(0))
        except (ConnectionError, asyncio.IncompleteReadError):
            writer.close()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    yield made
    for writer in made.writers:
        writer.close()
    listening.close()


@pytest.fixture
async def poster(server: Server) -> AsyncIterator[Poster]:
    made = Poster(f"http://me:p%20w@127.0.0.1:{server.port}/rpc?k=1", limit_bytes=1000)
    yield made
    made.close()


async def test_one_connection_serves_question_after_question(server: Server, poster: Poster) -> None:
    server.answers = [PLAIN, CHUNKED, PLAIN]
    for _ in range(3):
        assert await poster.post(b"{}") == (200, b"ok")
    assert server.connections == 1
    assert server.heads[0].startswith(f"POST /rpc?k=1 HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n")
    assert f"Authorization: Basic {b64encode(b'me:p w').decode()}\r\n" in server.heads[0]


async def test_what_the_node_closes_or_fills_up_is_not_used_again(server: Server, poster: Poster) -> None:
    server.answers = [LAST, PLAIN + PLAIN, PLAIN + PLAIN[:20], PLAIN]
    for _ in range(4):
        assert await poster.post(b"{}") == (200, b"ok")
        await asyncio.sleep(0.01)
    assert server.connections == 4
    server.writers[-1].close()
    await asyncio.sleep(0.01)
    server.answers = [PLAIN]
    assert await poster.post(b"{}") == (200, b"ok")
    assert server.connections == 5


@pytest.mark.parametrize("answer", [ENDLESS_HEAD, PLAIN[:15] + b"\r\n\r\n" + b"x" * 2000, b"nonsense\r\n\r\n"])
async def test_an_answer_without_end_or_form_breaks_off(server: Server, poster: Poster, answer: bytes) -> None:
    server.answers = [answer, PLAIN]
    with pytest.raises(BrokenError):
        await poster.post(b"{}")
    assert await poster.post(b"{}") == (200, b"ok")
    assert server.connections == 2


async def test_a_question_given_up_takes_its_connection_with_it(server: Server, poster: Poster) -> None:
    server.answers = [b"", PLAIN]
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await poster.post(b"{}")
    assert await poster.post(b"{}") == (200, b"ok")
    assert server.connections == 2


@pytest.mark.parametrize(
    "url",
    ["", "ftp://host/", "http://", "http://host:port/", "http://host/a b", "http://host/\u00fc", "http://h:99999"],
)
def test_what_is_no_http_url_is_refused(url: str) -> None:
    with pytest.raises(StrongroomError) as refused:
        Poster(url, limit_bytes=1)
    assert refused.value.code is Code.CONFIG_INVALID
