"""Steps 8 and 9 at the vault: admit, wait for nonce and payload, open the ceremony."""

from strongroom.custody.secure_vault.domain import (
    Admission,
    Errand,
    Refusal,
    StepAnswer,
    StepReport,
    check_admission,
    check_answered_payload,
    version_decided_by,
)
from strongroom.custody.secure_vault.operations.means import Means
from strongroom.custody.secure_vault.store import admissions, document_sets
from strongroom.kernel.call_context import CallContext
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId
from strongroom.runtime.db import Statement, insert_handoff
from strongroom.runtime.rpc.call import Call
from strongroom.runtime.work import WorkItem

REFUSE = "refuse"
_ABOUT_RUNNING = 7000  # codes from here on speak of the services, not of the transaction: they pass
_LAPSED = frozenset({Code.SCREENING_UNAVAILABLE, Code.APPROVALS_MISSING})
_AGREED = "Decision, approvals, verdict, intent and key agree."
_RETRY_MIN_S = 0.01


async def admit_transaction(*, means: Means, admission: Admission, context: CallContext, call: Call) -> None:
    """Step 8 — admit an approved transaction, if decision, approvals, verdict, intent and key agree.

    Idempotent by attempt. What never will be admitted is not an error here: it is reported to the manager as the end of
    step 8, and so is, to have it decided again, what was decided on documents that no longer hold.

    Raises:
        StrongroomError: ``TENANT_UNKNOWN``; ``NOT_NOW`` if the vault does not have the document set yet;
            ``STATUS_CONFLICT`` if this attempt was admitted with other documents.
    """
    started_at_us = means.now_us()
    errand = errand_of(admission=admission, context=context, call=call, started_at_us=started_at_us)
    document_set = await means.get_document_set(admission.tenant_id)
    key_text, attempt = str(admission.transaction_id), admission.attempt
    refusal = await _find_refusal(means=means, admission=admission, document_set=document_set)
    if refusal is not None and not await _is_admitted(means=means, admission=admission):
        outcome, reason = refusal
        end = Refusal(errand=errand, outcome=outcome.name, reason=reason)
        item = means.work.new(key_text, REFUSE, end.encode(), attempt=attempt)
        await means.work.commit(insert_handoff(call.received), then=[item])
        return
    open_item = means.work.new(key_text, "open", errand.encode(), attempt=attempt, carried=admission)
    inserted, _ = await means.work.commit(
        admissions.insert_admission(
            admission=admission, document_set_version=document_set.version, now=means.clock.now()
        ),
        insert_handoff(call.received),
        then=[open_item],
    )
    if not inserted:
        await _check_same(means=means, admission=admission)


async def open_ceremony(*, means: Means, item: WorkItem) -> None:
    """Report step 8, which answers with nonce and payload or with when to ask again; then open the ceremony (step 9).

    Whatever waited is looked at again first. The payload is stored only after the engine has the request: both answers
    are the same when asked again. If the transaction has ended by then, the payload is stored all the same: the engine
    may have had the request before this process died, and what was released is to be assembled.
    """
    errand = decode(item.payload, Errand)
    admission = item.carried
    if not isinstance(admission, Admission):
        admission = await get_admission(means=means, errand=errand)
        refused = await _refuse_late(means=means, errand=errand, admission=admission)
        if refused is not None:
            await _keep_payload(means=means, admission=admission, answer=refused, item=item)
            return
    answer = await means.peers.record_step(errand=errand, report=_report(means=means, errand=errand))
    if answer.ended:
        await _keep_payload(means=means, admission=admission, answer=answer, item=item)
        return
    if not answer.payload:
        await means.work.postpone(item, max(answer.retry_after_s, _RETRY_MIN_S))
        return
    check_answered_payload(payload=answer.payload, intent=admission.intent)
    signing_request_id = await means.peers.open_ceremony(errand=errand, admission=admission, payload=answer.payload)
    opened = admissions.update_admission_opened(
        tenant_id=admission.tenant_id,
        transaction_id=admission.transaction_id,
        attempt=admission.attempt,
        payload=answer.payload,
        signing_request_id=signing_request_id,
    )
    await means.work.commit(opened, done=item)


