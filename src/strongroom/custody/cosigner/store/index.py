"""Index tables: what the journal's entries mean now. They follow from the journal alone and can be rebuilt from it.

Amounts are decimal text: SQLite's integers end at 2^63.
"""

import sqlite3
from collections.abc import Callable
from typing import Any, cast

from strongroom.custody.cosigner.domain.entries import (
    Banned,
    CeremonyFailed,
    Closed,
    Consented,
    DocumentSetInstalled,
    Entry,
    Finished,
    KeyGenerated,
    Released,
)

JOURNAL_SCHEMA = """
create table if not exists journal (
    sequence integer primary key, kind text not null, previous blob not null, payload blob not null, hash blob not null
) strict;
create trigger if not exists journal_keeps_rows before delete on journal
begin select raise(abort, 'the journal is append-only'); end;
create trigger if not exists journal_keeps_values before update on journal
begin select raise(abort, 'the journal is append-only'); end;
"""

INDEX_SCHEMA = """
create table if not exists document_sets (
    tenant text not null, version integer not null, hash blob not null, signed blob not null,
    primary key (tenant, version)
) strict, without rowid;
create table if not exists keys (
    tenant text not null, key_id text not null, epoch integer not null, public_key blob not null,
    chain_code blob not null, facts_hash blob not null, request_hash blob not null, blob blob not null,
    record blob not null, primary key (tenant, key_id)
) strict;
create table if not exists key_requests (
    nonce blob primary key, tenant text not null, request_hash blob not null
) strict, without rowid;
create table if not exists requests (
    request_hash blob primary key, tenant text not null, transaction_id blob not null, chain_id integer not null,
    sender text not null, nonce integer not null, digest blob not null, intent_hash blob not null,
    payload_hash blob not null, asset_id text not null, amount_units text not null, key_id text not null,
    path text not null, at integer not null
) strict, without rowid;
create table if not exists external_ids (
    tenant text not null, external_id text not null, request_hash blob not null, primary key (tenant, external_id)
) strict, without rowid;
create table if not exists slots (
    chain_id integer not null, sender text not null, nonce integer not null, request_hash blob not null,
    digest blob not null, finished integer not null, primary key (chain_id, sender, nonce)
) strict, without rowid;
create index if not exists slots_by_request on slots (request_hash);
create index if not exists requests_by_key on requests (tenant, key_id);
create index if not exists requests_by_digest on requests (digest);
create index if not exists requests_by_time on requests (at);
create table if not exists consents (
    ceremony_id blob primary key, request_hash blob not null, digest blob not null, document blob not null
) strict, without rowid;
create table if not exists released (
    ceremony_id blob primary key, sign_id blob not null unique, request_hash blob not null, digest blob not null
) strict, without rowid;
create index if not exists released_by_request on released (request_hash);
create table if not exists finished (
    request_hash blob primary key, digest blob not null, signature blob not null, statement blob not null
) strict, without rowid;
create table if not exists tombstones (
    request_hash blob primary key, tenant text not null, document blob not null
) strict, without rowid;
create table if not exists bans (
    tenant text not null, peer integer not null, peer_key blob not null, key_id text not null,
    primary key (tenant, peer, peer_key, key_id)
) strict, without rowid;
create table if not exists failures (
    ceremony_id blob primary key, quorum_hash blob not null
) strict, without rowid;
"""

INDEX_TABLES = (
    "document_sets",
    "keys",
    "key_requests",
    "requests",
    "external_ids",
    "slots",
    "consents",
    "released",
    "finished",
    "tombstones",
    "bans",
    "failures",
)


def project(db: sqlite3.Connection, entry: Entry) -> None:
    """Write what ``entry`` means into the index tables; the caller commits."""
    _PROJECTIONS[type(entry)](db, entry)


def _document_set(db: sqlite3.Connection, entry: DocumentSetInstalled) -> None:
    db.execute(
        "insert into document_sets (tenant, version, hash, signed) values (?, ?, ?, ?)",
        (entry.tenant, entry.version, entry.set_hash, entry.signed),
    )


