"""What the engine knows, what co-signers say to it, and how it decides; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias
from uuid import UUID

from strongroom.chains.evm.transaction import Eip1559Transaction, signing_digest
from strongroom.kernel.documents.codec import Document, decode
from strongroom.kernel.documents.consent import Refusal, Tombstone
from strongroom.kernel.documents.decision import Decision
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.payload import Payload
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code, StrongroomError, parse_code
from strongroom.kernel.ids import TenantId, TransactionId

MEMBERS = (1, 2, 3)
"""The co-signers: all of them take part in every ceremony (requirement 1, step 10)."""
REPORT_MAX_BYTES = 1 << 20
"""Nothing that a co-signer says is longer; the longest message of a ceremony has 55 kB."""
WIRE_VERSION = 1
SIGNATURE_BYTES = 65
"""r, s and the recovery id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalRequest:
    """The initiator's request as it was sent."""

    token: str
    uri: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningRequest:
    """What the co-signers are asked to sign, every document in its signed bytes; ``digest`` is what they will sign."""

    id: UUID
    tenant_id: TenantId
    transaction_id: TransactionId
    attempt: int
    policy_rule_ref: str
    request: OriginalRequest
    intent: bytes
    payload: bytes
    decision: bytes
    verdict: bytes
    approvals: tuple[bytes, ...]
    digest: bytes


class SigningStatus(StrEnum):
    """How far a signing request is; ASSEMBLED and CLOSED are final."""

    OPEN = "OPEN"
    SIGNED = "SIGNED"
    ASSEMBLED = "ASSEMBLED"
    CLOSED = "CLOSED"


class KeyCeremonyStatus(StrEnum):
    """How far a key ceremony is; RECORDED and FAILED are final."""

    RUNNING = "RUNNING"
    RECORDED = "RECORDED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCeremony:
    """A key that the owners asked for: ``key_request`` is an encoded ``Signed``."""

    tenant_id: TenantId
    key_id: str
    key_request_hash: bytes
    key_request: bytes
    status: KeyCeremonyStatus = KeyCeremonyStatus.RUNNING
    reason: str = ""
    key_records: tuple[bytes, ...] = ()


# What a co-signer says. ``document`` is an encoded ``Signed``; signatures are r, s and recovery id, 65 bytes.


@dataclass(frozen=True, slots=True)
class Consented:
    """It will sign this digest."""

    document: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """Not now."""

    document: bytes
    reason: Code
    detail: str


@dataclass(frozen=True, slots=True)
class Tombstoned:
    """Never."""

    document: bytes
    reason: Code


@dataclass(frozen=True, slots=True)
class SignedReport:
    """It has finished signing in this ceremony; ``document`` is a partial or an adopted statement."""

    signature: bytes
    document: bytes


@dataclass(frozen=True, slots=True)
class FinishedReport:
    """It has the signature of an earlier ceremony."""

    signature: bytes
    document: bytes


@dataclass(frozen=True, slots=True)
class AdoptedReport:
    """It accepts the signature that was offered."""

    document: bytes


@dataclass(frozen=True, slots=True)
class KeyRecorded:
    """It has its share of a new key."""

    document: bytes


@dataclass(frozen=True, slots=True)
class Faulted:
    """The ceremony failed at it, or it cannot be reached; ``culprit`` 0 names nobody."""

    code: Code
    detail: str
    culprit: int = 0
    round: int = 0
    ban: bool = False


Report: TypeAlias = (
    Consented | Refused | Tombstoned | SignedReport | FinishedReport | AdoptedReport | KeyRecorded | Faulted
)
Answers: TypeAlias = Mapping[int, Report]
"""The last word of each co-signer, by index."""


class Fault(Document, frozen=True):
    """A fault as it is kept in ``signing_events``: not signed, for people."""

    code: str
    detail: str
    culprit: int
    round: int
    ban: bool


class EventKind(StrEnum):
    """What a row of ``signing_events`` says."""

    CONSENT = "CONSENT"
    PARTIAL = "PARTIAL"
    ADOPTED = "ADOPTED"
    REFUSAL = "REFUSAL"
    TOMBSTONE = "TOMBSTONE"
    FAULT = "FAULT"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningEvent:
    """One word of one co-signer in one ceremony; ``signature`` with PARTIAL and ADOPTED."""

    cosigner: int
    kind: EventKind
    document: bytes
    signature: bytes | None = None


# What follows from the answers.


@dataclass(frozen=True, slots=True)
class Start:
    """All three consented: sign."""

    consents: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """One has the finished signature: the others are asked to adopt it."""

    signature: bytes
    holders: Mapping[int, FinishedReport]


@dataclass(frozen=True, slots=True)
class Close:
    """A co-signer signed a tombstone: the request is dead."""

    cosigner: int
    reason: Code


