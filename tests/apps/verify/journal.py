"""Journals of co-signers, made by hand."""

from collections.abc import Mapping
from uuid import UUID

import cbor2

from strongroom.apps.verify.books import Entry
from strongroom.apps.verify.decode import entry_hash


def cbor(value: object) -> bytes:
    return cbor2.dumps(value, canonical=True)


def signed_by_nobody(document: object) -> bytes:
    """An envelope as the co-signers send it; the auditor does not judge signatures."""
    return cbor({"payload": cbor(document), "signatures": []})


def tombstone(request_hash: bytes, transaction_id: UUID, *, signer: int) -> bytes:
    return signed_by_nobody({"cosigner": signer, "request_hash": request_hash, "transaction_id": transaction_id.bytes})


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
