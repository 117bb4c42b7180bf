"""Who is asked to approve, and whether those who did are enough. Pure, like the evaluator."""

from collections.abc import Collection

from strongroom.kernel.documents.approval import ApprovalAnswer, open_approval
from strongroom.kernel.documents.decision import Evaluation
from strongroom.kernel.documents.document_set import Action, ApprovalGroup, Approvers, DocumentSet, Logic
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.errors import Code, StrongroomError


def approvers_of(evaluation: Evaluation, document_set: DocumentSet) -> Approvers | None:
    """Whom the deciding rule asks; None unless the action is APPROVE.

    Raises:
        StrongroomError: ``DECISION_MISMATCH`` if the document set has no such rule.
    """
    if evaluation.action is not Action.APPROVE:
        return None
    rules = document_set.policy.rules
    rule = rules[evaluation.rule_number - 1] if 1 <= evaluation.rule_number <= len(rules) else None
    if rule is None or rule.id != evaluation.rule_id or rule.approvers is None:
        raise StrongroomError(Code.DECISION_MISMATCH)
    return rule.approvers


def askable(approvers: Approvers, *, document_set: DocumentSet, initiator: str) -> tuple[frozenset[str], ...]:
    """The ids of the people who count in each group, in the order of the rule.

    Raises:
        StrongroomError: ``API_USER_UNKNOWN`` for an initiator who is not in the roster.
    """
    holder = document_set.get_api_user(initiator).held_by
    barred = frozenset({holder} if holder is not None and not approvers.can_initiator_approve else ())
    return tuple(_members(group, document_set) - barred for group in approvers.groups)


def suffices(approvers: Approvers, *, document_set: DocumentSet, initiator: str, approved: Collection[str]) -> bool:
    """Whether the people who approved are enough; one person may count in several groups."""
    given = frozenset(approved)
    reached = [
        len(given & people) >= group.threshold
        for group, people in zip(
            approvers.groups, askable(approvers, document_set=document_set, initiator=initiator), strict=True
        )
    ]
    return all(reached) if approvers.logic is Logic.AND else any(reached)


def check_approvals(
    *, evaluation: Evaluation, approvals: tuple[bytes, ...], intent: Intent, document_set: DocumentSet, now_s: int
) -> None:
    """Check that the approvals are what the deciding rule asks for; every co-signer does so for itself.

    Args:
        approvals: encoded ``Signed`` of kind ``approval``; one that has lapsed does not count.
        now_s: Unix seconds.

    Raises:
        StrongroomError: ``APPROVALS_MISSING`` for too few, ``APPROVAL_REJECTED``, ``APPROVAL_INVALID``,
            ``DECISION_MISMATCH``, ``DOCUMENT_*``.
    """
    approvers = approvers_of(evaluation, document_set)
    if approvers is None:
        return
    approved: set[str] = set()
    for data in approvals:
        user_id, approval = open_approval(
            data=data,
            document_set=document_set,
            transaction_id=intent.transaction_id,
            intent_hash=intent.hash(),
        )
        if approval.answer is not ApprovalAnswer.APPROVE:
            raise StrongroomError(Code.APPROVAL_REJECTED, f"{user_id} rejected it.")
        if now_s < approval.expires_at:
            approved.add(user_id)
    if not suffices(approvers, document_set=document_set, initiator=intent.initiator, approved=approved):
        raise StrongroomError(Code.APPROVALS_MISSING)


def _members(group: ApprovalGroup, document_set: DocumentSet) -> frozenset[str]:
    named = {user.id for user in document_set.roster.users if not set(user.groups).isdisjoint(group.groups)}
    return frozenset(named | set(group.users))
