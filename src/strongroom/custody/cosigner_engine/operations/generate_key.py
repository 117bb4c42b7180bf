"""Key ceremonies: asked for by the owners, carried out by the co-signers, reported to the vault."""

from dataclasses import replace

import structlog

from strongroom.custody.cosigner_engine import store
from strongroom.custody.cosigner_engine.domain.decisions import Repeat, decide_key, pause_s
from strongroom.custody.cosigner_engine.domain.reports import Faulted
from strongroom.custody.cosigner_engine.domain.requests import KeyCeremony, KeyCeremonyStatus, KeyErrand
from strongroom.custody.cosigner_engine.operations.means import Means
from strongroom.custody.cosigner_engine.providers import orders
from strongroom.kernel.call_context import CallContext
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.keys import FIRST_EPOCH, KeyRequest
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId
from strongroom.runtime.db import insert_handoff, violated_constraint
from strongroom.runtime.rpc.evidence import HandoffEvent
from strongroom.runtime.work import WorkItem

_log = structlog.stdlib.get_logger(__name__)


async def generate_key(
    *, means: Means, context: CallContext, key_id: str, key_request: bytes, received: HandoffEvent
) -> None:
    """Store the owners' request and begin; the same request again changes nothing.

    Args:
        key_request: an encoded ``Signed`` of kind ``key-request``; each co-signer verifies it for itself.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``.
    """
    signed = decode(key_request, Signed)
    if signed.kind is not Kind.KEY_REQUEST:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "This is not a key request.")
    epoch_of(key_request)
    ceremony = KeyCeremony(
        tenant_id=context.tenant_id,
        key_id=key_id,
        key_request_hash=sha256(signed.payload),
        key_request=key_request,
    )
    errand = KeyErrand(
        tenant_id=context.tenant_id,
        user_id=context.user_id,
        session_id=context.session_id,
        key_id=key_id,
        key_request_hash=ceremony.key_request_hash,
    )
    run = means.work.new(_key(ceremony), "run_key_ceremony", errand.encode())
    insert = store.insert_key_ceremony(ceremony=ceremony, now=means.clock.now())
    try:
        await means.work.commit(insert, insert_handoff(received), then=[run])
    except StrongroomError as error:
        if violated_constraint(error) != store.KEY_KNOWN:
            raise
        await means.database.commit(insert_handoff(received))


async def run_key_ceremony(*, means: Means, item: WorkItem) -> None:
    """Have the co-signers generate the key, and store their records or why there are none."""
    errand = decode(item.payload, KeyErrand)
    ceremony = await _get_ceremony(means=means, errand=errand)
    try:
        await means.links.wait_for_all(means.config.presence_wait_s)
    except StrongroomError as error:
        await means.work.postpone(item, means.config.retry_s, f"{error.code.name}: {error.detail}")
        return
    ceremony_id = means.entropy.token(32)
    result = await _generate(means=means, ceremony=ceremony, ceremony_id=ceremony_id)
    now = means.clock.now()
    match result:
        case Repeat(reason, detail):
            _log.warning("key_ceremony_repeated", code=reason.name, detail=detail, key_id=ceremony.key_id)
            delay_s = pause_s(tries=item.tries, first_s=means.config.retry_s, longest_s=means.config.retry_max_s)
            await means.work.postpone(item, delay_s, f"{reason.name}: {detail}")
            return
        case Faulted(code, detail):
            change = store.update_key_failed(ceremony=ceremony, reason=f"{code.name}: {detail}", now=now)
        case records:
            change = store.update_key_recorded(ceremony=ceremony, ceremony_id=ceremony_id, records=records, now=now)
    # A refreshed key is in use only when all three have activated it; only then may the vault say so.
    is_refresh = isinstance(result, tuple) and epoch_of(ceremony.key_request) > FIRST_EPOCH
    following = means.work.new(item.key, "activate_key" if is_refresh else "report_key", errand.encode())
    await means.work.commit(change, done=item, then=[following])


async def report_key(*, means: Means, item: WorkItem) -> None:
    """Tell the vault how the key ceremony ended."""
    errand = decode(item.payload, KeyErrand)
    ceremony = await _get_ceremony(means=means, errand=errand)
    assert ceremony.status is not KeyCeremonyStatus.RUNNING, "the report is due in the commit of the end"
    reported = ceremony if ceremony.key_records else replace(ceremony, reason=ceremony.reason or "It failed.")
    await means.peers.record_key(errand=errand, ceremony=reported)
    await means.work.commit(done=item)


async def _generate(*, means: Means, ceremony: KeyCeremony, ceremony_id: bytes) -> tuple[bytes, ...] | Repeat | Faulted:
    under = orders.Under(transaction_id=None, parents=())
    with means.links.ceremony(ceremony_id, under=under) as running:
        running.is_routing = True
        await running.order(orders.start_key_ceremony(ceremony))
        result = decide_key(await running.collect(idle_s=means.config.key_round_timeout_s))
        if isinstance(result, Repeat | Faulted):
            running.abort(result.detail)
    return result


async def _get_ceremony(*, means: Means, errand: KeyErrand) -> KeyCeremony:
    ceremony = await store.find_key_ceremony(
        means.database,
        tenant_id=TenantId(errand.tenant_id),
        key_id=errand.key_id,
        key_request_hash=errand.key_request_hash,
    )
    assert ceremony is not None, "the work row was written in the commit of the key ceremony"
    return ceremony


def epoch_of(key_request: bytes) -> int:
    """The epoch that the owners ask for.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``.
    """
    return decode(decode(key_request, Signed).payload, KeyRequest).epoch


def _key(ceremony: KeyCeremony) -> str:
    return f"{ceremony.tenant_id}/{ceremony.key_request_hash.hex()}"
