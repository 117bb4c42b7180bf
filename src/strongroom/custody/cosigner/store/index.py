"""Index tables: what the journal's entries mean now. They follow from the journal alone and can be rebuilt from it.

Amounts are decimal text: SQLite's integers end at 2^63.
"""

import sqlite3
from collections.abc import Callable
from typing import Any, cast

from strongroom.custody.cosigner.domain.entries import (
    AlarmsSuppressed,
    BackedUp,
    Banned,
    CallbackAnswered,
    CallbackAsked,
    CeremonyFailed,
    Closed,
    Consented,
    DocumentSetInstalled,
    Entry,
    Finished,
    Frozen,
    KeyActivated,
    KeyGenerated,
    KeyRefreshed,
    PeerClosed,
    PeerHead,
    Refused,
    Released,
    ShareRestored,
)
from strongroom.custody.cosigner.store.key_index import (
    KEY_SCHEMA,
    KEY_TABLES,
    project_activated,
    project_backed_up,
    project_generated,
    project_refreshed,
    project_restored,
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

_OTHER_SCHEMA = """
create table if not exists document_sets (
    tenant text not null, version integer not null, hash blob not null, signed blob not null,
    primary key (tenant, version)
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
create table if not exists peer_tombstones (
    request_hash blob not null, signer integer not null, tenant text not null, document blob not null,
    primary key (request_hash, signer)
) strict, without rowid;
create table if not exists callbacks (
    request_hash blob not null, digest blob not null, request_id text not null, answer text, report blob,
    primary key (request_hash, digest)
) strict, without rowid;
create table if not exists refusals (
    request_hash blob not null, reason text not null, primary key (request_hash, reason)
) strict, without rowid;
create table if not exists peer_heads (
    tenant text not null, peer integer not null, epoch integer not null, sequence integer not null,
    document blob not null,
    primary key (tenant, peer)
) strict, without rowid;
create table if not exists frozen (
    tenant text primary key, peer integer not null, sequence integer not null, at integer not null
) strict, without rowid;
create table if not exists lost_until (
    tenant text primary key, at integer not null
) strict, without rowid;
create table if not exists bans (
    tenant text not null, peer integer not null, peer_key blob not null, key_id text not null,
    primary key (tenant, peer, peer_key, key_id)
) strict, without rowid;
create table if not exists failures (
    ceremony_id blob primary key, quorum_hash blob not null
) strict, without rowid;
"""

INDEX_SCHEMA = KEY_SCHEMA + _OTHER_SCHEMA

INDEX_TABLES = (
    *KEY_TABLES,
    "document_sets",
    "requests",
    "external_ids",
    "slots",
    "consents",
    "released",
    "finished",
    "tombstones",
    "peer_tombstones",
    "callbacks",
    "refusals",
    "peer_heads",
    "frozen",
    "lost_until",
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


def _activated(db: sqlite3.Connection, entry: KeyActivated) -> None:
    was_restored = project_activated(db, entry)
    end_freeze(db, tenant=entry.tenant, at=entry.at, journal_lost=was_restored)


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
    _keep_heads(db, entry.heads)


def _finished(db: sqlite3.Connection, entry: Finished) -> None:
    db.execute(
        "insert into finished (request_hash, digest, signature, statement) values (?, ?, ?, ?)",
        (entry.request_hash, entry.digest, entry.signature, entry.statement),
    )
    db.execute(
        "update slots set finished = 1 where request_hash = ? and digest = ?", (entry.request_hash, entry.digest)
    )
    _keep_heads(db, entry.heads)


def _keep_heads(db: sqlite3.Connection, heads: tuple[PeerHead, ...]) -> None:
    """The newest of each peer stays: a head out of order is ignored."""
    for head in heads:
        db.execute(
            "insert into peer_heads (tenant, peer, epoch, sequence, document) values (?, ?, ?, ?, ?)"
            " on conflict (tenant, peer) do update set epoch = excluded.epoch, sequence = excluded.sequence,"
            " document = excluded.document"
            " where (excluded.epoch, excluded.sequence) > (peer_heads.epoch, peer_heads.sequence)",
            (head.tenant, head.peer, head.epoch, head.sequence, head.document),
        )


def _closed(db: sqlite3.Connection, entry: Closed) -> None:
    db.execute(
        "insert into tombstones (request_hash, tenant, document) values (?, ?, ?)",
        (entry.request_hash, entry.tenant, entry.tombstone),
    )
    _free_slot(db, entry.request_hash)
    db.execute("delete from external_ids where request_hash = ?", (entry.request_hash,))


def _peer_closed(db: sqlite3.Connection, entry: PeerClosed) -> None:
    db.execute(
        "insert or ignore into peer_tombstones (request_hash, signer, tenant, document) values (?, ?, ?, ?)",
        (entry.request_hash, entry.signer, entry.tenant, entry.tombstone),
    )
    # The externalTxId stays taken until our own tombstone: after our release the peer may hold the finished signature.
    _free_slot(db, entry.request_hash)


def _free_slot(db: sqlite3.Connection, request_hash: bytes) -> None:
    db.execute("delete from slots where request_hash = ? and finished = 0", (request_hash,))


def _callback_asked(db: sqlite3.Connection, entry: CallbackAsked) -> None:
    db.execute(
        "insert into callbacks (request_hash, digest, request_id) values (?, ?, ?)",
        (entry.request_hash, entry.digest, entry.request_id),
    )


def _callback_answered(db: sqlite3.Connection, entry: CallbackAnswered) -> None:
    db.execute(
        "update callbacks set answer = ?, report = ? where request_hash = ? and digest = ?",
        (entry.answer, entry.report, entry.request_hash, entry.digest),
    )


def _refused(db: sqlite3.Connection, entry: Refused) -> None:
    db.execute(
        "insert or ignore into refusals (request_hash, reason) values (?, ?)", (entry.request_hash, entry.reason)
    )


def _nothing(db: sqlite3.Connection, entry: AlarmsSuppressed) -> None:
    """It decides nothing: which alarms there were is for people."""


def _frozen(db: sqlite3.Connection, entry: Frozen) -> None:
    """One journal serves all tenants: what was lost of it was lost for all."""
    db.execute(
        "insert or ignore into frozen (tenant, peer, sequence, at) select distinct tenant, ?, ?, ? from document_sets",
        (entry.peer, entry.sequence, entry.at),
    )


def end_freeze(db: sqlite3.Connection, *, tenant: str, at: int, journal_lost: bool) -> None:
    """What the activation of a tenant's new epoch ends: freeze, bans, and the heads of before.

    Requests issued until then are refused from now on if the journal was rolled back, or lost (trust.md 6).

    Args:
        at: when the new epoch was activated, Unix seconds.
        journal_lost: this journal does not know the epoch before.
    """
    lost = journal_lost or db.execute("select 1 from frozen where tenant = ?", (tenant,)).fetchone() is not None
    if lost:
        db.execute("insert or replace into lost_until (tenant, at) values (?, ?)", (tenant, at))
    db.execute("delete from frozen where tenant = ?", (tenant,))
    db.execute("delete from bans where tenant = ?", (tenant,))
    db.execute("delete from peer_heads where tenant = ?", (tenant,))


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
        KeyGenerated: project_generated,
        KeyRefreshed: project_refreshed,
        KeyActivated: _activated,
        BackedUp: project_backed_up,
        ShareRestored: project_restored,
        Consented: _consented,
        Released: _released,
        Finished: _finished,
        Closed: _closed,
        PeerClosed: _peer_closed,
        CallbackAsked: _callback_asked,
        CallbackAnswered: _callback_answered,
        Refused: _refused,
        AlarmsSuppressed: _nothing,
        Frozen: _frozen,
        Banned: _banned,
        CeremonyFailed: _failed,
    },
)


def contents(db: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    """Every row of an index table in a fixed order, to compare two databases."""
    names = ", ".join(row[1] for row in db.execute(f"pragma table_info({table})"))
    return list(db.execute(f"select {names} from {table} order by {names}"))  # noqa: S608 -- our own table names
