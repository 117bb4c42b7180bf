"""Keys: asked for by the owners, made by the co-signers, believed only as all three recorded them."""

import structlog

from strongroom.custody.secure_vault import store
from strongroom.custody.secure_vault.domain import Key, KeyErrand, KeyStatus
from strongroom.custody.secure_vault.operations.means import Means
from strongroom.kernel.call_context import CallContext
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import parse_document_set
from strongroom.kernel.documents.intent import PublicKey, default_key_id
from strongroom.kernel.documents.keys import KeyRequest, verify_key_records, verify_key_request
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId
from strongroom.runtime.db import Statement, insert_handoff
from strongroom.runtime.rpc.evidence import HandoffEvent
from strongroom.runtime.work import WorkItem

_log = structlog.stdlib.get_logger(__name__)


async def request_key(*, means: Means, context: CallContext, key_request: bytes, received: HandoffEvent) -> Key:
    """Start the key ceremony that the owners signed; the same request again shows how far it is.

    Args:
        key_request: an encoded ``Signed`` of kind ``key-request``.

    Raises:
        StrongroomError: ``KEY_EXISTS`` for another request while a key is PENDING or READY, ``LIVE_KEYS_REFUSED``,
            ``REQUEST_EXPIRED``, ``TENANT_UNKNOWN``, ``DOCUMENT_*``.
    """
    asked = decode(decode(key_request, Signed).payload, KeyRequest)
    known = await store.find_key(means.database, tenant_id=context.tenant_id, key_id=asked.key_id)
    if known is not None and known.key_request_hash == asked.hash():
        return known
    document_set = await means.get_document_set(context.tenant_id)
    verify_key_request(data=key_request, document_set=document_set, now_s=means.now_s())
    if known is not None and known.status is not KeyStatus.FAILED:
        raise StrongroomError(Code.KEY_EXISTS)
    key = Key(
        key_id=asked.key_id,
        status=KeyStatus.PENDING,
        reason="",
        key_request=key_request,
        key_request_hash=asked.hash(),
        document_set_version=document_set.version,
        rounds=0 if known is None else known.rounds + 1,
    )
    await _store_request(means=means, context=context, key=key, received=received)
    return key


async def get_key(*, means: Means, tenant_id: TenantId, key_id: str) -> Key:
    """A key; the tenant's only one for an empty id.

    Raises:
        StrongroomError: ``KEY_UNKNOWN``.
    """
    wanted = key_id or default_key_id(environment=means.environment, tenant_id=tenant_id)
    return await means.get_key(tenant_id, wanted)


async def start_key_ceremony(*, means: Means, item: WorkItem) -> None:
    """Have cosigner_engine run the ceremony that was stored."""
    errand = decode(item.payload, KeyErrand)
    key = await means.get_key(TenantId(errand.tenant_id), errand.key_id)
    if key.status is KeyStatus.PENDING:
        await means.peers.generate_key(errand=errand, key=key)
    await means.work.commit(done=item)


async def record_key(
    *,
    means: Means,
    tenant_id: TenantId,
    key_id: str,
    records: tuple[bytes, ...],
    reason: str,
    received: HandoffEvent,
) -> None:
    """Store how a key ceremony ended; records that do not verify end it as FAILED. Idempotent.

    Args:
        records: three encoded ``Signed`` of kind ``key-record``, or none with a ``reason``.

    Raises:
        StrongroomError: ``KEY_UNKNOWN``; ``STATUS_CONFLICT`` if it ended otherwise before.
    """
    key = await means.get_key(tenant_id, key_id)
    if key.status is not KeyStatus.PENDING:
        if key.key_records != records:
            raise StrongroomError(Code.STATUS_CONFLICT, f"The key is {key.status}.")
        return
    change = await _decide_change(means=means, tenant_id=tenant_id, key=key, records=records, reason=reason)
    await means.database.commit(change, insert_handoff(received))


async def _store_request(*, means: Means, context: CallContext, key: Key, received: HandoffEvent) -> None:
    errand = KeyErrand(
        tenant_id=context.tenant_id, user_id=context.user_id, session_id=context.session_id, key_id=key.key_id
    )
    start = means.work.new(key.key_id, "start_key_ceremony", errand.encode(), attempt=key.rounds)
    write = store.insert_key if key.rounds == 0 else store.update_key_request
    change = write(tenant_id=context.tenant_id, key=key, now=means.clock.now())
    await means.work.commit(change, insert_handoff(received), then=[start])


async def _decide_change(
    *, means: Means, tenant_id: TenantId, key: Key, records: tuple[bytes, ...], reason: str
) -> Statement:
    now = means.clock.now()
    if not records:
        return store.update_key_failed(tenant_id=tenant_id, key=key, reason=reason[:500], now=now)
    try:
        public = await _verify_records(means=means, tenant_id=tenant_id, key=key, records=records)
    except StrongroomError as error:
        _log.error("alarm_key_records", code=error.code.name, detail=error.detail, key_id=key.key_id)
        return store.update_key_failed(tenant_id=tenant_id, key=key, reason=str(error), now=now)
    return store.update_key_ready(tenant_id=tenant_id, key=key, records=records, public=public, now=now)


async def _verify_records(*, means: Means, tenant_id: TenantId, key: Key, records: tuple[bytes, ...]) -> PublicKey:
    """The recorded key, judged by the document set that its request was verified under."""
    stored = await store.find_document_set_version(
        means.database, tenant_id=tenant_id, version=key.document_set_version
    )
    assert stored is not None, "a key request is verified under a stored version"
    document_set = parse_document_set(decode(stored, Signed).payload)
    public = verify_key_records(records=records, document_set=document_set, key_request_hash=key.key_request_hash)
    if public.key_id != key.key_id:
        raise StrongroomError(Code.SIGNATURE_INVALID, "The key records are of another key.")
    return public
