"""A callback handler at a real port, and co-signer 3 that asks it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from strongroom.custody.cosigner.config import CallbackConfig
from strongroom.custody.cosigner.domain.orders import SeekConsent
from strongroom.custody.cosigner.domain.reports import CallbackReported, Report
from strongroom.custody.cosigner.providers.callback_handler import RemoteHandler
from strongroom.kernel.documents.consent import CallbackReport
from strongroom.kernel.documents.signing import Kind
from strongroom.runtime.clock import SystemClock
from strongroom.vendors.callback_handler.simulator import CallbackHandlerSimulator
from strongroom.vendors.callback_handler.tokens import make_private_key, parse_private_key, public_key_pem
from tests.custody.cosigner.opened import opened
from tests.custody.cosigner.world import World
from tests.fixtures.vendors import serving

PATIENCE_S = 30.0


@cache
def rsa_key(name: str) -> RSAPrivateKey:
    """A key of that name; made once, for making one takes long."""
    assert name
    return parse_private_key(make_private_key())


def private_pem(key: RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@dataclass
class Desk:
    """The handler, and what co-signer 3 is told to do while it may be asked."""

    world: World
    simulator: CallbackHandlerSimulator
    config: CallbackConfig

    @property
    def questions(self) -> list[dict[str, Any]]:
        return self.simulator.questions

    def restart(self) -> None:
        """Co-signer 3 as a new process that has this handler."""
        self.world.handler = RemoteHandler(
            config=self.config, private_key_pem=private_pem(rsa_key("cosigner")), clock=SystemClock()
        )
        self.world.told.clear()
        self.world.restart(3)

    async def seek(self, order: SeekConsent) -> list[Report]:
        """What co-signer 3 says to an order in the end; what it says of its handler comes first."""
        self.world.told.clear()
        said = [*self.world.cores[3].handle(order)]
        async with asyncio.timeout(PATIENCE_S):
            while not [one for one in (*said, *self.world.told) if not isinstance(one, CallbackReported)]:  # noqa: ASYNC110 - a journal and a server set no event
                await asyncio.sleep(0.005)
        return [*said, *self.world.told]

    async def until_asked(self, times: int) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while sum(self.simulator.asked.values()) < times:  # noqa: ASYNC110 - a journal and a server set no event
                await asyncio.sleep(0.005)

    def reported(self, report: Report) -> CallbackReport:
        """What co-signer 3 signed about its handler."""
        assert isinstance(report, CallbackReported), report
        return opened(self.world, report.document, Kind.CALLBACK_REPORT, CallbackReport)

    def entries(self) -> list[str]:
        """The kinds of what stands in co-signer 3's journal about orders, in order."""
        rows = self.world.contexts[3].journal.db.execute("select kind from journal order by sequence")
        return [kind for (kind,) in rows if kind not in {"document-set-installed", "key-generated"}]


def config_of(url: str, *, timeout_s: float = PATIENCE_S, retry_s: float = 0.0) -> CallbackConfig:
    key = public_key_pem(rsa_key("handler")).decode()
    return CallbackConfig(url=url, handler_key=key, timeout_s=timeout_s, retry_s=retry_s, ca_file="")


@asynccontextmanager
async def desk_for(world: World, *, timeout_s: float = PATIENCE_S, retry_s: float = 0.0) -> AsyncGenerator[Desk]:
    """The handler is up, and co-signer 3 asks it."""
    simulator = CallbackHandlerSimulator(key=rsa_key("handler"), cosigner_key=rsa_key("cosigner").public_key())
    async with serving(simulator) as url:
        desk = Desk(world, simulator, config_of(f"{url}/hooks", timeout_s=timeout_s, retry_s=retry_s))
        desk.restart()
        yield desk
