"""TLS files that are read again when they change, so that a certificate is renewed without a restart."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self, TypeAlias, final

import structlog
from cryptography import x509

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.http.tls import loaded_context

_LOOK_EVERY_S: Final = 2.0
_Stamp: TypeAlias = tuple[tuple[int, int, int] | None, ...]
TlsSource: TypeAlias = ssl.SSLContext | Callable[[], ssl.SSLContext]
"""A context, or what gives the one to be used now."""
_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """Where a TLS identity stands, PEM.

    Args:
        certificate: with the chain up to its root.
        key: of the certificate.
        root: who shows a certificate under it is let in, and believed; None: a door for everybody.
    """

    certificate: Path
    key: Path
    root: Path | None = None

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """As ``TlsIdentity.save`` writes them."""
        return cls(certificate=folder / "tls.pem", key=folder / "tls.key", root=folder / "root.pem")

    def stamp(self) -> _Stamp:
        """Differs once a file was changed, replaced or removed."""
        return tuple(_stamp(path) for path in (self.certificate, self.key, self.root) if path is not None)


@dataclass(frozen=True, slots=True)
class _Loaded:
    stamp: _Stamp
    server: ssl.SSLContext
    client: ssl.SSLContext | None


@final
class RenewedTls:
    """A TLS identity as its files have it now. Connections that are open keep what they began with.

    New files that cannot be used are refused with the alarm ``alarm_tls_files``, once, and the old identity stays.

    Args:
        files: where it stands.
        clock: time.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` when the files cannot be used to begin with.
    """

    def __init__(self, files: TlsFiles, *, clock: Clock) -> None:
        self._files, self._clock = files, clock
        self._loaded = self._load()
        self._doubted: _Stamp | None = None
        self._refused: _Stamp | None = None
        self._watching: asyncio.Task[None] | None = None
        self.server = loaded_context(ssl.PROTOCOL_TLS_SERVER, files.certificate, files.key, files.root)
        """For a door: each handshake is made with the identity of its moment."""
        self.server.sni_callback = self._choose

    def client(self) -> ssl.SSLContext:
        """For a client's next connection; only with a ``root``."""
        assert self._loaded.client is not None, "a client believes somebody"
        return self._loaded.client

    def look(self) -> None:
        """Read the files again if they have changed since they were read last.

        Files that cannot be used may be half written: they are judged when they look the same the next time.
        """
        stamp = self._files.stamp()
        if stamp in {self._loaded.stamp, self._refused}:
            return
        try:
            self._loaded = self._load(now=self._clock.now())
        except StrongroomError as error:
            if stamp == self._doubted:
                self._refused = stamp
                _log.error("alarm_tls_files", file=self._files.certificate.name, detail=error.detail)
            self._doubted = stamp
            return
        self._doubted = self._refused = None
        _log.info("tls_files_renewed", file=self._files.certificate.name)

    def start(self) -> None:
        """Look every two seconds from now on."""
        self._watching = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Look no more."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def _watch(self) -> None:
        while True:
            await self._clock.sleep(_LOOK_EVERY_S)
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - whatever happens to files, the watch goes on
                _log.error("tls_files_not_read", exc_info=error)

    def _choose(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        """OpenSSL asks before it chooses a certificate, whether or not the client names a host."""
        connection.context = self._loaded.server

    def _load(self, *, now: datetime | None = None) -> _Loaded:
        files, stamp = self._files, self._files.stamp()
        server = loaded_context(ssl.PROTOCOL_TLS_SERVER, files.certificate, files.key, files.root)
        client = None
        if files.root is not None:
            client = loaded_context(ssl.PROTOCOL_TLS_CLIENT, files.certificate, files.key, files.root)
        if now is not None and _expires_at(files.certificate) <= now:
            raise StrongroomError(Code.CONFIG_INVALID, f"The certificate in {files.certificate.name} has expired.")
        return _Loaded(stamp, server, client)


def current_context(tls: TlsSource | None) -> ssl.SSLContext | None:
    """The context to be used now; None for plain HTTP."""
    return tls if tls is None or isinstance(tls, ssl.SSLContext) else tls()


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _expires_at(certificate: Path) -> datetime:
    try:
        return x509.load_pem_x509_certificates(certificate.read_bytes())[0].not_valid_after_utc
    except (OSError, ValueError):
        raise StrongroomError(Code.CONFIG_INVALID, f"{certificate.name} holds no certificate.") from None
