"""Risk assessments of a verification by outside companies (travel_rule.md 1.2), and when which is possible.

A status other than PROCESSED, NOHIT or SANCTION says nothing about risk: what could not be assessed is never clean.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import msgspec

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.verifications import OPEN, Verification
from strongroom.travel_rule.ivms101 import model

PERSONS_MAX = 16
SUMMARY_BYTES_MAX = 4096


class Direction(StrEnum):
    """Which way the transfer goes, seen from this enclave's provider."""

    OUTGOING = "OUTGOING"
    INCOMING = "INCOMING"


class ApiType(StrEnum):
    """What KYT is asked about: a transfer on its chain, or the attempt to make one."""

    TRANSFER = "TRANSFER"
    ATTEMPT = "ATTEMPT"


class SanctionStatus(StrEnum):
    """Of a sanctions screening. CLOSED is the requirement's; this version closes none."""

    NOHIT = "NOHIT"
    SANCTION = "SANCTION"
    CLOSED = "CLOSED"
    ERROR = "ERROR"


class AssessmentStatus(StrEnum):
    """Of an assessment: REGISTERED here, CHECKING at the company, PROCESSED; ERROR: nothing was learnt."""

    ERROR = "ERROR"
    REGISTERED = "REGISTERED"
    CHECKING = "CHECKING"
    PROCESSED = "PROCESSED"


class Target(StrEnum):
    """Whose name is screened."""

    ORIGINATOR = "ORIGINATOR"
    BENEFICIARY = "BENEFICIARY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """Why an address is listed."""

    name: str | None
    description: str | None
    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sanction:
    """A row of ``chainalysis_sanction_results``; ``address`` is the counterparty's."""

    request_id: str
    verification_uuid: str
    counterparty_vasp_id: str
    direction: Direction
    address: str
    status: SanctionStatus
    found: Identification | None = None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Who works on a row, and since when; free with ``worker_id`` None, and then due a while after ``at``."""

    worker_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kyt:
    """A row of ``chainalysis_kyt_results``.

    Attributes:
        user_id: the provider's pseudonym of its customer.
        amount: decimal text, as the verification has it.
        usd_price: what the company took the transfer to be worth, in US dollars; decimal text.
        transfer_ref: what the company knows it by: ``<transaction hash>:<address>``, or the attempt's own id.
        external_id: the company's id, once it is registered there.
    """

    request_id: str
    verification_uuid: str
    counterparty_vasp_id: str
    api_type: ApiType
    user_id: str
    direction: Direction
    network: str
    asset: str
    amount: str
    usd_price: str | None = None
    transfer_ref: str
    output_address: str
    timestamp: datetime
    external_id: str | None = None
    status: AssessmentStatus
    lease: Lease
    alert_count: int | None = None
    created_at: datetime
    assessed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the company says of a ``Kyt`` of ours; ``usd_price`` as there."""

    external_id: str
    is_assessed: bool
    usd_price: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A row of ``chainalysis_kyt_alerts``; ``amount`` in US dollars, decimal text."""

    alert_id: str
    level: str
    category: str | None
    service: str | None
    exposure: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wco:
    """A row of ``refinitiv_wco_results``; ``summary`` is the JSON of a ``Matches``, once it is assessed."""

    request_id: str
    verification_uuid: str
    counterparty_vasp_id: str
    direction: Direction
    case_system_id: str
    summary: str | None = None
    status: AssessmentStatus
    lease: Lease
    created_at: datetime
    assessed_at: datetime | None = None


class Matches(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a case matches: how many records, of which strength and category, and the references of the strongest."""

    count: int
    strengths: dict[str, int]
    categories: dict[str, int]
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """Somebody to screen: a name in Latin script where there is one, and a birth date ``YYYY-MM-DD``."""

    name: str = field(repr=False)
    is_legal_person: bool
    born: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """A verification as its own provider sees it."""

    direction: Direction
    counterparty_vasp_id: str
    counterparty_account: str | None


def decide_sides(verification: Verification, own_vasp_id: str) -> Sides:
    """Which way the transfer goes, and who is on the other side."""
    if verification.originating_vasp_id == own_vasp_id:
        return Sides(
            direction=Direction.OUTGOING,
            counterparty_vasp_id=verification.beneficiary_vasp_id,
            counterparty_account=verification.beneficiary_account_number,
        )
    return Sides(
        direction=Direction.INCOMING,
        counterparty_vasp_id=verification.originating_vasp_id,
        counterparty_account=verification.originator_account_number,
    )


def decide_address(verification: Verification, sides: Sides) -> str:
    """The address to compare with sanctions lists.

    Raises:
        StrongroomError: ``UNSUPPORTED_RISK_ASSESSMENT`` before the verification is completed, or without an address.
    """
    if verification.outcome.result in OPEN:
        raise _unsupported("The verification is not completed.")
    if not sides.counterparty_account:
        raise _unsupported("The verification names no address of the counterparty.")
    return sides.counterparty_account


def decide_api_type(verification: Verification, sides: Sides) -> ApiType:
    """Whether KYT is asked about the transfer or about the attempt.

    Raises:
        StrongroomError: ``UNSUPPORTED_RISK_ASSESSMENT`` for the beneficiary's side before the transaction is reported.
    """
    if verification.tx_hash is not None:
        return ApiType.TRANSFER
    if sides.direction is Direction.INCOMING:
        raise _unsupported("Before the transaction is reported only the originator's side can be assessed.")
    return ApiType.ATTEMPT


def decide_screened(verification: Verification, target: Target) -> tuple[Screened, ...]:
    """Whom to screen: every person of that side, so that a representative is not forgotten for the company.

    Raises:
        StrongroomError: ``UNSUPPORTED_RISK_ASSESSMENT`` when that side has no person, too many, or was erased.
    """
    persons = verification.persons
    if target is Target.ORIGINATOR:
        named = msgspec.json.decode(persons.originator, type=model.Originator).persons if persons.originator else ()
    else:
        named = msgspec.json.decode(persons.beneficiary, type=model.Beneficiary).persons if persons.beneficiary else ()
    if not 0 < len(named) <= PERSONS_MAX:
        raise _unsupported(f"The {target.value.lower()} has no person to screen, or more than {PERSONS_MAX}.")
    return tuple(_screened(person) for person in named)


def _screened(person: model.Person) -> Screened:
    if person.legal_person is not None:
        names = person.legal_person.name.name_identifier
        legal = next((name for name in names if name.legal_person_name_identifier_type == "LEGL"), names[0])
        return Screened(name=legal.legal_person_name, is_legal_person=True)
    natural = person.natural_person
    if natural is None:
        raise _unsupported("A person is neither natural nor legal.")
    identifiers = natural.name.name_identifier
    chosen = next((name for name in identifiers if name.code == "LEGL"), identifiers[0])
    birth = natural.date_and_place_of_birth
    return Screened(
        name=" ".join(part for part in (chosen.secondary_identifier, chosen.primary_identifier) if part),
        is_legal_person=False,
        born=None if birth is None else birth.date_of_birth,
    )


def _unsupported(why: str) -> StrongroomError:
    return StrongroomError(Code.UNSUPPORTED_RISK_ASSESSMENT, why)
