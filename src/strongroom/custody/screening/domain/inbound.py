"""What another institution asks about a customer here, and what it is answered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import msgspec

from strongroom.custody.screening.domain.exchanges import Asked
from strongroom.custody.screening.domain.names import names_of, share_a_name
from strongroom.custody.screening.domain.parties import Kyc, Originator


class TransactionStatus(StrEnum):
    """What became of a transfer of ours, in the network's words."""

    PROCESSING = "PROCESSING"
    CONFIRMED = "CONFIRMED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A result and, only beside DENIED, a reason (VerifyVASP: results and reasons)."""

    result: str
    reason: str | None = None

    @property
    def message(self) -> str | None:
        """The field codes that a question lacks."""
        return "NATURAL_PERSON_NAME" if self.reason == "LACK-OF-INFORMATION" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A question about an address. ``beneficiary`` is the IVMS101 component as it came; the network may be empty."""

    originating_vasp_id: str
    symbol: str
    network: str
    address: str
    beneficiary: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An answer, and what is told of the beneficiary beside it: a JSON array of IVMS101 persons, or nothing."""

    answer: Answer
    persons: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """A verification that came in, with the answer that it got and gets again. Empty texts where nothing is known."""

    verification_id: UUID
    tenant_id: str
    vault_account: str
    originating_vasp_id: str
    asset_id: str
    address: str
    amount: str
    answer: Answer


UNKNOWN: Final = Answer(result="UNKNOWN")
UNKNOWN_SYMBOL: Final = Answer(result="DENIED", reason="UNKNOWN-SYMBOL")
UNKNOWN_NETWORK: Final = Answer(result="DENIED", reason="UNKNOWN-NETWORK")
VERIFIED: Final = Answer(result="VERIFIED")
_BY_KYC: Final = {
    Kyc.BLACKLISTED: Answer(result="DENIED", reason="BLACKLISTED"),
    Kyc.UNVERIFIED: Answer(result="DENIED", reason="UNVERIFIED-KYC"),
}


_TOLD_FOR: Final = {
    "NATURAL_PERSON_DATE_AND_PLACE_OF_BIRTH": ("dateAndPlaceOfBirth",),
    "NATURAL_PERSON_NATIONALITY": ("nationalIdentification", "countryOfRegistration"),
    "NATURAL_PERSON_GEOGRAPHIC_ADDRESS": ("geographicAddress",),
}


def find_asset(asset_ids: Mapping[tuple[str, str], str], *, symbol: str, network: str) -> str | Answer:
    """The asset that the network calls so, or the answer where there is none; without a network, the only one."""
    known = {name[1]: asset_id for name, asset_id in asset_ids.items() if name[0] == symbol}
    if not known:
        return UNKNOWN_SYMBOL
    found = known.get(network) or (next(iter(known.values())) if not network and len(known) == 1 else None)
    return found or UNKNOWN_NETWORK


def disclosed(persons: bytes, *, codes: Iterable[str]) -> bytes:
    """The registered persons with their names and what the field codes ask for, and nothing else of them."""
    kept = {"name", *(name for code in codes for name in _TOLD_FOR.get(code, ()))}
    people = msgspec.json.decode(persons, type=list[dict[str, dict[str, Any]]])
    return msgspec.json.encode(
        [
            {kind: {name: value for name, value in person.items() if name in kept} for kind, person in one.items()}
            for one in people
        ]
    )


def decide_account(*, holder: Originator | None, beneficiary: bytes) -> Answer:
    """Whether the address is that of this person; without a name in the question, the address alone counts.

    Args:
        holder: of the vault account; None if nobody is registered for it.
    """
    if holder is None:
        return Answer(result="DENIED", reason="UNAVAILABLE-INFORMATION")
    if names_of(beneficiary) and not share_a_name(holder.persons, beneficiary):
        return Answer(result="DENIED", reason="MISMATCHED-NAME")
    return VERIFIED


def decide_verification(*, holder: Originator | None, beneficiary: bytes) -> Answer:
    """Whether this person may receive here: name, then standing; a question without a name is not answered."""
    if holder is None:
        return decide_account(holder=None, beneficiary=beneficiary)
    if not names_of(beneficiary):
        return Answer(result="DENIED", reason="LACK-OF-INFORMATION")
    account = decide_account(holder=holder, beneficiary=beneficiary)
    return account if account != VERIFIED else _BY_KYC.get(holder.kyc, VERIFIED)


def decide_status(asked: Asked) -> TransactionStatus:
    """What is told of a transfer of ours; its hash is known once it was seen on chain."""
    if asked.failure:
        return TransactionStatus.FAILED
    return TransactionStatus.CONFIRMED if asked.tx_hash else TransactionStatus.PROCESSING
