"""What the auditor has read: rows as frozen data, named after their tables and columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

Slot = tuple[int, str, int]
"""Chain id, sender, nonce."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """transaction_manager.transactions. Amounts in base units."""

    id: UUID
    tenant_id: str
    environment: str
    status: str
    sub_status: str
    attempt: int
    chain_id: int
    sender: str
    destination_address: str
    amount_units: int
    max_fee_units: int
    external_id: str | None
    request_token: str
    request_body: bytes
    request_hash: bytes
    intent: bytes
    payload: bytes | None
    nonce: int | None
    raw_payload_cbor: bytes | None
    tx_hash: str | None
    fee_units: int | None
    ending: str | None
    tombstone: bytes | None
    freed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEvent:
    """transaction_manager.transaction_status_events, in the order of ``id``."""

    id: int
    transaction_id: UUID
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """transaction_manager.transaction_steps, in the order of ``id``."""

    id: int
    transaction_id: UUID
    attempt: int
    step: str
    from_service: str
    to_service: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """transaction_manager.nonce_lanes."""

    chain_id: int
    sender: str
    next_nonce: int
    live_transaction: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendSlot:
    """transaction_manager.spend_slots."""

    chain_id: int
    sender: str
    nonce: int
    transaction_id: UUID
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """transaction_manager.idempotency_keys."""

    tenant_id: str
    key: str
    transaction_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """service_handoff_events of any service; ``has_chain``: the certificates of its hash are kept."""

    handoff_id: str
    transaction_id: UUID | None
    from_service: str
    to_service: str
    method: str
    direction: str
    token: str
    cert_chain_hash: bytes
    cert_chain: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """secure_vault.addresses, with the chain of their wallet."""

    chain_id: int
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """secure_vault.admissions."""

    transaction_id: UUID
    attempt: int
    intent: bytes
    payload: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """secure_vault.assemblies."""

    transaction_id: UUID
    attempt: int
    digest: bytes
    signature: bytes
    raw_transaction: bytes
    tx_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningRequest:
    """cosigner_engine.signing_requests."""

    id: UUID
    transaction_id: UUID
    attempt: int
    intent: bytes
    payload: bytes
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningEvent:
    """cosigner_engine.signing_events."""

    id: int
    transaction_id: UUID
    ceremony_id: bytes
    cosigner: int
    kind: str
    document: bytes
    signature: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """cosigner_engine.callback_invocations, in the order of ``id``."""

    id: int
    transaction_id: UUID
    cosigner: int
    request_id: str
    answer: str
    document: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSetVersion:
    """policy_engine.document_sets; ``signed`` is the owners' envelope."""

    tenant_id: str
    version: int
    signed: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class BroadcastAttempt:
    """nodes.broadcast_attempts."""

    transaction_id: UUID
    attempt: int
    chain_id: int
    sender: str
    nonce: int
    digest: bytes
    raw_transaction: bytes
    tx_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Where a table is only asked whether it has a row: of which transaction, in which attempt."""

    transaction_id: UUID
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerBook:
    """The manager's database at one moment."""

    transactions: tuple[Transaction, ...]
    statuses: tuple[StatusEvent, ...]
    steps: tuple[Step, ...]
    lanes: tuple[Lane, ...]
    slots: tuple[SpendSlot, ...]
    keys: tuple[IdempotencyKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourBook:
    """The other databases, each at a moment after the first reading of the manager and before the second."""

    addresses: tuple[Address, ...]
    admissions: tuple[Admission, ...]
    assemblies: tuple[Assembly, ...]
    requests: tuple[SigningRequest, ...]
    events: tuple[SigningEvent, ...]
    callbacks: tuple[Callback, ...]
    document_sets: tuple[DocumentSetVersion, ...]
    attempts: tuple[BroadcastAttempt, ...]
    marks: Mapping[str, frozenset[Mark]]
    """By ``database.table``."""
    handoffs: Mapping[str, tuple[Handoff, ...]]
    """By the service that recorded them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A transaction as the chain has it. ``fee_units``: gas used times effective price."""

    tx_hash: str
    block_number: int
    sender: str
    to: str
    nonce: int
    value_units: int
    fee_units: int
    succeeded: bool
    raw_input: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainBook:
    """One chain. ``nonces`` and ``balances`` are of ``head``, by address in lower case.

    ``transfers``: every transaction from or to one of the addresses up to ``head``; None when the chain is too long to
    be read whole, and ``unread`` says so.
    """

    chain_id: int
    head: int
    nonces: Mapping[str, int]
    balances: Mapping[str, int]
    transfers: tuple[Seen, ...] | None
    unread: str = ""
    by_hash: Mapping[str, Seen] = field(default_factory=dict[str, Seen])
    """The transactions that the databases name and the chain has, read last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of a co-signer's journal; ``payload`` is deterministic CBOR."""

    sequence: int
    kind: str
    previous: bytes
    payload: bytes
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Everything that was read.

    ``before`` and ``after`` are the manager's at the beginning and at the end: what ``before`` says must be confirmed
    by everybody else, what everybody else says must be confirmed by ``after``. So a running system can be audited.
    """

    before: ManagerBook
    after: ManagerBook
    neighbours: NeighbourBook
    chains: Mapping[int, ChainBook]
    journals: Mapping[int, tuple[Entry, ...]]
    """By the co-signer's index; empty if no home was given."""
