"""Journal heads: a co-signer whose journal was restored from an older copy is told so by its peers, and freezes."""

import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec

from strongroom.custody.cosigner.domain.ceremony import WIRE_VERSION
from strongroom.custody.cosigner.domain.entries import Frozen
from strongroom.custody.cosigner.domain.orders import PeerMessage
from strongroom.custody.cosigner.domain.reports import Consented, Tombstoned
from strongroom.custody.cosigner.store import list_frozen, list_peer_heads
from strongroom.custody.cosigner.store.index import end_freeze
from strongroom.kernel.documents.consent import JournalHead
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code
from tests.custody.cosigner.ceremonies import close, faults, header, other_lane, signatures
from tests.custody.cosigner.opened import opened, reason_of
from tests.custody.cosigner.test_refresh import activated, refreshed
from tests.custody.cosigner.world import TENANT, World
from tests.fakes.memory_engine import MemoryEngine, unchanged


def keep(world: World, index: int, folder: Path) -> Path:
    """A backup of a journal, taken while nobody writes."""
    saved = folder / "backup.sqlite"
    world.contexts[index].journal.db.execute("pragma wal_checkpoint(truncate)")
    shutil.copyfile(world.parties[index].path, saved)
    return saved


def restore(world: World, index: int, saved: Path) -> None:
    world.contexts.pop(index).journal.close()
    for ending in ("-wal", "-shm"):
        Path(str(world.parties[index].path) + ending).unlink(missing_ok=True)
    shutil.copyfile(saved, world.parties[index].path)
    world.restart(index)


def test_each_keeps_the_last_signed_head_of_each_peer(world: World, engine: MemoryEngine) -> None:
    assert len(signatures(engine.sign(world.transfer().order()))) == 3
    for index, context in world.contexts.items():
        held = list_peer_heads(context.journal.db, tenant=TENANT)
        assert set(held) == {1, 2, 3} - {index}
        for peer, kept in held.items():
            head = opened(world, kept.document, Kind.JOURNAL_HEAD, JournalHead)
            db = world.contexts[peer].journal.db
            found = db.execute("select kind, hash from journal where sequence = ?", (head.sequence,)).fetchone()
            assert found == ("released", head.head)
            assert (head.cosigner, head.epoch, head.sequence) == (peer, 1, kept.sequence)
    assert WIRE_VERSION == 3


def test_a_restored_journal_freezes_before_anything_is_released(
    world: World, engine: MemoryEngine, tmp_path: Path
) -> None:
    saved = keep(world, 3, tmp_path)
    signed, closed = world.transfer(), other_lane(world)
    assert len(signatures(engine.sign(signed.order()))) == 3
    restore(world, 3, saved)
    rounds: list[int] = []

    def watch(message: PeerMessage) -> Sequence[PeerMessage]:
        if message.sender == 3:
            rounds.append(header(message).round)
        return (message,)

    engine.tamper = watch
    reports = engine.sign(other_lane(world, 2).order())
    assert signatures(reports) == []
    assert Code.JOURNAL_ROLLED_BACK in {fault.code for fault in faults(reports)}
    assert set(rounds) == {1}
    engine.tamper = unchanged
    world.restart(3)
    assert reason_of(world, world.cores[3].handle(other_lane(world, 4).order())[0]) == "JOURNAL_ROLLED_BACK"
    assert reason_of(world, close(world, closed)[3]) == "JOURNAL_ROLLED_BACK"
    (frozen,) = list_frozen(world.contexts[3].journal.db)
    assert frozen.tenant == TENANT
    assert frozen.peer in {1, 2}


def test_a_refresh_notices_a_restored_journal_before_its_heads_are_forgotten(
    world: World, engine: MemoryEngine, tmp_path: Path
) -> None:
    """Whoever restores a copy and has the key refreshed at once must not have what was lost forgotten for good."""
    saved = keep(world, 3, tmp_path)
    signed = world.transfer()
    assert len(signatures(engine.sign(signed.order()))) == 3
    restore(world, 3, saved)
    records = refreshed(world, engine)
    assert [(frozen.tenant, frozen.sequence) for frozen in list_frozen(world.contexts[3].journal.db)] == [(TENANT, 4)]
    assert reason_of(world, close(world, signed)[3]) == "JOURNAL_ROLLED_BACK"
    activated(world, engine, records)
    assert [list_frozen(context.journal.db) for context in world.contexts.values()] == [[], [], []]
    world.clock.advance(60)
    assert reason_of(world, close(world, signed)[3]) == "JOURNAL_ROLLED_BACK"
    assert reason_of(world, world.cores[3].handle(signed.order())[0]) == "JOURNAL_ROLLED_BACK"


