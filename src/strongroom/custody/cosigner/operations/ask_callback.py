"""The customer's callback handler: a question is journalled before it is asked, an answer before it counts.

Only APPROVE and REJECT count, and only the first of them for a digest: after that the handler is not asked again.
"""

from dataclasses import dataclass
from typing import Final

import structlog

from strongroom.custody.cosigner.domain.callback import Answer, Handler, Question, write_claims
from strongroom.custody.cosigner.domain.entries import CallbackAnswered, CallbackAsked
from strongroom.custody.cosigner.operations.answer import check_not_released, note_closing, write_tombstone
from strongroom.custody.cosigner.operations.context import Context
from strongroom.custody.cosigner.store import find_callback, find_tombstone, list_callback_reports
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.consent import CallbackAnswer, CallbackReport
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.payload import Payload
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId

_log = structlog.stdlib.get_logger(__name__)
_UNANSWERED_MAX: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What was verified, and is all that a question is written from."""

    intent: Intent
    payload: Payload
    digest: bytes
    document_set: DocumentSet
    external_id: str | None


def prepare_callback(*, context: Context, handler: Handler, meant: Meant) -> Question | None:
    """Step 10a — what the handler has to be asked before a consent; None if it has approved this digest.

    The question is in the journal when this returns, under a random id that it keeps for ever, also after a restart.

    Raises:
        StrongroomError: ``CALLBACK_UNANSWERED`` if it was asked a moment ago and gave no answer; ``CALLBACK_REJECTED``.
    """
    stored = find_callback(context.journal.db, request_hash=meant.intent.request_hash, digest=meant.digest)
    answered = stored.answer if stored is not None else None
    if answered is CallbackAnswer.APPROVE:
        return None
    if answered is not None:
        raise StrongroomError(Code.CALLBACK_REJECTED)
    asked_s = context.memory.unanswered.get(meant.intent.request_hash + meant.digest)
    if asked_s is not None and context.clock.monotonic_s() < asked_s + handler.retry_s:
        raise StrongroomError(Code.CALLBACK_UNANSWERED)
    request_id = stored.request_id if stored is not None else _journal_question(context, meant)
    return Question(
        tenant=meant.intent.tenant,
        request_hash=meant.intent.request_hash,
        transaction_id=meant.intent.transaction_id,
        intent_hash=meant.intent.hash(),
        digest=meant.digest,
        request_id=request_id,
        claims=_claims(meant, request_id),
    )


def record_answer(*, context: Context, question: Question, answer: Answer) -> bytes:
    """Journal what counts of an answer, a REJECT together with its tombstone; our signed report of the invocation."""
    report = _sign_report(context, question, answer)
    if not answer.counts:
        _log.warning("callback_unanswered", answer=answer.answer, detail=answer.detail, request_id=question.request_id)
        _remember_unanswered(context, question)
        return report
    entry = CallbackAnswered(
        request_hash=question.request_hash,
        digest=question.digest,
        answer=answer.answer,
        token=answer.token,
        report=report,
        at=context.now_s(),
    )
    if answer.answer is CallbackAnswer.REJECT:
        _journal_rejection(context, question, entry)
    else:
        context.journal.append(entry)
    context.memory.unanswered.pop(question.about, None)
    return report


def list_reports(*, context: Context, request_hash: bytes) -> list[bytes]:
    """Our signed reports of the answers that counted for a request; told again with all that follows from them."""
    return list_callback_reports(context.journal.db, request_hash=request_hash)


def _claims(meant: Meant, request_id: str) -> bytes:
    return write_claims(
        intent=meant.intent,
        payload=meant.payload,
        digest=meant.digest,
        document_set=meant.document_set,
        external_id=meant.external_id,
        request_id=request_id,
    )


def _journal_question(context: Context, meant: Meant) -> str:
    intent, request_id = meant.intent, str(context.entropy.uuid4())
    context.journal.append(
        CallbackAsked(
            tenant=intent.tenant,
            request_hash=intent.request_hash,
            transaction_id=intent.transaction_id,
            intent_hash=intent.hash(),
            digest=meant.digest,
            request_id=request_id,
            at=context.now_s(),
        )
    )
    return request_id


def _journal_rejection(context: Context, question: Question, entry: CallbackAnswered) -> None:
    """With our tombstone in the same commit, unless there is one: somebody may have closed the request meanwhile."""
    if find_tombstone(context.journal.db, request_hash=question.request_hash) is not None:
        context.journal.append(entry)
        return
    closed = write_tombstone(
        context=context,
        tenant_id=TenantId(question.tenant),
        request_hash=question.request_hash,
        transaction_id=question.transaction_id,
        reason=Code.CALLBACK_REJECTED.name,
    )
    context.journal.append(
        entry, closed, check=lambda: check_not_released(context=context, request_hash=question.request_hash)
    )
    context.memory.forget_request(question.request_hash)
    context.memory.window.remove(question.request_hash)
    note_closing(context=context, request_hash=question.request_hash)


def _sign_report(context: Context, question: Question, answer: Answer) -> bytes:
    report = CallbackReport(
        transaction_id=question.transaction_id,
        intent_hash=question.intent_hash,
        digest=question.digest,
        cosigner=context.index,
        request_id=question.request_id,
        answer=answer.answer,
        answer_hash=sha256(answer.token) if answer.token else b"",
        asked_at_us=answer.asked_at_us,
        duration_us=answer.duration_us,
    )
    return context.sign(kind=Kind.CALLBACK_REPORT, tenant_id=TenantId(question.tenant), document=report)


def _remember_unanswered(context: Context, question: Question) -> None:
    unanswered = context.memory.unanswered
    unanswered[question.about] = context.clock.monotonic_s()
    unanswered.move_to_end(question.about)
    while len(unanswered) > _UNANSWERED_MAX:
        unanswered.popitem(last=False)
