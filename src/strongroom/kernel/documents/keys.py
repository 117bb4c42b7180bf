"""Key requests by owners and key records by co-signers (trust.md 2).

A key has epochs: its generation makes the first, every complete refresh the next. The key stays, the shares do not.
"""

import base64

from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import Document, decode, encode
from strongroom.kernel.documents.consent import open_by_cosigner
from strongroom.kernel.documents.document_set import COSIGNER_COUNT, DocumentSet, check_quorum, tenant_of
from strongroom.kernel.documents.intent import PublicKey, default_key_id
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment

FIRST_EPOCH = 1
"""The epoch that a key generation makes."""


class KeyRequest(Document, frozen=True):
    """Owners ask for one key, or for its next epoch, and name its quorum.

    ``epoch`` 1 is the key generation, n + 1 the complete refresh of epoch n; ``not_after`` in Unix seconds;
    ``nonce`` 32 random bytes.
    """

    key_id: str
    epoch: int
    threshold: int
    parties: tuple[int, ...]
    document_set_hash: bytes
    nonce: bytes
    not_after: int


class KeyRecord(Document, frozen=True):
    """What a co-signer states of a key after its test signature.

    ``public_key`` 33 bytes compressed, ``chain_code`` 32 bytes, hashes 32 bytes.
    """

    key_id: str
    epoch: int
    threshold: int
    parties: tuple[int, ...]
    public_key: bytes
    chain_code: bytes
    document_set_hash: bytes
    key_request_hash: bytes
    transcript_hash: bytes
    cosigner: int


def verify_key_request(*, data: bytes, document_set: DocumentSet, now_s: int) -> KeyRequest:
    """The key request in ``data`` if m owners signed it under the current document set.

    Raises:
        StrongroomError: ``DOCUMENT_*``, ``REQUEST_EXPIRED``.
    """
    signed = decode(data, Signed)
    if signed.kind is not Kind.KEY_REQUEST:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "This is not a key request.")
    if (signed.environment, signed.tenant) != (document_set.environment, document_set.tenant):
        raise StrongroomError(Code.DOCUMENT_FOREIGN)
    check_quorum(signed=signed, owners=document_set.owners)
    request = decode(signed.payload, KeyRequest)
    if request.document_set_hash != document_set.hash():
        raise StrongroomError(Code.DOCUMENT_VERSION_INVALID, "The key request is for another document set.")
    if (request.threshold, request.parties) != (COSIGNER_COUNT, (1, 2, 3)):
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "The product makes 3-of-3 keys only.")
    if request.key_id != default_key_id(environment=document_set.environment, tenant_id=tenant_of(document_set)):
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "One key set per tenant and environment.")
    if request.epoch < FIRST_EPOCH:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "Epochs count from 1.")
    if now_s >= request.not_after:
        raise StrongroomError(Code.REQUEST_EXPIRED)
    return request


def verify_key_records(
    *,
    records: tuple[bytes, ...],
    document_set: DocumentSet,
    key_request_hash: bytes,
    epoch: int,
    expected: PublicKey | None = None,
) -> PublicKey:
    """The key that all three co-signers recorded alike.

    Args:
        records: three encoded ``Signed`` of kind ``key-record``, by co-signers 1, 2 and 3 in order.
        epoch: the one that was asked for.
        expected: the key of the epoch before, which a refresh must not change.

    Raises:
        StrongroomError: ``DOCUMENT_*``, ``SIGNATURE_INVALID`` if the records differ.
    """
    if len(records) != COSIGNER_COUNT:
        raise StrongroomError(Code.DOCUMENT_QUORUM_MISSING, "All three co-signers must record a key.")
    opened = [
        open_by_cosigner(data=data, kind=Kind.KEY_RECORD, shape=KeyRecord, index=index, document_set=document_set)
        for index, data in enumerate(records, start=1)
    ]
    same = {facts_hash(record) for record in opened}
    if len(same) != 1 or [record.cosigner for record in opened] != [1, 2, 3]:
        raise StrongroomError(Code.SIGNATURE_INVALID, "The co-signers' key records differ.")
    first = opened[0]
    if first.key_request_hash != key_request_hash or (first.threshold, first.parties) != (COSIGNER_COUNT, (1, 2, 3)):
        raise StrongroomError(Code.SIGNATURE_INVALID, "The key records answer another key request.")
    public = PublicKey(key_id=first.key_id, public_key=first.public_key, chain_code=first.chain_code)
    if first.epoch != epoch:
        raise StrongroomError(Code.SIGNATURE_INVALID, f"The key records are of epoch {first.epoch}, not {epoch}.")
    if expected is not None and public != expected:
        raise StrongroomError(Code.SIGNATURE_INVALID, "The refresh changed the key.")
    return public


def key_fingerprint(*, environment: Environment, tenant: str, record: KeyRecord) -> str:
    """What people compare by telephone: 160 bits over the facts that all three records share, base32 in groups of four.

    The same for every co-signer and for whoever verified the records; another one for every epoch.
    """
    digest = sha256(encode(["strongroom/key-fingerprint/v1", environment, tenant, facts_hash(record)]))
    text = base64.b32encode(digest[:20]).decode()
    return " ".join(text[place : place + 4] for place in range(0, len(text), 4))


def facts_hash(record: KeyRecord) -> bytes:
    """What the three records have in common, 32 bytes."""
    return sha256(encode({**_facts(record), "cosigner": 0}))


def _facts(record: KeyRecord) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__struct_fields__}
