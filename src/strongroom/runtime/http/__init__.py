"""HTTP/1.1 between programs of ours: mutual TLS that names its peer, and a client that costs little.

``HttpClient`` speaks to one origin over connections kept open, with or without TLS; a door served by ``serve_config``
finds in ``scope["state"][PEER]`` whose certificate the connection showed.
"""

from strongroom.runtime.http.body import GoneError, read_body
from strongroom.runtime.http.client import HttpAnswer, HttpClient, HttpFailure, HttpFailureError, Origin
from strongroom.runtime.http.renewal import RenewedTls, TlsFiles, TlsSource
from strongroom.runtime.http.server import PEER, Peer, is_loopback, open_door, serve_config, wait_for_signal
from strongroom.runtime.http.tls import certificate_key_hash, client_context, named_service, server_context

__all__ = [
    "PEER",
    "GoneError",
    "HttpAnswer",
    "HttpClient",
    "HttpFailure",
    "HttpFailureError",
    "Origin",
    "Peer",
    "RenewedTls",
    "TlsFiles",
    "TlsSource",
    "certificate_key_hash",
    "client_context",
    "is_loopback",
    "named_service",
    "open_door",
    "read_body",
    "serve_config",
    "server_context",
    "wait_for_signal",
]
