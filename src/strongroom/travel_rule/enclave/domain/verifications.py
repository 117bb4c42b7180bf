"""A verification: what one provider asked another about a transfer, and what it was told."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Result(StrEnum):
    """How far a verification is (travel_rule.md 1.4). Only WAIT and PENDING may still become something else."""

    WAIT = "WAIT"
    VERIFIED = "VERIFIED"
    UNKNOWN = "UNKNOWN"
    DENIED = "DENIED"
    ERROR = "ERROR"
    PENDING = "PENDING"
    TRANSFER_ERROR = "TRANSFER_ERROR"


class Reason(StrEnum):
    """Why not (travel_rule.md 1.4)."""

    UNKNOWN_SYMBOL = "UNKNOWN-SYMBOL"
    UNKNOWN_NETWORK = "UNKNOWN-NETWORK"
    UNKNOWN_ADDRESS = "UNKNOWN-ADDRESS"
    LACK_OF_INFORMATION = "LACK-OF-INFORMATION"
    UNAVAILABLE_INFORMATION = "UNAVAILABLE-INFORMATION"
    BLACKLISTED = "BLACKLISTED"
    UNVERIFIED_KYC = "UNVERIFIED-KYC"
    MISMATCHED_NAME = "MISMATCHED-NAME"
    UNDEFINED_ERROR = "UNDEFINED-ERROR"
    BENEFICIARY_ACCOUNT_NOT_MATCHED = "BENEFICIARY-ACCOUNT-NOT-MATCHED"
    REQUEST_TIMEOUT = "REQUEST-TIMEOUT"


class Action(StrEnum):
    """Which side of a verification this enclave's provider is on."""

    SEND = "SEND"
    RECEIVE = "RECEIVE"


OPEN = frozenset({Result.WAIT, Result.PENDING})
"""Results that are not final."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetInfo:
    """What is transferred. Amount and price are decimal texts as they were given; ``trade_at`` is aware, whole seconds.

    ``trade_currency`` is of ISO 4217; ``network`` may be unknown.
    """

    symbol: str
    amount: str
    network: str | None
    trade_price: str | None
    trade_currency: str | None
    trade_at: datetime | None
    is_exceeding_threshold: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Persons:
    """The four IVMS101 components, each the standard's JSON in UTF-8 or None: in clear here, encrypted in columns."""

    originator: bytes | None = field(default=None, repr=False)
    originating_vasp: bytes | None = field(default=None, repr=False)
    beneficiary: bytes | None = field(default=None, repr=False)
    beneficiary_vasp: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a verification. ``reason`` is text: a counterparty may know reasons that this version does not.

    At most 256 characters of ``reason`` and 1024 of ``message``; ``message`` never holds personal data.
    """

    result: Result
    reason: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """A row of ``verifications``.

    Attributes:
        number: ``verification_id``, the database's own; 0 before it is stored.
        content_mac: keyed digest of what was asked, by which a repeated uuid is told from another request with the
            same uuid; kept beside the row's wrapped key in ``x_row_keys``, and gone with it.
        persons: all None once the row was erased.
        verified_at: when the result became final.
        ordered_at: when the provider asked for it (at the beneficiary's side: when it came in).
        created_at: when the row was written. All three aware, in milliseconds.
    """

    number: int = 0
    uuid: str
    outcome: Outcome
    asset: AssetInfo
    tx_hash: str | None = None
    vout: str | None = None
    originating_vasp_id: str
    originator_account_number: str | None
    beneficiary_vasp_id: str
    beneficiary_account_number: str | None
    persons: Persons
    content_mac: bytes
    verified_at: datetime | None = None
    ordered_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A result as it is recorded, with what the counterparty told of the beneficiary; None leaves a column as it is."""

    outcome: Outcome
    beneficiary: bytes | None = field(default=None, repr=False)
    beneficiary_vasp: bytes | None = field(default=None, repr=False)
    verified_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """What an earlier transfer between the same accounts was worth, and when it was asked for; as of ``AssetInfo``."""

    amount: str
    trade_price: str | None
    trade_currency: str | None
    trade_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationFilter:
    """Which rows of the history are wanted; all that is given must hold. From ``from_at`` to ``to_at``, both included.

    ``own_vasp_id`` with ``action`` SEND asks for rows that it originated; ``opposite_vasp_id`` is on either side.
    """

    from_at: datetime
    to_at: datetime
    own_vasp_id: str
    symbol: str | None = None
    tx_hash: str | None = None
    result: Result | None = None
    action: Action | None = None
    opposite_vasp_id: str | None = None
    originator_account_number: str | None = None
    beneficiary_account_number: str | None = None
