"""No test reaches anything that is not on this machine."""

import socket

import pytest

from tests.conftest import OutsideLoopbackError, is_loopback


def test_connecting_or_sending_elsewhere_is_refused() -> None:
    with socket.socket() as stream, pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        stream.connect(("192.0.2.1", 80))
    with socket.socket(type=socket.SOCK_DGRAM) as datagram, pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        datagram.sendto(b"x", ("192.0.2.1", 80))


def test_loopback_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_what_counts_as_loopback() -> None:
    assert all(is_loopback(host) for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost"))
    assert not any(is_loopback(host) for host in ("10.0.0.1", "example.org", "192.168.0.1", "fe80::1"))
    assert issubclass(OutsideLoopbackError, RuntimeError)
