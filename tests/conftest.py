"""What holds for every test: no connection leaves this machine, its logging ends with it, hypothesis times no examples.

The socket rule is an audit hook: it sees every connection made through Python's `socket` module and patches nothing.
C libraries with sockets of their own (gRPC, uvloop) are outside its sight; they are only given loopback addresses.
"""

import ipaddress
import socket
import sys
from collections.abc import Iterator
from typing import cast

import pytest
from hypothesis import settings

from tests.fixtures.logs import logging_kept

# real databases for whoever asks
pytest_plugins = ["tests.fixtures.postgres", "tests.fixtures.mariadb", "tests.fixtures.enclave"]

settings.register_profile("strongroom", deadline=None, print_blob=True)
settings.load_profile("strongroom")


class OutsideLoopbackError(RuntimeError):
    """A test tried to reach something that is not on this machine."""


def is_loopback(host: str) -> bool:
    """True for 127.0.0.0/8, ::1 and the name localhost."""
    if host in {"localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def refuse_outside_loopback(event: str, arguments: tuple[object, ...]) -> None:
    """Audit hook: raise OutsideLoopbackError before a socket connects or sends anywhere else."""
    if event not in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        return
    connection, address = arguments[0], arguments[1]
    if not isinstance(connection, socket.socket) or connection.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    host = str(cast("tuple[object, ...]", address)[0]) if isinstance(address, tuple) else ""
    if not is_loopback(host):
        raise OutsideLoopbackError(host)


sys.addaudithook(refuse_outside_loopback)


@pytest.fixture(autouse=True)
def _logging_of_its_own() -> Iterator[None]:
    """A program that a test runs in this process logs to that test's standard error, which ends with the test."""
    with logging_kept():
        yield
