"""Questions to the index: frozen answers, None for nothing."""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from strongroom.custody.cosigner.domain.entries import PeerHead
from strongroom.custody.cosigner.domain.limits import Spending
from strongroom.custody.cosigner.domain.slots import Slot
from strongroom.kernel.errors import Code, StrongroomError


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """The key of a tenant as this co-signer recorded it; ``blob_hash`` of its sealed share, 32 bytes.

    ``restored``: the share came from its backup and was not refreshed since.
    """

    tenant: str
    key_id: str
    epoch: int
    public_key: bytes
    chain_code: bytes
    facts_hash: bytes
    request_hash: bytes
    blob_hash: bytes
    record: bytes
    restored: bool = False


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


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentHead:
    """A tenant's current document set: its version and its hash, 32 bytes."""

    tenant: str
    version: int
    set_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenTenant:
    """Why nothing is signed for a tenant: ``peer`` showed our own head of ``sequence``, which is not in the journal."""

    tenant: str
    peer: int
    sequence: int
    at: int


def find_document_set(db: sqlite3.Connection, *, tenant: str) -> bytes | None:
    """The tenant's current document set, an encoded ``Signed``."""
    row = db.execute(
        "select signed from document_sets where tenant = ? order by version desc limit 1", (tenant,)
    ).fetchone()
    return row[0] if row else None


def list_document_heads(db: sqlite3.Connection) -> list[DocumentHead]:
    """The current document set of every tenant, by name."""
    rows = db.execute(
        "select tenant, version, hash from document_sets as newest where version ="
        " (select max(version) from document_sets where tenant = newest.tenant) order by tenant"
    )
    return [DocumentHead(tenant=row[0], version=row[1], set_hash=row[2]) for row in rows]


def has_document_set(db: sqlite3.Connection, *, tenant: str, set_hash: bytes) -> bool:
    """Whether a document set of that hash was ever installed here."""
    found = db.execute("select 1 from document_sets where tenant = ? and hash = ?", (tenant, set_hash))
    return found.fetchone() is not None


_KEY = "select tenant, key_id, epoch, public_key, chain_code, facts_hash, request_hash, blob_hash, record"


def find_key(db: sqlite3.Connection, *, tenant: str, key_id: str) -> StoredKey | None:
    """The tenant's key of that id."""
    row = db.execute(f"{_KEY}, restored from keys where tenant = ? and key_id = ?", (tenant, key_id)).fetchone()
    return _key(*row) if row else None


def list_pending_keys(db: sqlite3.Connection, *, tenant: str, key_id: str) -> list[StoredKey]:
    """The shares of a later epoch that wait for all three records."""
    rows = db.execute(f"{_KEY}, 0 from pending_keys where tenant = ? and key_id = ?", (tenant, key_id))
    return [_key(*row) for row in rows]


def get_share_blob(db: sqlite3.Connection, *, key: StoredKey) -> bytes:
    """The sealed share of a key; ``STATE_DAMAGED`` without one."""
    place = (key.tenant, key.key_id, key.blob_hash)
    row = db.execute("select blob from shares where tenant = ? and key_id = ? and blob_hash = ?", place).fetchone()
    if row is None:
        raise StrongroomError(Code.STATE_DAMAGED, f"The share of {key.key_id}, epoch {key.epoch}, is missing.")
    return row[0]


def has_backup(db: sqlite3.Connection, *, key: StoredKey) -> bool:
    """Whether this very share was backed up."""
    place = (key.tenant, key.key_id, key.facts_hash)
    found = db.execute("select 1 from backups where tenant = ? and key_id = ? and facts_hash = ? limit 1", place)
    return found.fetchone() is not None


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


def find_consented_at(db: sqlite3.Connection, *, request_hash: bytes) -> int | None:
    """When a request was consented to last, Unix seconds."""
    row = db.execute("select at from requests where request_hash = ?", (request_hash,)).fetchone()
    return row[0] if row else None


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


def begins_lane(db: sqlite3.Connection, *, tenant: str, place: tuple[int, str, int]) -> bool:
    """Whether a slot (chain id, sender, nonce) may be the first that this journal knows of its lane.

    The journal was lost, and since then nothing was consented to with a lower nonce of that sender.
    """
    found = db.execute(
        "select 1 from lost_until where tenant = ? and not exists (select 1 from requests"
        " where chain_id = ? and sender = ? and nonce < ? and requests.at > lost_until.at)",
        (tenant, *place),
    )
    return found.fetchone() is not None


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


