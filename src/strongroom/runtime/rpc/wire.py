"""gRPC over TCP with TLS on both sides: who has no certificate of this root does not get as far as a handler.

A caller asks for its peer by the peer's internal name, so that another service's certificate is refused as well.
"""

from collections.abc import Sequence
from typing import Any, Final, cast

import grpc
from grpc import aio

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.pki import TlsIdentity, TlsLeaf, tls_host_name

MESSAGE_MAX_BYTES: Final = 16 * 1024 * 1024
_KEEPALIVE_MS: Final = 20_000
_COMMON: Final[tuple[tuple[str, Any], ...]] = (
    ("grpc.max_send_message_length", MESSAGE_MAX_BYTES),
    ("grpc.max_receive_message_length", MESSAGE_MAX_BYTES),
    ("grpc.max_metadata_size", 32 * 1024),
    ("grpc.keepalive_time_ms", _KEEPALIVE_MS),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    # a round of a ceremony is 55 kB a message: without these it stops for window updates and probing pings
    ("grpc.http2.lookahead_bytes", 8 * 1024 * 1024),
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.max_frame_size", 1024 * 1024),
)
_SERVER: Final = (
    *_COMMON,
    ("grpc.so_reuseport", 0),  # a second process on the same port is a mistake, not a second worker
    ("grpc.http2.min_ping_interval_without_data_ms", _KEEPALIVE_MS // 2),
)
_CLIENT: Final = (
    *_COMMON,
    ("grpc.enable_retries", 0),  # a retried call would carry a handoff that was seen before
    (
        "grpc.use_local_subchannel_pool",
        1,
    ),  # two services of one process have two certificates: never share a connection
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5_000),
)


def wire_server(
    tls: TlsIdentity, *, address: str, interceptors: Sequence[aio.ServerInterceptor] = ()
) -> tuple[aio.Server, int]:
    """A server that demands a client certificate of the same root, and the port it will listen on.

    Args:
        tls: the service's TLS leaf; renewed without a restart.
        address: ``127.0.0.1:<port>``; port 0 takes a free one.
        interceptors: the first one outermost; a ``Door`` for service calls.

    Raises:
        StrongroomError: ``UNAVAILABLE`` when the address cannot be bound.
    """
    server = aio.server(interceptors=list(interceptors), options=_SERVER)
    held = tls.leaf()

    def renewed() -> grpc.ServerCertificateConfiguration | None:
        nonlocal held
        before, held = held, tls.leaf()
        return None if held is before else _configuration(held)  # asked at every handshake; None keeps what is there

    credentials = grpc.dynamic_ssl_server_credentials(
        _configuration(held), cast("Any", renewed), require_client_authentication=True
    )
    try:
        port = server.add_secure_port(address, credentials)
    except RuntimeError as error:
        raise StrongroomError(Code.UNAVAILABLE, f"cannot listen on {address}") from error
    return server, port


def _configuration(leaf: TlsLeaf) -> grpc.ServerCertificateConfiguration:
    return grpc.ssl_server_certificate_configuration([(leaf.key_pem, leaf.chain_pem)], root_certificates=leaf.root_pem)


def wire_channel(tls: TlsIdentity, *, address: str, service: str, environment: Environment) -> aio.Channel:
    """A channel to one service; it connects at the first call, and again by itself.

    Args:
        tls: the caller's own TLS leaf, as it is now: a new channel is needed once it has expired.
        service: who must be there: its certificate has to carry that service's internal name.
    """
    leaf = tls.leaf()
    credentials = grpc.ssl_channel_credentials(leaf.root_pem, leaf.key_pem, leaf.chain_pem)
    options = (*_CLIENT, ("grpc.ssl_target_name_override", tls_host_name(environment, service)))
    return aio.secure_channel(address, credentials, options=options)
