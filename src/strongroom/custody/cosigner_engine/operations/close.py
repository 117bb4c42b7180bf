"""Close orders: every co-signer is told, tombstones are shown to the others and to the manager (trust.md 5)."""

from dataclasses import dataclass

import structlog

from strongroom.custody.cosigner_engine import store
from strongroom.custody.cosigner_engine.domain.closing import CloseErrand, CloseStatus, Standing, answers_of
from strongroom.custody.cosigner_engine.domain.decisions import pause_s
from strongroom.custody.cosigner_engine.domain.requests import Errand, SigningStatus
from strongroom.custody.cosigner_engine.operations.means import Means
from strongroom.custody.cosigner_engine.providers import orders
from strongroom.kernel.call_context import CallContext
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId, TransactionId, derive_transaction_id
from strongroom.runtime.db import insert_handoff, violated_constraint
from strongroom.runtime.rpc.call import Call
from strongroom.runtime.work import WorkItem

_log = structlog.stdlib.get_logger(__name__)
_RESUMED = 1_000_000
"""Number of the ceremony that a close order had resumed, beyond those that were repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """What the manager asks for."""

    tenant_id: TenantId
    transaction_id: TransactionId
    request_hash: bytes
    reason: str


async def close_transaction(*, means: Means, closing: Closing, context: CallContext, call: Call) -> None:
    """Store the close order; the co-signers are told at once. Idempotent: the first reason stays.

    Raises:
        StrongroomError: ``INTENT_MISMATCH`` if the transaction id does not follow from the request hash.
    """
    derived = derive_transaction_id(
        environment=means.environment, tenant_id=closing.tenant_id, request_hash=closing.request_hash
    )
    if derived != closing.transaction_id:
        raise StrongroomError(Code.INTENT_MISMATCH, "The transaction id does not follow from the request hash.")
    errand = CloseErrand(
        tenant_id=closing.tenant_id,
        user_id=context.user_id,
        session_id=context.session_id,
        transaction_id=closing.transaction_id.bytes,
        request_hash=closing.request_hash,
        reason=closing.reason,
        parents=call.parents,
    )
    run = means.work.new(str(closing.transaction_id), "run_close", errand.encode())
    insert = store.insert_close_request(errand=errand, now=means.clock.now())
    try:
        await means.work.commit(insert, insert_handoff(call.received), then=[run])
    except StrongroomError as error:
        if violated_constraint(error) != store.CLOSE_KNOWN:
            raise
        await means.database.commit(insert_handoff(call.received))


async def run_close(*, means: Means, item: WorkItem) -> None:
    """Tell whoever is there, report what decides, and go on until every co-signer knows that the request is dead."""
    errand = decode(item.payload, CloseErrand)
    standing = await store.find_standing(means.database, errand=errand)
    standing = await _order_close(means=means, errand=errand, standing=standing)
    standing = await _show_tombstones(means=means, errand=errand, standing=standing)
    if standing.have_all_released:
        await _resume(means=means, errand=errand, item=item)
        return
    if standing.is_reportable and not await store.is_close_reported(means.database, errand=errand):
        await means.peers.record_close(errand=errand, tombstones=tuple(standing.tombstones.values()))
        reported = store.update_close(errand=errand, status=CloseStatus.REPORTED, now=means.clock.now())
        await means.database.commit(reported)
    if standing.is_settled:
        await means.work.commit(done=item)
        return
    delay_s = pause_s(tries=item.tries, first_s=means.config.retry_s, longest_s=means.config.retry_max_s)
    await means.work.postpone(item, delay_s, f"Not closed at {standing.to_close}, not shown to {standing.to_show}.")


async def _order_close(*, means: Means, errand: CloseErrand, standing: Standing) -> Standing:
    return await _ask(
        means=means, errand=errand, standing=standing, body=orders.close_request(errand), members=standing.to_close
    )


async def _show_tombstones(*, means: Means, errand: CloseErrand, standing: Standing) -> Standing:
    """Each tombstone to those that released, until they honour one."""
    for signer, document in standing.tombstones.items():
        body = orders.honour_tombstone(tenant_id=errand.tenant_id, signer=signer, tombstone=document)
        standing = await _ask(means=means, errand=errand, standing=standing, body=body, members=standing.to_show)
    return standing


async def _ask(
    *, means: Means, errand: CloseErrand, standing: Standing, body: orders.Body, members: tuple[int, ...]
) -> Standing:
    """Whoever of ``members`` is connected; what they said is stored before it counts."""
    there = tuple(index for index in members if means.links.find(index) is not None)
    if not there:
        return standing
    under = orders.Under(transaction_id=errand.id, parents=errand.parents)
    with means.links.ceremony(means.entropy.token(32), under=under) as asked:
        await asked.order(body, to=there)
        answers = await asked.collect(members=there, idle_s=means.config.round_timeout_s, patient=True)
    said = answers_of(answers, request_hash=errand.request_hash)
    if said:
        await means.database.commit(store.insert_close_answers(errand=errand, answers=said, now=means.clock.now()))
    return standing.with_answers(said)


async def _resume(*, means: Means, errand: CloseErrand, item: WorkItem) -> None:
    """All three have released: the digest may land, so its ceremony goes on, and the transaction with it."""
    now = means.clock.now()
    changed = [store.update_close(errand=errand, status=CloseStatus.RESUMED, now=now)]
    then: list[WorkItem] = []
    newest = await store.find_newest(means.database, tenant_id=TenantId(errand.tenant_id), transaction_id=errand.id)
    if newest is not None and newest.status in {SigningStatus.CLOSED, SigningStatus.SUPERSEDED}:
        resumed = Errand(
            tenant_id=errand.tenant_id,
            user_id=errand.user_id,
            session_id=errand.session_id,
            transaction_id=errand.transaction_id,
            attempt=newest.attempt,
            parents=errand.parents,
            signing_request_id=newest.id.bytes,
            started_at_us=means.now_us(),
        )
        then.append(means.work.new(str(newest.id), "run_ceremony", resumed.encode(), attempt=_RESUMED))
        changed.append(
            store.update_status(
                tenant_id=TenantId(errand.tenant_id),
                signing_request_id=newest.id,
                status=SigningStatus.OPEN,
                now=now,
            )
        )
    _log.warning("close_came_too_late", transaction_id=str(errand.id))
    await means.work.commit(*changed, done=item, then=then)
