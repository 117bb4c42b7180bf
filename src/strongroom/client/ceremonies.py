"""A key ceremony or a refresh as its owners hold it: asked for, followed, verified here, written down (trust.md 2)."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from strongroom.client.api import Strongroom
from strongroom.client.owner import OwnerKey
from strongroom.client.ports import Ports
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import DocumentSet, check_quorum
from strongroom.kernel.documents.intent import PublicKey
from strongroom.kernel.documents.keys import KeyRecord, KeyRequest, key_fingerprint, verify_key_records
from strongroom.kernel.documents.signing import Kind, Signed, signing_bytes
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEpoch:
    """An epoch of a key, verified here by the records of all three co-signers.

    ``fingerprint`` is what `strongroom-cosigner key show` prints on each host; ``transcript_hash`` has 32 bytes.
    """

    public: PublicKey
    epoch: int
    fingerprint: str
    transcript_hash: bytes
    key_request: Signed
    records: tuple[bytes, ...]


def add_signatures(request: Signed, owners: Sequence[OwnerKey]) -> Signed:
    """A key request with the signatures of further owners; one who has signed already signs again.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED`` if it is no key request.
    """
    _read_request(request)
    tenant_id = TenantId(request.tenant)
    data = signing_bytes(
        kind=Kind.KEY_REQUEST, environment=request.environment, tenant_id=tenant_id, payload=request.payload
    )
    new = {owner.holder: owner.sign(data) for owner in owners}
    kept = tuple(signature for signature in request.signatures if signature.signer not in new)
    return Signed(
        kind=Kind.KEY_REQUEST,
        environment=request.environment,
        tenant=request.tenant,
        payload=request.payload,
        signatures=(*kept, *new.values()),
    )


def find_epoch(client: Strongroom, document_set: DocumentSet) -> KeyEpoch | None:
    """The tenant's key in its newest epoch; None while there is none.

    Raises:
        StrongroomError: ``SIGNATURE_INVALID``, ``DOCUMENT_*`` if the records do not hold.
    """
    try:
        answer = client.request("GET", "/strongroom/key")
    except StrongroomError as error:
        if error.code is Code.KEY_UNKNOWN:
            return None
        raise
    return _read_epoch(answer, document_set, expected=None) if answer["status"] == "READY" else None


def hold_ceremony(
    client: Strongroom,
    request: Signed,
    *,
    document_set: DocumentSet,
    before: KeyEpoch | None,
    ports: Ports,
    tell: Callable[[str], None],
    timeout_s: int,
) -> KeyEpoch:
    """Have a key made, or refreshed, and verify what came of it. Repeated with the same request, it goes on.

    Args:
        client: a connection as an API user.
        request: signed by m owners.
        document_set: what owners and co-signers are judged by.
        before: the key of the epoch before, for a refresh.
        ports: time.
        tell: told how far it is, for people.
        timeout_s: how long to wait for the end.

    Raises:
        StrongroomError: ``CEREMONY_FAILED``, ``DEADLINE_EXCEEDED``, ``SIGNATURE_INVALID``, ``KEY_EXISTS``,
            ``KEY_UNKNOWN``, ``DOCUMENT_*``.
    """
    asked = _read_request(request)
    check_quorum(signed=request, owners=document_set.owners)
    if (asked.epoch > 1) != (before is not None):
        raise StrongroomError(
            Code.KEY_UNKNOWN if before is None else Code.KEY_EXISTS, "A refresh needs a key, a new key none."
        )
    answer = _await_end(client, request, asked, ports=ports, tell=tell, timeout_s=timeout_s)
    found = _read_epoch(answer, document_set, expected=before and before.public)
    if found.key_request.payload != request.payload:
        raise StrongroomError(Code.SIGNATURE_INVALID, "The platform shows the records of another request.")
    return found


def write_transcript(found: KeyEpoch, document_set: DocumentSet, *, started_s: int, ended_s: int) -> Json:
    """Everything that another person needs to verify the ceremony later, as JSON. Times in Unix seconds."""
    return {
        "version": 1,
        "environment": str(document_set.environment),
        "tenant": document_set.tenant,
        "keyId": found.public.key_id,
        "epoch": found.epoch,
        "fingerprint": found.fingerprint,
        "publicKey": found.public.public_key.hex(),
        "chainCode": found.public.chain_code.hex(),
        "documentSetVersion": document_set.version,
        "documentSetHash": document_set.hash().hex(),
        "transcriptHash": found.transcript_hash.hex(),
        "keyRequestHash": decode(found.key_request.payload, KeyRequest).hash().hex(),
        "keyRequest": _text(found.key_request.encode()),
        "keyRecords": [_text(record) for record in found.records],
        "startedAt": started_s,
        "endedAt": ended_s,
    }


def _await_end(
    client: Strongroom,
    request: Signed,
    asked: KeyRequest,
    *,
    ports: Ports,
    tell: Callable[[str], None],
    timeout_s: int,
) -> Json:
    deadline_s, told = ports.now_s() + timeout_s, ""
    while True:
        answer = client.request_key(request)
        if answer["status"] != told:
            told = answer["status"]
            tell(f"epoch {asked.epoch} of {asked.key_id}: {told}")
        if told == "READY":
            return answer
        if told == "FAILED":
            raise StrongroomError(Code.CEREMONY_FAILED, answer["reason"])
        if ports.now_s() >= deadline_s:
            raise StrongroomError(Code.DEADLINE_EXCEEDED, "It has not ended yet: run it again with the same request.")
        ports.sleep(0.2)


def _read_request(request: Signed) -> KeyRequest:
    if request.kind is not Kind.KEY_REQUEST:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "This is not a key request.")
    return decode(request.payload, KeyRequest)


def _read_epoch(answer: Json, document_set: DocumentSet, *, expected: PublicKey | None) -> KeyEpoch:
    request = decode(base64.b64decode(answer["keyRequest"]), Signed)
    asked = decode(request.payload, KeyRequest)
    records = tuple(base64.b64decode(record) for record in answer["keyRecords"])
    public = verify_key_records(
        records=records,
        document_set=document_set,
        key_request_hash=asked.hash(),
        epoch=asked.epoch,
        expected=expected,
    )
    record = decode(decode(records[0], Signed).payload, KeyRecord)
    return KeyEpoch(
        public=public,
        epoch=asked.epoch,
        fingerprint=key_fingerprint(environment=document_set.environment, tenant=document_set.tenant, record=record),
        transcript_hash=record.transcript_hash,
        key_request=request,
        records=records,
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
