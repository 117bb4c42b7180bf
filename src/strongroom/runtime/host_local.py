"""All services of one process, joined in memory (architecture.md 6, embedded)."""

from typing import final

import structlog
from grpc import aio

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database
from strongroom.runtime.entropy import Entropy
from strongroom.runtime.host import Host, Parts, ServiceHost
from strongroom.runtime.kms import Attestor, Kms
from strongroom.runtime.pki import Identity, Issuer, TrustRoot
from strongroom.runtime.rpc.access import Access
from strongroom.runtime.rpc.door import Door
from strongroom.runtime.rpc.handoff import HandoffVerifier
from strongroom.runtime.rpc.local import LocalChannel, LocalServer
from strongroom.runtime.service import Service
from strongroom.runtime.work import Work

_log = structlog.stdlib.get_logger(__name__)


@final
class LocalPlatform:
    """Builds and runs the services of one process: ``host`` for each, then ``add`` what it built, then ``start``.

    Peers are found at call time, so services may be built in any order; one that has not started is UNAVAILABLE.
    """

    def __init__(
        self,
        *,
        issuer: Issuer,
        trust_root: TrustRoot,
        access: Access,
        clock: Clock,
        entropy: Entropy,
        attestor: Attestor,
    ) -> None:
        self._issuer = issuer
        self._trust_root = trust_root
        self._access = access
        self._clock = clock
        self._entropy = entropy
        self._attestor = attestor
        self._services: dict[str, Service] = {}
        self._works: list[Work] = []
        self._open: dict[str, LocalServer] = {}

    def host(self, service: str, *, kms: Kms, database: Database | None = None, work: Work | None = None) -> Host:
        """The host of one service, with an identity of its own."""
        if work is not None:
            self._works.append(work)
        parts = Parts(
            service=service,
            environment=self._issuer.environment,
            clock=self._clock,
            entropy=self._entropy,
            kms=kms,
            identity=Identity.from_issuer(self._issuer, service=service, clock=self._clock),
            trust_root=self._trust_root,
            database=database,
            work=work,
        )
        return ServiceHost(parts, self.channel_to)

    def add(self, service: Service) -> None:
        """Take a built service; ``CONFIG_INVALID`` when there is one of that name."""
        if service.name in self._services:
            raise StrongroomError(Code.CONFIG_INVALID, f"{service.name} is there twice")
        self._services[service.name] = service

    async def start(self) -> None:
        """Start the services in the order they were added, then their durable calls."""
        for service in self._services.values():
            await service.start()
            self._open[service.name] = self._server(service)
            _log.info("service_started", **self._attestor.attestation(service.name))
        for work in self._works:
            await work.start()

    async def stop(self) -> None:
        """End durable calls, then the services in reverse order."""
        for work in reversed(self._works):
            await work.stop()
        for service in reversed(self._services.values()):
            if self._open.pop(service.name, None) is not None:
                await service.stop()

    def _server(self, service: Service) -> LocalServer:
        verifier = HandoffVerifier(
            service=service.name, trust_root=self._trust_root, access=self._access, clock=self._clock
        )
        server = LocalServer((Door(verifier=verifier, access=self._access, clock=self._clock, tls=False),))
        for registration in service.grpc:
            server.register(registration)
        return server

    def channel_to(self, service: str) -> aio.Channel:
        """A bare channel to a service: it signs nothing, so the door refuses its calls unless the caller does."""
        return LocalChannel(lambda: self._open.get(service)).as_channel()
