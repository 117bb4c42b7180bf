"""What a co-signer says, from the wire to the engine's own types; untrusted until its form is checked here."""

from collections.abc import Callable, Mapping

from strongroom.custody.cosigner_engine.domain.reports import (
    REPORT_MAX_BYTES,
    AdoptedReport,
    Consented,
    Faulted,
    FinishedReport,
    Honoured,
    KeyActivated,
    KeyRecorded,
    Report,
    SignedReport,
    check_statement,
    parse_refusal,
    parse_tombstone,
)
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError, parse_code

_TEXT_MAX = 500


def parse_report(report: pb.CosignerReport) -> Report:
    """The report, unless it is a greeting or a message for a peer, which the door takes itself.

    Raises:
        StrongroomError: ``MESSAGE_INVALID`` for an empty or too long one, or for a greeting; ``DOCUMENT_MALFORMED``,
            ``SIGNATURE_INVALID``.
    """
    if report.ByteSize() > REPORT_MAX_BYTES:
        raise StrongroomError(Code.MESSAGE_INVALID, "A report exceeds 1 MiB.")
    parse = _PARSERS.get(report.WhichOneof("report") or "")
    if parse is None:
        raise StrongroomError(Code.MESSAGE_INVALID, "A report says nothing.")
    return parse(report)


def _document(data: bytes) -> bytes:
    decode(data, Signed)
    return data


def _signed(report: pb.Signed) -> SignedReport:
    check_statement(signature=report.signature, document=report.partial)
    return SignedReport(report.signature, report.partial)


def _fault(fault: pb.Fault) -> Faulted:
    culprit = fault.culprit if fault.culprit in {0, 1, 2, 3} else 0
    return Faulted(parse_code(fault.code), fault.detail[:_TEXT_MAX], culprit=culprit, round=fault.round, ban=fault.ban)


def _finished(report: pb.Signed) -> FinishedReport:
    found = _signed(report)
    return FinishedReport(found.signature, found.document)


_PARSERS: Mapping[str, Callable[[pb.CosignerReport], Report]] = {
    "consent": lambda report: Consented(_document(report.consent)),
    "refusal": lambda report: parse_refusal(report.refusal),
    "tombstone": lambda report: parse_tombstone(report.tombstone),
    "signed": lambda report: _signed(report.signed),
    "finished": lambda report: _finished(report.finished),
    "adopted": lambda report: AdoptedReport(_document(report.adopted)),
    "honoured": lambda report: Honoured(report.honoured),
    "key_activated": lambda report: KeyActivated(report.key_activated),
    "key_record": lambda report: KeyRecorded(_document(report.key_record)),
    "fault": lambda report: _fault(report.fault),
}
