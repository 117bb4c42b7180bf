"""What the journal means for keys, and the sealed shares that lie beside it.

``shares`` does not follow from the journal alone: the journal has the hash of every share, and the share itself is gone
once a later epoch is active. So it is checked against the index instead of being rebuilt.
"""

import sqlite3

from strongroom.custody.cosigner.domain.ceremony import quorum_hash
from strongroom.custody.cosigner.domain.key_entries import (
    BackedUp,
    KeyActivated,
    KeyGenerated,
    KeyRefreshed,
    ShareRestored,
)
from strongroom.kernel.digest import sha256

KEY_SCHEMA = """
create table if not exists keys (
    tenant text not null, key_id text not null, epoch integer not null, public_key blob not null,
    chain_code blob not null, facts_hash blob not null, request_hash blob not null, blob_hash blob not null,
    record blob not null, restored integer not null, primary key (tenant, key_id)
) strict;
create table if not exists pending_keys (
    tenant text not null, key_id text not null, epoch integer not null, public_key blob not null,
    chain_code blob not null, facts_hash blob not null, request_hash blob not null, blob_hash blob not null,
    record blob not null, primary key (tenant, key_id, facts_hash)
) strict;
create table if not exists key_requests (
    nonce blob primary key, tenant text not null, request_hash blob not null
) strict, without rowid;
create table if not exists backups (
    tenant text not null, key_id text not null, facts_hash blob not null, file_hash blob not null,
    recovery_key blob not null, primary key (tenant, key_id, facts_hash, file_hash)
) strict, without rowid;
"""

KEY_TABLES = ("keys", "pending_keys", "key_requests", "backups")

SHARES_SCHEMA = """
create table if not exists shares (
    tenant text not null, key_id text not null, epoch integer not null, blob_hash blob not null, blob blob not null,
    primary key (tenant, key_id, blob_hash)
) strict;
"""

_FACTS = "tenant, key_id, epoch, public_key, chain_code, facts_hash, request_hash, blob_hash, record"
_CURRENT_AND_WAITING = "select blob_hash from keys union select blob_hash from pending_keys"


def project_generated(db: sqlite3.Connection, entry: KeyGenerated) -> None:
    """A key of the first epoch is used at once."""
    _insert_key(db, entry, restored=False)
    _insert_request(db, entry)


def project_refreshed(db: sqlite3.Connection, entry: KeyRefreshed) -> None:
    """A share of a later epoch waits."""
    db.execute(
        f"insert or replace into pending_keys ({_FACTS}) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 -- ours
        _facts(entry),
    )
    _insert_request(db, entry)


def project_restored(db: sqlite3.Connection, entry: ShareRestored) -> None:
    """A share from its backup is current, and marked."""
    _insert_key(db, entry, restored=True)


def project_activated(db: sqlite3.Connection, entry: KeyActivated) -> bool:
    """The waiting share becomes the current one; gives whether the one before was restored.

    The ceremonies that failed on the way to this epoch count against nobody: each had shares of its own.
    """
    place = (entry.tenant, entry.key_id)
    before = db.execute("select restored from keys where tenant = ? and key_id = ?", place).fetchone()
    db.execute(
        f"insert or replace into keys ({_FACTS}, restored) select {_FACTS}, 0 from pending_keys"  # noqa: S608 -- ours
        " where tenant = ? and key_id = ? and facts_hash = ?",
        (*place, entry.facts_hash),
    )
    db.execute("delete from pending_keys where tenant = ? and key_id = ?", place)
    quorum = quorum_hash(key_id=entry.key_id, epoch=entry.epoch)
    db.execute("delete from failures where quorum_hash = ?", (quorum,))
    return bool(before and before[0])


def project_backed_up(db: sqlite3.Connection, entry: BackedUp) -> None:
    """A backup of the current share."""
    db.execute(
        "insert or ignore into backups (tenant, key_id, facts_hash, file_hash, recovery_key) values (?, ?, ?, ?, ?)",
        (entry.tenant, entry.key_id, entry.facts_hash, entry.file_hash, entry.recovery_key),
    )


def insert_share(db: sqlite3.Connection, entry: KeyGenerated | KeyRefreshed | ShareRestored, blob: bytes) -> None:
    """Keep the sealed share that an entry speaks of."""
    db.execute(
        "insert or replace into shares (tenant, key_id, epoch, blob_hash, blob) values (?, ?, ?, ?, ?)",
        (entry.tenant, entry.key_id, entry.epoch, entry.blob_hash, blob),
    )


def delete_unused_shares(db: sqlite3.Connection) -> bool:
    """Delete the shares that neither are current nor wait; gives whether there were any."""
    statement = f"delete from shares where blob_hash not in ({_CURRENT_AND_WAITING})"  # noqa: S608 -- our tables
    return db.execute(statement).rowcount > 0


def find_damage(db: sqlite3.Connection) -> str | None:
    """What is wrong with the sealed shares: one that is needed and missing, or one that is not what was recorded."""
    rows = db.execute("select key_id, epoch, blob_hash, blob from shares")
    for key_id, epoch, blob_hash, blob in rows:
        if sha256(blob) != blob_hash:
            return f"the share of {key_id}, epoch {epoch}, is not the one that was recorded"
    statement = f"{_CURRENT_AND_WAITING} except select blob_hash from shares"  # noqa: S608 -- our tables
    missing = db.execute(statement).fetchone()
    return None if missing is None else "a share is missing"


def _insert_key(db: sqlite3.Connection, entry: KeyGenerated | ShareRestored, *, restored: bool) -> None:
    db.execute(
        f"insert or replace into keys ({_FACTS}, restored) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 -- ours
        (*_facts(entry), int(restored)),
    )


def _insert_request(db: sqlite3.Connection, entry: KeyGenerated | KeyRefreshed) -> None:
    db.execute(
        "insert or replace into key_requests (nonce, tenant, request_hash) values (?, ?, ?)",
        (entry.request_nonce, entry.tenant, entry.request_hash),
    )


def _facts(entry: KeyGenerated | KeyRefreshed | ShareRestored) -> tuple[str | int | bytes, ...]:
    return (
        entry.tenant,
        entry.key_id,
        entry.epoch,
        entry.public_key,
        entry.chain_code,
        entry.facts_hash,
        entry.request_hash,
        entry.blob_hash,
        entry.record,
    )