async def _keep_payload(*, means: Means, admission: Admission, answer: StepAnswer, item: WorkItem) -> None:
    """The end of the call, with the payload if the transaction ever had one."""
    kept: list[Statement] = []
    if answer.payload:
        check_answered_payload(payload=answer.payload, intent=admission.intent)
        kept.append(admissions.update_admission_payload(admission=admission, payload=answer.payload))
    await means.work.commit(*kept, done=item)


async def report_refusal(*, means: Means, item: WorkItem) -> None:
    """Report that step 8 ended here. Made again until the manager has answered."""
    refusal = decode(item.payload, Refusal)
    report = _report(means=means, errand=refusal.errand, outcome=refusal.outcome, detail=refusal.reason)
    await means.peers.record_step(errand=refusal.errand, report=report)
    await means.work.commit(done=item)


async def get_admission(*, means: Means, errand: Errand) -> Admission:
    """What was admitted for this transaction and attempt.

    Raises:
        StrongroomError: ``TRANSACTION_UNKNOWN``.
    """
    admission = await admissions.find_admission(
        means.database, tenant_id=TenantId(errand.tenant_id), transaction_id=errand.id, attempt=errand.attempt
    )
    if admission is None:
        raise StrongroomError(Code.TRANSACTION_UNKNOWN, "The vault has not admitted this transaction.")
    return admission


def errand_of(*, admission: Admission, context: CallContext, call: Call, started_at_us: int) -> Errand:
    """What the calls that follow from this one act under."""
    return Errand(
        tenant_id=admission.tenant_id,
        user_id=context.user_id,
        session_id=context.session_id,
        transaction_id=admission.transaction_id.bytes,
        attempt=admission.attempt,
        parents=call.parents,
        started_at_us=started_at_us,
    )


async def _find_refusal(*, means: Means, admission: Admission, document_set: DocumentSet) -> tuple[Code, str] | None:
    """Why it is not admitted, as an outcome of step 8; None if it may be. Raises what passes."""
    try:
        key = await means.get_key(admission.tenant_id, decode(admission.intent, Intent).key_id)
        check_admission(admission=admission, document_set=document_set, key=key, now_s=means.now_s())
    except StrongroomError as error:
        if error.code in _LAPSED:
            return Code.ATTEMPT_OUTDATED, error.detail
        if error.code is Code.NOT_NOW and await document_sets.is_applied(
            means.database, tenant_id=admission.tenant_id, document_set_hash=version_decided_by(admission)
        ):
            return Code.ATTEMPT_OUTDATED, "The document set that it was decided on has a successor."
        if error.retryable or error.code.meaning.number >= _ABOUT_RUNNING:
            raise
        return error.code, error.detail
    return None


async def _refuse_late(*, means: Means, errand: Errand, admission: Admission) -> StepAnswer | None:
    """Report what has lapsed since it was admitted, or was decided on a version that is not current any more.

    Returns:
        The manager's answer; None if there was nothing to report.
    """
    document_set = await means.get_document_set(admission.tenant_id)
    refusal = await _find_refusal(means=means, admission=admission, document_set=document_set)
    if refusal is None:
        return None
    outcome, reason = refusal
    report = _report(means=means, errand=errand, outcome=outcome.name, detail=reason)
    return await means.peers.record_step(errand=errand, report=report)


async def _is_admitted(*, means: Means, admission: Admission) -> bool:
    admitted = await admissions.find_admission(
        means.database,
        tenant_id=admission.tenant_id,
        transaction_id=admission.transaction_id,
        attempt=admission.attempt,
    )
    return admitted is not None


async def _check_same(*, means: Means, admission: Admission) -> None:
    """Refuse another set of documents for an attempt that was admitted; the same is answered alike."""
    before = await admissions.find_admission(
        means.database,
        tenant_id=admission.tenant_id,
        transaction_id=admission.transaction_id,
        attempt=admission.attempt,
    )
    if before is None or (before.intent, before.decision, before.verdict, before.approvals) != (
        admission.intent,
        admission.decision,
        admission.verdict,
        admission.approvals,
    ):
        raise StrongroomError(Code.STATUS_CONFLICT, "This attempt was admitted with other documents.")


def _report(*, means: Means, errand: Errand, outcome: str = "OK", detail: str = _AGREED) -> StepReport:
    return StepReport(
        step="8",
        from_service="policy_engine",
        operation="admit",
        detail=detail,
        started_at_us=errand.started_at_us,
        duration_us=means.now_us() - errand.started_at_us,
        outcome=outcome,
    )