@dataclass(frozen=True, slots=True)
class Repeat:
    """Not this time; the same digest is tried again."""

    reason: Code
    detail: str


@dataclass(frozen=True, slots=True)
class Complete:
    """All three made their statement over this signature, by index."""

    signature: bytes
    statements: Mapping[int, bytes]


class Errand(Document, frozen=True):
    """What a call that is to be made later acts under. Times in Unix microseconds.

    ``repeat`` counts ceremonies that were repeated because their statements disagreed; ``ceremony_id`` is empty until
    one has ended, and ``outcome`` names the code of the tombstone that ended the request.
    """

    tenant_id: str
    user_id: str
    session_id: str
    transaction_id: bytes
    attempt: int
    parents: tuple[str, ...]
    signing_request_id: bytes
    started_at_us: int
    duration_us: int = 0
    repeat: int = 0
    ceremony_id: bytes = b""
    cosigner: int = 0
    outcome: str = ""

    @property
    def id(self) -> TransactionId:
        """The transaction's id."""
        return TransactionId(UUID(bytes=self.transaction_id))


class KeyErrand(Document, frozen=True):
    """A key ceremony that is to be run."""

    tenant_id: str
    user_id: str
    session_id: str
    key_id: str
    key_request_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """Arrows of one step for the manager: ``to_services`` are their heads. Times in Unix microseconds."""

    step: str
    from_service: str
    to_services: tuple[str, ...]
    operation: str
    detail: str
    started_at_us: int
    duration_us: int
    outcome: str = "OK"


def decide_consents(answers: Answers) -> Start | Offer | Close | Repeat:
    """What follows from the consent phase: a tombstone ends it, a finished signature saves the ceremony."""
    closed = _find_tombstone(answers)
    if closed:
        return closed
    holders = {index: report for index, report in sorted(answers.items()) if isinstance(report, FinishedReport)}
    if holders:
        signature = next(iter(holders.values())).signature
        return Offer(signature, {index: held for index, held in holders.items() if held.signature == signature})
    consents = [report.document for _, report in sorted(answers.items()) if isinstance(report, Consented)]
    return Start(tuple(consents)) if len(consents) == len(MEMBERS) else decide_repeat(answers)


def decide_adoption(offer: Offer, answers: Answers) -> Complete | Close | Repeat:
    """What follows from offering a finished signature to those who do not hold it."""
    closed = _find_tombstone(answers)
    if closed:
        return closed
    statements = {index: held.document for index, held in offer.holders.items()}
    statements |= {index: report.document for index, report in answers.items() if isinstance(report, AdoptedReport)}
    return Complete(offer.signature, statements) if len(statements) == len(MEMBERS) else decide_repeat(answers)


def decide_signature(answers: Answers) -> Complete | Close | Repeat:
    """What follows from the rounds. Whether the three statements agree is for auth_engine to say (step 11)."""
    closed = _find_tombstone(answers)
    if closed:
        return closed
    finished = {index: report for index, report in sorted(answers.items()) if isinstance(report, SignedReport)}
    if len(finished) < len(MEMBERS):
        return decide_repeat(answers)
    statements = {index: report.document for index, report in finished.items()}
    return Complete(finished[MEMBERS[0]].signature, statements)


def decide_repeat(answers: Answers) -> Repeat:
    """Why it is not this time: the first refusal or fault says it."""
    for index, report in sorted(answers.items()):
        if isinstance(report, Refused | Faulted):
            code = report.reason if isinstance(report, Refused) else report.code
            return Repeat(code, f"co-signer {index}: {report.detail}")
    return Repeat(Code.CEREMONY_FAILED, "A co-signer answered something else than it was asked.")


def decide_key(answers: Answers) -> tuple[bytes, ...] | Repeat | Faulted:
    """The three key records in order; a pause; or the fault that no repetition will mend."""
    records = [report.document for _, report in sorted(answers.items()) if isinstance(report, KeyRecorded)]
    if len(records) == len(MEMBERS):
        return tuple(records)
    for index, report in sorted(answers.items()):
        if isinstance(report, Faulted) and not is_passing(report):
            return Faulted(report.code, f"co-signer {index}: {report.detail}", ban=report.ban)
        if isinstance(report, Refused) and not report.reason.meaning.retryable:
            return Faulted(report.reason, f"co-signer {index}: {report.detail}")
    return decide_repeat(answers)


def is_passing(fault: Faulted) -> bool:
    """Whether the same ceremony may succeed later: crypto and transport faults are repeated, a ban is not."""
    repeated = fault.code in {Code.MESSAGE_INVALID, Code.CEREMONY_FAILED, Code.INTERNAL, Code.SIGNATURE_INVALID}
    return not fault.ban and (repeated or fault.code.meaning.retryable)


