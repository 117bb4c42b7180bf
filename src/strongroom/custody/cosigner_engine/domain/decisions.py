"""What follows from what the co-signers said: sign, adopt, close or repeat."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeGuard

from strongroom.custody.cosigner_engine.domain.reports import (
    MEMBERS,
    AdoptedReport,
    Answers,
    Consented,
    Faulted,
    FinishedReport,
    Invocation,
    KeyRecorded,
    Refused,
    Report,
    SignedReport,
    SigningEvent,
    Tombstoned,
    statement_kind,
)
from strongroom.custody.cosigner_engine.domain.requests import CallbackStep
from strongroom.kernel.documents.consent import CallbackAnswer
from strongroom.kernel.errors import Code

_CUSTOMER = 3
Verifies: TypeAlias = Callable[[bytes], bool]
"""Whether these 65 bytes are the sender's signature of this digest: then all three have released it."""


@dataclass(frozen=True, slots=True)
class Start:
    """All three consented: sign."""

    consents: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """One has the finished signature: the others are asked to adopt it."""

    signature: bytes
    holders: Mapping[int, FinishedReport]


@dataclass(frozen=True, slots=True)
class Close:
    """A co-signer signed a tombstone: the request is dead."""

    cosigner: int
    reason: Code


@dataclass(frozen=True, slots=True)
class Outdated:
    """What it was decided on no longer holds: it is screened and decided again, in a new attempt (trust.md 5)."""

    cosigner: int
    reason: Code
    detail: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """Not this time; the same digest is tried again."""

    reason: Code
    detail: str


@dataclass(frozen=True, slots=True)
class Complete:
    """All three made their statement over this signature, by index."""

    signature: bytes
    statements: Mapping[int, bytes]


OUTDATING = frozenset(
    {
        Code.SCREENING_UNAVAILABLE,
        Code.APPROVALS_MISSING,
        Code.APPROVAL_INVALID,
        Code.DOCUMENT_VERSION_INVALID,
        Code.DECISION_MISMATCH,
    }
)
"""Refusals that no patience mends: verdict or approvals have lapsed, or were made on other documents."""


def decide_consents(answers: Answers, *, verifies: Verifies) -> Start | Offer | Close | Outdated | Repeat:
    """What follows from the consent phase: a finished signature saves the ceremony, else a tombstone ends it.

    A signature that verifies can land, so whoever closes it now has released its part before: its tombstone is a lie,
    and would free a slot that the others hold as finished (trust.md 4, 5). One that does not verify is nobody's word.
    """
    finished = {index: report for index, report in sorted(answers.items()) if isinstance(report, FinishedReport)}
    holders = {index: held for index, held in finished.items() if verifies(held.signature)}
    if holders:
        signature = next(iter(holders.values())).signature
        return Offer(signature, {index: held for index, held in holders.items() if held.signature == signature})
    closed = _find_tombstone(answers)
    if closed:
        return closed
    consents = [report.document for _, report in sorted(answers.items()) if isinstance(report, Consented)]
    if len(consents) == len(MEMBERS):
        return Start(tuple(consents))
    return _find_outdated(answers) or decide_repeat(answers)


def decide_adoption(offer: Offer, answers: Answers) -> Complete | Repeat:
    """What follows from offering a finished signature to those who do not hold it; no tombstone ends what can land."""
    statements = {index: held.document for index, held in offer.holders.items()}
    statements |= {index: report.document for index, report in answers.items() if _accepts(report, offer.signature)}
    return Complete(offer.signature, statements) if len(statements) == len(MEMBERS) else decide_repeat(answers)


def decide_signature(answers: Answers, *, verifies: Verifies) -> Complete | Close | Repeat:
    """What follows from the rounds. Whether the three statements agree is for auth_engine to say (step 11).

    A tombstone ends it, unless a co-signer has finished: then the signature is offered to the others next time.
    """
    finished = {index: report for index, report in sorted(answers.items()) if isinstance(report, SignedReport)}
    closed = _find_tombstone(answers)
    if closed and not any(verifies(report.signature) for report in finished.values()):
        return closed
    if len(finished) < len(MEMBERS):
        return decide_repeat(answers)
    statements = {index: report.document for index, report in finished.items()}
    return Complete(finished[MEMBERS[0]].signature, statements)


