"""Steps 6 to 13, as the services that did them report them."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from strongroom.custody.transaction_manager.domain.ending import TIMED_OUT, decide_ending
from strongroom.custody.transaction_manager.domain.errand import Errand
from strongroom.custody.transaction_manager.domain.hearing import BEFORE_CEREMONY, Hearing, decide_hearing
from strongroom.custody.transaction_manager.domain.recording import Report, check_repetition, decide_recording
from strongroom.custody.transaction_manager.domain.status import Status
from strongroom.custody.transaction_manager.domain.steps import OK, check_report
from strongroom.custody.transaction_manager.domain.transaction import Change, Transaction
from strongroom.custody.transaction_manager.operations.begin_attempt import begin_attempt
from strongroom.custody.transaction_manager.operations.ports import Ports, Received
from strongroom.custody.transaction_manager.operations.reserve_slot import reserve_slot
from strongroom.custody.transaction_manager.operations.store_step import store_step
from strongroom.custody.transaction_manager.store import lanes
from strongroom.kernel.errors import Code, StrongroomError

_TRIES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The answer to a reporter; ``payload`` and ``retry_after_ms`` belong to step 8.

    Also of what has ``ended`` the vault gets the payload: what was released before it ended is still assembled.
    """

    status: Status
    payload: bytes = b""
    retry_after_ms: int = 0
    ended: bool = False


async def record_step(*, report: Report, received: Received, ports: Ports) -> Recorded:
    """Steps 6 to 13 — records what a service did, once; the same report again gets the same answer.

    A report that the decision no longer holds begins a new attempt; one that comes after the end, or of an earlier
    attempt, has no effect (``domain.hearing``).

    A step out of order is an alarm and no race, because each service reports before it calls the next.

    Raises:
        StrongroomError: ``TRANSACTION_UNKNOWN``, ``REQUEST_INVALID``, ``CALLER_NOT_ALLOWED``; ``STATUS_CONFLICT`` (not
            retryable) out of order; ``DECISION_MISMATCH``, ``INTENT_MISMATCH``, ``DOCUMENT_*`` for a document of step 7
            or 12 that does not belong to the transaction; ``CLAIM_LOST`` when others are always faster.
    """
    check_report(reported=report.steps, reporter=received.caller, outcome=report.outcome)
    for _ in range(_TRIES):
        kept = _find_kept(report, ports)
        try:
            transaction = kept or await ports.live.read(
                tenant_id=report.tenant_id, transaction_id=report.transaction_id
            )
            return await _record_once(transaction, report, received, ports)
        except StrongroomError as error:
            ports.live.drop(report.transaction_id)
            if kept is None and error.code not in (Code.CLAIM_LOST, Code.CONFLICT):
                raise
    raise StrongroomError(Code.CLAIM_LOST)


def _find_kept(report: Report, ports: Ports) -> Transaction | None:
    """What is remembered of the transaction, if recording this step over it ends in a commit or in a refusal."""
    kept = ports.live.find(tenant_id=report.tenant_id, transaction_id=report.transaction_id)
    if kept is None or kept.ended or kept.closing or kept.status is Status.QUEUED:
        return None
    with suppress(StrongroomError):
        if decide_hearing(transaction=kept, report=report) is Hearing.DUE:
            return kept
    return None


async def _record_once(transaction: Transaction, report: Report, received: Received, ports: Ports) -> Recorded:
    match decide_hearing(transaction=transaction, report=report):
        case Hearing.STOP:
            return _ended(transaction, report, status=transaction.status)
        case Hearing.PASSED_OVER:
            return Recorded(status=transaction.status)
        case Hearing.REPEATED:
            check_repetition(transaction=transaction, report=report)
            return Recorded(status=transaction.status, payload=_payload(transaction, report))
        case Hearing.DECIDE_AGAIN:
            return await _decide_again(transaction, report, received, ports)
        case Hearing.DUE:
            return await _record_due(transaction, report, received, ports)


async def _record_due(transaction: Transaction, report: Report, received: Received, ports: Ports) -> Recorded:
    if report.outcome != OK:
        return await _end(_ending(report), transaction, report, received, ports)
    if report.last in BEFORE_CEREMONY and ports.clock.now() >= transaction.not_after:
        return await _end(TIMED_OUT, transaction, report, received, ports)
    if report.last == "8":
        return await _queue(transaction, report, received, ports)
    return await _advance(transaction, report, received, ports)


def _ending(report: Report) -> Change:
    return decide_ending(outcome=report.outcome, reason=report.reason, step=report.last)


async def _decide_again(transaction: Transaction, report: Report, received: Received, ports: Ports) -> Recorded:
    change = await begin_attempt(
        transaction=transaction,
        reason=report.reason,
        errand=_errand(transaction, received),
        steps=report.steps,
        handoff=received.handoff,
        ports=ports,
    )
    return _ended(transaction, report, status=change.moves[-1] if change.moves else transaction.status)


def _ended(transaction: Transaction, report: Report, *, status: Status) -> Recorded:
    return Recorded(status=status, payload=_payload(transaction, report), ended=True)


def _payload(transaction: Transaction, report: Report) -> bytes:
    return (transaction.payload or b"") if report.last == "8" else b""


async def _end(change: Change, transaction: Transaction, report: Report, received: Received, ports: Ports) -> Recorded:
    await store_step(
        ports=ports,
        transaction=transaction,
        change=change,
        errand=_errand(transaction, received),
        steps=() if change is TIMED_OUT else report.steps,
        handoff=received.handoff,
    )
    return _ended(transaction, report, status=change.moves[-1])


def _errand(transaction: Transaction, received: Received) -> Errand:
    return Errand.of(
        environment=transaction.environment,
        tenant_id=transaction.tenant_id,
        parents=received.parents,
        context=received.context,
    )


async def _queue(transaction: Transaction, report: Report, received: Received, ports: Ports) -> Recorded:
    reserved = await reserve_slot(transaction=transaction, steps=report.steps, received=received, ports=ports)
    return Recorded(status=reserved.status, payload=reserved.payload, retry_after_ms=reserved.retry_after_ms)


async def _advance(transaction: Transaction, report: Report, received: Received, ports: Ports) -> Recorded:
    document_set = await ports.documents.get(tenant_id=transaction.tenant_id, version=transaction.current_version)
    change = decide_recording(transaction=transaction, report=report, document_set=document_set)
    await store_step(
        ports=ports,
        transaction=transaction,
        change=change,
        errand=_errand(transaction, received),
        steps=report.steps,
        handoff=received.handoff,
        statements=lanes.pass_lane_on(transaction, now=ports.clock.now()) if report.last == "12" else (),
    )
    return Recorded(status=change.moves[-1] if change.moves else transaction.status)
