"""How a transaction ends before it is signed: codes become a status to come and a word of custody_api.md 3.2."""

from collections.abc import Mapping

from strongroom.custody.transaction_manager.domain.status import Status
from strongroom.custody.transaction_manager.domain.transaction import Change
from strongroom.kernel.errors import Code, StrongroomError, parse_code

_ABOUT_SERVICES = 7000
_FAILED = Status.FAILED
_ENDINGS: Mapping[Code, tuple[Status, str]] = {
    Code.INSUFFICIENT_FUNDS: (_FAILED, "INSUFFICIENT_FUNDS"),
    Code.INSUFFICIENT_FUNDS_FOR_FEE: (_FAILED, "INSUFFICIENT_FUNDS_FOR_FEE"),
    Code.SANCTIONED_ADDRESS: (_FAILED, "FAILED_AML_SCREENING"),
    Code.POLICY_BLOCKED: (_FAILED, "AUTHORIZATION_FAILED"),
    Code.FORBIDDEN: (_FAILED, "AUTHORIZATION_FAILED"),
    Code.DECISION_MISMATCH: (_FAILED, "AUTHORIZATION_FAILED"),
    Code.LIMIT_EXCEEDED: (_FAILED, "WITHDRAW_LIMIT"),
    Code.REQUEST_EXPIRED: (_FAILED, "TIMEOUT"),
    Code.MAX_FEE_EXCEEDED: (_FAILED, "MAX_FEE_EXCEEDED"),
    Code.SLOT_TAKEN: (_FAILED, "NONCE_ALLOCATION_FAILED"),
    Code.KEY_UNKNOWN: (_FAILED, "VAULT_WALLET_NOT_READY"),
    Code.VAULT_WALLET_NOT_READY: (_FAILED, "VAULT_WALLET_NOT_READY"),
    Code.APPROVAL_REJECTED: (Status.REJECTED, "REJECTED_BY_USER"),
    Code.APPROVAL_TIMED_OUT: (_FAILED, "TIMEOUT"),
    Code.CANCELLED_BY_USER: (Status.CANCELLED, "CANCELLED_BY_USER_REQUEST"),
    Code.TRANSACTION_OUTDATED: (_FAILED, "TX_OUTDATED"),
    Code.TOMBSTONED: (Status.CANCELLED, "REJECTED_BY_USER"),
    Code.CALLBACK_REJECTED: (Status.CANCELLED, "REJECTED_BY_USER"),  # custody_api.md 3.1: a signer's no is CANCELLED
    Code.INTENT_MISMATCH: (_FAILED, "TX_OUTDATED"),
    Code.COSIGNER_BANNED: (_FAILED, "SIGNING_ERROR"),
    Code.SIGNATURE_INVALID: (_FAILED, "SIGNING_ERROR"),
}
# where screening and the policy engine themselves say no, the public word is another one
_AT_STEP: Mapping[tuple[str, Code], tuple[Status, str]] = {
    ("5b", Code.SANCTIONED_ADDRESS): (Status.REJECTED, "REJECTED_AML_SCREENING"),
    ("5c", Code.TRAVEL_RULE_REFUSED): (Status.REJECTED, "REJECTED_AML_SCREENING"),
    ("6", Code.POLICY_BLOCKED): (Status.BLOCKED, "BLOCKED_BY_POLICY"),
    ("7", Code.POLICY_BLOCKED): (Status.REJECTED, "REJECTED_BY_USER"),
}


def decide_ending(*, outcome: str, reason: str, step: str | None) -> Change:
    """What ``outcome`` means in this step: CANCELLING, and the end to come once the co-signers have closed the request.

    Args:
        outcome: the name of a code; one that is not known here is INTERNAL_ERROR.
        reason: for people; the code's own text when empty.
        step: None where none was done.

    Raises:
        StrongroomError: ``REQUEST_INVALID`` for a code that only asks for patience.
    """
    code = parse_code(outcome)
    if code.meaning.retryable:
        raise StrongroomError(Code.REQUEST_INVALID, f"{outcome[:64]} ends no transaction: the step is repeated.")
    status, sub_status = _AT_STEP.get((step or "", code)) or _ENDINGS.get(code) or (_FAILED, "INTERNAL_ERROR")
    return Change(
        moves=(Status.CANCELLING,),
        ending=status,
        cause=code.name,
        sub_status=sub_status,
        reason=reason or code.meaning.text,
        step=step,
    )


def is_for_good(code: Code) -> bool:
    """Whether a peer that refuses with this code will never answer otherwise.

    What asks for patience passes, and so does what is about services and their running (7000 and up), not about the
    transaction.
    """
    return not code.meaning.retryable and code.meaning.number < _ABOUT_SERVICES


TIMED_OUT = decide_ending(
    outcome=Code.REQUEST_EXPIRED.name, reason="The request's lifetime ended before it was signed.", step=None
)
"""The end of a transaction whose not-after passed before it was signed."""
