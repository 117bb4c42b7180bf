"""Step 10: consent of all three, then the ceremony; or the finished signature of an earlier one."""

from dataclasses import dataclass, replace
from uuid import UUID

import msgspec
import structlog

from strongroom.custody.cosigner_engine import store
from strongroom.custody.cosigner_engine.domain.decisions import (
    Close,
    Complete,
    Offer,
    Outdated,
    Repeat,
    Start,
    decide_adoption,
    decide_callback,
    decide_consents,
    decide_signature,
    is_superseded,
    pause_s,
    statement_events,
)
from strongroom.custody.cosigner_engine.domain.reports import (
    MEMBERS,
    Answers,
    Invocation,
    SigningEvent,
    Tombstoned,
    events_of,
)
from strongroom.custody.cosigner_engine.domain.requests import (
    Errand,
    SigningRequest,
    SigningStatus,
    StepReport,
    is_signed_by_sender,
)
from strongroom.custody.cosigner_engine.operations.document_sets import deliver_to_all
from strongroom.custody.cosigner_engine.operations.means import Means
from strongroom.custody.cosigner_engine.peers import SERVICE
from strongroom.custody.cosigner_engine.providers import orders
from strongroom.custody.cosigner_engine.providers.links import Ceremony
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.consent import CallbackAnswer
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId
from strongroom.runtime.work import WorkItem

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a ceremony ended and what was said in it."""

    result: Complete | Close | Outdated | Repeat
    events: list[SigningEvent]
    invocations: tuple[Invocation, ...] = ()


async def run_ceremony(*, means: Means, item: WorkItem) -> None:
    """Report step 9, then ask the co-signers and store what they said; what failed is asked again after a pause."""
    errand = decode(item.payload, Errand)
    request = await get_request(means=means, errand=errand, item=item)
    if await _is_over(means=means, request=request, item=item):
        await means.work.commit(done=item)
        return
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
        callback=decide_callback(ended.invocations) or errand.callback,
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
        return replace(ended, invocations=tuple(ceremony.invocations))


async def report_end(*, means: Means, item: WorkItem) -> None:
    """Tell the manager which co-signer closed the request, or for whom it must be decided again, and why."""
    errand = decode(item.payload, Errand)
    report = StepReport(
        step="10",
        from_service=SERVICE,
        to_services=(f"cosigner_{errand.cosigner}",),
        operation="take_part",
        detail=errand.because,
        started_at_us=errand.started_at_us,
        duration_us=errand.duration_us,
        outcome=errand.outcome,
    )
    reason = f"Co-signer {errand.cosigner}: {errand.because}"
    asked = asked_callback(errand)
    await means.peers.record_step(errand=errand, report=report, before=asked, reason=reason)
    await means.work.commit(done=item)


def asked_callback(errand: Errand) -> StepReport | None:
    """Step 10a as the manager records it, before the step 10 that it was a part of; None where nobody was asked."""
    callback = errand.callback
    if callback is None:
        return None
    return StepReport(
        step="10a",
        from_service="cosigner_3",
        to_services=("callback_handler",),
        operation="ask_callback",
        detail=f"{callback.answer} to {callback.request_id}.",
        started_at_us=callback.asked_at_us,
        duration_us=callback.duration_us,
        outcome="OK" if callback.answer == CallbackAnswer.APPROVE else Code.CALLBACK_REJECTED.name,
    )


async def close(*, means: Means, errand: Errand, item: WorkItem) -> None:
    """The manager says that the transaction has ended: nothing more is asked."""
    closed = store.update_status(
        tenant_id=TenantId(errand.tenant_id),
        signing_request_id=UUID(bytes=errand.signing_request_id),
        status=SigningStatus.CLOSED,
        now=means.clock.now(),
    )
    await means.work.commit(closed, done=item)


async def _is_over(*, means: Means, request: SigningRequest, item: WorkItem) -> bool:
    """Whether a later attempt has taken over, or the request was closed; asked of a call that is made again only."""
    if item.carried is not None:
        return False
    status = await store.find_status(means.database, tenant_id=request.tenant_id, signing_request_id=request.id)
    return status in {SigningStatus.CLOSED, SigningStatus.SUPERSEDED}


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

    def verifies(signature: bytes) -> bool:
        return is_signed_by_sender(intent=request.intent, payload=request.payload, signature=signature)

    first = decide_consents(answers, verifies=verifies)
    match first:
        case Start(consents):
            ceremony.is_routing = True  # before the order: the first messages come as soon as one co-signer has it
            await ceremony.order(orders.start_ceremony(consents))
            signed = await ceremony.collect(idle_s=means.config.round_timeout_s)
            return _ended(decide_signature(signed, verifies=verifies), answers, signed)
        case Offer(signature, holders):
            others = tuple(index for index in MEMBERS if index not in holders)
            await ceremony.order(orders.offer_signature(request=request, signature=signature), to=others)
            adopted = await ceremony.collect(members=others, idle_s=means.config.round_timeout_s, patient=True)
            return _ended(decide_adoption(first, adopted), answers, adopted)
        case Close():
            shown = await _show(request=request, ceremony=ceremony, answers=answers, means=means, closed=first)
            return _ended(first, answers, shown)
        case Outdated() | Repeat():
            return _ended(first, answers, {})


async def _show(
    *, means: Means, request: SigningRequest, ceremony: Ceremony, answers: Answers, closed: Close
) -> Answers:
    """Show a tombstone to the others at once: the request is dead for them too, and its slot is free."""
    tombstone = answers[closed.cosigner]
    assert isinstance(tombstone, Tombstoned), "it was found as one"
    others = tuple(index for index in MEMBERS if not isinstance(answers.get(index), Tombstoned))
    body = orders.honour_tombstone(tenant_id=request.tenant_id, signer=closed.cosigner, tombstone=tombstone.document)
    await ceremony.order(body, to=others)
    return await ceremony.collect(members=others, idle_s=means.config.round_timeout_s, patient=True)


def _ended(result: Complete | Close | Outdated | Repeat, asked: Answers, answered: Answers) -> Ended:
    said = {(event.cosigner, event.kind): event for event in (*events_of(asked), *events_of(answered))}
    if isinstance(result, Complete):
        said = {key: event for key, event in said.items() if not is_superseded(event, result)}
        said |= {(event.cosigner, event.kind): event for event in statement_events(result)}
    return Ended(result, list(said.values()))


async def _store(*, means: Means, request: SigningRequest, ran: Errand, ended: Ended, item: WorkItem) -> None:
    """One commit: what was said, how far the request is, and the next call."""
    now = means.clock.now()
    events = [store.insert_events(request=request, ceremony_id=ran.ceremony_id, events=ended.events, now=now)]
    if ended.invocations:
        kept = store.insert_invocations(request=request, ceremony_id=ran.ceremony_id, invocations=ended.invocations)
        events.append(kept)
    match ended.result:
        case Complete():
            status = SigningStatus.SIGNED
            then = means.work.new(item.key, "verify", ran.encode(), attempt=item.attempt, carried=request)
        case Close(cosigner, reason):
            over = msgspec.structs.replace(
                ran, cosigner=cosigner, outcome=reason.name, because=f"a signed tombstone, {reason.name}."
            )
            status, then = SigningStatus.CLOSED, means.work.new(item.key, "report_end", over.encode())
        case Outdated():
            status, then = SigningStatus.SUPERSEDED, _report_outdated(means, item, ran, ended.result)
        case Repeat():
            await means.database.commit(*events)
            await _pause(means=means, item=item, repeat=ended.result, tenant=request.tenant_id)
            return
    update = store.update_status(tenant_id=request.tenant_id, signing_request_id=request.id, status=status, now=now)
    await means.work.commit(*events, update, done=item, then=[then])


def _report_outdated(means: Means, item: WorkItem, ran: Errand, outdated: Outdated) -> WorkItem:
    """The report that asks for a new attempt; the later the attempt, the longer it waits, so that none turns hot."""
    over = msgspec.structs.replace(
        ran,
        cosigner=outdated.cosigner,
        outcome=Code.ATTEMPT_OUTDATED.name,
        because=f"{outdated.reason.name}: {outdated.detail}",
    )
    delay_s = pause_s(tries=ran.attempt, first_s=means.config.retry_s, longest_s=means.config.retry_max_s)
    return means.work.new(item.key, "report_end", over.encode(), due_in_s=delay_s if ran.attempt else 0.0)


async def _pause(*, means: Means, item: WorkItem, repeat: Repeat, tenant: str) -> None:
    """Ask again later; a co-signer that is behind gets the document sets that it lacks meanwhile."""
    _log.warning("ceremony_repeated", code=repeat.reason.name, detail=repeat.detail, signing_request_id=item.key)
    if repeat.reason is Code.NOT_NOW:
        await deliver_to_all(means=means, tenant=tenant)
    delay_s = pause_s(tries=item.tries, first_s=means.config.retry_s, longest_s=means.config.retry_max_s)
    await means.work.postpone(item, delay_s, _reason(repeat))


def _reason(result: Close | Outdated | Repeat) -> str:
    detail = f"closed by co-signer {result.cosigner}" if isinstance(result, Close) else result.detail
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
