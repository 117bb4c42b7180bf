"""What co-signers sign around one digest: consent, callback, refusal, tombstone, partials, adoption (trust.md 5, 7)."""

from enum import StrEnum
from typing import TypeVar

from strongroom.kernel.documents.codec import Document, decode
from strongroom.kernel.documents.document_set import DocumentSet, tenant_of
from strongroom.kernel.documents.signing import Kind, Role, Signed, open_signed
from strongroom.kernel.errors import Code, StrongroomError

D = TypeVar("D", bound=Document)


class Consent(Document, frozen=True):
    """The word of a co-signer that it will sign this digest: all checks passed, persisted before it was sent.

    ``nonce`` is 32 fresh random bytes.
    """

    transaction_id: bytes
    attempt: int
    ceremony_id: bytes
    request_hash: bytes
    intent_hash: bytes
    payload_hash: bytes
    decision_hash: bytes
    document_set_hash: bytes
    key_id: str
    epoch: int
    path: str
    digest: bytes
    cosigner: int
    nonce: bytes
    journal_head: bytes
    at: int


class RefusalKind(StrEnum):
    """NOT_NOW leaves no trace and may be asked again; a tombstone is for ever."""

    NOT_NOW = "NOT_NOW"
    TOMBSTONE = "TOMBSTONE"


class Refusal(Document, frozen=True):
    """Why a co-signer did not consent this time; ``reason`` is a code of ``kernel.errors``."""

    transaction_id: bytes
    attempt: int
    ceremony_id: bytes
    cosigner: int
    kind: RefusalKind
    reason: str
    detail: str
    at: int


class Tombstone(Document, frozen=True):
    """Never released, never will: the request is dead for this co-signer, and for all that are shown this."""

    transaction_id: bytes
    request_hash: bytes
    cosigner: int
    reason: str
    at: int


class Partial(Document, frozen=True):
    """What one co-signer did in a ceremony.

    Hashes (32 bytes) of its last-round messages by receiver, of those it received by sender, and of the finished
    (r, s, v).
    """

    transaction_id: bytes
    ceremony_id: bytes
    digest: bytes
    cosigner: int
    sent: tuple[tuple[int, bytes], ...]
    received: tuple[tuple[int, bytes], ...]
    result_hash: bytes


class Adopted(Document, frozen=True):
    """The finished signature for a digest this co-signer released is valid: accepted in place of a partial."""

    transaction_id: bytes
    digest: bytes
    cosigner: int
    result_hash: bytes


class JournalHead(Document, frozen=True):
    """A co-signer's journal at one moment (trust.md 6); ``challenge`` is the ceremony id, 32 bytes.

    A peer keeps the last one and shows it when the next ceremony opens: whoever does not find it in its own journal was
    rolled back. ``epoch`` is the key's: a head of before the last refresh says nothing any more.
    """

    cosigner: int
    epoch: int
    sequence: int
    head: bytes
    document_set_hash: bytes
    challenge: bytes


class CallbackAnswer(StrEnum):
    """What a co-signer's callback handler said; NONE for whatever is no answer of its own to that very question."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"
    RETRY = "RETRY"
    IGNORE = "IGNORE"
    NONE = "NONE"


class CallbackReport(Document, frozen=True):
    """The word of a co-signer on what its callback handler was asked, and answered (step 10a).

    ``answer_hash`` is the SHA-256 of the handler's own signed token, empty where there is none; times in microseconds.
    """

    transaction_id: bytes
    intent_hash: bytes
    digest: bytes
    cosigner: int
    request_id: str
    answer: CallbackAnswer
    answer_hash: bytes
    asked_at_us: int
    duration_us: int


def open_tombstone(*, data: bytes, index: int, request_hash: bytes, document_set: DocumentSet) -> Tombstone:
    """The tombstone of a request by one co-signer. By co-signer 3, it makes it safe to pay again (trust.md 5).

    Raises:
        StrongroomError: ``DOCUMENT_*``; ``INTENT_MISMATCH`` for another request's.
    """
    tombstone = open_by_cosigner(
        data=data, kind=Kind.TOMBSTONE, shape=Tombstone, index=index, document_set=document_set
    )
    if tombstone.request_hash != request_hash or tombstone.cosigner != index:
        raise StrongroomError(Code.INTENT_MISMATCH, "The tombstone is about another request.")
    return tombstone


def open_by_cosigner(*, data: bytes, kind: Kind, shape: type[D], index: int, document_set: DocumentSet) -> D:
    """The document in ``data`` if co-signer ``index`` of the roster signed it as ``kind``.

    Raises:
        StrongroomError: ``DOCUMENT_*``.
    """
    payload = open_signed(
        signed=decode(data, Signed),
        kind=kind,
        environment=document_set.environment,
        tenant_id=tenant_of(document_set),
        public_key=document_set.get_cosigner(index).signing_key,
        role=Role.COSIGNER,
        signer=cosigner_name(index),
    )
    return decode(payload, shape)


def cosigner_name(index: int) -> str:
    """The name under which a co-signer signs and is certified: ``cosigner-1``."""
    return f"cosigner-{index}"
