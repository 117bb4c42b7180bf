"""What the journal says: one document per kind of entry, and the hash that chains them (trust.md 6)."""

from typing import TypeAlias

from strongroom.custody.cosigner.domain.key_entries import (
    BackedUp,
    KeyActivated,
    KeyGenerated,
    KeyRefreshed,
    ShareRestored,
)
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import Document, encode
from strongroom.kernel.documents.consent import CallbackAnswer

GENESIS_HEAD = bytes(32)
"""What the first entry names as its predecessor."""


class DocumentSetInstalled(Document, frozen=True):
    """A verified document set is current from now on; ``signed`` is the encoded ``Signed``."""

    tenant: str
    version: int
    set_hash: bytes
    signed: bytes
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


class PeerHead(Document, frozen=True):
    """The newest signed journal head that a peer sent; ``document`` is an encoded ``Signed`` of kind journal-head."""

    tenant: str
    peer: int
    epoch: int
    sequence: int
    document: bytes


class Released(Document, frozen=True):
    """The point of no return, before the last-round message leaves; ``sign_id`` is consumed for ever.

    ``heads`` came in an earlier ceremony that did not finish here.
    """

    ceremony_id: bytes
    sign_id: bytes
    request_hash: bytes
    digest: bytes
    heads: tuple[PeerHead, ...]
    at: int


class Finished(Document, frozen=True):
    """A finished signature; ``statement`` is the signed partial, or the signed adoption."""

    request_hash: bytes
    digest: bytes
    signature: bytes
    statement: bytes
    heads: tuple[PeerHead, ...]
    at: int


class Closed(Document, frozen=True):
    """A signed tombstone: never released, never will."""

    tenant: str
    request_hash: bytes
    transaction_id: bytes
    tombstone: bytes
    at: int


class PeerClosed(Document, frozen=True):
    """The tombstone of a peer: the request is dead here too, even if its digest was released."""

    tenant: str
    request_hash: bytes
    transaction_id: bytes
    signer: int
    tombstone: bytes
    at: int


class CallbackAsked(Document, frozen=True):
    """The callback handler is going to be asked about this digest, under this ``request_id`` whenever it is."""

    tenant: str
    request_hash: bytes
    transaction_id: bytes
    intent_hash: bytes
    digest: bytes
    request_id: str
    at: int


class CallbackAnswered(Document, frozen=True):
    """Its APPROVE or REJECT, the only one that is ever heard: its signed ``token``, and our signed ``report`` of it."""

    request_hash: bytes
    digest: bytes
    answer: CallbackAnswer
    token: bytes
    report: bytes
    at: int


class Refused(Document, frozen=True):
    """A refusal that is an alarm, once for each request and reason.

    ``request_hash`` names the request, or is the SHA-256 of the document that was refused; ``reason`` is a code.
    """

    tenant: str
    request_hash: bytes
    reason: str
    detail: str
    at: int


class SuppressedAlarms(Document, frozen=True):
    """How many refusals with one reason were counted instead of written."""

    tenant: str
    reason: str
    count: int


class AlarmsSuppressed(Document, frozen=True):
    """There were more alarms than are written in an hour; ``since`` is when the first of them was refused."""

    alarms: tuple[SuppressedAlarms, ...]
    since: int
    at: int


class Frozen(Document, frozen=True):
    """We were rolled back: ``peer`` showed a head that we signed and that is not in this journal."""

    tenant: str
    peer: int
    sequence: int
    head: bytes
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
    DocumentSetInstalled
    | KeyGenerated
    | KeyRefreshed
    | KeyActivated
    | BackedUp
    | ShareRestored
    | Consented
    | Released
    | Finished
    | Closed
    | PeerClosed
    | CallbackAsked
    | CallbackAnswered
    | Refused
    | AlarmsSuppressed
    | Frozen
    | Banned
    | CeremonyFailed
)

KINDS: dict[str, type[Entry]] = {
    "document-set-installed": DocumentSetInstalled,
    "key-generated": KeyGenerated,
    "key-refreshed": KeyRefreshed,
    "key-activated": KeyActivated,
    "backed-up": BackedUp,
    "share-restored": ShareRestored,
    "consented": Consented,
    "released": Released,
    "finished": Finished,
    "closed": Closed,
    "peer-closed": PeerClosed,
    "callback-asked": CallbackAsked,
    "callback-answered": CallbackAnswered,
    "refused": Refused,
    "alarms-suppressed": AlarmsSuppressed,
    "frozen": Frozen,
    "banned": Banned,
    "ceremony-failed": CeremonyFailed,
}
KIND_OF: dict[type[Entry], str] = {shape: kind for kind, shape in KINDS.items()}


def entry_hash(*, sequence: int, kind: str, previous: bytes, payload: bytes) -> bytes:
    """SHA-256 over the deterministic CBOR of [domain, sequence, kind, previous hash, payload], 32 bytes."""
    return sha256(encode(["strongroom/journal/v1", sequence, kind, previous, payload]))
