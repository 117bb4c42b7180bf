"""HTTP POST to one address, and no more of HTTP than JSON-RPC needs: a node is asked several times a second for ever.

One question at a time on a connection, which is kept if the answer ended cleanly. Redirects are not followed, proxies
of the environment not used, compressed answers not asked for. An answer without a length breaks off where it ends.
"""

import asyncio
import ssl
from base64 import b64encode
from typing import Final, cast, final
from urllib.parse import unquote, urlsplit

import httptools

from strongroom.kernel.errors import Code, StrongroomError

_KEPT: Final = 8
_OPEN: Final = 32
_HEAD_LIMIT_BYTES: Final = 64 * 1024


class DownError(Exception):
    """The address cannot be reached."""


class BrokenError(Exception):
    """What came is no whole HTTP answer; the text says why."""


@final
class _Connection(asyncio.Protocol):
    """One connection and the answer that it waits for; also the callbacks of ``httptools.HttpResponseParser``."""

    def __init__(self, *, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._body = bytearray()
        self._received_bytes = 0

    @property
    def is_open(self) -> bool:
        """Whether it can take a question."""
        return self._transport is not None and not self._transport.is_closing()

    async def ask(self, question: bytes) -> tuple[int, bytes]:
        """Status and body of the answer; whatever else happens, the connection is closed."""
        assert self._transport is not None, "only an open connection is asked"
        self._answer = asyncio.get_running_loop().create_future()
        self._body, self._received_bytes = bytearray(), 0
        try:
            self._transport.write(question)
            return await self._answer
        except BaseException:
            self.close()
            raise
        finally:
            self._answer = None

    def close(self) -> None:
        """Close it at once."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is open."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """A part of the answer; what nobody waits for, or too much of it, ends the connection."""
        self._received_bytes += len(data)
        if self._answer is None or self._answer.done():
            self.close()
        elif self._received_bytes > self._limit_bytes + _HEAD_LIMIT_BYTES:
            self._fail(f"more than {self._limit_bytes} bytes")
        else:
            self._parse(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - what it was changes nothing
        """It is closed; an answer that is not complete never will be."""
        self._fail("HTTP breaks off")

    def on_message_begin(self) -> None:
        """An answer begins; a second one to the same question ends the connection."""
        if self._answer is None or self._answer.done():
            self.close()

    def on_body(self, body: bytes) -> None:
        """A part of the body, without what chunks add."""
        self._body += body
        if len(self._body) > self._limit_bytes:
            self._fail(f"more than {self._limit_bytes} bytes")

    def on_message_complete(self) -> None:
        """The answer is whole."""
        if not self._parser.should_keep_alive():
            self.close()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), bytes(self._body)))

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("HTTP breaks off")

    def _fail(self, why: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(BrokenError(why))
        self.close()


@final
class Poster:
    """Asks one address; used from one event loop.

    Args:
        url: ``http`` or ``https`` (the system's certificate authorities), with name and password where needed.
        limit_bytes: of an answer.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` for anything else.
    """

    def __init__(self, url: str, *, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._host, self._port, self._tls, self._head = _parse_url(url)
        self._kept: list[_Connection] = []
        self._places = asyncio.Semaphore(_OPEN)

    async def post(self, body: bytes) -> tuple[int, bytes]:
        """Status and body of the answer to a JSON body.

        Raises:
            DownError: no connection could be made.
            BrokenError: the answer is not HTTP, not complete, or too long.
        """
        question = self._head + b"%d\r\n\r\n" % len(body) + body
        async with self._places:
            connection = self._take() or await self._connect()
            answer = await connection.ask(question)
            if connection.is_open and len(self._kept) < _KEPT:
                self._kept.append(connection)
            else:
                connection.close()
            return answer

    def close(self) -> None:
        """Close the kept connections."""
        while self._kept:
            self._kept.pop().close()

    def _take(self) -> _Connection | None:
        """The connection used last that the other side has not closed meanwhile."""
        while self._kept:
            connection = self._kept.pop()
            if connection.is_open:
                return connection
        return None

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            _, connection = await loop.create_connection(
                lambda: _Connection(limit_bytes=self._limit_bytes), self._host, self._port, ssl=self._tls
            )
        except OSError as error:
            raise DownError from error
        return connection


def _parse_url(url: str) -> tuple[str, int, ssl.SSLContext | None, bytes]:
    """Host, port, TLS settings, and the head of every question up to the length."""
    try:
        parts = urlsplit(url)
        secure = {"http": False, "https": True}[parts.scheme]
        host, port = parts.hostname or "", parts.port or (443 if secure else 80)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        lines = [f"POST {target} HTTP/1.1", f"Host: {parts.netloc.rpartition('@')[2]}"]
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            lines.append(f"Authorization: Basic {b64encode(pair.encode()).decode()}")
        lines += ["Content-Type: application/json", "Accept-Encoding: identity", "Content-Length: "]
        head = "\r\n".join(lines).encode("ascii")
    except (ValueError, KeyError):
        raise StrongroomError(Code.CONFIG_INVALID, "A node's address is not an HTTP URL.") from None
    if not host or any(letter.isspace() for letter in parts.netloc + target):
        raise StrongroomError(Code.CONFIG_INVALID, "A node's address is not an HTTP URL.")
    return host, port, ssl.create_default_context() if secure else None, head
