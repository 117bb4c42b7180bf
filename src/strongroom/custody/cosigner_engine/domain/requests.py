"""What the engine is asked for, and what the calls that follow act under."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from strongroom.chains.evm.transaction import Eip1559Transaction, recover_sender, signing_digest
from strongroom.kernel.documents.codec import Document, decode
from strongroom.kernel.documents.decision import Decision
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.payload import Payload
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId, TransactionId


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
    """How far a signing request is; ASSEMBLED is final.

    CLOSED: the transaction has ended. SUPERSEDED: it is decided again, by a later attempt. In both nothing more is
    asked, but a digest that all have released still finishes.
    """

    OPEN = "OPEN"
    SIGNED = "SIGNED"
    ASSEMBLED = "ASSEMBLED"
    CLOSED = "CLOSED"
    SUPERSEDED = "SUPERSEDED"


@dataclass(frozen=True, slots=True)
class RequestState:
    """How far the signing request of one attempt is."""

    id: UUID
    attempt: int
    status: SigningStatus


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


class CallbackStep(Document, frozen=True):
    """The answer of co-signer 3's callback handler that counted, and when it was asked, in Unix microseconds."""

    answer: str
    request_id: str
    asked_at_us: int
    duration_us: int


class Errand(Document, frozen=True):
    """What a call that is to be made later acts under. Times in Unix microseconds.

    ``repeat`` counts ceremonies that were repeated because their statements disagreed; ``ceremony_id`` is empty until
    one has ended, ``outcome`` names the code that co-signer ``cosigner`` ended it with, and ``because`` says why.
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
    because: str = ""
    callback: "CallbackStep | None" = None

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
    return signing_digest(_transfer_of(intent=intent, payload=payload))


def is_signed_by_sender(*, intent: bytes, payload: bytes, signature: bytes) -> bool:
    """Whether these bytes are a signature of the digest by the intent's sender: one that could land.

    Raises:
        StrongroomError: as ``digest_of``.
    """
    transfer = _transfer_of(intent=intent, payload=payload)
    try:
        return recover_sender(transfer, signature) == decode(intent, Intent).sender
    except StrongroomError:
        return False


def _transfer_of(*, intent: bytes, payload: bytes) -> Eip1559Transaction:
    meant, fixed = decode(intent, Intent), decode(payload, Payload)
    return Eip1559Transaction(
        chain_id=meant.chain_id,
        nonce=fixed.nonce,
        max_priority_fee_per_gas=fixed.max_priority_fee_per_gas,
        max_fee_per_gas=fixed.max_fee_per_gas,
        gas_limit=fixed.gas_limit,
        to=meant.destination,
        value_units=meant.amount_units,
    )
