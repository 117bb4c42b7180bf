"""The public Python client: signs requests and documents, verifies what comes back, trusts no answer it can check."""

from strongroom.client.api import Closing, Key, Strongroom
from strongroom.client.approver import ApproverKey, Asked, Review, open_review, sign_approval, verify_tombstone
from strongroom.client.credentials import ApiCredentials
from strongroom.client.documents import ShownDocuments, open_documents
from strongroom.client.owner import OwnerKey, sign_document_set, sign_key_request
from strongroom.client.personal import PersonalKey
from strongroom.kernel.documents.approval import ApprovalAnswer
from strongroom.kernel.documents.decision import RuleTrace
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.money import format_amount

__all__ = [
    "ApiCredentials",
    "ApprovalAnswer",
    "ApproverKey",
    "Asked",
    "Closing",
    "Code",
    "Key",
    "OwnerKey",
    "PersonalKey",
    "Review",
    "RuleTrace",
    "ShownDocuments",
    "Strongroom",
    "StrongroomError",
    "format_amount",
    "open_documents",
    "open_review",
    "sign_approval",
    "sign_document_set",
    "sign_key_request",
    "verify_tombstone",
]
