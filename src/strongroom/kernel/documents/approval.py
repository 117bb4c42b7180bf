"""An approval: a person's signature over exactly one intent under exactly these documents (trust.md 3)."""

from enum import StrEnum

from strongroom.kernel.documents.codec import Document


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
