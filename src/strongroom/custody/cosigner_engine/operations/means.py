"""What the engine's operations work with, handed in once by ``app.build``."""

from dataclasses import dataclass
from typing import final

from strongroom.custody.cosigner_engine.config import EngineConfig
from strongroom.custody.cosigner_engine.peers import Peers
from strongroom.custody.cosigner_engine.providers.links import Links
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database
from strongroom.runtime.entropy import Entropy
from strongroom.runtime.work import Work


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Ports, peers and the co-signers' streams."""

    environment: Environment
    config: EngineConfig
    clock: Clock
    entropy: Entropy
    database: Database
    work: Work
    peers: Peers
    links: Links

    def now_us(self) -> int:
        """Unix microseconds."""
        return int(self.clock.now().timestamp() * 1_000_000)
