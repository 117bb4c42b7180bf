"""Which co-signers are connected."""

from dataclasses import dataclass
from datetime import datetime

from strongroom.custody.cosigner_engine.domain.reports import MEMBERS
from strongroom.custody.cosigner_engine.operations.means import Means


@dataclass(frozen=True, slots=True)
class Presence:
    """One co-signer: whether its stream is open, and when it was last; None if never in this process's life."""

    index: int
    connected: bool
    seen_at: datetime | None


def list_cosigners(*, means: Means) -> tuple[Presence, ...]:
    """All three, by index."""
    return tuple(
        Presence(index, means.links.find(index) is not None, means.links.last_seen(index)) for index in MEMBERS
    )
