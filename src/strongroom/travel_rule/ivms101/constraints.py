"""Constraints C1 to C12 (5.2.1.2 and 5.2.13.2), and what else a decoder of types cannot see.

Each check looks at one component and says which element breaks what. Nothing here repeats a value of the payload.
"""

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from typing import Any

from strongroom.travel_rule.ivms101 import model
from strongroom.travel_rule.ivms101.findings import STANDARD, Constraint, Edition, Profile

_LEI = re.compile(r"[0-9A-Z]{18}[0-9]{2}")
_AUTHORITY = re.compile(r"RA[0-9]{6}")
_LEGAL_IDENTIFIERS = frozenset({"RAID", "MISC", "LEIX", "TXID"})
_LEI_DIGITS = {ord(letter): str(value) for value, letter in enumerate("ABCDEFGHIJKLMNOPQRSTUVWXYZ", start=10)}
RESERVED_AUTHORITIES = frozenset({"RA777777", "RA888888", "RA999999"})
"""On GLEIF's list for: public legal documents, an authority not yet listed, none available."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What a payload is held to.

    Attributes:
        today: the current date, for C2.
        edition: refuse the other one; None takes either.
        profile: custom beside the standard.
        authorities: GLEIF's Registration Authorities List, for C10; None leaves a warning on each that is used.
    """

    today: date
    edition: Edition | None = None
    profile: Profile = STANDARD
    authorities: AbstractSet[str] | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """What a component breaks; ``constraint`` None makes it a warning of that ``code``."""

    element: model.Element
    attribute: str
    constraint: Constraint | None
    message: str
    code: str = ""


Faults = list[Fault]


def faults_of(elements: Sequence[model.Element], demands: Demands) -> Faults:
    """Every fault of these components."""
    faults: Faults = []
    for element in elements:
        check = _CHECKS.get(type(element))
        if check is not None:
            check(element, demands, faults)
    return faults


def _originator(party: model.Originator, demands: Demands, faults: Faults) -> None:
    _persons_given(party, "originator_persons", "originator_person", faults)
    persons = party.persons
    # Between Korean providers a company comes with a natural person who represents it (travel_rule.md 1.8).
    is_represented = demands.profile.representatives and any(person.legal_person is not None for person in persons)
    for person in persons:
        if (natural := person.natural_person) is not None and not is_represented:
            _natural_originator(natural, demands, faults)
        if (legal := person.legal_person) is not None and not _identifies_legal(legal):
            message = "A legal originator has a GEOG address, a customer identification or a national identification."
            faults.append(Fault(legal, "", Constraint.C4, message))


def _natural_originator(natural: model.NaturalPerson, demands: Demands, faults: Faults) -> None:
    if not (
        natural.geographic_address
        or natural.customer_identification
        or natural.national_identification
        or natural.date_and_place_of_birth
    ):
        message = (
            "A natural originator has an address, a customer or national identification, or date and place of birth."
        )
        faults.append(Fault(natural, "", Constraint.C1, message))
    if demands.profile.originator_birth and natural.date_and_place_of_birth is None:
        message = "Korean providers need a natural originator's date of birth."
        faults.append(Fault(natural, "date_and_place_of_birth", Constraint.PROFILE, message))


def _identifies_legal(legal: model.LegalPerson) -> bool:
    if legal.customer_identification or legal.national_identification:
        return True
    return any(address.address_type == "GEOG" for address in legal.geographic_address)


def _beneficiary(party: model.Beneficiary, _: Demands, faults: Faults) -> None:
    _persons_given(party, "beneficiary_persons", "beneficiary_person", faults)


def _persons_given(party: model.Originator | model.Beneficiary, old: str, new: str, faults: Faults) -> None:
    """[1..n], under one of the two names that the editions have for them."""
    count = bool(getattr(party, old)) + bool(getattr(party, new))
    if count == 0:
        faults.append(Fault(party, old, Constraint.MULTIPLICITY, "At least one person."))
    elif count == 2:
        faults.append(
            Fault(party, new, Constraint.MULTIPLICITY, "The persons stand here under the names of both editions.")
        )


