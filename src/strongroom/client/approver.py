"""What an approver signs, and everything that is looked at before: decoded, judged and hashed here (trust.md 3).

Nothing that a platform computed is signed or shown: the intent's bytes are decoded and hashed here, its asset is looked
up in the signed list, and the policy is evaluated here again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from strongroom.client.documents import ShownDocuments
from strongroom.client.personal import PersonalKey
from strongroom.kernel.documents.approval import ApprovalAnswer, approval_of, open_approval
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.consent import Tombstone, open_tombstone
from strongroom.kernel.documents.decision import Decision, Evaluation, open_decision
from strongroom.kernel.documents.document_set import COSIGNER_COUNT, DocumentSet, tenant_of
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.signing import Kind, Signed, signing_bytes
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import derive_transaction_id
from strongroom.policy import approvers_of, askable, evaluate, facts_of

WAITING = "WAITING"


class ApproverKey(PersonalKey):
    """The Ed25519 key of an approver's device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One group of the deciding rule: ``threshold`` of ``people``, of whom ``approved`` did."""

    threshold: int
    people: tuple[str, ...]
    approved: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One transaction as somebody has to judge it.

    Args:
        state: WAITING, APPROVED, REJECTED, EXPIRED, OUTDATED, CLOSED or NOT_ASKED, as the platform says.
        attempt: from 0.
        documents: the document set by which it is judged.
        intent: decoded here from the bytes that would be signed.
        decision: the policy engine's, verified; None before there is one.
        evaluation: of the policy: made here, or the decision's own where that was made under another document set.
        is_current: whether ``evaluation`` is of ``documents``.
        answers: who answered what, oldest first, each signature verified.
        requested_at_ms: Unix milliseconds.
        expires_at_ms: when it fails without enough approvals; Unix milliseconds.
        reason: why it is CLOSED, in the platform's words; else empty.
    """

    state: str
    attempt: int
    documents: ShownDocuments
    intent: Intent
    decision: Decision | None
    evaluation: Evaluation
    is_current: bool
    answers: tuple[tuple[str, ApprovalAnswer], ...]
    requested_at_ms: int
    expires_at_ms: int
    reason: str = ""

    @property
    def logic(self) -> str:
        """Whether every group must agree (AND) or any one of them (OR); empty where nobody is asked."""
        approvers = approvers_of(self.evaluation, self.documents.document_set) if self.is_current else None
        return "" if approvers is None else approvers.logic

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Whom the deciding rule asks, group by group; empty where nobody is asked."""
        document_set = self.documents.document_set
        approvers = approvers_of(self.evaluation, document_set) if self.is_current else None
        if approvers is None:
            return ()
        approved = {user for user, answer in self.answers if answer is ApprovalAnswer.APPROVE}
        members = askable(approvers, document_set=document_set, initiator=self.intent.initiator)
        return tuple(
            Asked(threshold=group.threshold, people=tuple(sorted(people)), approved=tuple(sorted(people & approved)))
            for group, people in zip(approvers.groups, members, strict=True)
        )

    def check_asset(self) -> None:
        """Check that the intent counts and lives as the signed asset list says, and costs no more.

        Raises:
            StrongroomError: ``ASSET_UNKNOWN``, ``INTENT_MISMATCH``.
        """
        asset, intent = self.documents.document_set.get_asset(self.intent.asset_id), self.intent
        listed = (asset.chain_id, asset.token_contract, asset.decimals)
        if (intent.chain_id, intent.token_contract, intent.decimals) != listed:
            raise StrongroomError(Code.INTENT_MISMATCH, f"{asset.id} is listed otherwise than the intent has it.")
        if intent.max_fee_units > asset.max_fee_units:
            raise StrongroomError(Code.INTENT_MISMATCH, "The intent allows a higher fee than the signed asset list.")

    def check_answerable(self, key: ApproverKey, *, now_s: int) -> None:
        """Check that an answer with ``key`` would count.

        Raises:
            StrongroomError: ``STATUS_CONFLICT`` unless it waits; ``ATTEMPT_OUTDATED``, ``REQUEST_EXPIRED``;
                ``APPROVAL_INVALID`` for a key that is not that person's, or a person who is not asked.
        """
        if self.state != WAITING:
            why = self.reason or "no answer is waited for."
            raise StrongroomError(Code.STATUS_CONFLICT, f"It is {self.state}: {why}")
        if self.decision is None or not self.is_current:
            raise StrongroomError(Code.ATTEMPT_OUTDATED)
        if now_s >= self.intent.not_after:
            raise StrongroomError(Code.REQUEST_EXPIRED)
        if self.documents.document_set.get_user(key.holder).device_key != key.public_key():
            raise StrongroomError(Code.APPROVAL_INVALID, f"The roster has another device key for {key.holder}.")
        if not any(key.holder in group.people for group in self.asked):
            raise StrongroomError(Code.APPROVAL_INVALID, f"{key.holder} is not asked.")


