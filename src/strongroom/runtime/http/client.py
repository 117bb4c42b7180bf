"""A small HTTP/1.1 client (RFC 9112) to one origin: connections kept open, bounded answers, one time limit a call.

It does what programs of one system need of each other and no more: no redirects, proxies, cookies or encodings. Its use
is its cost: a tenth of the processor time that a general client takes for a call.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, cast, final

import httptools

from strongroom.runtime.http.renewal import TlsSource, current_context
from strongroom.runtime.http.tls import certificate_key_hash

IDLE_S: Final = 30.0
"""A connection that was idle longer is not used again."""
_RETRY_AFTER: Final = b"retry-after"
_DIGITS_MAX: Final = 9
_NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})


class HttpFailure(StrEnum):
    """How far a call came that got no answer."""

    NOT_SENT = "NOT_SENT"
    """No connection: the other side knows nothing of it."""
    LOST = "LOST"
    """It was sent, perhaps in part; whether it was acted upon is not known."""
    LATE = "LATE"
    """As ``LOST``: the time limit passed first."""


@final
class HttpFailureError(Exception):
    """No answer; ``failure`` says how far it came. The text holds nothing that was sent."""

    def __init__(self, failure: HttpFailure, detail: str) -> None:
        super().__init__(detail)
        self.failure = failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where to.

    Args:
        host: name or address.
        port: the TCP port.
        tls: of ``client_context``, or ``RenewedTls.client`` so that connections are made with the identity of now; None
            for plain HTTP.
        server_name: whose certificate it must show, where that is not ``host``.
        key_hash: SHA-256 of its TLS key (RFC 7469 2.4): another key gets nothing sent; None for any.
    """

    host: str
    port: int
    tls: TlsSource | None = None
    server_name: str | None = None
    key_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer; ``retry_after_s`` where it says so in seconds (RFC 9110 10.2.3)."""

    status: int
    body: bytes
    retry_after_s: int | None = None


@final
class HttpClient:
    """Calls to one origin. Close it with ``close``; for one event loop.

    Args:
        origin: where to.
        connect_timeout_s: for a connection with its TLS handshake, within the call's own time limit.
        connections: at once; further calls wait.
        answer_bytes_max: a longer answer is ``LOST``.
    """

    def __init__(
        self,
        origin: Origin,
        *,
        connect_timeout_s: float = 3.0,
        connections: int = 64,
        answer_bytes_max: int = 1 << 20,
    ) -> None:
        self._origin = origin
        self._connect_timeout_s = connect_timeout_s
        self._answer_bytes_max = answer_bytes_max
        self._places = asyncio.Semaphore(connections)
        self._idle: deque[_Connection] = deque()
        self._closed = False

    async def call(
        self,
        method: str,
        path: str,
        *,
        body: bytes = b"",
        headers: Mapping[str, str] = _NO_HEADERS,
        timeout_s: float,
    ) -> HttpAnswer:
        """One request and its whole answer, whatever its status.

        Args:
            path: as it is sent, with the query.
            headers: besides Host and Content-Length.
            timeout_s: for all of it.

        Raises:
            HttpFailureError: no answer.
        """
        request = self._render(method, path, headers, body)
        connection: _Connection | None = None
        try:
            async with asyncio.timeout(timeout_s), self._places:
                connection = self._take() or await self._connect()
                answer = await connection.exchange(request)
        except TimeoutError:
            failure = HttpFailure.LATE if connection else HttpFailure.NOT_SENT
            raise HttpFailureError(failure, f"no answer within {timeout_s:g} s") from None
        finally:
            if connection is not None:
                self._give_back(connection)
        return answer

    async def close(self) -> None:
        """Close what is open; calls under way fail."""
        self._closed = True
        while self._idle:
            self._idle.pop().abort()
        await asyncio.sleep(0)  # lets the transports go

    def _render(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        given = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"{method} {path} HTTP/1.1\r\nhost: {self._origin.host}:{self._origin.port}\r\n{given}"
        if head.count("\r\n") != 2 + len(headers) or head.count("\n") != 2 + len(headers):
            raise ValueError("a line break in a request's head")
        return f"{head}content-length: {len(body)}\r\n\r\n".encode("latin-1") + body

    def _take(self) -> "_Connection | None":
        now_s, tls = asyncio.get_running_loop().time(), current_context(self._origin.tls)
        while self._idle:
            connection = self._idle.pop()  # the one used last: the others may go idle and end
            if connection.usable and connection.tls is tls and now_s - connection.idle_since_s < IDLE_S:
                return connection
            connection.abort()
        return None

    def _give_back(self, connection: "_Connection") -> None:
        if connection.usable and not self._closed:
            connection.idle_since_s = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.abort()

    async def _connect(self) -> "_Connection":
        origin, loop, tls = self._origin, asyncio.get_running_loop(), current_context(self._origin.tls)
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                _, connection = await loop.create_connection(
                    lambda: _Connection(self._answer_bytes_max, tls),
                    origin.host,
                    origin.port,
                    ssl=tls,
                    server_hostname=(origin.server_name or origin.host) if tls else None,
                )
        except TimeoutError:
            raise HttpFailureError(HttpFailure.NOT_SENT, "no connection in time") from None
        except ssl.SSLError as error:
            raise HttpFailureError(HttpFailure.NOT_SENT, f"no TLS connection: {error.reason}") from None
        except OSError as error:
            raise HttpFailureError(HttpFailure.NOT_SENT, f"no connection: {error.strerror or 'refused'}") from None
        if origin.key_hash is not None and connection.key_hash() != origin.key_hash:
            connection.abort()
            raise HttpFailureError(HttpFailure.NOT_SENT, "the other side shows another TLS key than its record says")
        return connection


@final
class _Connection(asyncio.Protocol):
    """One connection; one exchange at a time."""

    def __init__(self, answer_bytes_max: int, tls: ssl.SSLContext | None) -> None:
        self.tls = tls
        self._answer_bytes_max = answer_bytes_max
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[HttpAnswer] | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._retry_after_s: int | None = None
        self.usable = False
        self.idle_since_s = 0.0

    async def exchange(self, request: bytes) -> HttpAnswer:
        """Send a whole request, wait for the whole answer."""
        assert self._transport is not None, "connected before it is handed out"
        self._answer = asyncio.get_running_loop().create_future()
        self.usable = False  # until the answer is whole: a call that gives up leaves a connection that nobody uses
        self._transport.write(request)
        return await self._answer

    def key_hash(self) -> bytes:
        """Of the certificate that the other side showed."""
        assert self._transport is not None, "connected before it is asked"
        tls = cast("ssl.SSLObject", self._transport.get_extra_info("ssl_object"))
        certificate = tls.getpeercert(binary_form=True)
        assert certificate is not None, "a server always shows one"
        return certificate_key_hash(certificate)

    def abort(self) -> None:
        """End it at once."""
        self.usable = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The transport is ready."""
        self._transport = cast("asyncio.Transport", transport)
        self.usable = True

    def data_received(self, data: bytes) -> None:
        """Part of an answer; anything that is not HTTP, too long or not asked for ends the connection."""
        if self._answer is None or self._answer.done():
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("what came is not HTTP")

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side has closed it."""
        del exc
        self._fail("the connection ended before the answer")

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header of an answer; a date in Retry-After is passed over."""
        if len(name) == len(_RETRY_AFTER) and name.lower() == _RETRY_AFTER:
            is_seconds = value.isdigit() and len(value) <= _DIGITS_MAX
            self._retry_after_s = int(value) if is_seconds else None

    def on_body(self, body: bytes) -> None:
        """Part of the answer's body."""
        self._size += len(body)
        if self._size > self._answer_bytes_max:
            self._fail(f"the answer exceeds {self._answer_bytes_max} bytes")
        else:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        """The whole answer is there."""
        if self._answer is None or self._answer.done():
            return
        status = self._parser.get_status_code()
        if status < 200:  # an interim answer (RFC 9110 15.2)
            return
        self.usable = self._parser.should_keep_alive()
        self._answer.set_result(HttpAnswer(status, b"".join(self._parts), self._retry_after_s))
        self._parts, self._size, self._retry_after_s = [], 0, None

    def _fail(self, detail: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(HttpFailureError(HttpFailure.LOST, detail))
        self.abort()
