from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from strongroom.runtime.clock import ManualClock, SystemClock
from strongroom.runtime.host import Host
from strongroom.runtime.pki import Authority
from tests.runtime.rpc.echo import Echo, EchoStub, Process, build, new_authority


@dataclass
class World:
    """A gateway that can call an echo service."""

    kind: str
    clock: ManualClock
    authority: Authority
    process: Process
    echo: Echo
    gateway: Host
    stub: EchoStub


@pytest.fixture(params=["local", "wire"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    clock = ManualClock(SystemClock().now())  # TLS libraries have a clock of their own
    authority = new_authority(clock)
    kind = str(request.param)
    process, echo, gateway = build(kind, authority, clock)
    await process.start()
    yield World(kind, clock, authority, process, echo, gateway, gateway.peer(EchoStub, "echo"))
    await process.stop()
