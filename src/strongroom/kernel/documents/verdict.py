"""Screening's signed verdict over an intent: AML and Travel Rule in one (trust.md 3). It lapses after six hours."""

from enum import StrEnum

from strongroom.kernel.documents.codec import Document, decode
from strongroom.kernel.documents.document_set import DocumentSet, tenant_of
from strongroom.kernel.documents.signing import Kind, Role, Signed, open_signed
from strongroom.kernel.errors import Code, StrongroomError

VERDICT_LIFETIME_S = 6 * 3600


class AmlVerdict(StrEnum):
    """What screening found about the counterparty's address."""

    PASS = "PASS"  # noqa: S105 -- a verdict, not a password
    REJECT = "REJECT"


class TravelRuleOutcome(StrEnum):
    """Whether data had to be exchanged, and whether it was."""

    NOT_REQUIRED = "NOT_REQUIRED"
    EXCHANGED = "EXCHANGED"
    REFUSED = "REFUSED"


class Verdict(Document, frozen=True):
    """The verdict. Times in Unix seconds; ``evidence_hash`` covers the lists consulted, 32 bytes."""

    transaction_id: bytes
    intent_hash: bytes
    attempt: int
    aml: AmlVerdict
    aml_provider: str
    evidence_hash: bytes
    travel_rule: TravelRuleOutcome
    travel_rule_counterparty: str
    decided_at: int
    expires_at: int


def open_verdict(*, data: bytes, document_set: DocumentSet, intent_hash: bytes, now_s: int) -> Verdict:
    """The verdict in ``data`` if screening signed it for this intent, it lets the payment pass and has not lapsed.

    Args:
        data: an encoded ``Signed`` of kind ``verdict``.
        now_s: Unix seconds.

    Raises:
        StrongroomError: ``DOCUMENT_*``, ``INTENT_MISMATCH``, ``SANCTIONED_ADDRESS``, or ``SCREENING_UNAVAILABLE``
            for a verdict that has lapsed.
    """
    payload = open_signed(
        signed=decode(data, Signed),
        kind=Kind.VERDICT,
        environment=document_set.environment,
        tenant_id=tenant_of(document_set),
        public_key=document_set.roster.screening_key,
        role=Role.SCREENING,
        signer="screening",
    )
    verdict = decode(payload, Verdict)
    if verdict.intent_hash != intent_hash:
        raise StrongroomError(Code.INTENT_MISMATCH, "The verdict is about another intent.")
    if verdict.aml is not AmlVerdict.PASS or verdict.travel_rule is TravelRuleOutcome.REFUSED:
        raise StrongroomError(Code.SANCTIONED_ADDRESS, "Screening did not let this payment pass.")
    if now_s >= verdict.expires_at:
        raise StrongroomError(Code.SCREENING_UNAVAILABLE, "The verdict has lapsed and must be asked again.")
    return verdict