def decide_repeat(answers: Answers) -> Repeat:
    """Why it is not this time: the first refusal or fault says it."""
    for index, report in sorted(answers.items()):
        if isinstance(report, Refused | Faulted):
            code = report.reason if isinstance(report, Refused) else report.code
            return Repeat(code, f"co-signer {index}: {report.detail}")
        if isinstance(report, Tombstoned):
            return Repeat(Code.CEREMONY_FAILED, f"co-signer {index}: a tombstone on what it has helped to sign")
    return Repeat(Code.CEREMONY_FAILED, "A co-signer answered something else than it was asked.")


def decide_key(answers: Answers) -> tuple[bytes, ...] | Repeat | Faulted:
    """The three key records in order; a pause; or the fault that no repetition will mend."""
    records = [report.document for _, report in sorted(answers.items()) if isinstance(report, KeyRecorded)]
    if len(records) == len(MEMBERS):
        return tuple(records)
    for index, report in sorted(answers.items()):
        if isinstance(report, Faulted) and not is_passing(report):
            return Faulted(report.code, f"co-signer {index}: {report.detail}", ban=report.ban)
        if isinstance(report, Refused) and not report.reason.meaning.retryable:
            return Faulted(report.reason, f"co-signer {index}: {report.detail}")
    return decide_repeat(answers)


def is_passing(fault: Faulted) -> bool:
    """Whether the same ceremony may succeed later: crypto and transport faults are repeated, a ban is not."""
    repeated = fault.code in {Code.MESSAGE_INVALID, Code.CEREMONY_FAILED, Code.INTERNAL, Code.SIGNATURE_INVALID}
    return not fault.ban and (repeated or fault.code.meaning.retryable)


def is_superseded(event: SigningEvent, complete: Complete) -> bool:
    """Whether it is a statement about another signature than the one that all three stand by."""
    return event.signature is not None and event.signature != complete.signature


def statement_events(complete: Complete) -> list[SigningEvent]:
    """One row for each share: the statement and the signature that it is about."""
    return [
        SigningEvent(cosigner=index, kind=statement_kind(document), document=document, signature=complete.signature)
        for index, document in sorted(complete.statements.items())
    ]


def decide_callback(invocations: Sequence[Invocation]) -> CallbackStep | None:
    """The answer that counted, of the customer's callback handler; the flow has no other's."""
    for one in invocations:
        if one.cosigner == _CUSTOMER and one.answer in (CallbackAnswer.APPROVE, CallbackAnswer.REJECT):
            return CallbackStep(
                answer=one.answer,
                request_id=one.request_id,
                asked_at_us=one.asked_at_us,
                duration_us=one.duration_us,
            )
    return None


def pause_s(*, tries: int, first_s: float, longest_s: float) -> float:
    """How long to wait before the next attempt: doubles with each try."""
    return min(first_s * 2 ** min(tries, 16), longest_s)


def _find_tombstone(answers: Answers) -> Close | None:
    for index, report in sorted(answers.items()):
        if isinstance(report, Tombstoned):
            return Close(index, report.reason)
    return None


def _find_outdated(answers: Answers) -> Outdated | None:
    for index, report in sorted(answers.items()):
        if isinstance(report, Refused) and report.reason in OUTDATING:
            return Outdated(index, report.reason, report.detail)
    return None


def _accepts(report: Report, signature: bytes) -> TypeGuard[AdoptedReport | FinishedReport]:
    """Whether it stands by the signature offered: newly adopted, or in its journal since it was asked."""
    return isinstance(report, AdoptedReport) or (isinstance(report, FinishedReport) and report.signature == signature)
