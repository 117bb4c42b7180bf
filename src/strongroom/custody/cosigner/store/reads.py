"""Questions to the index: frozen answers, None for nothing."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from strongroom.custody.cosigner.domain.limits import Spending
from strongroom.custody.cosigner.domain.slots import Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """The key of a tenant as this co-signer generated it; ``blob`` is the sealed share."""

    tenant: str
    key_id: str
    epoch: int
    public_key: bytes
    chain_code: bytes
    facts_hash: bytes
    request_hash: bytes
    blob: bytes
    record: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRequest:
    """A request that this co-signer consented to."""

    request_hash: bytes
    tenant: str
    transaction_id: bytes
    digest: bytes
    intent_hash: bytes
    payload_hash: bytes
    key_id: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSignature:
    """A finished signature with the statement about it."""

    signature: bytes
    statement: bytes


def find_document_set(db: sqlite3.Connection, *, tenant: str) -> bytes | None:
    """The tenant's current document set, an encoded ``Signed``."""
    row = db.execute(
        "select signed from document_sets where tenant = ? order by version desc limit 1", (tenant,)
    ).fetchone()
    return row[0] if row else None


def find_key(db: sqlite3.Connection, *, tenant: str, key_id: str) -> StoredKey | None:
    """The tenant's key of that id."""
    return _key(
        db.execute(
            "select tenant, key_id, epoch, public_key, chain_code, facts_hash, request_hash, blob, record from keys"
            " where tenant = ? and key_id = ?",
            (tenant, key_id),
        ).fetchone()
    )


def find_key_by_request(db: sqlite3.Connection, *, nonce: bytes) -> bytes | None:
    """Hash of the key request that used this nonce, 32 bytes."""
    row = db.execute("select request_hash from key_requests where nonce = ?", (nonce,)).fetchone()
    return row[0] if row else None


def has_consents_under(db: sqlite3.Connection, *, tenant: str, key_id: str) -> bool:
    """Whether anything was ever consented to under this key."""
    found = db.execute("select 1 from requests where tenant = ? and key_id = ? limit 1", (tenant, key_id)).fetchone()
    return found is not None


_REQUEST = "select request_hash, tenant, transaction_id, digest, intent_hash, payload_hash, key_id, path from requests"


def find_request(db: sqlite3.Connection, *, request_hash: bytes) -> KnownRequest | None:
    """The request of that hash."""
    row = db.execute(f"{_REQUEST} where request_hash = ?", (request_hash,)).fetchone()
    return _request(row) if row else None


def list_requests(db: sqlite3.Connection, *, tenant: str, digest: bytes) -> list[KnownRequest]:
    """The requests with that digest: it does not name the sender, so two accounts that pay alike have the same."""
    rows = db.execute(f"{_REQUEST} where tenant = ? and digest = ?", (tenant, digest))
    return [_request(row) for row in rows]


def _request(row: tuple[bytes, str, bytes, bytes, bytes, bytes, str, str]) -> KnownRequest:
    return KnownRequest(
        request_hash=row[0],
        tenant=row[1],
        transaction_id=row[2],
        digest=row[3],
        intent_hash=row[4],
        payload_hash=row[5],
        key_id=row[6],
        path=row[7],
    )


def find_external_id(db: sqlite3.Connection, *, tenant: str, external_id: str) -> bytes | None:
    """The hash of the request that holds this externalTxId."""
    row = db.execute(
        "select request_hash from external_ids where tenant = ? and external_id = ?", (tenant, external_id)
    ).fetchone()
    return row[0] if row else None


_SLOT = "select chain_id, sender, nonce, request_hash, digest, finished from slots"


def find_slot(
    db: sqlite3.Connection,
    *,
    place: tuple[int, str, int] | None = None,
    request_hash: bytes | None = None,
) -> Slot | None:
    """The slot at (chain id, sender, nonce), or the slot that a request holds."""
    if place is not None:
        row = db.execute(f"{_SLOT} where chain_id = ? and sender = ? and nonce = ?", place).fetchone()
    else:
        row = db.execute(f"{_SLOT} where request_hash = ?", (request_hash,)).fetchone()
    if row is None:
        return None
    return Slot(chain_id=row[0], sender=row[1], nonce=row[2], request_hash=row[3], digest=row[4], finished=bool(row[5]))


def find_consent(db: sqlite3.Connection, *, ceremony_id: bytes) -> bytes | None:
    """The consent given in a ceremony, an encoded ``Signed``."""
    row = db.execute("select document from consents where ceremony_id = ?", (ceremony_id,)).fetchone()
    return row[0] if row else None


def find_released(db: sqlite3.Connection, *, request_hash: bytes) -> bytes | None:
    """The digest that was released for a request."""
    row = db.execute("select digest from released where request_hash = ? limit 1", (request_hash,)).fetchone()
    return row[0] if row else None


def is_sign_id_used(db: sqlite3.Connection, *, sign_id: bytes) -> bool:
    """Whether a released ceremony had this id."""
    return db.execute("select 1 from released where sign_id = ?", (sign_id,)).fetchone() is not None


def find_signature(db: sqlite3.Connection, *, request_hash: bytes) -> StoredSignature | None:
    """The finished signature of a request's digest."""
    row = db.execute("select signature, statement from finished where request_hash = ?", (request_hash,)).fetchone()
    return StoredSignature(signature=row[0], statement=row[1]) if row else None


def find_tombstone(db: sqlite3.Connection, *, request_hash: bytes) -> bytes | None:
    """Our tombstone on a request, an encoded ``Signed``."""
    row = db.execute("select document from tombstones where request_hash = ?", (request_hash,)).fetchone()
    return row[0] if row else None


def find_ban(db: sqlite3.Connection, *, tenant: str, peers: dict[int, bytes]) -> int | None:
    """The first of ``peers`` (signing key by index) that is banned, as this key anywhere or as this index here."""
    for peer, peer_key in peers.items():
        row = db.execute(
            "select 1 from bans where peer_key = ? or (tenant = ? and peer = ?) limit 1", (peer_key, tenant, peer)
        ).fetchone()
        if row is not None:
            return peer
    return None


def get_failure_count(db: sqlite3.Connection, *, quorum_hash: bytes) -> int:
    """How many ceremonies of a quorum failed without a name."""
    return int(db.execute("select count(*) from failures where quorum_hash = ?", (quorum_hash,)).fetchone()[0])


def list_spending(db: sqlite3.Connection, *, since: int) -> Iterator[Spending]:
    """Consented amounts after that moment (Unix seconds), oldest first, without the dead."""
    rows = db.execute(
        "select tenant, request_hash, asset_id, amount_units, at from requests where at > ?"
        " and request_hash not in (select request_hash from tombstones) order by at",
        (since,),
    )
    for tenant, request_hash, asset_id, amount_units, at in rows:
        yield Spending(
            tenant=tenant, request_hash=request_hash, asset_id=asset_id, amount_units=int(amount_units), at=at
        )


def _key(row: tuple[str, str, int, bytes, bytes, bytes, bytes, bytes, bytes] | None) -> StoredKey | None:
    if row is None:
        return None
    tenant, key_id, epoch, public_key, chain_code, facts_hash, request_hash, blob, record = row
    return StoredKey(
        tenant=tenant,
        key_id=key_id,
        epoch=epoch,
        public_key=public_key,
        chain_code=chain_code,
        facts_hash=facts_hash,
        request_hash=request_hash,
        blob=blob,
        record=record,
    )
