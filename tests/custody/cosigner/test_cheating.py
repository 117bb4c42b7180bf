"""Peers that cheat inside the authenticated channel: bans for ever, and counts where nobody can be named."""

import pytest

from strongroom.chains.evm.transaction import recover_sender
from strongroom.custody.cosigner.domain.orders import (
    StartCeremony,
)
from strongroom.custody.cosigner.domain.reports import (
    Consented,
    Outgoing,
)
from strongroom.kernel.errors import Code
from strongroom.threshold.backend import KeyShare, SealingKey, ThresholdError
from tests.custody.cosigner.ceremonies import faults, other_lane, signatures
from tests.custody.cosigner.cheating import CheatingBackend, spoil_late
from tests.custody.cosigner.opened import reason_of
from tests.custody.cosigner.test_signing import transaction_of
from tests.custody.cosigner.world import World
from tests.fakes.memory_engine import MemoryEngine


def test_a_cheating_peer_is_banned_for_ever_before_the_answer(world: World, engine: MemoryEngine) -> None:
    world.restart(2, backend=CheatingBackend(2, spoil_late))
    transfer = world.transfer()
    reports = engine.sign(transfer.order())
    assert signatures(reports) == []
    bans = [fault for fault in faults(reports) if fault.ban]
    assert bans
    assert {fault.culprit for fault in bans} == {2}
    world.restart(2)
    world.restart(3)
    refused = world.cores[3].handle(transfer.order())
    assert reason_of(world, refused[0]) == "COSIGNER_BANNED"


@pytest.mark.parametrize("cheater", [1, 2, 3])
@pytest.mark.parametrize("round_number", [1, 2, 3])
def test_a_lie_in_any_round_ends_it_at_both_honest_ones_without_blaming_each_other(
    world: World, engine: MemoryEngine, round_number: int, cheater: int
) -> None:
    """Whoever is banned lied; where nobody can be named, nobody is."""
    world.restart(cheater, backend=CheatingBackend(round_number, spoil_late))
    transfer = world.transfer()
    reports = engine.sign(transfer.order())
    for signature in signatures(reports):
        assert recover_sender(transaction_of(transfer), signature) == transfer.intent.sender
    assert {fault.culprit for fault in faults(reports)} <= {0, cheater}
    assert {fault.culprit for fault in faults(reports) if fault.ban} <= {cheater}
    assert faults(reports)
    for honest in {1, 2, 3} - {cheater}:
        db = world.contexts[honest].journal.db
        assert db.execute("select count(*) from finished").fetchone()[0] == 0
        assert {row[0] for row in db.execute("select peer from bans")} <= {cheater}


def test_a_ban_stops_what_runs_beside(world: World, engine: MemoryEngine) -> None:
    """Another request of the same quorum consented before the ban cannot begin after it."""
    world.restart(2, backend=CheatingBackend(2, spoil_late))
    cheated, waiting = world.transfer(), other_lane(world)
    order = waiting.order()
    consents = [report.document for report in engine.seek(order).values() if isinstance(report, Consented)]
    assert len(consents) == 3
    assert any(fault.ban for fault in faults(engine.sign(cheated.order())))
    start = StartCeremony(ceremony_id=order.ceremony_id, consents=tuple(consents))
    (fault,) = faults(world.cores[3].handle(start))
    assert fault.code in (Code.NOT_NOW, Code.COSIGNER_BANNED)


def test_a_failure_that_names_nobody_is_counted_and_freezes(world: World, engine: MemoryEngine) -> None:
    world.restart(2, backend=CheatingBackend(3, spoil_late))
    for account in range(6):
        reports = engine.sign(other_lane(world, account).order())
        assert [(fault.culprit, fault.ban) for fault in faults(reports)] == [(0, False)] * 2
    assert reason_of(world, world.cores[3].handle(other_lane(world, 7).order())[0]) == "CEREMONY_FAILED"


def test_a_truncated_message_of_a_peer_names_it_without_a_ban(world: World, engine: MemoryEngine) -> None:
    world.restart(2, backend=CheatingBackend(1, lambda message: message[:-1]))
    reports = engine.sign(world.transfer().order())
    named = [fault for fault in faults(reports) if fault.culprit == 2]
    assert named
    assert not any(fault.ban for fault in named)


def test_what_leaves_is_sealed(world: World, engine: MemoryEngine) -> None:
    """The engine sees no plain protocol message: each begins with the extension's magic byte and version."""
    plain: list[bytes] = []
    world.restart(1, backend=CheatingBackend(2, lambda message: plain.append(message) or message))
    assert len(signatures(engine.sign(world.transfer().order()))) == 3
    assert plain
    assert not any(message[22:60] in sent.envelope for message in plain for sent in engine.sent)
    assert all(isinstance(report, Outgoing) is False for report in engine.sent)


def test_a_share_that_does_not_open_is_our_own_fault(world: World, engine: MemoryEngine) -> None:
    class Damaged(CheatingBackend):
        def unseal(self, *, key: SealingKey, associated_data: bytes, blob: bytes) -> KeyShare:
            return super().unseal(key=key, associated_data=associated_data + b"x", blob=blob)

    world.restart(3, backend=Damaged(0, lambda message: message))
    reports = engine.sign(world.transfer().order())
    own = [fault for fault in faults(reports) if fault.code is Code.STATE_DAMAGED]
    assert len(own) == 1
    assert (own[0].culprit, own[0].ban) == (0, False)
    with pytest.raises(ThresholdError):
        world.contexts[3].get_share(
            key=world.contexts[3].get_key(world.document_set), path=world.transfer().intent.path
        )
