"""The closed set of error codes (style 1.5). A code crosses the wire; its text is for people.

Every code has a number that never changes meaning, the HTTP status it becomes at the REST door and
what the caller can do about it. ``docs/errors.md`` is generated from this table.
"""

from dataclasses import dataclass
from enum import Enum
from typing import final


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one code stands for: a stable number, an HTTP status, a sentence, a remedy."""

    number: int
    http_status: int
    text: str
    remedy: str
    retryable: bool = False


class Code(Enum):
    """Every way Strongroom says no. The member's name is what crosses the wire."""

    # 1xxx: who is asking
    REQUEST_UNSIGNED = Meaning(
        1001,
        401,
        "The request carries no API key or no bearer token.",
        "Send X-API-Key and Authorization: Bearer <JWT>.",
    )
    TOKEN_MALFORMED = Meaning(
        1002,
        401,
        "The request token is not a JWT of the expected form.",
        "Sign RS256 with uri, nonce, iat, exp, sub, bodyHash.",
    )
    TOKEN_EXPIRED = Meaning(
        1003, 401, "The request token has expired, or lives longer than allowed.", "Sign a new token for every request."
    )
    TOKEN_FROM_FUTURE = Meaning(
        1004, 401, "The request token was issued in the future.", "Set the clock of the calling machine."
    )
    TOKEN_REPLAYED = Meaning(
        1005, 401, "A request with this nonce was seen before.", "Use a fresh nonce for every request."
    )
    TOKEN_URI_MISMATCH = Meaning(
        1006, 401, "The token was signed for another path or query.", "Sign the path and query exactly as sent."
    )
    TOKEN_BODY_MISMATCH = Meaning(
        1007, 401, "The token was signed for another body.", "Hash the raw bytes of the body that is sent."
    )
    TOKEN_SIGNATURE_INVALID = Meaning(
        1008,
        401,
        "The token's signature is not that of the API user's key.",
        "Sign with the key registered in the roster.",
    )
    API_USER_UNKNOWN = Meaning(1009, 401, "No such API user.", "Use an API key listed in the tenant's roster.")
    API_USER_WRONG_ENVIRONMENT = Meaning(
        1010, 401, "This API user belongs to another environment.", "Use the key issued for this environment."
    )
    OPERATOR_TOKEN_INVALID = Meaning(
        1011,
        403,
        "The operator token is missing or wrong.",
        "Use the token that `strongroom up` wrote to its data folder.",
    )
    FORBIDDEN = Meaning(1012, 403, "This principal may not do that.", "Ask an owner to change the roster.")

    # 2xxx: what was asked
    REQUEST_INVALID = Meaning(
        2001, 400, "The request does not have the documented shape.", "Compare it with docs/openapi.json."
    )
    ASSET_UNKNOWN = Meaning(
        2002, 400, "The asset is not in the tenant's signed asset list.", "List assets with GET /v1/supported_assets."
    )
    VAULT_ACCOUNT_UNKNOWN = Meaning(
        2003, 404, "No such vault account.", "List vault accounts with GET /v1/vault/accounts_paged."
    )
    VAULT_WALLET_NOT_READY = Meaning(
        2004,
        409,
        "The vault account has no key for this asset yet.",
        "Run the key ceremony first: strongroom vault keys.",
    )
    ADDRESS_INVALID = Meaning(
        2005, 400, "The destination address is malformed or fails its checksum.", "Check the address with its owner."
    )
    AMOUNT_INVALID = Meaning(
        2006, 400, "The amount is not a positive decimal number.", "Send a decimal string greater than 0."
    )
    AMOUNT_TOO_PRECISE = Meaning(
        2007, 400, "The amount has more decimals than the asset.", "Round to the decimals of the asset."
    )
    AMOUNT_TOO_LARGE = Meaning(2008, 400, "The amount exceeds 2^256 - 1 base units.", "Send a smaller amount.")
    TRANSACTION_UNKNOWN = Meaning(2009, 404, "No such transaction.", "List transactions with GET /v1/transactions.")
    EXTERNAL_ID_REUSED = Meaning(
        2010, 409, "This externalTxId was used for a different request.", "Use one externalTxId per intended payment."
    )
    IDEMPOTENCY_KEY_REUSED = Meaning(
        2011, 422, "This Idempotency-Key was used with a different body.", "Use a new key for a new request."
    )
    IDEMPOTENCY_IN_PROGRESS = Meaning(
        2012, 409, "A request with this Idempotency-Key is still running.", "Repeat it in a moment.", retryable=True
    )
    OPERATION_UNSUPPORTED = Meaning(
        2013, 400, "Only operation TRANSFER from a vault account is supported.", "Send a TRANSFER from a VAULT_ACCOUNT."
    )
    FEE_INVALID = Meaning(
        2014, 400, "The fee settings are malformed.", "Send feeLevel LOW, MEDIUM or HIGH, and maxFee."
    )
    PAGE_INVALID = Meaning(
        2015, 400, "The page size or cursor is malformed.", "Use the cursor exactly as it was returned."
    )
    NOT_FOUND = Meaning(2016, 404, "No such resource.", "Check the path.")
    STATUS_CONFLICT = Meaning(2017, 409, "The resource is in a state that does not allow this.", "Read it again first.")

    # 3xxx: the tenant's signed documents
    DOCUMENT_MALFORMED = Meaning(
        3001, 400, "The document is not deterministic CBOR of its schema.", "Build it with the client."
    )
    DOCUMENT_SIGNATURE_INVALID = Meaning(
        3002, 403, "A signature of the document does not verify.", "Have the owners sign it again."
    )
    DOCUMENT_QUORUM_MISSING = Meaning(
        3003, 403, "Too few owners signed the document.", "Collect signatures up to the threshold."
    )
    DOCUMENT_VERSION_INVALID = Meaning(
        3004, 409, "The document is not the successor of the current version.", "Build on the current version."
    )
    DOCUMENT_FOREIGN = Meaning(
        3005, 403, "The document belongs to another tenant or environment.", "Use the right document."
    )
    TENANT_UNKNOWN = Meaning(
        3006, 404, "No document set is installed for this tenant.", "Publish the genesis document set."
    )
    KEY_REGISTERED_TWICE = Meaning(
        3007,
        409,
        "A key of this document is registered for another tenant, environment or role.",
        "Make a key of its own.",
    )
    KEY_EXISTS = Meaning(3008, 409, "The tenant already has this key.", "Use the existing key.")

    # 4xxx: the verdict
    INSUFFICIENT_FUNDS = Meaning(4001, 400, "The balance does not cover the amount.", "Fund the vault account.")
    INSUFFICIENT_FUNDS_FOR_FEE = Meaning(4002, 400, "The balance does not cover the fee.", "Fund the vault account.")
    SANCTIONED_ADDRESS = Meaning(4003, 403, "The destination is on a sanctions list.", "Do not pay this address.")
    SCREENING_UNAVAILABLE = Meaning(
        4004,
        503,
        "Screening cannot answer, so nothing moves.",
        "Import a list: strongroom screening import.",
        retryable=True,
    )
    POLICY_BLOCKED = Meaning(
        4005, 403, "A policy rule blocks the transaction.", "Read the trace: GET /v1/transactions/{id}."
    )
    MAX_FEE_EXCEEDED = Meaning(4006, 400, "The network fee exceeds the allowed maximum.", "Raise maxFee or wait.")
    DECISION_MISMATCH = Meaning(
        4007,
        409,
        "A co-signer's own evaluation differs from the policy engine's decision.",
        "Investigate: this is an alarm.",
    )
    INTENT_MISMATCH = Meaning(
        4008, 409, "The intent does not follow from the request and the document set.", "Investigate: this is an alarm."
    )
    LIMIT_EXCEEDED = Meaning(
        4009, 403, "A co-signer's own limit is exceeded.", "Wait for the window or raise the limit."
    )
    REQUEST_EXPIRED = Meaning(4010, 410, "The request's lifetime is over.", "Send a new request.")
    NOT_NOW = Meaning(
        4011, 409, "A co-signer cannot consent at the moment.", "Nothing: it is asked again.", retryable=True
    )
    TOMBSTONED = Meaning(
        4012, 410, "The request was closed for good.", "Send a new request with the same externalTxId."
    )
    SLOT_TAKEN = Meaning(4013, 409, "The spend slot belongs to another transaction.", "Investigate: this is an alarm.")
    BACKUP_MISSING = Meaning(
        4014,
        409,
        "A co-signer's share of this epoch has no backup.",
        "Back it up: strongroom-cosigner backup.",
        retryable=True,
    )
    APPROVAL_INVALID = Meaning(
        4015,
        403,
        "The approval is not by somebody who is asked, or not for this intent under these documents.",
        "Show the transaction again and sign what is shown: strongroom tx approve.",
    )
    APPROVALS_MISSING = Meaning(
        4016, 409, "Too few valid approvals.", "Nothing: the approvers are asked again.", retryable=True
    )
    APPROVAL_REJECTED = Meaning(4017, 403, "An approver rejected the transaction.", "Ask the approver why.")
    APPROVAL_TIMED_OUT = Meaning(
        4018, 410, "Not enough approvers answered in time.", "Send a new request with the same externalTxId."
    )
    ATTEMPT_OUTDATED = Meaning(
        4019,
        409,
        "It was decided on a verdict, approvals or documents that no longer hold.",
        "Nothing: it is screened and decided again.",
        retryable=True,
    )
    CANCELLED_BY_USER = Meaning(4020, 410, "The transaction was cancelled.", "Nothing.")
    TRANSACTION_OUTDATED = Meaning(
        4021,
        409,
        "The tenant's documents changed, and now say otherwise.",
        "Send a new request with the same externalTxId.",
    )
    DIGEST_RELEASED = Meaning(
        4022,
        409,
        "The co-signer has released its part of the signature: it may still land.",
        "Wait: the chain decides.",
        retryable=True,
    )
    TRAVEL_RULE_PENDING = Meaning(
        4023,
        503,
        "The other institution's answer on the Travel Rule is not there yet, so nothing moves.",
        "Nothing: it is asked again.",
        retryable=True,
    )
    TRAVEL_RULE_REFUSED = Meaning(
        4024,
        403,
        "The Travel Rule is not met.",
        "Read the reason; register the parties: strongroom screening parties import.",
    )
    CALLBACK_REJECTED = Meaning(
        4025, 403, "The customer's callback handler rejected the transaction.", "Ask whoever runs the handler."
    )
    CALLBACK_UNANSWERED = Meaning(
        4026, 503, "The callback handler gave no answer: nothing moves.", "Nothing: it is asked again.", retryable=True
    )

    # 5xxx: signing
    CEREMONY_FAILED = Meaning(5001, 502, "A signing ceremony failed.", "Nothing: it is repeated.", retryable=True)
    COSIGNER_ABSENT = Meaning(5002, 503, "A co-signer is not connected.", "Start the co-signer.", retryable=True)
    COSIGNER_BANNED = Meaning(
        5003, 409, "A co-signer banned a peer that cheated.", "Investigate; only an owner-signed refresh ends a ban."
    )
    PARTIALS_MISMATCH = Meaning(
        5004,
        409,
        "The co-signers' signed partial hashes disagree.",
        "Nothing: the digest is signed again.",
        retryable=True,
    )
    SIGNATURE_INVALID = Meaning(5005, 409, "A signature does not verify.", "Investigate: this is an alarm.")
    MESSAGE_INVALID = Meaning(
        5006, 400, "A ceremony message is malformed, stale or from another sender.", "Investigate."
    )
    KEY_UNKNOWN = Meaning(5007, 404, "No such key.", "Run the key ceremony first.")
    JOURNAL_ROLLED_BACK = Meaning(
        5008,
        409,
        "The co-signer's journal lacks what it signed before: it was restored from an old copy.",
        "Refresh the key: strongroom keys refresh.",
    )

    # 6xxx: the chain
    NODE_UNAVAILABLE = Meaning(
        6001, 503, "The chain's node is down, slow or talks garbage.", "Nothing: the step is repeated.", retryable=True
    )
    NODE_REFUSED = Meaning(
        6002, 502, "The chain's node refused the transaction.", "Read the reason in the transaction."
    )
    TRANSACTION_REVERTED = Meaning(6003, 409, "The transaction was reverted on chain.", "Read the receipt.")

    # 7xxx: between services
    HANDOFF_INVALID = Meaning(7001, 403, "A service handoff does not verify.", "Investigate: this is an alarm.")
    CALLER_NOT_ALLOWED = Meaning(7002, 403, "This service may not call this operation.", "See interfaces/access.toml.")
    HANDOFF_REPLAYED = Meaning(7003, 409, "This handoff was seen before.", "Investigate: this is an alarm.")

    # 8xxx: the Travel Rule; at the enclave's door the name is written with hyphens (travel_rule.md 1.2)
    MISSING_VERIFICATION_UUID = Meaning(8001, 400, "The request names no verification.", "Send verificationUuid.")
    VERIFICATION_NOT_FOUND = Meaning(
        8002, 400, "No such verification.", "List verifications with GET /v1/verifications."
    )
    INVALID_FORMAT = Meaning(
        8003, 400, "The request does not have the documented shape.", "Compare it with docs/travel_rule_openapi.json."
    )
    VERIFICATION_UUID_REUSED = Meaning(
        8004, 409, "This verificationUuid was used for another request.", "Use a new uuid for a new request."
    )
    VERIFICATION_STATE_CONFLICT = Meaning(
        8005, 409, "The verification is in a state that does not allow this.", "Read it again first."
    )
    VASP_UNKNOWN = Meaning(8006, 400, "No such provider in the directory.", "List providers with GET /v1/vasps.")
    API_TOKEN_INVALID = Meaning(
        8007, 401, "The bearer token is missing or wrong.", "Send the token of the enclave's settings."
    )
    UNSUPPORTED_RISK_ASSESSMENT = Meaning(
        8008, 400, "This risk assessment is not possible now, or not for this side.", "Report the transaction first."
    )
    RISK_ASSESSMENT_REFUSED = Meaning(
        8009, 502, "The screening company refuses what it is asked.", "Read the reason in the log; nothing was learnt."
    )
    RISK_ASSESSMENT_UNKNOWN = Meaning(
        8010, 404, "No such risk assessment.", "Use the requestId that was answered when it was asked for."
    )

    # 81xx: between enclaves, past the hub
    TRAVEL_RULE_MESSAGE_INVALID = Meaning(
        8101,
        400,
        "The sealed message is malformed, damaged or not by the VASP it names.",
        "Nothing of it was used; send a new one.",
    )
    TRAVEL_RULE_MESSAGE_MISDIRECTED = Meaning(
        8102, 400, "The sealed message is for another VASP.", "Investigate: this is an alarm."
    )
    TRAVEL_RULE_MESSAGE_STALE = Meaning(
        8103,
        400,
        "The sealed message was sent more than five minutes ago, or by a clock that is ahead.",
        "Set the clocks of both machines; send a new one.",
    )
    TRAVEL_RULE_MESSAGE_REPLAYED = Meaning(
        8104, 409, "A sealed message of this id was taken before.", "Use a fresh message id for every message."
    )
    TRAVEL_RULE_KEY_UNKNOWN = Meaning(
        8105,
        409,
        "The sealed message is for a key that this enclave does not have.",
        "Nothing: the key is asked for again.",
        retryable=True,
    )
    VASP_RECORD_INVALID = Meaning(
        8106,
        400,
        "The VASP's record is malformed, has expired or is not signed by the network authority.",
        "Have the network authority issue a new one.",
    )
    HUB_UNAVAILABLE = Meaning(
        8107, 503, "The Travel Rule hub does not answer.", "Nothing: the message is sent again.", retryable=True
    )
    COUNTERPARTY_UNAVAILABLE = Meaning(
        8108,
        503,
        "The counterparty's enclave does not answer.",
        "Nothing: the message is sent again for a while.",
        retryable=True,
    )
    COUNTERPARTY_REFUSED = Meaning(
        8109, 502, "The counterparty's enclave refuses the message.", "Read the reason in the text."
    )

    # 9xxx: running
    UNAVAILABLE = Meaning(9001, 503, "A part that is needed does not answer.", "Repeat the request.", retryable=True)
    DEADLINE_EXCEEDED = Meaning(9002, 504, "The answer did not come in time.", "Repeat the request.", retryable=True)
    CLAIM_LOST = Meaning(9003, 409, "Another worker has done this step.", "Nothing.", retryable=True)
    CONFLICT = Meaning(9004, 409, "The row exists already.", "Read it.")
    STATE_DAMAGED = Meaning(
        9005, 500, "Stored state fails its integrity check.", "Restore from backup; do not continue."
    )
    CONFIG_INVALID = Meaning(9006, 500, "The configuration is malformed.", "Correct what is named and start again.")
    RATE_LIMITED = Meaning(
        9007, 429, "The caller sends more than it may.", "Wait for Retry-After seconds.", retryable=True
    )
    INTERNAL = Meaning(9999, 500, "Something unexpected happened.", "Report it with the X-Request-ID.")

    @property
    def meaning(self) -> Meaning:
        """The code's number, HTTP status, text and remedy."""
        return self.value


@final
class StrongroomError(Exception):
    """The one typed error. ``detail`` is for people and never holds a secret.

    Args:
        code: what went wrong, from the closed set.
        detail: one sentence about this case; the code's own text when empty.
    """

    def __init__(self, code: Code, detail: str = "") -> None:
        super().__init__(detail or code.meaning.text)
        self.code = code
        self.detail = detail or code.meaning.text

    @property
    def retryable(self) -> bool:
        """Whether the same call may succeed later without a change by the caller."""
        return self.code.meaning.retryable


def parse_code(name: str) -> Code:
    """The code of that name; ``INTERNAL`` for a name this version does not know."""
    return Code.__members__.get(name, Code.INTERNAL)
