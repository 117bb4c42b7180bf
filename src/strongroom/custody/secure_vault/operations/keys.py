"""Keys: asked for by the owners, made by the co-signers, believed only as all three recorded them."""

import structlog

from strongroom.custody.secure_vault.domain import Key, KeyErrand, KeyStatus
from strongroom.custody.secure_vault.operations.means import Means
from strongroom.custody.secure_vault.store import document_sets, keys
from strongroom.kernel.call_context import CallContext
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import parse_document_set
from strongroom.kernel.documents.intent import PublicKey, default_key_id
from strongroom.kernel.documents.keys import FIRST_EPOCH, KeyRequest, verify_key_records, verify_key_request
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId
from strongroom.runtime.db import Statement, insert_handoff, violated_constraint
from strongroom.runtime.rpc.evidence import HandoffEvent
from strongroom.runtime.work import WorkItem

_log = structlog.stdlib.get_logger(__name__)


async def request_key(*, means: Means, context: CallContext, key_request: bytes, received: HandoffEvent) -> Key:
    """Start the key ceremony, or the refresh, that the owners signed; the same request again shows how far it is.

    Args:
        key_request: an encoded ``Signed`` of kind ``key-request``.

    Raises:
        StrongroomError: ``KEY_EXISTS`` for another request while a key is PENDING or READY, or for another epoch than
            the next; ``KEY_UNKNOWN`` for a refresh without a key, ``STATUS_CONFLICT`` for one beside another,
            ``REQUEST_EXPIRED``, ``TENANT_UNKNOWN``, ``DOCUMENT_*``.
    """
    asked = decode(decode(key_request, Signed).payload, KeyRequest)
    known = await keys.find_key(means.database, tenant_id=context.tenant_id, key_id=asked.key_id)
    if known is not None and known.key_request_hash == asked.hash():
        return known
    refresh = await keys.find_key_refresh(
        means.database, tenant_id=context.tenant_id, key_id=asked.key_id, key_request_hash=asked.hash()
    )
    if refresh is not None:
        return refresh
    document_set = await means.get_document_set(context.tenant_id)
    verify_key_request(data=key_request, document_set=document_set, now_s=means.now_s())
    _check_epoch(asked=asked, known=known)
    key = Key(
        key_id=asked.key_id,
        status=KeyStatus.PENDING,
        reason="",
        key_request=key_request,
        key_request_hash=asked.hash(),
        document_set_version=document_set.version,
        rounds=0 if known is None else known.rounds + 1,
    )
    await _store_request(means=means, context=context, key=key, epoch=asked.epoch, received=received)
    return key


def _check_epoch(*, asked: KeyRequest, known: Key | None) -> None:
    if asked.epoch == FIRST_EPOCH:
        if known is not None and known.status is not KeyStatus.FAILED:
            raise StrongroomError(Code.KEY_EXISTS)
        return
    if known is None or known.public is None:
        raise StrongroomError(Code.KEY_UNKNOWN, "There is no key to refresh.")
    if asked.epoch != _epoch_of(known) + 1:
        raise StrongroomError(Code.KEY_EXISTS, f"The key is of epoch {_epoch_of(known)}: ask for the next one.")


def _epoch_of(key: Key) -> int:
    return decode(decode(key.key_request, Signed).payload, KeyRequest).epoch


async def get_key(*, means: Means, tenant_id: TenantId, key_id: str) -> Key:
    """A key; the tenant's only one for an empty id.

    Raises:
        StrongroomError: ``KEY_UNKNOWN``.
    """
    wanted = key_id or default_key_id(environment=means.environment, tenant_id=tenant_id)
    key = await keys.find_key(means.database, tenant_id=tenant_id, key_id=wanted)
    if key is None:
        raise StrongroomError(Code.KEY_UNKNOWN)
    return key


async def start_key_ceremony(*, means: Means, item: WorkItem) -> None:
    """Have cosigner_engine run the ceremony that was stored."""
    errand = decode(item.payload, KeyErrand)
    key = await _get_asked(
        means=means,
        tenant_id=TenantId(errand.tenant_id),
        key_id=errand.key_id,
        key_request_hash=errand.key_request_hash,
    )
    if key.status is KeyStatus.PENDING:
        await means.peers.generate_key(errand=errand, key=key)
    await means.work.commit(done=item)