def _person(person: model.Person, _: Demands, faults: Faults) -> None:
    if (person.natural_person is None) == (person.legal_person is None):
        faults.append(Fault(person, "", Constraint.CHOICE, "A person is either natural or legal."))


def _natural_name(name: model.NaturalPersonName, _: Demands, faults: Faults) -> None:
    if not name.name_identifier:
        faults.append(Fault(name, "name_identifier", Constraint.MULTIPLICITY, "At least one name."))
    elif "LEGL" not in [each.code for each in name.name_identifier]:
        faults.append(Fault(name, "name_identifier", Constraint.C6, "At least one name is the legal name, LEGL."))


def _natural_name_id(name: model.NaturalPersonNameID, _: Demands, faults: Faults) -> None:
    old, new = name.name_identifier_type, name.natural_person_name_identifier_type
    if old is None and new is None:
        faults.append(Fault(name, "name_identifier_type", Constraint.MULTIPLICITY, "The type of the name is missing."))
    elif old is not None and new is not None and old != new:
        attribute = "natural_person_name_identifier_type"
        faults.append(Fault(name, attribute, Constraint.MULTIPLICITY, "The name has two types."))


def _legal_name(name: model.LegalPersonName, _: Demands, faults: Faults) -> None:
    if not name.name_identifier:
        faults.append(Fault(name, "name_identifier", Constraint.MULTIPLICITY, "At least one name."))
    elif "LEGL" not in [each.legal_person_name_identifier_type for each in name.name_identifier]:
        faults.append(Fault(name, "name_identifier", Constraint.C5, "At least one name is the legal name, LEGL."))


def _address(address: model.Address, _: Demands, faults: Faults) -> None:
    has_building = address.building_name is not None or address.building_number is not None
    if not address.address_line and not (address.street_name is not None and has_building):
        faults.append(Fault(address, "", Constraint.C8, "An address has address lines, or a street and a building."))
    if address.town_name is None:
        message = "No townName: the standard's table requires it, its text does not."
        faults.append(Fault(address, "town_name", None, message, "TOWN"))


def _birth(birth: model.DateAndPlaceOfBirth, demands: Demands, faults: Faults) -> None:
    born = _day(birth.date_of_birth)
    if born is None:
        faults.append(Fault(birth, "date_of_birth", Constraint.DATE, "A day of the calendar, YYYY-MM-DD."))
    elif born >= demands.today:
        faults.append(Fault(birth, "date_of_birth", Constraint.C2, "The date of birth lies in the past."))


def _legal_person(legal: model.LegalPerson, demands: Demands, faults: Faults) -> None:
    if legal.date_of_incorporation is not None:
        message = "The standard has no such element; it is VerifyVASP's."
        faults.append(Fault(legal, "date_of_incorporation", None, message, "EXTENSION"))
        if _day(legal.date_of_incorporation) is None:
            faults.append(Fault(legal, "date_of_incorporation", Constraint.DATE, "A day of the calendar, YYYY-MM-DD."))
    if (identity := legal.national_identification) is not None:
        _legal_identity(identity, demands, faults)


def _legal_identity(identity: model.NationalIdentification, demands: Demands, faults: Faults) -> None:
    kind, authority = identity.national_identifier_type, identity.registration_authority
    if kind not in _LEGAL_IDENTIFIERS:
        message = "A legal person's identifier is RAID, MISC, LEIX or TXID."
        faults.append(Fault(identity, "national_identifier_type", Constraint.C7, message))
    if identity.country_of_issue is not None:
        faults.append(Fault(identity, "country_of_issue", Constraint.C9, "A legal person has no country of issue."))
    if kind == "LEIX" and authority is not None:
        faults.append(Fault(identity, "registration_authority", Constraint.C9, "An LEI has no registration authority."))
    if kind != "LEIX" and authority is None:
        message = "A legal person's identifier other than an LEI names its registration authority."
        faults.append(Fault(identity, "registration_authority", Constraint.C9, message))
    if kind == "LEIX":
        _lei(identity, demands, faults)


