"""The public Python client: signs requests and documents, verifies what comes back, trusts no answer it can check."""

from strongroom.client.api import Closing, Strongroom
from strongroom.client.approver import ApproverKey, Asked, Review, open_review, sign_approval, verify_tombstone
from strongroom.client.ceremonies import KeyEpoch, add_signatures, find_epoch, hold_ceremony, write_transcript
from strongroom.client.credentials import ApiCredentials
from strongroom.client.differences import Difference, differences, entries_of
from strongroom.client.documents import ShownDocuments, open_documents
from strongroom.client.drafts import Draft
from strongroom.client.keys import Key
from strongroom.client.owner import OwnerKey, sign_document_set, sign_key_request
from strongroom.client.parts import (
    Part,
    change_addresses,
    change_api_users,
    change_cosigners,
    change_owners,
    change_requests,
    change_service_keys,
    change_users,
    form_of,
    parse_api_public_key,
    parse_identity,
    parse_key,
    replace_part,
)
from strongroom.client.payments import Created
from strongroom.client.personal import PersonalKey
from strongroom.kernel.documents.approval import ApprovalAnswer
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.decision import RuleTrace
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.money import format_amount

__all__ = [
    "ApiCredentials",
    "ApprovalAnswer",
    "ApproverKey",
    "Asked",
    "Closing",
    "Code",
    "Created",
    "Difference",
    "DocumentSet",
    "Draft",
    "Key",
    "KeyEpoch",
    "OwnerKey",
    "Part",
    "PersonalKey",
    "Review",
    "RuleTrace",
    "ShownDocuments",
    "Signed",
    "Strongroom",
    "StrongroomError",
    "add_signatures",
    "change_addresses",
    "change_api_users",
    "change_cosigners",
    "change_owners",
    "change_requests",
    "change_service_keys",
    "change_users",
    "decode",
    "differences",
    "entries_of",
    "find_epoch",
    "form_of",
    "format_amount",
    "hold_ceremony",
    "open_documents",
    "open_review",
    "parse_api_public_key",
    "parse_identity",
    "parse_key",
    "replace_part",
    "sign_approval",
    "sign_document_set",
    "sign_key_request",
    "verify_tombstone",
    "write_transcript",
]
