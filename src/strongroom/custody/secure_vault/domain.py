"""What the vault knows and how it decides; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from strongroom.chains.evm.transaction import (
    Eip1559Transaction,
    assemble,
    recover_sender,
    signing_digest,
    transaction_hash,
)
from strongroom.kernel.digest import request_hash, sha256
from strongroom.kernel.documents.codec import Document, decode, encode
from strongroom.kernel.documents.decision import Decision, open_decision
from strongroom.kernel.documents.document_set import AccountRange, Action, DocumentSet
from strongroom.kernel.documents.intent import Intent, PublicKey, address_at
from strongroom.kernel.documents.payload import Payload, check_payload
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.documents.verdict import open_verdict
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId, TransactionId
from strongroom.policy import check_approvals

ADDRESS_INDEX = 0
"""One address for each wallet: account-based chains need no more (custody_api.md 8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """One asset in one vault account, with its address in EIP-55 form."""

    number: int
    asset_id: str
    chain_id: int
    decimals: int
    address_index: int
    address: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultAccount:
    """A vault account: ``number`` is the account level of its derivation paths."""

    number: int
    name: str
    customer_ref_id: str
    created_at: datetime
    wallets: tuple[Wallet, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOrder:
    """What a new vault account is asked with; an empty ``idempotency_key`` means none. ``body_hash``: 32 bytes."""

    name: str
    customer_ref_id: str
    idempotency_key: str
    body_hash: bytes


class KeyStatus(StrEnum):
    """How far a key is; READY is final."""

    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key, or a refresh of it, as the owners asked for it and, once READY, as all three co-signers recorded it."""

    key_id: str
    status: KeyStatus
    reason: str
    key_request: bytes
    key_request_hash: bytes
    document_set_version: int
    rounds: int
    key_records: tuple[bytes, ...] = ()
    public: PublicKey | None = None

    def get_public(self) -> PublicKey:
        """The public key and chain code.

        Raises:
            StrongroomError: ``VAULT_WALLET_NOT_READY``.
        """
        if self.public is None:
            raise StrongroomError(Code.VAULT_WALLET_NOT_READY, f"The key is {self.status}.")
        return self.public


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalRequest:
    """The initiator's request as it was sent."""

    token: str
    uri: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """An approved transaction: every document in its signed bytes; ``payload`` once the manager has fixed it."""

    tenant_id: TenantId
    transaction_id: TransactionId
    attempt: int
    request: OriginalRequest
    intent: bytes
    decision: bytes
    verdict: bytes
    approvals: tuple[bytes, ...]
    payload: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """A signed transaction. ``signature`` is r, s and recovery id, 65 bytes; ``tx_hash`` 0x and 64 digits."""

    tenant_id: TenantId
    transaction_id: TransactionId
    attempt: int
    signature: bytes
    digest: bytes
    raw_transaction: bytes
    raw_payload_cbor: bytes
    tx_hash: str


class Errand(Document, frozen=True):
    """What a call that is to be made later acts under: for whom, for which transaction, since when (Unix us)."""

    tenant_id: str
    user_id: str
    session_id: str
    transaction_id: bytes
    attempt: int
    parents: tuple[str, ...]
    started_at_us: int

    @property
    def id(self) -> TransactionId:
        """The transaction's id."""
        return TransactionId(UUID(bytes=self.transaction_id))


class Refusal(Document, frozen=True):
    """Step 8 ends here: ``outcome`` is the name of a code, ATTEMPT_OUTDATED to have it decided again."""

    errand: Errand
    outcome: str
    reason: str


class KeyErrand(Document, frozen=True):
    """A key ceremony that is to be started."""

    tenant_id: str
    user_id: str
    session_id: str
    key_id: str
    key_request_hash: bytes


def decide_account_number(*, ranges: Sequence[AccountRange], highest: Sequence[int | None]) -> int:
    """The next free account number within the signed ranges.

    Args:
        ranges: in the order of the document set.
        highest: for each range the highest number in use within it, None if it is empty.

    Raises:
        StrongroomError: ``FORBIDDEN`` when every range is full: the owners have to sign a wider one.
    """
    for part, used in zip(ranges, highest, strict=True):
        number = part.first if used is None else used + 1
        if number <= part.last:
            return number
    raise StrongroomError(Code.FORBIDDEN, "Every signed range of vault accounts is full.")


def check_admission(*, admission: Admission, document_set: DocumentSet, key: Key, now_s: int) -> Intent:
    """The intent of an admission whose documents all say the same and allow it.

    Args:
        key: the key that the intent names.
        now_s: Unix seconds.

    Raises:
        StrongroomError: ``INTENT_MISMATCH``, ``DECISION_MISMATCH``, ``POLICY_BLOCKED``, ``VAULT_WALLET_NOT_READY``,
            ``REQUEST_EXPIRED``, ``DOCUMENT_*``, ``APPROVAL_*``; ``NOT_NOW`` if it was decided on another version of the
            document set; ``SCREENING_UNAVAILABLE`` if the verdict has lapsed, ``APPROVALS_MISSING`` if approvals have.
    """
    # first of all: under another version the rest says little
    if version_decided_by(admission) != document_set.hash():
        raise StrongroomError(Code.NOT_NOW, "The decision was made on another version of the document set.")
    intent = decode(admission.intent, Intent)
    _check_intent(intent=intent, admission=admission, document_set=document_set)
    if sender_of(key.get_public(), intent.path) != intent.sender:
        raise StrongroomError(Code.INTENT_MISMATCH, "The sender is not the key's address at that path.")
    if now_s >= intent.not_after:
        raise StrongroomError(Code.REQUEST_EXPIRED)
    decision = _check_decision(intent=intent, admission=admission, document_set=document_set)
    check_approvals(
        evaluation=decision.evaluation,
        approvals=admission.approvals,
        intent=intent,
        document_set=document_set,
        now_s=now_s,
    )
    open_verdict(data=admission.verdict, document_set=document_set, intent_hash=intent.hash(), now_s=now_s)
    return intent


def version_decided_by(admission: Admission) -> bytes:
    """The hash of the document set that the decision says it was made on; raises ``DOCUMENT_MALFORMED``."""
    return decode(decode(admission.decision, Signed).payload, Decision).document_set_hash


def _check_intent(*, intent: Intent, admission: Admission, document_set: DocumentSet) -> None:
    same_transaction = (intent.environment, intent.tenant, intent.transaction_id) == (
        document_set.environment,
        admission.tenant_id,
        admission.transaction_id.bytes,
    )
    request = request_hash(token=admission.request.token, body=admission.request.body)
    if not same_transaction or intent.request_hash != request:
        raise StrongroomError(Code.INTENT_MISMATCH, "The intent is not that of this request and transaction.")


def _check_decision(*, intent: Intent, admission: Admission, document_set: DocumentSet) -> Decision:
    decision = open_decision(data=admission.decision, document_set=document_set)
    if decision.evaluation.action is Action.BLOCK:
        raise StrongroomError(Code.POLICY_BLOCKED)
    about = (decision.intent_hash, decision.transaction_id, decision.attempt, decision.verdict_hash)
    if about != (intent.hash(), intent.transaction_id, admission.attempt, sha256(admission.verdict)):
        raise StrongroomError(Code.DECISION_MISMATCH, "The decision is about another intent, attempt or verdict.")
    return decision


@lru_cache(maxsize=4096)
def sender_of(key: PublicKey, path: str) -> str:
    """The EIP-55 address of a key at a path; remembered, since four derivations cost as much as a round trip."""
    return address_at(key, path)


def check_answered_payload(*, payload: bytes, intent: bytes) -> None:
    """Check the payload that the manager fixed: ours to carry only if it serves the intent.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``, ``INTENT_MISMATCH``, ``MAX_FEE_EXCEEDED``.
    """
    check_payload(payload=decode(payload, Payload), intent=decode(intent, Intent))


def decide_assembly(*, admission: Admission, signature: bytes) -> Assembly:
    """The signed transaction, if it is the intended one.

    Everything of it comes from the intent and the payload; what the signature adds is the sender, which is recovered.

    Args:
        admission: with its payload.
        signature: r, s and recovery id, 65 bytes.

    Raises:
        StrongroomError: ``SIGNATURE_INVALID``.
    """
    assert admission.payload is not None, "only an admission with its payload is assembled"
    intent, payload = decode(admission.intent, Intent), decode(admission.payload, Payload)
    transaction = transfer_of(intent=intent, payload=payload)
    raw = assemble(transaction, signature)
    if recover_sender(transaction, signature) != intent.sender:
        raise StrongroomError(Code.SIGNATURE_INVALID, "The recovered sender is not the intent's.")
    digest = signing_digest(transaction)
    return Assembly(
        tenant_id=admission.tenant_id,
        transaction_id=admission.transaction_id,
        attempt=admission.attempt,
        signature=signature,
        digest=digest,
        raw_transaction=raw,
        raw_payload_cbor=encode(
            {
                "intent_hash": intent.hash(),
                "payload": admission.payload,
                "signature": signature,
                "raw_transaction": raw,
                "digest": digest,
            }
        ),
        tx_hash=transaction_hash(raw),
    )


def transfer_of(*, intent: Intent, payload: Payload) -> Eip1559Transaction:
    """The native transfer that intent and payload mean together.

    Raises:
        StrongroomError: ``OPERATION_UNSUPPORTED`` for a token; what ``Eip1559Transaction`` refuses.
    """
    if intent.token_contract is not None:
        raise StrongroomError(Code.OPERATION_UNSUPPORTED, "Only the native coin is transferred.")
    return Eip1559Transaction(
        chain_id=intent.chain_id,
        nonce=payload.nonce,
        max_priority_fee_per_gas=payload.max_priority_fee_per_gas,
        max_fee_per_gas=payload.max_fee_per_gas,
        gas_limit=payload.gas_limit,
        to=intent.destination,
        value_units=intent.amount_units,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """One step as the vault reports it to the manager: OK, or the name of a code. Times in Unix microseconds."""

    step: str
    from_service: str
    operation: str
    detail: str
    started_at_us: int
    duration_us: int
    document: bytes = b""
    outcome: str = "OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAnswer:
    """What the manager answers: ``payload`` or, without one, when to ask again; ``ended`` means stop."""

    payload: bytes
    retry_after_s: float
    ended: bool
