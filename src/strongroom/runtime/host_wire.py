"""Services of one process whose peers are elsewhere: ``grpc.aio`` with mTLS (architecture.md 6, production)."""

from collections.abc import Mapping
from typing import final

import structlog
from grpc import aio

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database
from strongroom.runtime.entropy import Entropy
from strongroom.runtime.host import Host, Parts, ServiceHost
from strongroom.runtime.kms import Attestor, Kms
from strongroom.runtime.pki import Identity, Issuer, TlsIdentity, TrustRoot
from strongroom.runtime.rpc.access import Access
from strongroom.runtime.rpc.door import Door
from strongroom.runtime.rpc.handoff import HandoffVerifier
from strongroom.runtime.rpc.wire import wire_channel, wire_server
from strongroom.runtime.service import Service
from strongroom.runtime.work import Work

_log = structlog.stdlib.get_logger(__name__)
_GRACE_S = 5.0


@final
class WireProcess:
    """Runs one or more services, each with a port and certificates of its own.

    Args:
        addresses: ``host:port`` of every service, those of this process included; port 0 takes a free one.
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
        addresses: Mapping[str, str],
    ) -> None:
        self._issuer = issuer
        self._trust_root = trust_root
        self._access = access
        self._clock = clock
        self._entropy = entropy
        self._attestor = attestor
        self._addresses = dict(addresses)
        self._tls: dict[str, TlsIdentity] = {}
        self._services: dict[str, Service] = {}
        self._works: list[Work] = []
        self._started: list[Service] = []
        self._servers: dict[str, aio.Server] = {}
        self._channels: list[aio.Channel] = []

    def host(self, service: str, *, kms: Kms, database: Database | None = None, work: Work | None = None) -> Host:
        """The host of one service, with certificates of its own."""
        self._tls[service] = TlsIdentity.from_issuer(self._issuer, service=service, clock=self._clock)
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
        return ServiceHost(parts, lambda peer: self._channel(service, peer))

    def add(self, service: Service) -> None:
        """Take a built service and bind its port; ``CONFIG_INVALID`` for one without a host or built twice."""
        if service.name in self._services or service.name not in self._tls:
            raise StrongroomError(Code.CONFIG_INVALID, f"{service.name} is there twice or was built without a host")
        verifier = HandoffVerifier(
            service=service.name, trust_root=self._trust_root, access=self._access, clock=self._clock
        )
        door = Door(verifier=verifier, access=self._access, clock=self._clock, tls=True)
        address = self._address_of(service.name)
        server, port = wire_server(self._tls[service.name], address=address, interceptors=(door,))
        for registration in service.grpc:
            registration(server)
        self._services[service.name] = service
        self._servers[service.name] = server
        self._addresses[service.name] = f"{address.rpartition(':')[0]}:{port}"

    def addresses(self) -> Mapping[str, str]:
        """Where every service is, with the ports that were in fact bound."""
        return dict(self._addresses)

    async def start(self) -> None:
        """Start the services in the order they were added and open their ports, then start durable calls."""
        for service in self._services.values():
            await service.start()
            self._started.append(service)
            await self._servers[service.name].start()
            _log.info("service_started", **self._attestor.attestation(service.name))
        for work in self._works:
            await work.start()

    async def stop(self) -> None:
        """End durable calls, close ports and channels, then stop the services in reverse order."""
        for work in reversed(self._works):
            await work.stop()
        while self._started:
            service = self._started.pop()
            await self._servers[service.name].stop(_GRACE_S)
            await service.stop()
        for channel in self._channels:
            await channel.close(None)

    def _address_of(self, service: str) -> str:
        address = self._addresses.get(service)
        if address is None:
            raise StrongroomError(Code.CONFIG_INVALID, f"no address is configured for {service}")
        return address

    def _channel(self, service: str, peer: str) -> aio.Channel:
        address = self._address_of(peer)
        tls, environment = self._tls[service], self._issuer.environment
        channel = wire_channel(tls, address=address, service=peer, environment=environment)
        self._channels.append(channel)
        return channel
