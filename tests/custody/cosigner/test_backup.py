"""Backup, verification, restoration and recovery of shares: nothing tampered with opens, nothing restored signs."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from strongroom.custody.cosigner.domain.orders import CloseRequest
from strongroom.custody.cosigner.domain.reports import Consented, Honoured, KeyRecorded, Tombstoned
from strongroom.custody.cosigner.operations.activate import activate
from strongroom.custody.cosigner.operations.back_up import back_up, restore
from strongroom.custody.cosigner.operations.consent import CLOCK_SKEW_S
from strongroom.custody.cosigner.operations.tell import tell_key
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.keys import KeyRecord, key_fingerprint
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.threshold.backend import RecoveryKey
from strongroom.threshold.backup import (
    Backup,
    BackupFile,
    load_recovery_key,
    load_recovery_public_key,
    make_recovery_key,
    open_backup,
    read_backup,
    recover_key,
)
from tests.custody.cosigner.ceremonies import flip, signatures
from tests.custody.cosigner.opened import reason_of
from tests.custody.cosigner.test_closing import close_at, show
from tests.custody.cosigner.test_refresh import activated, refreshed, signs
from tests.custody.cosigner.world import OPERATORS, TENANT, World, request_token
from tests.fakes.memory_engine import MemoryEngine


@dataclasses.dataclass(frozen=True)
class Holder:
    """Whoever keeps a recovery key in a safe."""

    private: bytes
    public: bytes

    @property
    def key(self) -> RecoveryKey:
        return load_recovery_key(self.private, passphrase=None)

    def back_up(self, world: World, index: int) -> bytes:
        kept: list[bytes] = []
        back_up(
            context=world.contexts[index],
            tenant_id=TENANT,
            recovery_key=load_recovery_public_key(self.public),
            keep=kept.append,
        )
        return kept[0]


@pytest.fixture(scope="module")
def holders() -> dict[int, Holder]:
    return {index: Holder(*make_recovery_key(passphrase=None)) for index in (1, 2, 3)}


def refusal(step: Callable[[], object]) -> Code:
    with pytest.raises(StrongroomError) as refused:
        step()
    return refused.value.code


def backups_of(world: World, holders: dict[int, Holder]) -> list[Backup]:
    return [read_backup(holders[index].back_up(world, index)) for index in (1, 2, 3)]


def test_a_backup_is_checked_without_being_shown(world: World, holders: dict[int, Holder]) -> None:
    data = holders[3].back_up(world, 3)
    backup = read_backup(data)
    share = open_backup(backup=backup, key=holders[3].key)
    assert (share.party, share.public_key) == (3, world.public_key().public_key)
    assert world.contexts[3].journal.db.execute("select count(*) from backups").fetchone() == (1,)
    world.restart(3)
    assert tell_key(context=world.contexts[3], tenant_id=TENANT)["backed up"] == "yes"


def test_a_recovery_key_under_a_passphrase_needs_it() -> None:
    private, public = make_recovery_key(passphrase=b"horse")
    assert load_recovery_key(private, passphrase=b"horse").public_key == load_recovery_public_key(public)
    for wrong in (None, b"donkey"):
        assert refusal(lambda: load_recovery_key(private, passphrase=wrong)) is Code.CONFIG_INVALID  # noqa: B023
    assert refusal(lambda: load_recovery_key(b"nothing", passphrase=None)) is Code.CONFIG_INVALID
    assert refusal(lambda: load_recovery_public_key(private)) is Code.CONFIG_INVALID


@pytest.mark.parametrize("field", BackupFile.__struct_fields__)
def test_every_field_of_a_backup_is_bound(world: World, holders: dict[int, Holder], field: str) -> None:
    file = read_backup(holders[1].back_up(world, 1)).file
    other = read_backup(holders[2].back_up(world, 2)).file
    changed: dict[str, object] = {
        "version": 2,
        "environment": Environment.LIVE,
        "tenant": "acme-2",
        "key_id": "acme/sandbox/ecdsa-2",
        "epoch": 2,
        "party": 2,
        "recovery_key": other.recovery_key,
        "record": other.record,
        "sealed": flip(file.sealed, 8 * 200),
    }
    spoilt = msgspec.structs.replace(file, **{field: changed[field]}).encode()

    def use() -> None:
        open_backup(backup=read_backup(spoilt), key=holders[1].key)

    assert refusal(use) in {Code.DOCUMENT_MALFORMED, Code.SIGNATURE_INVALID}


def test_a_backup_with_the_record_of_another_key_does_not_open(
    world: World, holders: dict[int, Holder], engine: MemoryEngine
) -> None:
    old = read_backup(holders[1].back_up(world, 1))
    activated(world, engine, refreshed(world, engine))
    new = read_backup(holders[1].back_up(world, 1))
    mixed = msgspec.structs.replace(old.file, record=new.file.record, epoch=2)
    code = refusal(lambda: open_backup(backup=read_backup(mixed.encode()), key=holders[1].key))
    assert code is Code.SIGNATURE_INVALID


def test_three_backups_give_the_key_that_all_three_recorded(world: World, holders: dict[int, Holder]) -> None:
    recovered = recover_key(backups=backups_of(world, holders), keys=[holders[index].key for index in (3, 1, 2)])
    public = world.public_key()
    assert (recovered.public_key, recovered.chain_code) == (public.public_key, public.chain_code)
    share = world.contexts[1].get_share(key=world.contexts[1].get_key(world.document_set), path="m/44/60/0/0/0")
    assert recovered.public_key_at(path="m/44/60/0/0/0") == share.public_key
    assert recovered.reveal_extended_private_key().startswith(b"xprv")


def test_recovery_refuses_what_does_not_belong_together(
    world: World, holders: dict[int, Holder], engine: MemoryEngine
) -> None:
    first = backups_of(world, holders)
    keys = [holder.key for holder in holders.values()]
    activated(world, engine, refreshed(world, engine))
    second = backups_of(world, holders)
    stranger = Holder(*make_recovery_key(passphrase=None)).key
    for backups, given, code in (
        ([first[0], second[1], second[2]], keys, Code.DOCUMENT_VERSION_INVALID),
        (first[:2], keys, Code.DOCUMENT_QUORUM_MISSING),
        ([first[0], first[1], first[1]], keys, Code.DOCUMENT_QUORUM_MISSING),
        ([], keys, Code.DOCUMENT_QUORUM_MISSING),
        (first, keys[:2], Code.SIGNATURE_INVALID),
        (first, [*keys[:2], stranger], Code.SIGNATURE_INVALID),
    ):
        assert refusal(lambda: recover_key(backups=backups, keys=given)) is code  # noqa: B023 - called at once
    before, after = (recover_key(backups=backups, keys=keys) for backups in (first, second))
    assert before.reveal_extended_private_key() == after.reveal_extended_private_key()


def lose(world: World, index: int) -> None:
    """The home is lost but for its keys; the operator installs the documents again."""
    world.contexts[index].journal.close()
    for path in world.parties[index].path.parent.glob(f"{world.parties[index].path.name}*"):
        path.unlink()
    del world.contexts[index]
    world.restart(index)
    activate(context=world.contexts[index], data=world.genesis, operator=OPERATORS[index])


def lose_and_restore(world: World, index: int, data: bytes, holder: Holder) -> None:
    """Documents and share are installed again."""
    lose(world, index)
    restore(context=world.contexts[index], data=data, recovery_key=holder.key)


def test_a_restored_share_signs_only_after_a_refresh_and_never_what_was_asked_before(
    world: World, holders: dict[int, Holder], engine: MemoryEngine
) -> None:
    data = holders[3].back_up(world, 3)
    assert signs(world, engine)
    lost = world.transfer(nonce=0, amount="2")
    lose_and_restore(world, 3, data, holders[3])
    world.clock.advance(60)
    waiting = world.transfer(nonce=0, amount="3")
    for transfer in (lost, waiting):
        answer = world.cores[3].handle(transfer.order())[0]
        assert reason_of(world, answer) == "JOURNAL_ROLLED_BACK"
    world.restart(3)
    assert tell_key(context=world.contexts[3], tenant_id=TENANT)["restored"] != "no"
    records = refreshed(world, engine)
    world.clock.advance(60)
    activated(world, engine, records)
    for transfer in (lost, waiting):
        assert reason_of(world, world.cores[3].handle(transfer.order())[0]) == "JOURNAL_ROLLED_BACK"
    world.clock.advance(60)
    assert signs(world, engine, nonce=1)
    assert signs(world, engine, nonce=2)


def test_after_a_loss_what_was_issued_ahead_of_time_is_refused_too(
    world: World, holders: dict[int, Holder], engine: MemoryEngine
) -> None:
    """A request may lie as far in the future as clocks differ: what we lost may have released one of those."""
    data = holders[3].back_up(world, 3)
    plain = world.transfer(nonce=0)
    issued = [
        dataclasses.replace(plain, token=request_token(body=plain.body, iat=world.now + ahead_s))
        for ahead_s in (CLOCK_SKEW_S, CLOCK_SKEW_S + 1)
    ]
    lose_and_restore(world, 3, data, holders[3])
    activated(world, engine, refreshed(world, engine))
    world.clock.advance(1)
    last, first = (world.cores[3].handle(transfer.order())[0] for transfer in issued)
    assert reason_of(world, last) == "JOURNAL_ROLLED_BACK"
    assert isinstance(first, Consented)


def test_after_a_loss_nothing_is_called_dead_that_may_have_been_released(
    world: World, holders: dict[int, Holder], engine: MemoryEngine
) -> None:
    """On its tombstone the customer pays again, and the others have the finished signature of the first."""
    data = holders[3].back_up(world, 3)
    signed = world.transfer()
    assert len(signatures(engine.sign(signed.order()))) == 3
    order = CloseRequest(
        ceremony_id=b"",
        tenant_id=TENANT,
        request_hash=signed.request_hash,
        transaction_id=signed.intent.transaction_id,
        reason="CANCELLED_BY_USER",
    )
    dead = [close_at(world, world.transfer(amount="2"), index) for index in (1, 2)]
    shown = [report.document for report in dead if isinstance(report, Tombstoned)]
    lose(world, 3)
    assert reason_of(world, world.cores[3].handle(order)[0]) == "KEY_UNKNOWN"
    assert isinstance(show(world, shown[0], signer=1, to=3), Honoured)
    restore(context=world.contexts[3], data=data, recovery_key=holders[3].key)
    world.restart(3)
    assert reason_of(world, world.cores[3].handle(order)[0]) == "JOURNAL_ROLLED_BACK"
    assert isinstance(show(world, shown[1], signer=2, to=3), Honoured)
    activated(world, engine, refreshed(world, engine))
    assert reason_of(world, world.cores[3].handle(order)[0]) == "JOURNAL_ROLLED_BACK"


def test_a_restored_share_never_replaces_one_and_is_never_another_s(
    world: World, holders: dict[int, Holder], tmp_path: Path
) -> None:
    data = holders[3].back_up(world, 3)
    context = world.contexts[3]
    assert refusal(lambda: restore(context=context, data=data, recovery_key=holders[3].key)) is Code.KEY_EXISTS
    other = world.contexts[2]
    assert refusal(lambda: restore(context=other, data=data, recovery_key=holders[3].key)) is Code.DOCUMENT_FOREIGN
    sequence = context.journal.sequence
    stranger = Holder(*make_recovery_key(passphrase=None)).key
    assert refusal(lambda: restore(context=context, data=data, recovery_key=stranger)) is Code.SIGNATURE_INVALID
    assert (context.journal.sequence, list(tmp_path.glob("*.draft"))) == (sequence, [])


def test_in_live_nothing_is_signed_before_every_share_is_backed_up(tmp_path: Path, holders: dict[int, Holder]) -> None:
    live = World(tmp_path, environment=Environment.LIVE)
    engine = MemoryEngine(cores=live.cores)
    reports = engine.generate_key(tenant_id=TENANT, key_request=live.key_request())
    assert [type(report) for report in reports] == [KeyRecorded] * 3
    transfer = live.transfer()
    assert reason_of(live, live.cores[1].handle(transfer.order())[0]) == "BACKUP_MISSING"
    holders[1].back_up(live, 1)
    holders[2].back_up(live, 2)
    assert signatures(engine.sign(transfer.order())) == []
    holders[3].back_up(live, 3)
    assert len(set(signatures(engine.sign(transfer.order())))) == 1
    activated(live, engine, refreshed(live, engine))
    assert reason_of(live, live.cores[1].handle(live.transfer(nonce=1).order())[0]) == "BACKUP_MISSING"
    live.close()


def test_all_three_show_one_fingerprint_and_another_one_for_each_epoch(world: World, engine: MemoryEngine) -> None:
    def shown() -> set[object]:
        return {tell_key(context=world.contexts[index], tenant_id=TENANT)["fingerprint"] for index in (1, 2, 3)}

    before = shown()
    records = refreshed(world, engine)
    assert tell_key(context=world.contexts[1], tenant_id=TENANT)["waiting epoch"] == 2
    activated(world, engine, records)
    record = decode(decode(records[0], Signed).payload, KeyRecord)
    computed = key_fingerprint(environment=world.environment, tenant=TENANT, record=record)
    assert shown() == {computed}
    assert len(before) == 1
    assert before != shown()
    assert [len(group) for group in computed.split(" ")] == [4] * 8
