"""Step 10: consent of all three, then the ceremony; or the finished signature of an earlier one."""

from dataclasses import dataclass
from uuid import UUID

import msgspec
import structlog

from strongroom.custody.cosigner_engine import store
from strongroom.custody.cosigner_engine.domain.decisions import (
    Close,
    Complete,
    Offer,
    Repeat,
    Start,
    decide_adoption,
    decide_consents,
    decide_signature,
    pause_s,
    statement_events,
)
from strongroom.custody.cosigner_engine.domain.reports import MEMBERS, Answers, SigningEvent, events_of
from strongroom.custody.cosigner_engine.domain.requests import Errand, SigningRequest, SigningStatus, StepReport
from strongroom.custody.cosigner_engine.operations.means import Means
from strongroom.custody.cosigner_engine.peers import SERVICE
from strongroom.custody.cosigner_engine.providers import orders
from strongroom.custody.cosigner_engine.providers.links import Ceremony
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.errors import StrongroomError
from strongroom.kernel.ids import TenantId
from strongroom.runtime.work import WorkItem

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a ceremony ended and what was said in it."""

    result: Complete | Close | Repeat
    events: list[SigningEvent]


async def run_ceremony(*, means: Means, item: WorkItem) -> None:
    """Report step 9, then ask the co-signers and store what they said; what failed is asked again after a pause."""
    errand = decode(item.payload, Errand)
    request = await get_request(means=means, errand=errand, item=item)
    if await means.peers.record_step(errand=errand, report=_opened(means=means, errand=errand)):
        await close(means=means, errand=errand, item=item)
        return
    try:
        await means.links.wait_for_all(means.config.presence_wait_s)
    except StrongroomError as error:
        await means.work.postpone(item, means.config.retry_s, f"{error.code.name}: {error.detail}")
        return
    started_at_us = means.now_us()
    ceremony_id = means.entropy.token(32)
    ended = await take_part(means=means, request=request, errand=errand, ceremony_id=ceremony_id)
    ran = msgspec.structs.replace(
        errand,
        ceremony_id=ceremony_id,
        started_at_us=started_at_us,
        duration_us=means.now_us() - started_at_us,
    )
    await _store(means=means, request=request, ran=ran, ended=ended, item=item)


async def take_part(*, means: Means, request: SigningRequest, errand: Errand, ceremony_id: bytes) -> Ended:
    """Step 10 — consent, then sign: both phases of one ceremony, routed but not read.

    A co-signer that has the finished signature of this digest says so in the consent phase: then the others adopt it,
    for another ceremony would give the same transaction a second hash.
    """
    under = orders.Under(transaction_id=request.transaction_id, parents=errand.parents)
    with means.links.ceremony(ceremony_id, under=under) as ceremony:
        await ceremony.order(orders.seek_consent(request))
        answers = await ceremony.collect(idle_s=means.config.consent_timeout_s, patient=True)
        ended = await _go_on(means=means, request=request, ceremony=ceremony, answers=answers)
        if not isinstance(ended.result, Complete):
            ceremony.abort(_reason(ended.result))
    return ended


async def report_close(*, means: Means, item: WorkItem) -> None:
    """Tell the manager which co-signer closed the request, and why."""
    errand = decode(item.payload, Errand)
    report = StepReport(
        step="10",
        from_service=SERVICE,
        to_services=(f"cosigner_{errand.cosigner}",),
        operation="take_part",
        detail="A signed tombstone.",
        started_at_us=errand.started_at_us,
        duration_us=errand.duration_us,
        outcome=errand.outcome,
    )
    reason = f"Co-signer {errand.cosigner} closed the request: {errand.outcome}."
    await means.peers.record_step(errand=errand, report=report, reason=reason)
    await means.work.commit(done=item)


async def close(*, means: Means, errand: Errand, item: WorkItem) -> None:
    """The manager says that the transaction has ended: nothing more is asked."""
    closed = store.update_status(
        tenant_id=TenantId(errand.tenant_id),
        signing_request_id=UUID(bytes=errand.signing_request_id),
        status=SigningStatus.CLOSED,
        now=means.clock.now(),
    )
    await means.work.commit(closed, done=item)


async def get_request(*, means: Means, errand: Errand, item: WorkItem) -> SigningRequest:
    """The signing request that the errand is about; what the co-signers are asked never changes."""
    if isinstance(item.carried, SigningRequest):
        return item.carried
    request = await store.find_signing_request(
        means.database, tenant_id=TenantId(errand.tenant_id), transaction_id=errand.id, attempt=errand.attempt
    )
    assert request is not None, "the work row was written in the commit of the signing request"
    return request


async def _go_on(*, means: Means, request: SigningRequest, ceremony: Ceremony, answers: Answers) -> Ended:
    """The second phase that the answers of the first allow."""
    first = decide_consents(answers)
    match first:
        case Start(consents):
            ceremony.is_routing = True  # before the order: the first messages come as soon as one co-signer has it
            await ceremony.order(orders.start_ceremony(consents))
            signed = await ceremony.collect(idle_s=means.config.round_timeout_s)
            return _ended(decide_signature(signed), answers, signed)
        case Offer(signature, holders):
            others = tuple(index for index in MEMBERS if index not in holders)
            await ceremony.order(orders.offer_signature(request=request, signature=signature), to=others)
            adopted = await ceremony.collect(members=others, idle_s=means.config.round_timeout_s, patient=True)
            return _ended(decide_adoption(first, adopted), answers, adopted)
        case Close() | Repeat():
            return _ended(first, answers, {})


def _ended(result: Complete | Close | Repeat, asked: Answers, answered: Answers) -> Ended:
    said = {(event.cosigner, event.kind): event for event in (*events_of(asked), *events_of(answered))}
    if isinstance(result, Complete):
        said |= {(event.cosigner, event.kind): event for event in statement_events(result)}
    return Ended(result, list(said.values()))


async def _store(*, means: Means, request: SigningRequest, ran: Errand, ended: Ended, item: WorkItem) -> None:
    """One commit: what was said, how far the request is, and the next call."""
    now = means.clock.now()
    events = store.insert_events(request=request, ceremony_id=ran.ceremony_id, events=ended.events, now=now)
    match ended.result:
        case Complete():
            status = SigningStatus.SIGNED
            then = means.work.new(item.key, "verify", ran.encode(), attempt=item.attempt, carried=request)
        case Close(cosigner, reason):
            closed = msgspec.structs.replace(ran, cosigner=cosigner, outcome=reason.name)
            status, then = SigningStatus.CLOSED, means.work.new(item.key, "report_close", closed.encode())
        case Repeat():
            await means.database.commit(events)
            await _pause(means=means, item=item, repeat=ended.result)
            return
    update = store.update_status(tenant_id=request.tenant_id, signing_request_id=request.id, status=status, now=now)
    await means.work.commit(events, update, done=item, then=[then])


async def _pause(*, means: Means, item: WorkItem, repeat: Repeat) -> None:
    _log.warning("ceremony_repeated", code=repeat.reason.name, detail=repeat.detail, signing_request_id=item.key)
    delay_s = pause_s(tries=item.tries, first_s=means.config.retry_s, longest_s=means.config.retry_max_s)
    await means.work.postpone(item, delay_s, _reason(repeat))


def _reason(result: Close | Repeat) -> str:
    detail = result.detail if isinstance(result, Repeat) else f"closed by co-signer {result.cosigner}"
    return f"{result.reason.name}: {detail}"


def _opened(*, means: Means, errand: Errand) -> StepReport:
    return StepReport(
        step="9",
        from_service="secure_vault",
        to_services=(SERVICE,),
        operation="open_ceremony",
        detail=f"Signing request {UUID(bytes=errand.signing_request_id)}.",
        started_at_us=errand.started_at_us,
        duration_us=means.now_us() - errand.started_at_us,
    )
