"""Puts balances together."""

from strongroom.custody.balances.config import BalancesConfig
from strongroom.custody.balances.peers import Nodes
from strongroom.custody.balances.servicer import BalancesServicer
from strongroom.interfaces.balances.v1.balances_pb2_grpc import add_BalancesServicer_to_server
from strongroom.runtime.host import Host
from strongroom.runtime.service import Service


def build(host: Host, config: BalancesConfig) -> Service:  # noqa: ARG001 - every service is built alike
    """The service, over everything that the host offers."""
    servicer = BalancesServicer(host, Nodes(host))
    return Service(name=host.service, grpc=(lambda server: add_BalancesServicer_to_server(servicer, server),))
