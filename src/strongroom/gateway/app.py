"""Puts the gateway together."""

from strongroom.gateway.config import GatewayConfig
from strongroom.gateway.operations.authenticate import Authentication
from strongroom.gateway.peers import Peers
from strongroom.gateway.routes import Door, make_application
from strongroom.runtime.host import Host
from strongroom.runtime.rate import TokenBuckets
from strongroom.runtime.service import Service


def build(host: Host, config: GatewayConfig) -> Service:
    """The gateway: an ASGI application for whoever runs the HTTP server."""
    peers = Peers(host)
    authentication = Authentication(
        peers=peers,
        clock=host.clock,
        environment=host.environment,
        operator_token=config.operator_token,
        buckets=TokenBuckets(per_s=config.requests_per_s, burst=config.burst),
    )
    door = Door(
        make_application(peers),
        authentication=authentication,
        clock=host.clock,
        entropy=host.entropy,
        max_body_bytes=config.max_body_bytes,
        max_operator_body_bytes=config.max_operator_body_bytes,
    )
    return Service(name="gateway", http=door)
