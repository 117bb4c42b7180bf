"""A transaction as it is stored, and what a step changes in it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from strongroom.custody.transaction_manager.domain.status import BEFORE_SIGNED, TERMINAL, Status, check_moves
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.ids import Environment, TenantId, TransactionId

_SET_BY_CHANGE: Final = (
    "ending",
    "tombstone",
    "freed",
    "held_by_fee",
    "report_due",
    "signed_attempt",
    "verdict",
    "decision",
    "payload",
    "nonce",
    "raw_payload_cbor",
    "tx_hash",
    "block_number",
    "block_hash",
    "confirmations",
    "fee_units",
)


_LONGEST_ATTEMPT_WAIT_S: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalRequest:
    """The initiator's request as it was sent: the JWT, path with query, and the raw body."""

    token: str
    uri: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A row of ``transactions``. Amounts in base units, fees in wei; ``version`` guards every change.

    ``current_version`` is that of the tenant's document set now, ``document_set_version`` the one of its acceptance.

    Once it is closed, ``ending`` is the status to come, and ``tombstone`` co-signer 3's word that nothing else will.
    ``freed``: its slot went to the lane's next transaction although its own digest was released. ``held_by_fee``: it
    waits for a lower base fee, not for the lane. ``signed_attempt`` is the one whose ceremony made the signature.
    ``report_due``: another institution was told who pays whom, and waits to hear what becomes of it.
    """

    id: TransactionId
    tenant_id: TenantId
    environment: Environment
    asset_id: str
    chain_id: int
    decimals: int
    source_account: str
    sender: str
    destination_type: str
    destination_id: str
    destination_address: str
    amount_units: int
    max_fee_units: int
    needed_confirmations: int
    external_id: str | None
    note: str
    created_by: str
    access_token_id: str
    request: OriginalRequest
    request_hash: bytes
    body_hash: bytes
    document_set_version: int
    intent: bytes
    not_after: datetime
    created_at: datetime
    updated_at: datetime
    current_version: int
    status: Status = Status.SUBMITTED
    sub_status: str = ""
    reason: str = ""
    attempt: int = 0
    step: str = "5"
    ending: Status | None = None
    tombstone: bytes | None = None
    freed: bool = False
    held_by_fee: bool = False
    report_due: bool = False
    signed_attempt: int | None = None
    verdict: bytes | None = None
    decision: bytes | None = None
    payload: bytes | None = None
    nonce: int | None = None
    raw_payload_cbor: bytes | None = None
    tx_hash: str | None = None
    block_number: int | None = None
    block_hash: str | None = None
    confirmations: int = 0
    fee_units: int | None = None
    version: int = 0

    @property
    def ended(self) -> bool:
        """Whether its status is final."""
        return self.status in TERMINAL

    @property
    def frees_slot(self) -> bool:
        """Whether an end now gives its nonce back: nothing is signed yet, and it was not given back before."""
        return self.nonce is not None and not self.freed and self.status in BEFORE_SIGNED

    @property
    def closing(self) -> bool:
        """Whether it only waits for the co-signers to close it."""
        return self.status is Status.CANCELLING

    def parsed_intent(self) -> Intent:
        """The intent."""
        return decode(self.intent, Intent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What one commit changes. None leaves a column as it is.

    Args:
        moves: the statuses gone through, in order; the last one stays.
        sub_status: of the last status.
        reason: for people.
        step: the last step recorded.
        ending: the status to come, when the last move is CANCELLING.
        cause: the name of the code that ends it, for the co-signers.
        attempt: a new one; verdict and decision of the one before are forgotten.
    """

    moves: tuple[Status, ...] = ()
    sub_status: str = ""
    reason: str = ""
    step: str | None = None
    ending: Status | None = None
    cause: str = ""
    attempt: int | None = None
    tombstone: bytes | None = None
    freed: bool | None = None
    held_by_fee: bool | None = None
    report_due: bool | None = None
    signed_attempt: int | None = None
    verdict: bytes | None = None
    decision: bytes | None = None
    payload: bytes | None = None
    nonce: int | None = None
    raw_payload_cbor: bytes | None = None
    tx_hash: str | None = None
    block_number: int | None = None
    block_hash: str | None = None
    confirmations: int | None = None
    fee_units: int | None = None

    def applied_to(self, transaction: Transaction, *, now: datetime) -> Transaction:
        """The transaction as it is stored after this change: what ``update_transaction`` makes of its row."""
        moved = bool(self.moves)
        if self.attempt is not None:
            transaction = replace(transaction, attempt=self.attempt, verdict=None, decision=None)
        set_now = {name: value for name in _SET_BY_CHANGE if (value := getattr(self, name)) is not None}
        return replace(
            transaction,
            status=self.moves[-1] if moved else transaction.status,
            sub_status=self.sub_status if moved or self.sub_status else transaction.sub_status,
            reason=self.reason if moved or self.reason else transaction.reason,
            step=self.step or transaction.step,
            updated_at=now,
            version=transaction.version + 1,
            **set_now,
        )

    def check(self, transaction: Transaction) -> None:
        """Check that the moves are legal from where the transaction is; raises ``STATUS_CONFLICT``."""
        check_moves(transaction.status, self.moves)


def may_be_asked(transaction: Transaction) -> bool:
    """Whether the policy engine may be asking people about it, or be about to.

    In a new attempt also while it is screened again: the answer to a question of the attempt before may have been lost.
    """
    asking = (Status.PENDING_AUTHORIZATION, *((Status.PENDING_AML_SCREENING,) if transaction.attempt else ()))
    return transaction.status in asking


def decide_attempt_wait_s(*, begun: int) -> float:
    """How long the next attempt waits: not at all after the first, then longer, as long as services disagree.

    Args:
        begun: new attempts so far.
    """
    return 0.0 if begun == 0 else min(0.25 * 2 ** min(begun, 10), _LONGEST_ATTEMPT_WAIT_S)
