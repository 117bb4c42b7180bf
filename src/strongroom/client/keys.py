"""The tenant's key as a platform shows it, believed as far as the three co-signers' records prove it (trust.md 2)."""

import base64
from dataclasses import dataclass
from typing import Any

from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.documents.intent import PublicKey
from strongroom.kernel.documents.keys import KeyRequest, verify_key_records
from strongroom.kernel.documents.signing import Signed

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The tenant's key: ``status`` is PENDING, READY or FAILED; ``reason`` says why it failed.

    ``public_key`` is verified, ``records`` are the three co-signers' statements of it by which it was; both only when
    READY.
    """

    key_id: str
    status: str
    reason: str
    public_key: PublicKey | None
    records: tuple[Signed, ...]


def open_key(shown: Json, *, document_set: DocumentSet) -> Key:
    """The key in a platform's answer; once READY, verified.

    Raises:
        StrongroomError: ``SIGNATURE_INVALID``, ``DOCUMENT_*``.
    """
    is_ready = shown["status"] == "READY"
    return Key(
        key_id=shown["keyId"],
        status=shown["status"],
        reason=shown["reason"],
        public_key=_verify(shown, document_set) if is_ready else None,
        records=tuple(decode(record, Signed) for record in _records(shown)) if is_ready else (),
    )


def _verify(shown: Json, document_set: DocumentSet) -> PublicKey:
    asked = decode(decode(base64.b64decode(shown["keyRequest"]), Signed).payload, KeyRequest)
    return verify_key_records(
        records=_records(shown), document_set=document_set, key_request_hash=asked.hash(), epoch=asked.epoch
    )


def _records(shown: Json) -> tuple[bytes, ...]:
    return tuple(base64.b64decode(record) for record in shown["keyRecords"])
