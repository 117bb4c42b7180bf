"""Puts the manager together."""

from strongroom.custody.transaction_manager import flow
from strongroom.custody.transaction_manager.config import TransactionManagerConfig
from strongroom.custody.transaction_manager.operations.ports import Ports
from strongroom.custody.transaction_manager.peers import Peers
from strongroom.custody.transaction_manager.servicer import TransactionManagerServicer
from strongroom.custody.transaction_manager.store.documents import DocumentSets
from strongroom.custody.transaction_manager.store.live import LiveTransactions
from strongroom.interfaces.transaction_manager.v1.transaction_manager_pb2_grpc import (
    add_TransactionManagerServicer_to_server,
)
from strongroom.runtime.host import Host
from strongroom.runtime.service import Service


def build(host: Host, config: TransactionManagerConfig) -> Service:
    """The service, over everything that the host offers."""
    ports = Ports(
        environment=host.environment,
        database=host.database(),
        work=host.work(),
        clock=host.clock,
        peers=Peers(host),
        documents=DocumentSets(host.database()),
        live=LiveTransactions(host.database()),
        fee_wait_ms=config.fee_wait_ms,
    )
    flow.register(ports)
    servicer = TransactionManagerServicer(ports)
    return Service(name=host.service, grpc=(lambda server: add_TransactionManagerServicer_to_server(servicer, server),))
