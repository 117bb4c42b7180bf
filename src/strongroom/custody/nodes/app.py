"""Puts the nodes service together."""

from functools import partial

from strongroom.custody.nodes.config import NodesConfig
from strongroom.custody.nodes.jobs import Watchers
from strongroom.custody.nodes.operations import Chains, Observer, send
from strongroom.custody.nodes.operations.broadcast import SEND
from strongroom.custody.nodes.peers import Peers
from strongroom.custody.nodes.servicer import NodesServicer
from strongroom.interfaces.nodes.v1.nodes_pb2_grpc import add_NodesServicer_to_server
from strongroom.runtime.host import Host
from strongroom.runtime.service import Service


def build(host: Host, config: NodesConfig) -> Service:
    """The nodes service, ready to be started."""
    database, work, clock = host.database(), host.work(), host.clock
    chains, peers = Chains(config), Peers(host)
    servicer = NodesServicer(host, chains=chains)
    observers = tuple(
        Observer(chain=chain, database=database, clock=clock, peers=peers, config=config) for chain in chains.all()
    )
    watchers = Watchers(observers, clock=clock, poll_s=config.poll_s)
    sending = partial(send, database=database, work=work, clock=clock, chains=chains, peers=peers, config=config)
    work.register(SEND, lambda item: sending(item=item))

    async def stop() -> None:
        await watchers.stop()
        await chains.close()

    return Service(
        name="nodes",
        grpc=(lambda server: add_NodesServicer_to_server(servicer, server),),
        start=watchers.start,
        stop=stop,
    )
