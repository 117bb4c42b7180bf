"""The only connection: this co-signer dials the engine, and opens no port (architecture.md 6)."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias, final

import grpc
import structlog
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate
from grpc import aio

from strongroom.custody.cosigner.domain.ceremony import WIRE_VERSION
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.interfaces.cosigner_engine.v1.cosigner_engine_pb2_grpc import CosignerLinkStub
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import Clock
from strongroom.runtime.entropy import Entropy
from strongroom.runtime.pki import TrustRoot, tls_host_name

_log = structlog.stdlib.get_logger(__name__)
FIRST_WAIT_S: Final = 0.1
LONGEST_WAIT_S: Final = 5.0
_Stream: TypeAlias = "aio.StreamStreamCall[pb.CosignerReport, pb.EngineOrder]"
_MESSAGE_BYTES_MAX: Final = 16 << 20
_KEEPALIVE_MS: Final = 10_000


@dataclass(frozen=True, slots=True)
class TlsFolder:
    """``tls.key``, ``tls.pem`` and ``root.pem`` in one folder; read at every connection, so that they may change."""

    path: Path

    def credentials(self) -> grpc.ChannelCredentials:
        """For a connection on which both sides show a certificate under the platform's root."""
        return grpc.ssl_channel_credentials(
            root_certificates=self._read("root.pem"),
            private_key=self._read("tls.key"),
            certificate_chain=self._read("tls.pem"),
        )

    def trust_root(self, environment: Environment) -> TrustRoot:
        """What vouches for the engine's handoffs."""
        try:
            root = load_pem_x509_certificate(self._read("root.pem"))
        except ValueError:
            raise StrongroomError(Code.CONFIG_INVALID, f"{self.path / 'root.pem'} is not a certificate.") from None
        return TrustRoot(root_der=root.public_bytes(Encoding.DER), environment=environment)

    def _read(self, name: str) -> bytes:
        try:
            return (self.path / name).read_bytes()
        except OSError as error:
            raise StrongroomError(
                Code.CONFIG_INVALID,
                f"{self.path / name} cannot be read ({error.strerror}): --tls names a folder with tls.key, tls.pem"
                " and root.pem from the platform.",
            ) from None


@final
class Link:
    """The stream to the engine: greets, does what it is told, reports, and comes back after every failure.

    Args:
        engine: ``host:port``.
        heads: the current document set of each tenant, for the greeting.
        handle: does one order, without waiting.
        later: reports that nobody waits for in ``handle``; what is in it when a stream breaks is for the next one.
    """

    def __init__(
        self,
        *,
        index: int,
        environment: Environment,
        engine: str,
        tls: TlsFolder,
        clock: Clock,
        entropy: Entropy,
        heads: Callable[[], Sequence[pb.DocumentSetHead]],
        handle: Callable[[pb.EngineOrder], Sequence[pb.CosignerReport]],
        later: "asyncio.Queue[pb.CosignerReport] | None" = None,
    ) -> None:
        self._index = index
        self._environment = environment
        self._engine = engine
        self._tls = tls
        self._clock = clock
        self._entropy = entropy
        self._heads = heads
        self._handle = handle
        self._later = later

    async def run(self) -> None:
        """Stay connected until cancelled."""
        wait_s = FIRST_WAIT_S
        while True:
            started_s = self._clock.monotonic_s()
            try:
                await self._connect()
                reason = "the engine closed the stream"
            except aio.AioRpcError as error:
                reason = f"{error.code().name}: {error.details()}"
            except StrongroomError as error:
                reason = error.detail
            if self._clock.monotonic_s() - started_s > LONGEST_WAIT_S:
                wait_s = FIRST_WAIT_S
            _log.warning("engine_lost", engine=self._engine, reason=reason, retry_in_s=wait_s)
            await self._clock.sleep(wait_s * (1 + self._entropy.token(1)[0] / 512))
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)

    async def _connect(self) -> None:
        options: list[tuple[str, Any]] = [
            ("grpc.ssl_target_name_override", tls_host_name(self._environment, "cosigner_engine")),
            ("grpc.keepalive_time_ms", _KEEPALIVE_MS),
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.max_receive_message_length", _MESSAGE_BYTES_MAX),
            ("grpc.max_send_message_length", _MESSAGE_BYTES_MAX),
            ("grpc.use_local_subchannel_pool", 1),
            # a round is 55 kB a message: without these it stops for window updates and probing pings
            ("grpc.http2.lookahead_bytes", _MESSAGE_BYTES_MAX),
            ("grpc.http2.bdp_probe", 0),
            ("grpc.http2.max_frame_size", 1 << 20),
        ]
        async with aio.secure_channel(self._engine, self._tls.credentials(), options) as channel:
            stream = CosignerLinkStub(channel).Connect()
            greeting = pb.Greeting(index=self._index, wire_version=WIRE_VERSION, document_sets=self._heads())
            await stream.write(pb.CosignerReport(greeting=greeting))
            _log.info("engine_connected", engine=self._engine, index=self._index)
            await self._obey(stream)
            status = await stream.code()
            if status is not grpc.StatusCode.OK:
                raise StrongroomError(Code.UNAVAILABLE, f"{status.name}: {await stream.details()}")

    async def _obey(self, stream: _Stream) -> None:
        """Until the engine has no more orders; one message is written at a time."""
        writing = asyncio.Lock()
        telling = asyncio.create_task(self._tell_later(stream, writing)) if self._later is not None else None
        try:
            while isinstance(order := await stream.read(), pb.EngineOrder):
                for report in self._handle(order):
                    async with writing:
                        await stream.write(report)
        finally:
            if telling is not None:
                telling.cancel()

    async def _tell_later(self, stream: _Stream, writing: asyncio.Lock) -> None:
        assert self._later is not None, "there is nothing to tell"
        with suppress(aio.AioRpcError, asyncio.InvalidStateError):  # the stream has ended: so says its reader
            while True:
                report = await self._later.get()
                async with writing:
                    await stream.write(report)
