"""Payments under way, as far as an attack needs them."""

from collections.abc import Sequence

from strongroom.custody.cosigner.domain.ceremony import Envelope
from strongroom.custody.cosigner.domain.entries import Released
from strongroom.custody.cosigner.domain.orders import PeerMessage, SeekConsent
from strongroom.custody.cosigner.domain.reports import Signed
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.signing import Signed as SignedDocument
from tests.fakes.memory_engine import MemoryEngine
from tests.trust.world import TrustWorld

LAST_ROUND = 3


def round_of(message: PeerMessage) -> int:
    """The round of a message; an engine can read as much."""
    return decode(decode(message.envelope, SignedDocument).payload, Envelope).round


def sign(world: TrustWorld, order: SeekConsent) -> bytes:
    """An honest payment to its end: the finished signature."""
    reports = MemoryEngine(cores=world.cores).sign(order)
    signed = [report.signature for report in reports if isinstance(report, Signed)]
    assert len(signed) == 3
    return signed[0]


def release(world: TrustWorld, order: SeekConsent, *, collector: int | None = None) -> list[PeerMessage]:
    """Every co-signer releases its last message; nobody receives one, but for the collector, who sends none.

    Returns:
        The messages of the last round that were held back.
    """
    held: list[PeerMessage] = []

    def hold(message: PeerMessage) -> Sequence[PeerMessage]:
        if round_of(message) < LAST_ROUND or message.receiver == collector:
            return (message,)
        held.append(message)
        return ()

    before = {index: context.journal.sequence for index, context in world.contexts.items()}
    MemoryEngine(cores=world.cores, tamper=hold).sign(order)
    for index in world.cores:
        assert any(isinstance(entry, Released) for entry in world.entries(index, after=before[index]))
    return held