async def record_key(
    *,
    means: Means,
    tenant_id: TenantId,
    key_id: str,
    key_request_hash: bytes,
    records: tuple[bytes, ...],
    reason: str,
    received: HandoffEvent,
) -> None:
    """Store how a key ceremony ended; records that do not verify end it as FAILED. Idempotent.

    Args:
        key_request_hash: of the request that the ceremony answers.
        records: three encoded ``Signed`` of kind ``key-record``, or none with a ``reason``.

    Raises:
        StrongroomError: ``KEY_UNKNOWN``; ``STATUS_CONFLICT`` if it ended otherwise before.
    """
    key = await _get_asked(means=means, tenant_id=tenant_id, key_id=key_id, key_request_hash=key_request_hash)
    if key.status is not KeyStatus.PENDING:
        if key.key_records != records:
            raise StrongroomError(Code.STATUS_CONFLICT, f"The key is {key.status}.")
        return
    change = await _decide_change(means=means, tenant_id=tenant_id, key=key, records=records, reason=reason)
    await means.database.commit(change, insert_handoff(received))


async def _get_asked(*, means: Means, tenant_id: TenantId, key_id: str, key_request_hash: bytes) -> Key:
    """The key, or the refresh of it, that a request asked for."""
    key = await get_key(means=means, tenant_id=tenant_id, key_id=key_id)
    if key.key_request_hash == key_request_hash:
        return key
    refresh = await keys.find_key_refresh(
        means.database, tenant_id=tenant_id, key_id=key_id, key_request_hash=key_request_hash
    )
    if refresh is None:
        raise StrongroomError(Code.STATUS_CONFLICT, "The key was asked for by another request.")
    return refresh


async def _store_request(*, means: Means, context: CallContext, key: Key, epoch: int, received: HandoffEvent) -> None:
    errand = KeyErrand(
        tenant_id=context.tenant_id,
        user_id=context.user_id,
        session_id=context.session_id,
        key_id=key.key_id,
        key_request_hash=key.key_request_hash,
    )
    now = means.clock.now()
    if epoch > FIRST_EPOCH:
        start = means.work.new(f"{key.key_id}/{key.key_request_hash.hex()}", "start_key_ceremony", errand.encode())
        change = keys.insert_key_refresh(tenant_id=context.tenant_id, key=key, epoch=epoch, now=now)
    else:
        start = means.work.new(key.key_id, "start_key_ceremony", errand.encode(), attempt=key.rounds)
        write = keys.insert_key if key.rounds == 0 else keys.update_key_request
        change = write(tenant_id=context.tenant_id, key=key, now=now)
    try:
        await means.work.commit(change, insert_handoff(received), then=[start])
    except StrongroomError as error:
        if violated_constraint(error) != keys.REFRESH_RUNS:
            raise
        raise StrongroomError(Code.STATUS_CONFLICT, "Another refresh of the key is running.") from None


async def _decide_change(
    *, means: Means, tenant_id: TenantId, key: Key, records: tuple[bytes, ...], reason: str
) -> Statement:
    now, epoch = means.clock.now(), _epoch_of(key)
    public = None
    if records:
        try:
            public = await _verify_records(means=means, tenant_id=tenant_id, key=key, records=records)
        except StrongroomError as error:
            _log.error("alarm_key_records", code=error.code.name, detail=error.detail, key_id=key.key_id)
            reason = str(error)
    if epoch > FIRST_EPOCH:
        kept = records if public else ()
        return keys.update_key_refresh(tenant_id=tenant_id, key=key, records=kept, reason=reason[:500], now=now)
    if public is None:
        return keys.update_key_failed(tenant_id=tenant_id, key=key, reason=reason[:500], now=now)
    return keys.update_key_ready(tenant_id=tenant_id, key=key, records=records, public=public, now=now)


async def _verify_records(*, means: Means, tenant_id: TenantId, key: Key, records: tuple[bytes, ...]) -> PublicKey:
    """The recorded key, judged by the document set that its request was verified under."""
    stored = await document_sets.find_document_set_version(
        means.database, tenant_id=tenant_id, version=key.document_set_version
    )
    assert stored is not None, "a key request is verified under a stored version"
    document_set = parse_document_set(decode(stored, Signed).payload)
    epoch = _epoch_of(key)
    before = None if epoch == FIRST_EPOCH else (await means.get_key(tenant_id, key.key_id)).get_public()
    public = verify_key_records(
        records=records,
        document_set=document_set,
        key_request_hash=key.key_request_hash,
        epoch=epoch,
        expected=before,
    )
    if public.key_id != key.key_id:
        raise StrongroomError(Code.SIGNATURE_INVALID, "The key records are of another key.")
    return public
