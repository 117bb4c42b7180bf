"""Puts cosigner_engine together: the service, and the port of its own that co-signers dial."""

from collections.abc import Awaitable, Callable
from typing import final

from grpc import aio

from strongroom.custody.cosigner_engine.config import EngineConfig
from strongroom.custody.cosigner_engine.operations.activate_key import activate_key
from strongroom.custody.cosigner_engine.operations.close import run_close
from strongroom.custody.cosigner_engine.operations.generate_key import report_key, run_key_ceremony
from strongroom.custody.cosigner_engine.operations.means import Means
from strongroom.custody.cosigner_engine.operations.take_part import report_end, run_ceremony
from strongroom.custody.cosigner_engine.operations.verify import hand_over
from strongroom.custody.cosigner_engine.peers import SERVICE, Peers
from strongroom.custody.cosigner_engine.providers.links import Links
from strongroom.custody.cosigner_engine.providers.orders import Orders
from strongroom.custody.cosigner_engine.servicer import CosignerEngineServicer, CosignerLinkServicer
from strongroom.interfaces.auth_engine.v1.auth_engine_pb2_grpc import AuthEngineStub
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2_grpc as rpc
from strongroom.interfaces.secure_vault.v1.secure_vault_pb2_grpc import SecureVaultStub
from strongroom.interfaces.transaction_manager.v1.transaction_manager_pb2_grpc import TransactionManagerStub
from strongroom.runtime.host import Host
from strongroom.runtime.rpc.access import Access
from strongroom.runtime.rpc.door import Door
from strongroom.runtime.rpc.handoff import HandoffSigner, HandoffVerifier
from strongroom.runtime.rpc.wire import wire_server
from strongroom.runtime.service import Service
from strongroom.runtime.work import WorkItem

_GRACE_S = 0.5


def build(host: Host, config: EngineConfig) -> Service:
    """The service; ``start`` opens the co-signers' port, ``stop`` closes it."""
    signer = HandoffSigner(identity=host.identity, environment=host.environment, clock=host.clock, entropy=host.entropy)
    links = Links(
        orders=Orders(signer),
        clock=host.clock,
        ahead=config.orders_ahead,
        drain_timeout_s=config.drain_timeout_s,
    )
    means = _means(host, config, links)
    for operation, handler in _HANDLERS.items():
        means.work.register(operation, _bound(handler, means))
    servicer = CosignerEngineServicer(means)
    door = _LinkDoor(host, config, means)
    return Service(
        name=SERVICE,
        grpc=(lambda server: rpc.add_CosignerEngineServicer_to_server(servicer, server),),
        start=door.open,
        stop=door.close,
    )


def _means(host: Host, config: EngineConfig, links: Links) -> Means:
    peers = Peers(
        environment=host.environment,
        manager=host.peer(TransactionManagerStub, "transaction_manager"),
        auth=host.peer(AuthEngineStub, "auth_engine"),
        vault=host.peer(SecureVaultStub, "secure_vault"),
    )
    return Means(
        environment=host.environment,
        config=config,
        clock=host.clock,
        entropy=host.entropy,
        database=host.database(),
        work=host.work(),
        peers=peers,
        links=links,
    )


_HANDLERS: dict[str, Callable[..., Awaitable[None]]] = {
    "run_ceremony": run_ceremony,
    "verify": hand_over,
    "report_end": report_end,
    "run_close": run_close,
    "run_key_ceremony": run_key_ceremony,
    "activate_key": activate_key,
    "report_key": report_key,
}


def _bound(handler: Callable[..., Awaitable[None]], means: Means) -> Callable[[WorkItem], Awaitable[None]]:
    async def handle(item: WorkItem) -> None:
        await handler(means=means, item=item)

    return handle


@final
class _LinkDoor:
    """The mTLS port of ``CosignerLink``, which no other service is reached by."""

    def __init__(self, host: Host, config: EngineConfig, means: Means) -> None:
        self._host = host
        self._config = config
        self._means = means
        self._server: aio.Server | None = None

    async def open(self) -> None:
        """Listen; ``UNAVAILABLE`` when the address is taken."""
        access = Access.load()
        verifier = HandoffVerifier(
            service=SERVICE, trust_root=self._host.trust_root, access=access, clock=self._host.clock
        )
        door = Door(verifier=verifier, access=access, clock=self._host.clock, tls=True)
        self._server, _ = wire_server(self._config.link_tls, address=self._config.link_address, interceptors=(door,))
        rpc.add_CosignerLinkServicer_to_server(CosignerLinkServicer(self._means), self._server)
        await self._server.start()

    async def close(self) -> None:
        """End every stream, then the port."""
        self._means.links.end_all()
        if self._server is not None:
            await self._server.stop(_GRACE_S)
