"""An approval: a person's signature over exactly one intent under exactly these documents (trust.md 3)."""

from enum import StrEnum

from strongroom.kernel.documents.codec import Document, decode
from strongroom.kernel.documents.document_set import DocumentSet, tenant_of
from strongroom.kernel.documents.signing import Kind, Role, Signed, open_signed
from strongroom.kernel.errors import Code, StrongroomError


class ApprovalAnswer(StrEnum):
    """What the approver says; one REJECT ends the transaction."""

    APPROVE = "APPROVE"
    REJECT = "REJECT"


class Approval(Document, frozen=True):
    """What the approver's device key signs. ``expires_at`` in Unix seconds; hashes of 32 bytes."""

    transaction_id: bytes
    intent_hash: bytes
    roster_hash: bytes
    policy_hash: bytes
    assets_hash: bytes
    answer: ApprovalAnswer
    expires_at: int


def approval_of(
    *, transaction_id: bytes, intent_hash: bytes, document_set: DocumentSet, answer: ApprovalAnswer, expires_at: int
) -> Approval:
    """The approval of an intent under a document set, for the approver's device to sign."""
    roster_hash, policy_hash, assets_hash = document_set.approved_parts
    return Approval(
        transaction_id=transaction_id,
        intent_hash=intent_hash,
        roster_hash=roster_hash,
        policy_hash=policy_hash,
        assets_hash=assets_hash,
        answer=answer,
        expires_at=expires_at,
    )


def open_approval(
    *, data: bytes, document_set: DocumentSet, transaction_id: bytes, intent_hash: bytes
) -> tuple[str, Approval]:
    """Who gave this approval, and the approval, if it covers this intent under this document set.

    Whether the rule asks this person, and whether it has lapsed, is for ``policy.approvals`` to say.

    Args:
        data: an encoded ``Signed`` of kind ``approval``.

    Raises:
        StrongroomError: ``DOCUMENT_*``; ``APPROVAL_INVALID`` for another intent or other documents, or by nobody of the
            roster.
    """
    signed = decode(data, Signed)
    user_id = signed.signatures[0].signer if len(signed.signatures) == 1 else ""
    payload = open_signed(
        signed=signed,
        kind=Kind.APPROVAL,
        environment=document_set.environment,
        tenant_id=tenant_of(document_set),
        public_key=document_set.get_user(user_id).device_key,
        role=Role.APPROVER_DEVICE,
        signer=user_id,
    )
    approval = decode(payload, Approval)
    expected = approval_of(
        transaction_id=transaction_id,
        intent_hash=intent_hash,
        document_set=document_set,
        answer=approval.answer,
        expires_at=approval.expires_at,
    )
    if approval != expected:
        raise StrongroomError(Code.APPROVAL_INVALID, f"The approval of {user_id} covers something else.")
    return user_id, approval
