"""State set back: databases and journals restored from before, bans forgotten."""

import shutil

import pytest

from strongroom.custody.cosigner.domain.entries import Banned, Frozen
from strongroom.custody.cosigner.domain.reports import Signed
from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.cosigner.ceremonies import other_lane
from tests.fakes.memory_engine import MemoryEngine
from tests.trust.attacker import Attacker, fresh_id
from tests.trust.ceremonies import sign
from tests.trust.matrix import CARRIERS, Attack, Party, expect, outsiders, tries
from tests.trust.world import TrustWorld


def restore(world: TrustWorld, index: int) -> None:
    """Bring back the journal that was copied before."""
    context, path = world.contexts[index], world.parties[index].path
    context.journal.close()
    for part in path.parent.glob(f"{path.name}-*"):
        part.unlink()
    shutil.copyfile(path.with_suffix(".backup"), path)
    del world.contexts[index]
    world.restart(index)


def back_up(world: TrustWorld, index: int) -> None:
    """Copy a co-signer's journal."""
    path = world.parties[index].path
    world.contexts[index].journal.db.execute("pragma wal_checkpoint(truncate)")
    shutil.copyfile(path, path.with_suffix(".backup"))


def ban(world: TrustWorld, index: int, peer: int) -> None:
    """What a co-signer writes when a peer cheats (tests/custody/cosigner/test_cheating.py makes one cheat)."""
    entry = Banned(
        tenant="acme",
        key_id="acme/sandbox/ecdsa-1",
        peer=peer,
        peer_key=world.parties[peer].identity.signing_key,
        ceremony_id=fresh_id(),
        round=2,
        detail="cheated",
        at=world.now,
    )
    world.contexts[index].journal.append(entry)


@tries(Attack.RESTORED, expect(Code.SLOT_TAKEN, *CARRIERS) | outsiders())
def test_the_platform_s_databases_restored_from_before_a_payment(attacker: Attacker, code: Code) -> None:
    """The manager gives the next payment the nonce of one that it has forgotten."""
    world = attacker.world
    sign(world, world.transfer().order())
    assert attacker.ask(attacker.order(world.transfer(amount="1"))) == {code.name}


@tries(Attack.RESTORED, expect(Code.SLOT_TAKEN, Party.COSIGNER_1))
def test_a_cosigner_s_own_journal_restored_to_sign_a_slot_again(attacker: Attacker, code: Code) -> None:
    """It consents to what it likes; the others remember."""
    world = attacker.world
    back_up(world, 1)
    sign(world, world.transfer().order())
    restore(world, 1)
    assert attacker.ask(attacker.order(world.transfer(amount="1"))) == {code.name}


@pytest.mark.parametrize("index", [1, 2, 3])
def test_a_cosigner_restored_from_a_backup_freezes_itself(world: TrustWorld, index: int) -> None:
    """Its peers show it the head that it signed and no longer has; from then on it refuses everything."""
    back_up(world, index)
    sign(world, world.transfer().order())
    restore(world, index)
    with world.nothing_promised([index], besides=frozenset({"consented", "frozen"})):
        reports = MemoryEngine(cores=world.cores).sign(other_lane(world).order())
    assert not any(isinstance(report, Signed) for report in reports)
    assert any(isinstance(entry, Frozen) for entry in world.entries(index))
    attacker = Attacker(Party.COSIGNER_ENGINE, world)
    world.restart(index)
    assert attacker.ask(attacker.order(world.transfer(amount="1")), [index]) == {"JOURNAL_ROLLED_BACK"}


@pytest.mark.parametrize("table", ["bans", "slots", "released", "journal"])
def test_a_journal_edited_on_its_disk_does_not_open(world: TrustWorld, table: str) -> None:
    """Whoever forgets a ban, a slot or an entry there has a co-signer that does not start."""
    sign(world, world.transfer().order())
    ban(world, 3, 1)
    database = world.contexts[3].journal.db
    database.execute("drop trigger journal_keeps_rows")
    database.execute(f"delete from {table} where rowid = 1" if table == "journal" else f"delete from {table}")  # noqa: S608 -- our own names
    with pytest.raises(StrongroomError) as caught:
        world.restart(3)
    assert caught.value.code is Code.STATE_DAMAGED


@tries(Attack.UNBANNED, expect(Code.COSIGNER_BANNED, *CARRIERS, Party.COSIGNER_1) | outsiders())
def test_an_order_with_a_banned_peer(attacker: Attacker, code: Code) -> None:
    """Also after a restart: a ban is in the journal."""
    world = attacker.world
    for index in attacker.honest:
        ban(world, index, 2 if index == 1 else 1)
        world.restart(index)
    assert attacker.ask(attacker.order(world.transfer())) == {code.name}
