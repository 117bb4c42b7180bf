"""What is inside a message: one question and one answer for each kind, or a refusal.

Lengths are those of the columns that the values end in (requirement 2), in characters; IVMS101 objects are UTF-8 JSON
as bytes, carried as they were written. Bodies are MessagePack arrays; unknown elements are refused.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

VaspId = Annotated[str, msgspec.Meta(pattern=r"\A[1-9][0-9]{0,19}\Z")]
"""The decimal text of an unsigned 64-bit number: above 2^53, so never a JSON number."""
KeyTypeText: TypeAlias = Literal["PerVasp", "PerAddress", "PerVerification"]
VerificationUuid = Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Za-z-]{1,40}\Z")]
Text16 = Annotated[str, msgspec.Meta(max_length=16)]
Text128 = Annotated[str, msgspec.Meta(max_length=128)]
Text256 = Annotated[str, msgspec.Meta(max_length=256)]
Text1024 = Annotated[str, msgspec.Meta(max_length=1024)]
Key = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
Ivms101 = Annotated[bytes, msgspec.Meta(min_length=2, max_length=65_535)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]

MALFORMED: Final = (msgspec.DecodeError, UnicodeDecodeError)
"""What reading MessagePack of another form raises: text that is not UTF-8 has an exception of its own."""


class Kind(StrEnum):
    """What a message asks. The hub sees it."""

    KEY_REQUEST = "key_request"
    ACCOUNT_CHECK = "account_check"
    VERIFICATION = "verification"
    TX_REPORT = "tx_report"
    ERROR_REPORT = "error_report"
    TX_INQUIRY = "tx_inquiry"


class RefusalCode(StrEnum):
    """Why an enclave does not answer a question."""

    KEY_UNKNOWN = "KEY_UNKNOWN"
    """It has no such private key: ask for its key again."""
    STALE = "STALE"
    """Sent too long ago, or by a clock that is ahead."""
    REPLAYED = "REPLAYED"
    """It took a message of this id before."""
    INVALID = "INVALID"
    """The body is not what it may be; repeating it changes nothing."""
    NOT_FOUND = "NOT_FOUND"
    """It knows no such verification."""
    CONFLICT = "CONFLICT"
    """It knows the verification with another content, or in a state that does not allow this."""
    UNAVAILABLE = "UNAVAILABLE"
    """It cannot answer now, as its own back end or database does not: ask again later."""


class Body(
    msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, kw_only=True, tag_field="body", gc=False
):
    """What every question and answer is."""


class Asset(Body, frozen=True):
    """What is transferred, amounts as decimal text; ``trade_price`` is in ``trade_currency`` at ``trade_at``."""

    symbol: Text16
    network: Text128 | None
    amount: Text128
    trade_price: Text128 | None
    trade_currency: Text128 | None
    trade_at: Moment | None
    is_exceeding_threshold: bool


class KeyRequest(Body, frozen=True, tag="key_request"):
    """Which public key to seal to. The one question that may travel in clear, as nothing can be sealed before it.

    One that names an account is sealed to the PerVasp key, which is asked for first: an account is somebody's.

    Args:
        key_identifier: the VASP id (PerVasp), the account (PerAddress) or the verification's uuid (PerVerification).
    """

    key_type: KeyTypeText
    key_identifier: Text256


class KeyAnswer(Body, frozen=True, tag="key_answer"):
    """The X25519 public key for what was asked."""

    key_type: KeyTypeText
    key_identifier: Text256
    public_key: Key


class AccountCheck(Body, frozen=True, tag="account_check"):
    """Whether the account, with the name above the threshold, is a customer's; ``beneficiary`` is IVMS101."""

    symbol: Text16
    network: Text128 | None
    beneficiary: Ivms101


class AccountAnswer(Body, frozen=True, tag="account_answer"):
    """A result and a reason (reference 1.4)."""

    result: Text16
    reason: Text256 | None
    message: Text1024 | None


class VerificationQuestion(Body, frozen=True, tag="verification"):
    """One transfer to be verified, with everything the originating VASP says about it."""

    verification_uuid: VerificationUuid
    asset: Asset
    originator_account_number: Text256 | None
    beneficiary_account_number: Text256 | None
    required_beneficiary_info: tuple[Text128, ...]
    originator: Ivms101 | None
    originating_vasp: Ivms101 | None
    beneficiary: Ivms101 | None
    beneficiary_vasp: Ivms101 | None
    ordered_at: Moment


class VerificationAnswer(Body, frozen=True, tag="verification_answer"):
    """The beneficiary VASP's result, and what it says about the beneficiary and itself."""

    verification_uuid: VerificationUuid
    result: Text16
    reason: Text256 | None
    message: Text1024 | None
    beneficiary: Ivms101 | None
    beneficiary_vasp: Ivms101 | None
    verified_at: Moment | None


class TxReport(Body, frozen=True, tag="tx_report"):
    """The transaction that carries out a verified transfer."""

    verification_uuid: VerificationUuid
    tx_hash: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    vout: Text128 | None


class ErrorReport(Body, frozen=True, tag="error_report"):
    """A verified transfer will never be carried out."""

    verification_uuid: VerificationUuid
    result: Text16
    reason: Text256 | None
    message: Text1024 | None


class Accepted(Body, frozen=True, tag="accepted"):
    """A report is stored."""

    verification_uuid: VerificationUuid


class TxInquiry(Body, frozen=True, tag="tx_inquiry"):
    """Where the transaction is that no report came of."""

    verification_uuid: VerificationUuid


class TxStatus(Body, frozen=True, tag="tx_status"):
    """The transaction's status at the originating VASP: PENDING, PROCESSING, CONFIRMED and the like (reference 1.2)."""

    verification_uuid: VerificationUuid
    transaction_status: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    tx_hash: Text128 | None
    vout: Text128 | None


class Refusal(Body, frozen=True, tag="refusal"):
    """No answer, and why; the text is for people and says nothing personal."""

    code: RefusalCode
    text: Text256


Question: TypeAlias = KeyRequest | AccountCheck | VerificationQuestion | TxReport | ErrorReport | TxInquiry
Answer: TypeAlias = KeyAnswer | AccountAnswer | VerificationAnswer | Accepted | TxStatus | Refusal

_KINDS: Final[dict[type[Question], Kind]] = {
    KeyRequest: Kind.KEY_REQUEST,
    AccountCheck: Kind.ACCOUNT_CHECK,
    VerificationQuestion: Kind.VERIFICATION,
    TxReport: Kind.TX_REPORT,
    ErrorReport: Kind.ERROR_REPORT,
    TxInquiry: Kind.TX_INQUIRY,
}
ANSWERS: Final[dict[Kind, type[Answer]]] = {
    Kind.KEY_REQUEST: KeyAnswer,
    Kind.ACCOUNT_CHECK: AccountAnswer,
    Kind.VERIFICATION: VerificationAnswer,
    Kind.TX_REPORT: Accepted,
    Kind.ERROR_REPORT: Accepted,
    Kind.TX_INQUIRY: TxStatus,
}
"""What answers a question of that kind, where it is not refused."""


def may_be_in_clear(question: Question) -> bool:
    """Whether the hub may read the question: it asks for a key, and names no account."""
    return isinstance(question, KeyRequest) and question.key_type != "PerAddress"


def kind_of(question: Question) -> Kind:
    """The kind of a question."""
    return _KINDS[type(question)]
