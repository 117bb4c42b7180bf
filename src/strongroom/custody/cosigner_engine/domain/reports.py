"""What co-signers say, untrusted until its form is checked here; and how it is kept.

``document`` is an encoded ``Signed``; signatures are r, s and recovery id, 65 bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from strongroom.kernel.documents.codec import Document, decode
from strongroom.kernel.documents.consent import CallbackReport, Refusal, Tombstone
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code, StrongroomError, parse_code

MEMBERS = (1, 2, 3)
"""The co-signers: all of them take part in every ceremony (requirement 1, step 10)."""
REPORT_MAX_BYTES = 1 << 20
"""Nothing that a co-signer says is longer; the longest message of a ceremony has 55 kB."""
WIRE_VERSION = 3
_REQUEST_ID_MAX = 64
_TIME_US_MAX = 1 << 53
SIGNATURE_BYTES = 65
"""r, s and the recovery id."""


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
class Honoured:
    """It has journalled a peer's tombstone on this request, whose digest it had released."""

    request_hash: bytes


@dataclass(frozen=True, slots=True)
class KeyRecorded:
    """It has its share of a new key."""

    document: bytes


@dataclass(frozen=True, slots=True)
class KeyActivated:
    """It uses its share of this epoch."""

    epoch: int


@dataclass(frozen=True, slots=True)
class Faulted:
    """The ceremony failed at it, or it cannot be reached; ``culprit`` 0 names nobody."""

    code: Code
    detail: str
    culprit: int = 0
    round: int = 0
    ban: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """What a co-signer says of its callback handler (step 10a); its signature is for whoever reads it to check."""

    cosigner: int
    request_id: str
    answer: str
    document: bytes
    asked_at_us: int
    duration_us: int


Report: TypeAlias = (
    Consented
    | Refused
    | Tombstoned
    | SignedReport
    | FinishedReport
    | AdoptedReport
    | Honoured
    | KeyRecorded
    | KeyActivated
    | Faulted
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


def events_of(answers: Answers) -> list[SigningEvent]:
    """The rows that keep what the co-signers said."""
    events = [_event(index, report) for index, report in sorted(answers.items())]
    return [event for event in events if event is not None]


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


def parse_invocation(*, document: bytes, index: int, transaction_id: bytes) -> Invocation:
    """A callback report by this co-signer about this transaction.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``, ``INTENT_MISMATCH``.
    """
    report = decode(_payload(document, Kind.CALLBACK_REPORT), CallbackReport)
    if (report.transaction_id, report.cosigner) != (transaction_id, index):
        raise StrongroomError(Code.INTENT_MISMATCH, "The callback report is about another transaction.")
    if not (report.request_id.isascii() and 0 < len(report.request_id) <= _REQUEST_ID_MAX):
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "The callback report names no question.")
    if not (0 <= report.asked_at_us < _TIME_US_MAX and 0 <= report.duration_us < _TIME_US_MAX):
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "The callback report has no time.")
    return Invocation(
        cosigner=index,
        request_id=report.request_id,
        answer=report.answer,
        document=document,
        asked_at_us=report.asked_at_us,
        duration_us=report.duration_us,
    )


def check_tombstone(*, document: bytes, index: int, request_hash: bytes) -> None:
    """Check that a tombstone is about this request and by this co-signer; its signature is for the others to check.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``, ``INTENT_MISMATCH``.
    """
    tombstone = decode(_payload(document, Kind.TOMBSTONE), Tombstone)
    if (tombstone.request_hash, tombstone.cosigner) != (request_hash, index):
        raise StrongroomError(Code.INTENT_MISMATCH, "The tombstone is about another request.")


def check_statement(*, signature: bytes, document: bytes) -> None:
    """Check the form of a finished signature and of the statement about it.

    Raises:
        StrongroomError: ``SIGNATURE_INVALID``, ``DOCUMENT_MALFORMED``.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise StrongroomError(Code.SIGNATURE_INVALID, "A signature is 65 bytes: r, s and the recovery id.")
    if decode(document, Signed).kind not in {Kind.PARTIAL, Kind.ADOPTED}:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, "This is neither a partial nor an adopted statement.")


def missing(indices: Sequence[int]) -> str:
    """Names the co-signers that are not there."""
    return f"co-signer {', '.join(map(str, indices))} is not connected"


def _payload(document: bytes, kind: Kind) -> bytes:
    signed = decode(document, Signed)
    if signed.kind is not kind:
        raise StrongroomError(Code.DOCUMENT_MALFORMED, f"This is not a {kind}.")
    return signed.payload


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
            return SigningEvent(cosigner=index, kind=statement_kind(document), document=document, signature=signature)
        case AdoptedReport() | KeyRecorded() | KeyActivated() | Honoured():
            return None  # kept with the signature it adopts, in key_ceremonies, in close_answers


def _fault(report: Faulted) -> Fault:
    return Fault(
        code=report.code.name,
        detail=report.detail[:500],
        culprit=report.culprit,
        round=report.round,
        ban=report.ban,
    )


def statement_kind(document: bytes) -> EventKind:
    """PARTIAL or ADOPTED; ``document`` has been through ``check_statement``."""
    return EventKind.ADOPTED if decode(document, Signed).kind is Kind.ADOPTED else EventKind.PARTIAL
