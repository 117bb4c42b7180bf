"""The journal: append-only, chained, and the only source of the tables beside it."""

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from strongroom.custody.cosigner.domain.entries import CeremonyFailed
from strongroom.custody.cosigner.domain.reports import Consented, Refused
from strongroom.custody.cosigner.operations.activate import apply_document_set
from strongroom.custody.cosigner.store import Journal
from strongroom.kernel.documents.document_set import Action, PolicyRule
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.cosigner.opened import reason_of
from tests.custody.cosigner.world import World
from tests.fakes.memory_engine import MemoryEngine


def failure(number: int) -> CeremonyFailed:
    return CeremonyFailed(quorum_hash=bytes(32), ceremony_id=number.to_bytes(32, "big"), round=1, detail="", at=number)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "journal.sqlite"
    with Journal(made) as journal:
        for number in range(5):
            journal.append(failure(number))
    return made


def change(path: Path, *statements: str) -> None:
    """As somebody who owns the file, triggers and all."""
    db = sqlite3.connect(path)
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


FREE = ("drop trigger journal_keeps_rows", "drop trigger journal_keeps_values")


@pytest.mark.parametrize("statement", ["delete from journal", "update journal set kind = 'x'"])
def test_entries_are_neither_changed_nor_deleted(path: Path, statement: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        change(path, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "delete from journal where sequence = 3",
        "delete from journal where sequence = 1",
        "update journal set payload = (select payload from journal where sequence = 1) where sequence = 2",
        "update journal set previous = zeroblob(32) where sequence = 4",
        "update journal set hash = zeroblob(32) where sequence = 5",
        "update journal set kind = 'released' where sequence = 2",
        "insert into journal select 9, kind, previous, payload, hash from journal where sequence = 5",
    ],
)
def test_a_changed_chain_is_damaged(path: Path, statement: str) -> None:
    change(path, *FREE, statement)
    with pytest.raises(StrongroomError, match="journal is damaged") as refused:
        Journal(path)
    assert refused.value.code is Code.STATE_DAMAGED


@pytest.mark.parametrize(
    "statement",
    [
        "delete from failures",
        "update failures set quorum_hash = zeroblob(31)",
        "insert into bans (tenant, peer, peer_key, key_id) values ('acme', 1, zeroblob(32), 'x')",
    ],
)
def test_a_changed_index_is_damaged(path: Path, statement: str) -> None:
    change(path, statement)
    with pytest.raises(StrongroomError, match="does not follow from the entries"):
        Journal(path)


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_bytes(b"not a database, not a database, not a database" * 100)
    with pytest.raises(StrongroomError) as refused:
        Journal(path)
    assert refused.value.code is Code.STATE_DAMAGED


def test_it_goes_on_where_it_ended(path: Path) -> None:
    with Journal(path) as journal:
        head = journal.head
        assert journal.sequence == 5
        journal.append(failure(6))
    with Journal(path) as journal:
        assert journal.sequence == 6
        assert journal.head != head


def test_two_processes_append_to_one_chain(path: Path) -> None:
    with Journal(path) as one, Journal(path) as other:
        for number in range(10, 16, 2):
            one.append(failure(number))
            other.append(failure(number + 1))
    with Journal(path) as journal:
        assert journal.sequence == 11


def test_entries_of_one_commit_are_written_together_or_not_at_all(path: Path) -> None:
    def refuse() -> None:
        raise StrongroomError(Code.TOMBSTONED)

    with Journal(path) as journal:
        with pytest.raises(StrongroomError):
            journal.append(failure(7), failure(8), check=refuse)
        journal.append(failure(7), failure(8))
        assert journal.sequence == 7


def test_a_power_failure_loses_nothing_that_was_answered(path: Path) -> None:
    """Write-ahead log with a full sync at every commit: the settings that make a commit last."""
    with Journal(path) as journal:
        assert journal.db.execute("pragma journal_mode").fetchone()[0] == "wal"
        assert journal.db.execute("pragma synchronous").fetchone()[0] == 2


def test_only_its_owner_reads_the_file(path: Path) -> None:
    assert path.stat().st_mode & 0o077 == 0


def count_commits(work: Callable[[], object], journal: Journal) -> int:
    commits: list[str] = []
    journal.db.set_trace_callback(lambda statement: commits.append(statement) if statement == "commit" else None)
    work()
    journal.db.set_trace_callback(None)
    return len(commits)


def test_a_transaction_takes_three_commits(world: World, engine: MemoryEngine) -> None:
    order = world.transfer().order()
    assert count_commits(lambda: engine.sign(order), world.contexts[3].journal) == 3


def test_a_document_set_that_another_process_installs_is_seen_at_once(world: World) -> None:
    """The running co-signer keeps decoded documents, and drops them when the file changes under it."""
    transfer = world.transfer()
    order = transfer.order()
    assert isinstance(world.cores[3].handle(order)[0], Consented)
    rules = (PolicyRule(id="other", name="other", action=Action.ALLOW),)
    following = world.make_document_set(rules=rules, version=2, previous=world.document_set.hash())
    world.second_process(3)
    data = world.owner_signed(Kind.DOCUMENT_SET, following)
    apply_document_set(context=world.others[-1], data=data, operator="customer")
    report = world.cores[3].handle(transfer.order(attempt=1))[0]
    assert isinstance(report, Refused)
    assert reason_of(world, report) == "DOCUMENT_VERSION_INVALID"
