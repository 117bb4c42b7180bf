"""A door served by uvicorn that knows whose certificate each connection showed."""

import asyncio
import signal
import ssl
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final, cast, final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from strongroom.runtime.http.tls import certificate_key_hash
from strongroom.runtime.service import HttpApp

PEER: Final = "peer"
"""The key in ``scope["state"]`` under which a door finds its ``Peer``."""
KEEP_ALIVE_S: Final = 75
"""Longer than ``client.IDLE_S``: the client drops a connection first, so that no request meets one that closes."""
_GRACE_S: Final = 5
_POLL_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class Peer:
    """Whose certificate a connection showed; TLS has checked that it leads to the root and has not expired."""

    certificate_der: bytes
    key_hash: bytes


class MutualTlsProtocol(HttpToolsProtocol):
    """uvicorn's HTTP/1.1, with the connection's ``Peer`` in the state of every request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Read the certificate once for the connection."""
        super().connection_made(transport)
        tls = cast("ssl.SSLObject | None", transport.get_extra_info("ssl_object"))
        certificate = tls.getpeercert(binary_form=True) if tls else None
        if certificate is None:
            transport.abort()
            return
        peer = Peer(certificate, certificate_key_hash(certificate))
        self.app_state: dict[str, Any] = {**self.app_state, PEER: peer}


def serve_config(app: HttpApp, *, host: str, port: int, tls: ssl.SSLContext | None) -> uvicorn.Config:
    """How uvicorn serves a door.

    Args:
        app: an ASGI 3 application.
        host: the address to listen at.
        port: the TCP port.
        tls: of ``server_context`` or ``RenewedTls.server``; None for plain HTTP. A ``Peer`` is known only where the
            other side must show a certificate.
    """
    is_mutual = tls is not None and tls.verify_mode is ssl.CERT_REQUIRED
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=MutualTlsProtocol if is_mutual else "httptools",
        ssl_context_factory=(lambda _config, _default: tls) if tls else None,
        interface="asgi3",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=_GRACE_S,
    )


def is_loopback(host: str) -> bool:
    """Whether who listens there is reached from this machine alone; a name other than ``localhost`` is not known to."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


@final
class _Server(uvicorn.Server):
    """uvicorn without its own signals: it would end the process before what was started is stopped."""

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


@asynccontextmanager
async def open_door(config: uvicorn.Config) -> AsyncGenerator[int]:
    """Serve while the block runs; gives the port. Requests under way are finished, within some seconds.

    Raises:
        SystemExit: when the address cannot be listened at; uvicorn has logged why.
    """
    server = _Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells it no other way
        await asyncio.sleep(_POLL_S)
    if task.done():
        task.result()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def wait_for_signal() -> None:
    """Return at SIGINT or SIGTERM; for the main thread."""
    loop, asked = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.set)
    try:
        await asked.wait()
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
