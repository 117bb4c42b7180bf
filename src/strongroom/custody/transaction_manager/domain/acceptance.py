"""Step 5: from an authenticated request to a transaction, or to the answer that was given before."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from strongroom.custody.transaction_manager.domain.transaction import OriginalRequest, Transaction
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.document_set import DocumentSet, tenant_of
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.request import TransactionRequest
from strongroom.kernel.errors import Code, StrongroomError

MAX_KEY_LENGTH = 40
"""Of an Idempotency-Key (custody_api.md 6.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What the gateway hands over. Times in Unix microseconds; ``step_us`` are the durations of steps 1 to 4."""

    tenant_id: str
    request: OriginalRequest
    idempotency_key: str
    received_at_us: int
    step_us: tuple[int, ...]
    access_token_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """What is stored already under the same key, externalTxId or request: a transaction and the hash of its body.

    ``current_version`` is that of the tenant's document set, None for an unknown tenant.
    """

    current_version: int | None = None
    by_key: tuple[UUID, bytes] | None = None
    by_external_id: tuple[UUID, bytes] | None = None
    by_request: tuple[UUID, bytes] | None = None


def decide_replay(*, earlier: Earlier, body_hash: bytes) -> UUID | None:
    """The transaction that answers this request already, if any; equal means equal raw bytes.

    Raises:
        StrongroomError: ``IDEMPOTENCY_KEY_REUSED``, ``EXTERNAL_ID_REUSED``.
    """
    for found, refusal in (
        (earlier.by_key, Code.IDEMPOTENCY_KEY_REUSED),
        (earlier.by_external_id, Code.EXTERNAL_ID_REUSED),
        (earlier.by_request, Code.CONFLICT),
    ):
        if found is not None and found[1] != body_hash:
            raise StrongroomError(refusal)
    found = earlier.by_key or earlier.by_external_id or earlier.by_request
    return found[0] if found else None


def check_key(key: str) -> None:
    """Check the form of an Idempotency-Key; raises ``REQUEST_INVALID``."""
    if len(key) > MAX_KEY_LENGTH or not (key.isprintable() and key.isascii()):
        raise StrongroomError(Code.REQUEST_INVALID, f"An Idempotency-Key has at most {MAX_KEY_LENGTH} characters.")


def new_transaction(
    *, submission: Submission, wish: TransactionRequest, intent: Intent, document_set: DocumentSet, now: datetime
) -> Transaction:
    """The transaction of this intent, SUBMITTED.

    Raises:
        StrongroomError: ``REQUEST_EXPIRED``, ``OPERATION_UNSUPPORTED`` for a token: only native coins move for now.
    """
    _check_movable(intent, now)
    return Transaction(
        id=intent.id,
        tenant_id=tenant_of(document_set),
        environment=document_set.environment,
        asset_id=intent.asset_id,
        chain_id=intent.chain_id,
        decimals=intent.decimals,
        source_account=intent.source_account,
        sender=intent.sender,
        destination_type=wish.destination_type,
        destination_id=wish.destination_id,
        destination_address=intent.destination,
        amount_units=intent.amount_units,
        max_fee_units=intent.max_fee_units,
        needed_confirmations=document_set.get_asset(intent.asset_id).confirmations,
        external_id=wish.external_id,
        note=wish.note,
        created_by=intent.initiator,
        access_token_id=submission.access_token_id,
        request=submission.request,
        request_hash=intent.request_hash,
        body_hash=sha256(submission.request.body),
        document_set_version=document_set.version,
        intent=intent.encode(),
        not_after=datetime.fromtimestamp(intent.not_after, UTC),
        created_at=now,
        updated_at=now,
        current_version=document_set.version,
    )


def _check_movable(intent: Intent, now: datetime) -> None:
    if now.timestamp() >= intent.not_after:
        raise StrongroomError(Code.REQUEST_EXPIRED)
    if intent.token_contract is not None:
        raise StrongroomError(Code.OPERATION_UNSUPPORTED, "Only the chain's native coin can be sent.")
