"""What a report changes, and whether the document in it belongs to the transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from strongroom.custody.transaction_manager.domain.status import Status
from strongroom.custody.transaction_manager.domain.steps import Step
from strongroom.custody.transaction_manager.domain.transaction import Change, Transaction
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import decode_value
from strongroom.kernel.documents.decision import open_decision
from strongroom.kernel.documents.document_set import Action, DocumentSet
from strongroom.kernel.errors import Code, StrongroomError


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a service did: one or more arrows, in the order of the flow, and what the last of them produced."""

    tenant_id: str
    transaction_id: UUID
    steps: tuple[Step, ...]
    document: bytes
    outcome: str
    reason: str

    @property
    def attempt(self) -> int:
        """The attempt that it is about."""
        return self.steps[-1].attempt

    @property
    def last(self) -> str:
        """The number of the last step."""
        return self.steps[-1].step


def decide_recording(*, transaction: Transaction, report: Report, document_set: DocumentSet) -> Change:
    """What an OK in steps 6 to 13 changes, step 8 apart.

    Raises:
        StrongroomError: ``DECISION_MISMATCH``, ``DOCUMENT_*``; ``INTENT_MISMATCH``; ``REQUEST_INVALID`` for a document
            where none belongs.
    """
    if report.last == "7":
        _check_decision(transaction, report.document, document_set)
        return Change(step="7", decision=report.document)
    if report.last == "12":
        _check_raw_payload(transaction, report.document)
        return Change(
            step="12", moves=(Status.SIGNED,), raw_payload_cbor=report.document, signed_attempt=report.attempt
        )
    if report.document:
        raise StrongroomError(Code.REQUEST_INVALID, f"Step {report.last} produces no document.")
    return Change(step=report.last, moves=(Status.BROADCASTING,) if report.last == "13" else ())


def check_repetition(*, transaction: Transaction, report: Report) -> None:
    """Check that a repeated report brings nothing new; raises ``STATUS_CONFLICT``."""
    known = {"7": transaction.decision, "12": transaction.raw_payload_cbor}.get(report.last)
    if known is not None and report.document != known:
        raise StrongroomError(Code.STATUS_CONFLICT, f"Step {report.last} was recorded with another document.")


def _check_decision(transaction: Transaction, document: bytes, document_set: DocumentSet) -> None:
    decision = open_decision(data=document, document_set=document_set)
    agrees = (
        decision.transaction_id == transaction.id.bytes
        and decision.intent_hash == sha256(transaction.intent)
        and decision.attempt == transaction.attempt
        and decision.evaluation.action is not Action.BLOCK
    )
    if not agrees:
        raise StrongroomError(Code.DECISION_MISMATCH, "The decision does not allow this transaction.")


def _check_raw_payload(transaction: Transaction, document: bytes) -> None:
    value = decode_value(document)
    fields = cast("Mapping[str, object]", value if isinstance(value, dict) else {})
    if fields.get("intent_hash") != sha256(transaction.intent):
        raise StrongroomError(Code.INTENT_MISMATCH, "The assembled transaction is of another intent.")
