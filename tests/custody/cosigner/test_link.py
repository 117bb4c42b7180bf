"""The connection: dialled from inside, authenticated on both sides, and made again after every failure."""

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from strongroom.custody.cosigner.domain.ceremony import WIRE_VERSION
from strongroom.custody.cosigner.peers import Link, TlsFolder
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.pki import Authority, TlsIdentity, new_root
from tests.custody.cosigner.world import ENVIRONMENT
from tests.fakes.cosigner_link import FakeLink


def new_authority() -> Authority:
    return Authority.under(new_root(SystemClock()), environment=ENVIRONMENT, clock=SystemClock())


def echo(order: pb.EngineOrder) -> list[pb.CosignerReport]:
    return [pb.CosignerReport(ceremony_id=order.ceremony_id, consent=b"one"), pb.CosignerReport(consent=b"two")]


def link_to(port: int, folder: Path) -> Link:
    return Link(
        index=3,
        environment=ENVIRONMENT,
        engine=f"127.0.0.1:{port}",
        tls=TlsFolder(folder),
        clock=SystemClock(),
        entropy=SystemEntropy(),
        heads=list,
        handle=echo,
    )


@pytest.fixture
async def tasks() -> AsyncGenerator[list[asyncio.Task[None]]]:
    running: list[asyncio.Task[None]] = []
    yield running
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def save_tls(authority: Authority, folder: Path, service: str = "cosigner-3") -> None:
    TlsIdentity.from_issuer(authority, service=service, clock=SystemClock()).save(folder)


async def test_it_greets_obeys_and_comes_back(tmp_path: Path, tasks: list[asyncio.Task[None]]) -> None:
    authority = new_authority()
    save_tls(authority, tmp_path)
    engine = FakeLink()
    port = await engine.serve(authority.issue_tls("cosigner_engine"))
    tasks.append(asyncio.create_task(link_to(port, tmp_path).run()))
    greeting = (await engine.heard()).greeting
    assert (greeting.index, greeting.wire_version) == (3, WIRE_VERSION)
    engine.orders.put_nowait(pb.EngineOrder(ceremony_id=bytes(32), abort=pb.AbortCeremony()))
    assert [(await engine.heard()).consent for _ in range(2)] == [b"one", b"two"]
    await engine.stop()
    again = FakeLink()
    await again.serve(authority.issue_tls("cosigner_engine"), port=port)
    assert (await again.heard()).greeting.index == 3
    again.orders.put_nowait(None)  # the engine ends the stream in order
    assert (await again.heard()).greeting.index == 3
    await again.stop()


@pytest.mark.parametrize("wrong", ["root", "service"])
async def test_it_does_not_talk_to_anybody_else(wrong: str, tmp_path: Path, tasks: list[asyncio.Task[None]]) -> None:
    authority = new_authority()
    save_tls(authority, tmp_path)
    stranger = new_authority() if wrong == "root" else authority
    engine = FakeLink()
    leaf = stranger.issue_tls("cosigner_engine" if wrong == "root" else "secure_vault")
    port = await engine.serve(leaf)
    tasks.append(asyncio.create_task(link_to(port, tmp_path).run()))
    with pytest.raises(TimeoutError):
        await engine.heard(timeout_s=1.0)
    assert not tasks[0].done()
    await engine.stop()


async def test_missing_certificates_are_named(tmp_path: Path) -> None:
    with pytest.raises(StrongroomError, match=r"tls\.key|tls\.pem|root\.pem") as refused:
        TlsFolder(tmp_path).credentials()
    assert refused.value.code is Code.CONFIG_INVALID
