"""The hash-chained, append-only journal: persisted before anything is sent (trust.md 6)."""

import sqlite3
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Self, final

from strongroom.custody.cosigner.domain.entries import (
    GENESIS_HEAD,
    KIND_OF,
    KINDS,
    AlarmsSuppressed,
    Entry,
    entry_hash,
)
from strongroom.custody.cosigner.domain.key_entries import KeyActivated, KeyGenerated, KeyRefreshed, ShareRestored
from strongroom.custody.cosigner.store.alarms import ALARM_SCHEMA, count_alarm, forget_counted
from strongroom.custody.cosigner.store.index import INDEX_SCHEMA, INDEX_TABLES, JOURNAL_SCHEMA, contents, project
from strongroom.custody.cosigner.store.key_index import (
    SHARES_SCHEMA,
    delete_unused_shares,
    find_damage,
    insert_share,
)
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.errors import Code, StrongroomError

_BUSY_TIMEOUT_S: Final = 10.0
_REPLACING: Final = (KeyGenerated, KeyActivated)


@final
class Journal:
    """One co-signer's journal. One process runs the co-signer; another may ``activate`` at the same time.

    Args:
        path: the SQLite file; made when absent.

    Raises:
        StrongroomError: ``STATE_DAMAGED`` if the chain or an index table does not hold.
    """

    def __init__(self, path: Path) -> None:
        path.touch(mode=0o600)  # the log files beside it take its mode
        # One thread at a time: steps run inside the event loop; only the thread that opens may differ from it.
        self.db: Final = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_TIMEOUT_S, check_same_thread=False)
        try:
            self._open()
        except sqlite3.DatabaseError as error:
            raise _damaged(f"SQLite cannot read it ({error})") from error

    def _open(self) -> None:
        self.db.execute("pragma journal_mode = wal")
        self.db.execute("pragma synchronous = full")  # in WAL mode: one fsync per commit, survives power loss
        self.db.execute("pragma secure_delete = on")  # an old share is overwritten when it is deleted
        self.db.execute("pragma wal_autocheckpoint = 4000")  # pages: copying the log back is rarer than a commit
        with self._transaction():
            for statement in _statements(JOURNAL_SCHEMA + INDEX_SCHEMA + SHARES_SCHEMA + ALARM_SCHEMA):
                self.db.execute(statement)
        self._sequence, self._head = self._verify()

    @property
    def head(self) -> bytes:
        """Hash of the last entry that this process has seen, 32 bytes."""
        return self._head

    @property
    def sequence(self) -> int:
        """Number of the last entry that this process has seen; 0 for an empty journal."""
        return self._sequence

    def changes(self) -> int:
        """A number that moves when another process has written."""
        return int(self.db.execute("pragma data_version").fetchone()[0])

    def append(self, *entries: Entry, check: Callable[[], None] | None = None, share: bytes | None = None) -> None:
        """Persist entries in one commit, or none of them.

        Args:
            entries: in this order.
            share: the sealed share that an entry has the hash of; shares that nothing needs any more are deleted.
            check: looks again, inside the same transaction, at whatever must not have changed; raises to refuse.

        Raises:
            StrongroomError: whatever ``check`` raises.
        """
        with self._transaction():
            if check is not None:
                check()
            sequence, head = self._last()
            for entry in entries:
                sequence, head = sequence + 1, self._write(sequence + 1, head, entry)
                project(self.db, entry)
                if share is not None and isinstance(entry, KeyGenerated | KeyRefreshed | ShareRestored):
                    insert_share(self.db, entry, share)
                if isinstance(entry, AlarmsSuppressed):
                    forget_counted(self.db, entry)
            deleted = any(isinstance(entry, _REPLACING) for entry in entries) and delete_unused_shares(self.db)
        self._sequence, self._head = sequence, head
        if deleted:
            self.db.execute("pragma wal_checkpoint(truncate)")  # the log has copies of the pages that were wiped

    def count_alarm(self, *, tenant: str, reason: str, at: int) -> None:
        """Count an alarm that is not written, where a restart does not forget it; the journal does not grow."""
        with self._transaction():
            count_alarm(self.db, tenant=tenant, reason=reason, at=at)

    def close(self) -> None:
        """Close the file."""
        self.db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Generator[None]:
        self.db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self.db.execute("rollback")
            raise
        self.db.execute("commit")

    def _last(self) -> tuple[int, bytes]:
        row = self.db.execute("select sequence, hash from journal order by sequence desc limit 1").fetchone()
        return (row[0], row[1]) if row else (0, GENESIS_HEAD)

    def _write(self, sequence: int, previous: bytes, entry: Entry) -> bytes:
        kind, payload = KIND_OF[type(entry)], entry.encode()
        head = entry_hash(sequence=sequence, kind=kind, previous=previous, payload=payload)
        self.db.execute(
            "insert into journal (sequence, kind, previous, payload, hash) values (?, ?, ?, ?, ?)",
            (sequence, kind, previous, payload, head),
        )
        return head

    def _verify(self) -> tuple[int, bytes]:
        """Check every link, rebuild the index from the entries and compare it with the one on disk."""
        number, head = 0, GENESIS_HEAD
        rebuilt = sqlite3.connect(":memory:", isolation_level=None)
        try:
            rebuilt.executescript(INDEX_SCHEMA)
            rebuilt.execute("begin")
            # One read transaction: the chain and the index are of the same moment, whoever else appends.
            self.db.execute("begin")
            rows = self.db.execute("select sequence, kind, previous, payload, hash from journal order by sequence")
            for sequence, kind, previous, payload, stored in rows:
                number += 1
                head = _checked_link(number, head, (sequence, kind, previous, payload, stored))
                project(rebuilt, _read_entry(sequence, kind, payload))
            self._compare(rebuilt)
        finally:
            if self.db.in_transaction:
                self.db.execute("rollback")
            rebuilt.close()
        return number, head

    def _compare(self, rebuilt: sqlite3.Connection) -> None:
        for table in INDEX_TABLES:
            if contents(self.db, table) != contents(rebuilt, table):
                raise _damaged(f"table {table} does not follow from the entries")
        damage = find_damage(self.db)
        if damage is not None:
            raise _damaged(damage)


def _checked_link(number: int, head: bytes, row: tuple[int, str, bytes, bytes, bytes]) -> bytes:
    sequence, kind, previous, payload, stored = row
    expected = entry_hash(sequence=sequence, kind=kind, previous=previous, payload=payload)
    if sequence != number or previous != head or stored != expected:
        raise _damaged(f"entry {number} does not follow from the one before")
    return stored


def _read_entry(sequence: int, kind: str, payload: bytes) -> Entry:
    shape = KINDS.get(kind)
    if shape is None:
        raise _damaged(f"entry {sequence} is of unknown kind")
    try:
        return decode(payload, shape)
    except StrongroomError:
        raise _damaged(f"entry {sequence} does not decode") from None


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one: ``executescript`` would commit first."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _damaged(what: str) -> StrongroomError:
    return StrongroomError(
        Code.STATE_DAMAGED,
        f"The journal is damaged: {what}. Stop, keep the files, and do not restore an older copy: a co-signer that was"
        " rolled back must be refreshed.",
    )