def open_review(
    *,
    transaction_id: str,
    state: str,
    attempt: int,
    intent: bytes,
    decision: bytes,
    approvals: Sequence[bytes],
    times_ms: tuple[int, int],
    documents: ShownDocuments,
) -> Review:
    """What a platform shows of a transaction, with everything verified that this document set can verify.

    Args:
        transaction_id: the one that was asked for.
        decision: an encoded ``Signed``; empty for none.
        approvals: encoded ``Signed`` of kind approval; those of another document set do not count and are left out.
        times_ms: when it was requested and when it lapses.

    Raises:
        StrongroomError: ``INTENT_MISMATCH``, ``DECISION_MISMATCH``, ``API_USER_UNKNOWN``, ``DOCUMENT_*``.
    """
    document_set = documents.document_set
    opened = open_intent(intent, transaction_id=transaction_id, document_set=document_set)
    decided = _open_decision(decision, opened, document_set) if decision else None
    is_current = decided is None or decided.document_set_hash == document_set.hash()
    evaluation = _evaluate(decided, opened, document_set, is_current=is_current)
    return Review(
        state=state,
        attempt=attempt,
        documents=documents,
        intent=opened,
        decision=decided,
        evaluation=evaluation,
        is_current=is_current,
        answers=tuple(answer for data in approvals for answer in _answers(data, opened, document_set)),
        requested_at_ms=times_ms[0],
        expires_at_ms=times_ms[1],
    )


def sign_approval(review: Review, key: ApproverKey, *, answer: ApprovalAnswer, expires_at: int) -> Signed:
    """One person's signed answer to exactly what ``review`` shows.

    Args:
        expires_at: Unix seconds.
    """
    document_set, intent = review.documents.document_set, review.intent
    payload = approval_of(
        transaction_id=intent.transaction_id,
        intent_hash=intent.hash(),
        document_set=document_set,
        answer=answer,
        expires_at=expires_at,
    ).encode()
    environment, tenant_id = document_set.environment, tenant_of(document_set)
    data = signing_bytes(kind=Kind.APPROVAL, environment=environment, tenant_id=tenant_id, payload=payload)
    return Signed(
        kind=Kind.APPROVAL,
        environment=environment,
        tenant=tenant_id,
        payload=payload,
        signatures=(key.sign(data),),
    )


def open_intent(data: bytes, *, transaction_id: str, document_set: DocumentSet) -> Intent:
    """The intent in ``data`` if it is that transaction's.

    The id is a hash over the request's hash (trust.md 3), so neither can be another's.

    Raises:
        StrongroomError: ``INTENT_MISMATCH``, ``DOCUMENT_MALFORMED``.
    """
    intent = decode(data, Intent)
    owner = (document_set.environment, document_set.tenant)
    derived = derive_transaction_id(
        environment=document_set.environment, tenant_id=tenant_of(document_set), request_hash=intent.request_hash
    )
    if (intent.environment, intent.tenant) != owner or derived != intent.id or derived != _parse_id(transaction_id):
        raise StrongroomError(Code.INTENT_MISMATCH, "The intent that is shown belongs to another transaction.")
    return intent


def verify_tombstone(data: bytes, *, transaction_id: str, intent: bytes, document_set: DocumentSet) -> Tombstone:
    """Co-signer 3's tombstone of a transaction: with it, paying again under the same externalTxId is safe (trust.md 5).

    Args:
        data: an encoded ``Signed``.
        intent: the transaction's, from which the request's hash is taken.

    Raises:
        StrongroomError: ``DOCUMENT_*`` if it is not by that co-signer; ``INTENT_MISMATCH`` if about something else.
    """
    opened = open_intent(intent, transaction_id=transaction_id, document_set=document_set)
    tombstone = open_tombstone(
        data=data, index=COSIGNER_COUNT, request_hash=opened.request_hash, document_set=document_set
    )
    if tombstone.transaction_id != opened.transaction_id:
        raise StrongroomError(Code.INTENT_MISMATCH, "The tombstone is about another transaction.")
    return tombstone


def _parse_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _open_decision(data: bytes, intent: Intent, document_set: DocumentSet) -> Decision:
    decision = open_decision(data=data, document_set=document_set)
    if (decision.transaction_id, decision.intent_hash) != (intent.transaction_id, intent.hash()):
        raise StrongroomError(Code.DECISION_MISMATCH, "The decision that is shown is over another intent.")
    return decision


def _evaluate(decision: Decision | None, intent: Intent, document_set: DocumentSet, *, is_current: bool) -> Evaluation:
    if decision is not None and not is_current:
        return decision.evaluation
    evaluation = evaluate(document_set.policy, facts_of(intent, document_set))
    if decision is not None and decision.evaluation != evaluation:
        raise StrongroomError(Code.DECISION_MISMATCH, "The policy, evaluated here, says something else.")
    return evaluation


def _answers(data: bytes, intent: Intent, document_set: DocumentSet) -> list[tuple[str, ApprovalAnswer]]:
    try:
        user_id, approval = open_approval(
            data=data,
            document_set=document_set,
            transaction_id=intent.transaction_id,
            intent_hash=intent.hash(),
        )
    except StrongroomError as error:
        if error.code is not Code.APPROVAL_INVALID:
            raise
        return []
    return [(user_id, approval.answer)]
