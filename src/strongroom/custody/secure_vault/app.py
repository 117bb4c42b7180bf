"""Puts secure_vault together."""

from strongroom.custody.secure_vault.config import VaultConfig
from strongroom.custody.secure_vault.operations.admit import REFUSE, open_ceremony, report_refusal
from strongroom.custody.secure_vault.operations.assemble import broadcast_transaction
from strongroom.custody.secure_vault.operations.keys import start_key_ceremony
from strongroom.custody.secure_vault.operations.means import Means
from strongroom.custody.secure_vault.peers import SERVICE, Peers
from strongroom.custody.secure_vault.servicer import SecureVaultServicer
from strongroom.interfaces.cosigner_engine.v1.cosigner_engine_pb2_grpc import CosignerEngineStub
from strongroom.interfaces.nodes.v1.nodes_pb2_grpc import NodesStub
from strongroom.interfaces.secure_vault.v1.secure_vault_pb2_grpc import add_SecureVaultServicer_to_server
from strongroom.interfaces.transaction_manager.v1.transaction_manager_pb2_grpc import TransactionManagerStub
from strongroom.runtime.host import Host
from strongroom.runtime.service import Service
from strongroom.runtime.work import WorkItem


def build(host: Host, config: VaultConfig) -> Service:
    """The service; its database is migrated, its work is started by whoever hosts it."""
    del config  # it has no settings yet
    peers = Peers(
        environment=host.environment,
        manager=host.peer(TransactionManagerStub, "transaction_manager"),
        engine=host.peer(CosignerEngineStub, "cosigner_engine"),
        nodes=host.peer(NodesStub, "nodes"),
    )
    means = Means(
        environment=host.environment, clock=host.clock, database=host.database(), work=host.work(), peers=peers
    )
    _register(means)
    servicer = SecureVaultServicer(means)
    return Service(name=SERVICE, grpc=(lambda server: add_SecureVaultServicer_to_server(servicer, server),))


def _register(means: Means) -> None:
    async def open_item(item: WorkItem) -> None:
        await open_ceremony(means=means, item=item)

    async def refuse_item(item: WorkItem) -> None:
        await report_refusal(means=means, item=item)

    async def broadcast_item(item: WorkItem) -> None:
        await broadcast_transaction(means=means, item=item)

    async def key_item(item: WorkItem) -> None:
        await start_key_ceremony(means=means, item=item)

    means.work.register("open", open_item)
    means.work.register(REFUSE, refuse_item)
    means.work.register("broadcast", broadcast_item)
    means.work.register("start_key_ceremony", key_item)