def test_a_head_that_we_did_not_sign_freezes_nobody(world: World, engine: MemoryEngine) -> None:
    forged = JournalHead(
        cosigner=3, epoch=1, sequence=999, head=bytes(32), document_set_hash=bytes(32), challenge=bytes(32)
    )
    by_peer = world.contexts[1].sign(kind=Kind.JOURNAL_HEAD, tenant_id=TENANT, document=forged)
    assert len(signatures(engine.sign(world.transfer().order()))) == 3
    memory = world.contexts[1].memory
    for place in list(memory.heads):
        memory.heads[place] = msgspec.structs.replace(memory.heads[place], sequence=10**6, document=by_peer)
    transfer = world.transfer(nonce=1)
    reports = engine.sign(transfer.order())
    assert signatures(reports) == []
    assert {fault.culprit for fault in faults(reports)} == {1}
    assert not any(fault.ban for fault in faults(reports))
    assert list_frozen(world.contexts[3].journal.db) == []
    world.restart(1)
    assert len(signatures(engine.sign(transfer.order()))) == 3


def test_a_new_epoch_ends_a_freeze_and_requests_of_before_stay_refused(world: World) -> None:
    """As its activation does in the journal's own commit; the lost part may have released any of them."""
    before = world.transfer()
    journal = world.contexts[3].journal
    journal.append(Frozen(tenant=TENANT, peer=1, sequence=9, head=bytes(32), at=world.now))
    assert reason_of(world, world.cores[3].handle(before.order())[0]) == "JOURNAL_ROLLED_BACK"
    end_freeze(journal.db, tenant=TENANT, at=world.now, journal_lost=False)
    assert list_frozen(journal.db) == []
    assert reason_of(world, world.cores[3].handle(before.order())[0]) == "JOURNAL_ROLLED_BACK"
    assert reason_of(world, close(world, before)[3]) == "JOURNAL_ROLLED_BACK"
    world.clock.advance(60)
    after = world.transfer()
    assert world.cores[3].handle(after.order())[0].__class__.__name__ == "Consented"


def test_after_a_loss_a_lane_goes_on_from_where_the_others_are(
    world: World, engine: MemoryEngine, tmp_path: Path
) -> None:
    """The slots before are in the lost part; from the first one on, each needs the one before it again."""
    assert len(signatures(engine.sign(world.transfer(nonce=0).order()))) == 3
    saved = keep(world, 3, tmp_path)
    for nonce in (1, 2):
        assert len(signatures(engine.sign(world.transfer(nonce=nonce).order()))) == 3
    restore(world, 3, saved)
    assert signatures(engine.sign(other_lane(world).order())) == []
    assert [frozen.tenant for frozen in list_frozen(world.contexts[3].journal.db)] == [TENANT]
    for index in (1, 2, 3):
        world.restart(index)
    activated(world, engine, refreshed(world, engine))
    world.clock.advance(60)
    dead, gap = world.transfer(nonce=3), world.transfer(nonce=4)
    assert isinstance(world.cores[3].handle(dead.order())[0], Consented)
    assert reason_of(world, world.cores[3].handle(gap.order())[0]) == "NOT_NOW"
    assert isinstance(close(world, dead)[3], Tombstoned)
    for nonce in (3, 4):
        assert len(signatures(engine.sign(world.transfer(nonce=nonce, amount="1").order()))) == 3
    world.restart(3)
    assert reason_of(world, world.cores[3].handle(world.transfer(nonce=6).order())[0]) == "NOT_NOW"
    assert len(signatures(engine.sign(world.transfer(nonce=5).order()))) == 3