def events_of(answers: Answers) -> list[SigningEvent]:
    """The rows that keep what the co-signers said."""
    events = [_event(index, report) for index, report in sorted(answers.items())]
    return [event for event in events if event is not None]


def policy_rule_ref(decision: bytes) -> str:
    """``<rule id>#<number>`` of the rule that allowed it; its signature is for the co-signers to check.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``.
    """
    signed = decode(decision, Signed)
    if signed.kind is not Kind.DECISION:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "This is not a decision.")
    evaluation = decode(signed.payload, Decision).evaluation
    return f"{evaluation.rule_id}#{evaluation.rule_number}"


def digest_of(*, intent: bytes, payload: bytes) -> bytes:
    """What the co-signers will sign, 32 bytes: the engine's own reckoning, for auth_engine and for offers.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``, or what ``Eip1559Transaction`` refuses.
    """
    meant, fixed = decode(intent, Intent), decode(payload, Payload)
    return signing_digest(
        Eip1559Transaction(
            chain_id=meant.chain_id,
            nonce=fixed.nonce,
            max_priority_fee_per_gas=fixed.max_priority_fee_per_gas,
            max_fee_per_gas=fixed.max_fee_per_gas,
            gas_limit=fixed.gas_limit,
            to=meant.destination,
            value_units=meant.amount_units,
        )
    )


def parse_refusal(document: bytes) -> Refused:
    """A refusal with the reason that the co-signer gives.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``.
    """
    refusal = decode(_payload(document, Kind.REFUSAL), Refusal)
    return Refused(document, parse_code(refusal.reason), refusal.detail)


def parse_tombstone(document: bytes) -> Tombstoned:
    """A tombstone with its reason; one that is no code of this version reads TOMBSTONED.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``.
    """
    reason = parse_code(decode(_payload(document, Kind.TOMBSTONE), Tombstone).reason)
    return Tombstoned(document, Code.TOMBSTONED if reason is Code.INTERNAL else reason)


def statement_events(complete: Complete) -> list[SigningEvent]:
    """One row for each share: the statement and the signature that it is about."""
    return [
        SigningEvent(cosigner=index, kind=_statement_kind(document), document=document, signature=complete.signature)
        for index, document in sorted(complete.statements.items())
    ]


def check_statement(*, signature: bytes, document: bytes) -> None:
    """Check the form of a finished signature and of the statement about it.

    Raises:
        StrongroomError: ``SIGNATURE_INVALID``, ``DOCUMENT_MALFORMED``.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise StrongroomError(Code.SIGNATURE_INVALID, "A signature is 65 bytes: r, s and the recovery id.")
    if decode(document, Signed).kind not in {Kind.PARTIAL, Kind.ADOPTED}:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "This is neither a partial nor an adopted statement.")


def pause_s(*, tries: int, first_s: float, longest_s: float) -> float:
    """How long to wait before the next attempt: doubles with each try."""
    return min(first_s * 2 ** min(tries, 16), longest_s)


def missing(indices: Sequence[int]) -> str:
    """Names the co-signers that are not there."""
    return f"co-signer {', '.join(map(str, indices))} is not connected"


def _payload(document: bytes, kind: Kind) -> bytes:
    signed = decode(document, Signed)
    if signed.kind is not kind:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, f"This is not a {kind}.")
    return signed.payload


def _find_tombstone(answers: Answers) -> Close | None:
    for index, report in sorted(answers.items()):
        if isinstance(report, Tombstoned):
            return Close(index, report.reason)
    return None


def _event(index: int, report: Report) -> SigningEvent | None:
    match report:
        case Consented(document=document):
            return SigningEvent(cosigner=index, kind=EventKind.CONSENT, document=document)
        case Refused(document=document):
            return SigningEvent(cosigner=index, kind=EventKind.REFUSAL, document=document)
        case Tombstoned(document=document):
            return SigningEvent(cosigner=index, kind=EventKind.TOMBSTONE, document=document)
        case Faulted():
            return SigningEvent(cosigner=index, kind=EventKind.FAULT, document=_fault(report).encode())
        case SignedReport(signature, document) | FinishedReport(signature, document):
            return SigningEvent(cosigner=index, kind=_statement_kind(document), document=document, signature=signature)
        case AdoptedReport() | KeyRecorded():
            return None  # the one is kept with the signature it adopts, the other in key_ceremonies


def _fault(report: Faulted) -> Fault:
    return Fault(
        code=report.code.name,
        detail=report.detail[:500],
        culprit=report.culprit,
        round=report.round,
        ban=report.ban,
    )


def _statement_kind(document: bytes) -> EventKind:
    return EventKind.ADOPTED if decode(document, Signed).kind is Kind.ADOPTED else EventKind.PARTIAL