def _lei(identity: model.NationalIdentification, demands: Demands, faults: Faults) -> None:
    state = _lei_state(identity.national_identifier)
    if state == 2:
        message = "An LEI is 18 capital letters or digits and two digits."
        faults.append(Fault(identity, "national_identifier", Constraint.C11, message))
    elif state == 1:
        # The LEI in the standard's own Example 1 fails, so ISO 17442's check digits are no part of C11.
        constraint = Constraint.PROFILE if demands.profile.lei_checksum else None
        message = "The check digits of the LEI are wrong (ISO 17442)."
        faults.append(Fault(identity, "national_identifier", constraint, message, "LEI_CHECKSUM"))


def _identity(identity: model.NationalIdentification, demands: Demands, faults: Faults) -> None:
    authority = identity.registration_authority
    if authority is None:
        return
    listed = demands.authorities
    if _AUTHORITY.fullmatch(authority) is None:
        message = "A registration authority is RA and six digits."
        faults.append(Fault(identity, "registration_authority", Constraint.C10, message))
    elif authority in RESERVED_AUTHORITIES:
        return
    elif listed is None:
        message = "Not compared with GLEIF's list: none is installed."
        faults.append(Fault(identity, "registration_authority", None, message, "AUTHORITY_UNCHECKED"))
    elif authority not in listed:
        message = "Not on GLEIF's Registration Authorities List."
        faults.append(Fault(identity, "registration_authority", Constraint.C10, message))


def _transfer_path(path: model.TransferPath, _: Demands, faults: Faults) -> None:
    if sorted(hop.sequence for hop in path.transfer_path) != list(range(len(path.transfer_path))):
        faults.append(Fault(path, "transfer_path", Constraint.C12, "Sequence numbers start at 0 and leave no gap."))


def _metadata(metadata: model.PayloadMetadata, _: Demands, faults: Faults) -> None:
    if len(set(metadata.transliteration_method)) < len(metadata.transliteration_method):
        faults.append(Fault(metadata, "transliteration_method", None, "A method stands here twice.", "REPEATED"))


def _payload(payload: model.Payload, _: Demands, faults: Faults) -> None:
    if model.edition_of(payload) is Edition.V2020:
        return
    metadata = payload.payload_metadata
    if metadata is None:
        faults.append(
            Fault(payload, "payload_metadata", None, "No payloadVersion: read as 2023 by its names.", "VERSION")
        )
    elif metadata.payload_version is None:
        faults.append(Fault(metadata, "payload_version", Constraint.MULTIPLICITY, "payloadVersion is missing."))


def _day(text: str) -> date | None:
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        return None  # ISO 8601 has other forms, which the standard has not
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@functools.lru_cache(maxsize=4096)
def _lei_state(text: str) -> int:
    """0 for a right LEI, 1 for wrong check digits, 2 for another form. The same providers come again and again."""
    if _LEI.fullmatch(text) is None:
        return 2
    return 0 if int(text.translate(_LEI_DIGITS)) % 97 == 1 else 1


_CHECKS: Mapping[type[model.Element], Callable[[Any, Demands, Faults], None]] = {
    model.Payload: _payload,
    model.Originator: _originator,
    model.Beneficiary: _beneficiary,
    model.Person: _person,
    model.NaturalPersonName: _natural_name,
    model.NaturalPersonNameID: _natural_name_id,
    model.LegalPersonName: _legal_name,
    model.Address: _address,
    model.DateAndPlaceOfBirth: _birth,
    model.LegalPerson: _legal_person,
    model.NationalIdentification: _identity,
    model.TransferPath: _transfer_path,
    model.PayloadMetadata: _metadata,
}