def find_peer_tombstone(db: sqlite3.Connection, *, request_hash: bytes, signer: int | None = None) -> bytes | None:
    """A peer's tombstone on a request that we were shown, an encoded ``Signed``: that of ``signer``, or any."""
    row = db.execute(
        "select document from peer_tombstones where request_hash = ? and coalesce(?, signer) = signer limit 1",
        (request_hash, signer),
    ).fetchone()
    return row[0] if row else None


def is_refusal_known(db: sqlite3.Connection, *, request_hash: bytes, reason: str) -> bool:
    """Whether this alarm is in the journal already."""
    found = db.execute("select 1 from refusals where request_hash = ? and reason = ?", (request_hash, reason))
    return found.fetchone() is not None


def list_peer_heads(db: sqlite3.Connection, *, tenant: str) -> dict[int, PeerHead]:
    """The newest journal head of each peer, by index."""
    rows = db.execute("select peer, epoch, sequence, document from peer_heads where tenant = ?", (tenant,))
    return {
        peer: PeerHead(tenant=tenant, peer=peer, epoch=epoch, sequence=sequence, document=document)
        for peer, epoch, sequence, document in rows
    }


def find_entry_hash(db: sqlite3.Connection, *, sequence: int) -> bytes | None:
    """The hash of an entry of the journal."""
    row = db.execute("select hash from journal where sequence = ?", (sequence,)).fetchone()
    return row[0] if row else None


def is_frozen(db: sqlite3.Connection, *, tenant: str) -> bool:
    """Whether this journal was found to be rolled back, and the tenant's key was not refreshed since."""
    return db.execute("select 1 from frozen where tenant = ?", (tenant,)).fetchone() is not None


def find_lost_until(db: sqlite3.Connection, *, tenant: str) -> int | None:
    """Until when this journal may lack what was promised to the tenant, Unix seconds; None if it never did."""
    row = db.execute("select at from lost_until where tenant = ?", (tenant,)).fetchone()
    return row[0] if row else None


def list_frozen(db: sqlite3.Connection) -> list[FrozenTenant]:
    """The tenants for which this co-signer refuses everything, by name."""
    rows = db.execute("select tenant, peer, sequence, at from frozen order by tenant")
    return [FrozenTenant(tenant=row[0], peer=row[1], sequence=row[2], at=row[3]) for row in rows]


def list_bans(db: sqlite3.Connection) -> list[tuple[str, int]]:
    """Tenant and index of every banned peer."""
    return list(db.execute("select distinct tenant, peer from bans order by tenant, peer"))


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


def is_failure_known(db: sqlite3.Connection, *, ceremony_id: bytes) -> bool:
    """Whether the failure of this ceremony is counted."""
    return db.execute("select 1 from failures where ceremony_id = ?", (ceremony_id,)).fetchone() is not None


def list_spending(db: sqlite3.Connection, *, since: int) -> Iterator[Spending]:
    """Consented amounts after that moment (Unix seconds), oldest first, without what we closed ourselves.

    What a peer alone closed was released here, and may land.
    """
    rows = db.execute(
        "select tenant, request_hash, asset_id, amount_units, at from requests where at > ?"
        " and request_hash not in (select request_hash from tombstones) order by at",
        (since,),
    )
    for tenant, request_hash, asset_id, amount_units, at in rows:
        yield Spending(
            tenant=tenant, request_hash=request_hash, asset_id=asset_id, amount_units=int(amount_units), at=at
        )


def _key(
    tenant: str,
    key_id: str,
    epoch: int,
    public_key: bytes,
    chain_code: bytes,
    facts_hash: bytes,
    request_hash: bytes,
    blob_hash: bytes,
    record: bytes,
    restored: int,
) -> StoredKey:
    return StoredKey(
        tenant=tenant,
        key_id=key_id,
        epoch=epoch,
        public_key=public_key,
        chain_code=chain_code,
        facts_hash=facts_hash,
        request_hash=request_hash,
        blob_hash=blob_hash,
        record=record,
        restored=bool(restored),
    )
