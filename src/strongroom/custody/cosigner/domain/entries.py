"""What the journal says: one document per kind of entry, and the hash that chains them (trust.md 6)."""

from typing import TypeAlias

from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import Document, encode

GENESIS_HEAD = bytes(32)
"""What the first entry names as its predecessor."""


class DocumentSetInstalled(Document, frozen=True):
    """A verified document set is current from now on; ``signed`` is the encoded ``Signed``."""

    tenant: str
    version: int
    set_hash: bytes
    signed: bytes
    at: int


class KeyGenerated(Document, frozen=True):
    """A share that signed its test signature: ``blob`` is sealed, ``record`` the signed key record."""

    tenant: str
    key_id: str
    epoch: int
    request_nonce: bytes
    request_hash: bytes
    ceremony_id: bytes
    public_key: bytes
    chain_code: bytes
    facts_hash: bytes
    blob: bytes
    record: bytes
    at: int


class Consented(Document, frozen=True):
    """A consent with everything it binds: request, slot, digest, amount; ``handoff_hash`` of the order's handoff."""

    tenant: str
    ceremony_id: bytes
    request_hash: bytes
    transaction_id: bytes
    external_id: str | None
    chain_id: int
    sender: str
    nonce: int
    digest: bytes
    intent_hash: bytes
    payload_hash: bytes
    asset_id: str
    amount_units: int
    key_id: str
    path: str
    consent: bytes
    handoff_hash: bytes
    at: int


class Released(Document, frozen=True):
    """The point of no return, before the last-round message leaves; ``sign_id`` is consumed for ever."""

    ceremony_id: bytes
    sign_id: bytes
    request_hash: bytes
    digest: bytes
    at: int


class Finished(Document, frozen=True):
    """A finished signature; ``statement`` is the signed partial, or the signed adoption."""

    request_hash: bytes
    digest: bytes
    signature: bytes
    statement: bytes
    at: int


class Closed(Document, frozen=True):
    """A signed tombstone: never released, never will."""

    tenant: str
    request_hash: bytes
    transaction_id: bytes
    tombstone: bytes
    at: int


class Banned(Document, frozen=True):
    """A peer that cheated in an authenticated message; for ever."""

    tenant: str
    key_id: str
    peer: int
    peer_key: bytes
    ceremony_id: bytes
    round: int
    detail: str
    at: int


class CeremonyFailed(Document, frozen=True):
    """A failure that names nobody; counted per quorum."""

    quorum_hash: bytes
    ceremony_id: bytes
    round: int
    detail: str
    at: int


Entry: TypeAlias = (
    DocumentSetInstalled | KeyGenerated | Consented | Released | Finished | Closed | Banned | CeremonyFailed
)

KINDS: dict[str, type[Entry]] = {
    "document-set-installed": DocumentSetInstalled,
    "key-generated": KeyGenerated,
    "consented": Consented,
    "released": Released,
    "finished": Finished,
    "closed": Closed,
    "banned": Banned,
    "ceremony-failed": CeremonyFailed,
}
KIND_OF: dict[type[Entry], str] = {shape: kind for kind, shape in KINDS.items()}


def entry_hash(*, sequence: int, kind: str, previous: bytes, payload: bytes) -> bytes:
    """SHA-256 over the deterministic CBOR of [domain, sequence, kind, previous hash, payload], 32 bytes."""
    return sha256(encode(["strongroom/journal/v1", sequence, kind, previous, payload]))