def _key(db: sqlite3.Connection, entry: KeyGenerated) -> None:
    db.execute(
        "insert or replace into keys (tenant, key_id, epoch, public_key, chain_code, facts_hash, request_hash, blob,"
        " record) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.tenant,
            entry.key_id,
            entry.epoch,
            entry.public_key,
            entry.chain_code,
            entry.facts_hash,
            entry.request_hash,
            entry.blob,
            entry.record,
        ),
    )
    db.execute(
        "insert or replace into key_requests (nonce, tenant, request_hash) values (?, ?, ?)",
        (entry.request_nonce, entry.tenant, entry.request_hash),
    )


def _consented(db: sqlite3.Connection, entry: Consented) -> None:
    place = (entry.chain_id, entry.sender, entry.nonce)
    db.execute(
        "insert or replace into requests (request_hash, tenant, transaction_id, chain_id, sender, nonce, digest,"
        " intent_hash, payload_hash, asset_id, amount_units, key_id, path, at)"
        " values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            entry.request_hash,
            entry.tenant,
            entry.transaction_id,
            *place,
            entry.digest,
            entry.intent_hash,
            entry.payload_hash,
            entry.asset_id,
            str(entry.amount_units),
            entry.key_id,
            entry.path,
            entry.at,
        ),
    )
    if entry.external_id is not None:
        db.execute(
            "insert or ignore into external_ids (tenant, external_id, request_hash) values (?, ?, ?)",
            (entry.tenant, entry.external_id, entry.request_hash),
        )
    db.execute(
        "insert or ignore into slots (chain_id, sender, nonce, request_hash, digest, finished)"
        " values (?, ?, ?, ?, ?, 0)",
        (*place, entry.request_hash, entry.digest),
    )
    db.execute(
        "insert into consents (ceremony_id, request_hash, digest, document) values (?, ?, ?, ?)",
        (entry.ceremony_id, entry.request_hash, entry.digest, entry.consent),
    )


def _released(db: sqlite3.Connection, entry: Released) -> None:
    db.execute(
        "insert into released (ceremony_id, sign_id, request_hash, digest) values (?, ?, ?, ?)",
        (entry.ceremony_id, entry.sign_id, entry.request_hash, entry.digest),
    )


def _finished(db: sqlite3.Connection, entry: Finished) -> None:
    db.execute(
        "insert into finished (request_hash, digest, signature, statement) values (?, ?, ?, ?)",
        (entry.request_hash, entry.digest, entry.signature, entry.statement),
    )
    db.execute(
        "update slots set finished = 1 where request_hash = ? and digest = ?", (entry.request_hash, entry.digest)
    )


def _closed(db: sqlite3.Connection, entry: Closed) -> None:
    db.execute(
        "insert into tombstones (request_hash, tenant, document) values (?, ?, ?)",
        (entry.request_hash, entry.tenant, entry.tombstone),
    )
    db.execute("delete from slots where request_hash = ? and finished = 0", (entry.request_hash,))
    db.execute("delete from external_ids where request_hash = ?", (entry.request_hash,))


def _banned(db: sqlite3.Connection, entry: Banned) -> None:
    db.execute(
        "insert or ignore into bans (tenant, peer, peer_key, key_id) values (?, ?, ?, ?)",
        (entry.tenant, entry.peer, entry.peer_key, entry.key_id),
    )


def _failed(db: sqlite3.Connection, entry: CeremonyFailed) -> None:
    db.execute(
        "insert or ignore into failures (ceremony_id, quorum_hash) values (?, ?)",
        (entry.ceremony_id, entry.quorum_hash),
    )


_PROJECTIONS = cast(
    "dict[type[Entry], Callable[[sqlite3.Connection, Any], None]]",
    {
        DocumentSetInstalled: _document_set,
        KeyGenerated: _key,
        Consented: _consented,
        Released: _released,
        Finished: _finished,
        Closed: _closed,
        Banned: _banned,
        CeremonyFailed: _failed,
    },
)


def contents(db: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    """Every row of an index table in a fixed order, to compare two databases."""
    names = ", ".join(row[1] for row in db.execute(f"pragma table_info({table})"))
    return list(db.execute(f"select {names} from {table} order by {names}"))  # noqa: S608 -- our own table names
