"""Types and decisions of the policy engine; pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from strongroom.kernel.digest import request_hash, sha256
from strongroom.kernel.documents.approval import ApprovalAnswer, open_approval
from strongroom.kernel.documents.codec import Document, decode
from strongroom.kernel.documents.decision import Decision, Evaluation
from strongroom.kernel.documents.document_set import Approvers, DocumentSet
from strongroom.kernel.documents.intent import Intent, PublicKey, derive_intent
from strongroom.kernel.documents.request import parse_transaction_request, verify_request
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.documents.verdict import open_verdict
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.policy import approvers_of, askable, evaluate, facts_of, suffices

ENGINE = "policy"
"""Who stands in ``approval_decisions`` where no person does."""
APPROVAL_TIMEOUT_S = 2 * 3600
"""How long an attempt waits for its approvers (custody_api.md 1.4)."""

_ANY_KEY = PublicKey(
    key_id="",
    public_key=bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
    chain_code=bytes(32),
)
"""Stands for the tenant's key, which only vault and co-signers know: addresses derived from it are not looked at. Every
co-signer derives the whole intent again with the real one (trust.md 3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at a transaction."""

    tenant_id: str
    transaction_id: UUID
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the manager asks: the original request, the intent and screening's verdict, as bytes."""

    tenant_id: str
    transaction_id: UUID
    attempt: int
    token: str
    uri: str
    body: bytes
    intent: bytes
    verdict: bytes

    @property
    def which(self) -> Attempt:
        """Which attempt it is about."""
        return Attempt(tenant_id=self.tenant_id, transaction_id=self.transaction_id, attempt=self.attempt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was decided; ``decision`` is an encoded ``Signed``."""

    action: str
    rule_id: str
    rule_number: int
    decision: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """A question with its answer, and the approvals that the answer asked for: for the call that admits it."""

    question: Question
    answer: Answer
    approvals: tuple[bytes, ...] = ()
    people: tuple[str, ...] = ()


class StepTimes(Document, frozen=True):
    """When steps 6 and 7 began (Unix microseconds) and how long they took (microseconds); under which handoffs."""

    tenant_id: str
    began_us: int
    evaluate_us: int
    approve_us: int
    parents: tuple[str, ...]


class End(Document, frozen=True):
    """How step 7 ended without an approval; ``outcome`` is the name of a code."""

    times: StepTimes
    outcome: str
    reason: str


class State(StrEnum):
    """Where the approvals of one attempt are.

    OUTDATED: decided on documents that have a successor. CLOSED: the transaction has ended meanwhile.
    """

    NOT_ASKED = "NOT_ASKED"
    WAITING = "WAITING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    OUTDATED = "OUTDATED"
    CLOSED = "CLOSED"


class Reply(StrEnum):
    """What one row of ``approval_decisions`` says."""

    AUTO_APPROVED = "AUTO_APPROVED"
    ASKED = "ASKED"
    APPROVE = "APPROVE"
    REJECT = "REJECT"
    TIMED_OUT = "TIMED_OUT"
    OUTDATED = "OUTDATED"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a transaction's approvals: the ``number``-th from 0, and the attempt's state then.

    ``document`` is the encoded ``Signed`` of a person's answer; ``reason`` says why it was CLOSED.
    """

    number: int
    attempt: int
    approver: str
    answer: Reply
    state: State
    document: bytes | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequest:
    """Step 6 as it is stored; ``expires_at`` only where people are asked."""

    question: Question
    answer: Answer
    document_set_version: int
    evaluate_us: int
    parents: tuple[str, ...]
    requested_at: datetime
    expires_at: datetime | None

    @property
    def evaluation(self) -> Evaluation:
        """What the policy said."""
        return decode(decode(self.answer.decision, Signed).payload, Decision).evaluation


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One attempt's request, and all that happened to the transaction's approvals, in order, over all attempts."""

    request: ApprovalRequest
    events: tuple[Event, ...]

    @property
    def documents(self) -> tuple[bytes, ...]:
        """Everything that people have answered, oldest first."""
        return tuple(event.document for event in self.events if event.document is not None)

    @property
    def closed_because(self) -> str:
        """Why the transaction ended without its approvals; empty if nobody has said so."""
        return next((event.reason for event in self.events if event.reason is not None), "")

    def state(self, now: datetime) -> State:
        """Where the attempt is; its time may be over before anybody has written so."""
        if self.request.expires_at is None:
            return State.NOT_ASKED
        states = [event.state for event in self.events if event.attempt == self.request.question.attempt]
        state = states[-1] if states else State.WAITING
        if state in (State.WAITING, State.OUTDATED) and self.closed_because:
            return State.CLOSED
        return State.EXPIRED if state is State.WAITING and now >= self.request.expires_at else state

    def times(self, now: datetime, *, parents: tuple[str, ...] = ()) -> StepTimes:
        """When steps 6 and 7 were, if the second ends now; ``parents`` besides the handoff of the first."""
        asked_us = round(self.request.requested_at.timestamp() * 1_000_000)
        return StepTimes(
            tenant_id=self.request.question.tenant_id,
            began_us=asked_us - self.request.evaluate_us,
            evaluate_us=self.request.evaluate_us,
            approve_us=max(round(now.timestamp() * 1_000_000) - asked_us, 0),
            parents=(*self.request.parents, *parents),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Who has answered so that it counts: ``approvals`` of ``people``, in one order; who rejected; and the state."""

    people: tuple[str, ...]
    approvals: tuple[bytes, ...]
    rejected_by: str
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A person's answer that may be stored, unless it says ``again`` what counts already; and the count with it."""

    event: Event
    count: Count
    again: bool


def decide_close(events: Sequence[Event], *, attempt: int) -> int | None:
    """Which attempt is closed by the end of a transaction in ``attempt``; None when there is nothing to close.

    The one that waits, though it may be an earlier one; if none does, the one about which nobody has asked yet. After
    an outdated one that is the next: it will not come.
    """
    states = {event.attempt: event.state for event in events}
    if State.CLOSED in states.values():
        return None
    closed = max((one for one, state in states.items() if state is State.WAITING), default=attempt)
    match states.get(closed):
        case None | State.WAITING:
            return closed
        case State.OUTDATED:
            return closed + 1
        case _:
            return None


def count_approvals(
    documents: Iterable[bytes], *, request: ApprovalRequest, document_set: DocumentSet, now_s: int
) -> Count:
    """What these answers come to under a document set, whenever they were given (trust.md 1).

    An answer that covers other documents, is by nobody who is asked, or has lapsed, does not count.

    Raises:
        StrongroomError: ``DECISION_MISMATCH`` if the document set has no such rule.
    """
    approvers, intent = _approvers(request, document_set), decode(request.question.intent, Intent)
    asked = _asked(approvers, document_set, intent)
    approved: dict[str, bytes] = {}
    rejected_by = ""
    for data in documents:
        try:
            user_id, answer = _open(data, intent=intent, document_set=document_set, asked=asked, now_s=now_s)
        except StrongroomError:
            continue
        if answer is ApprovalAnswer.REJECT:
            rejected_by = rejected_by or user_id
        else:
            approved[user_id] = data
    enough = suffices(approvers, document_set=document_set, initiator=intent.initiator, approved=approved)
    return Count(
        people=tuple(approved),
        approvals=tuple(approved.values()),
        rejected_by=rejected_by,
        state=State.REJECTED if rejected_by else State.APPROVED if enough else State.WAITING,
    )


def accept_approval(data: bytes, *, case: Case, document_set: DocumentSet, now_s: int) -> Accepted:
    """A person's answer to a request that waits under this document set, and what it leads to.

    Args:
        data: an encoded ``Signed`` of kind ``approval``.
        now_s: Unix seconds.

    Raises:
        StrongroomError: ``APPROVAL_INVALID`` by nobody who is asked, for another intent or other documents, or lapsed;
            ``DOCUMENT_*``.
    """
    request, intent = case.request, decode(case.request.question.intent, Intent)
    asked = _asked(_approvers(request, document_set), document_set, intent)
    user_id, answer = _open(data, intent=intent, document_set=document_set, asked=asked, now_s=now_s)
    before = count_approvals(case.documents, request=request, document_set=document_set, now_s=now_s)
    count = count_approvals((*case.documents, data), request=request, document_set=document_set, now_s=now_s)
    event = Event(
        number=len(case.events),
        attempt=request.question.attempt,
        approver=user_id,
        answer=Reply(answer),
        state=count.state,
        document=data,
    )
    return Accepted(event=event, count=count, again=answer is ApprovalAnswer.APPROVE and user_id in before.people)


def _approvers(request: ApprovalRequest, document_set: DocumentSet) -> Approvers:
    approvers = approvers_of(request.evaluation, document_set)
    if approvers is None:
        raise StrongroomError(Code.STATUS_CONFLICT, "Nobody is asked to approve this transaction.")
    return approvers


def _asked(approvers: Approvers, document_set: DocumentSet, intent: Intent) -> frozenset[str]:
    return frozenset[str]().union(*askable(approvers, document_set=document_set, initiator=intent.initiator))


def _open(
    data: bytes, *, intent: Intent, document_set: DocumentSet, asked: frozenset[str], now_s: int
) -> tuple[str, ApprovalAnswer]:
    user_id, approval = open_approval(
        data=data, document_set=document_set, transaction_id=intent.transaction_id, intent_hash=intent.hash()
    )
    if user_id not in asked:
        raise StrongroomError(Code.APPROVAL_INVALID, f"{user_id} is not asked.")
    if now_s >= approval.expires_at:
        raise StrongroomError(Code.APPROVAL_INVALID, f"The answer of {user_id} has lapsed.")
    return user_id, approval.answer


def decide(*, question: Question, document_set: DocumentSet, now_s: int) -> Decision:
    """The decision over a question.

    Args:
        now_s: Unix seconds.

    Raises:
        StrongroomError: ``INTENT_MISMATCH`` when intent, request and transaction do not belong together; ``TOKEN_*``
            for a request that its API user did not sign; ``REQUEST_EXPIRED``; ``SANCTIONED_ADDRESS`` and
            ``SCREENING_UNAVAILABLE`` for a verdict that does not let the payment pass.
    """
    intent = decode(question.intent, Intent)
    _check_request(question, intent, document_set)
    if now_s >= intent.not_after:
        raise StrongroomError(Code.REQUEST_EXPIRED)
    open_verdict(data=question.verdict, document_set=document_set, intent_hash=intent.hash(), now_s=now_s)
    return Decision(
        transaction_id=intent.transaction_id,
        intent_hash=intent.hash(),
        attempt=question.attempt,
        document_set_hash=document_set.hash(),
        verdict_hash=sha256(question.verdict),
        evaluation=evaluate(document_set.policy, facts_of(intent, document_set)),
        accumulators=(),
        decided_at=now_s,
    )


def explain(evaluation: Evaluation) -> str:
    """The deciding rule in words."""
    if evaluation.rule_number == 0:
        return f"no rule matched: {evaluation.action}"
    return f"rule {evaluation.rule_number} ({evaluation.rule_id}): {evaluation.action}"


def _check_request(question: Question, intent: Intent, document_set: DocumentSet) -> None:
    claims = verify_request(
        token=question.token,
        body=question.body,
        uri=question.uri,
        public_key_der=document_set.get_api_user(intent.initiator).public_key_der,
    )
    derived = derive_intent(
        request=parse_transaction_request(question.body),
        claims=claims,
        request_hash=request_hash(token=question.token, body=question.body),
        document_set=document_set,
        key=msgspec.structs.replace(_ANY_KEY, key_id=intent.key_id),
    )
    own = derived.destination_account is not None
    expected = msgspec.structs.replace(
        derived, sender=intent.sender, destination=intent.destination if own else derived.destination
    )
    if intent != expected or (question.transaction_id, question.tenant_id) != (intent.id, intent.tenant):
        raise StrongroomError(Code.INTENT_MISMATCH)
