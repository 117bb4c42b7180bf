"""Journals of co-signers, made by hand."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from strongroom.apps.verify.books import Entry, Transaction
from strongroom.apps.verify.decode import entry_hash


def cbor(value: object) -> bytes:
    return cbor2.dumps(value, canonical=True)


def signed_by_nobody(document: object) -> bytes:
    """An envelope as the co-signers send it, where the auditor does not judge the signature."""
    return cbor({"payload": cbor(document), "signatures": []})


KEYS: Final = {index: Ed25519PrivateKey.from_private_bytes(bytes((index,)) * 32) for index in (1, 2, 3)}


def tombstone(
    request_hash: bytes, transaction_id: UUID, *, signer: int, key: int | None = None, **changes: object
) -> bytes:
    """By co-signer ``signer``, with the key of ``key`` if that is another; ``changes`` are of the envelope."""
    document = {"cosigner": signer, "request_hash": request_hash, "transaction_id": transaction_id.bytes}
    payload = cbor(document)
    signature = KEYS[key or signer].sign(b"strongroom/tombstone/v1\0sandbox\0acme\0" + payload)
    signed = {
        "kind": "tombstone",
        "environment": "sandbox",
        "tenant": "acme",
        "payload": payload,
        "signatures": [{"signer": f"cosigner-{signer}", "signature": signature}],
    }
    return cbor({**signed, **changes})


def tombstone_of(one: Transaction, *, signer: int) -> tuple[str, Mapping[str, object]]:
    """The entry of a request that co-signer ``signer`` closed."""
    return "closed", {
        "request_hash": one.request_hash,
        "tombstone": tombstone(one.request_hash, one.id, signer=signer),
    }


def document_set(*, turned: int = 0) -> bytes:
    """A tenant's document set, as far as the auditor reads it; ``turned``, the co-signers have each other's keys."""
    cosigners = [
        {"index": 1 + (index - 1 + turned) % 3, "signing_key": key.public_key().public_bytes_raw()}
        for index, key in sorted(KEYS.items())
    ]
    return signed_by_nobody({"roster": {"cosigners": cosigners}})


def chained(contents: list[tuple[str, Mapping[str, object]]]) -> tuple[Entry, ...]:
    """A journal of these entries."""
    entries: list[Entry] = []
    previous = bytes(32)
    for sequence, (kind, fields) in enumerate(contents, 1):
        payload = cbor(fields)
        hashed = entry_hash(sequence=sequence, kind=kind, previous=previous, payload=payload)
        entries.append(Entry(sequence=sequence, kind=kind, previous=previous, payload=payload, hash=hashed))
        previous = hashed
    return tuple(entries)
