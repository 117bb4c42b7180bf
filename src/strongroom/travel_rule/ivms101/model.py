"""The data model of both editions (IVMS101 5 and 6), as frozen structs that msgspec decodes and encodes.

The editions differ in few elements, and one struct holds both spellings of each: ``EDITIONS`` says which belongs where.
Structs check type, length in characters and code lists; the script of a text and constraints C1 to C12 are checked by
``payload`` and ``constraints``. In Python an element is spelled with underscores: ``originatingVASP`` is
``originating_vasp``.
"""

from collections.abc import Iterator
from typing import Annotated

import msgspec

from strongroom.travel_rule.ivms101 import codes
from strongroom.travel_rule.ivms101.findings import Edition

_LATIN = {"script": "latin"}


def wire_name(name: str) -> str:
    """The element's name in JSON: ``originating_vasp`` is ``originatingVASP``, ``post_box`` is ``postBox``."""
    head, *tail = name.split("_")
    return head + "".join("VASP" if word == "vasp" else word.capitalize() for word in tail)


class Element(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, rename=wire_name, gc=False):
    """What every component of the model is. An absent element is None or empty, and is not written."""


Max16 = Annotated[str, msgspec.Meta(min_length=1, max_length=16, extra=_LATIN)]
Max35 = Annotated[str, msgspec.Meta(min_length=1, max_length=35, extra=_LATIN)]
Max50 = Annotated[str, msgspec.Meta(min_length=1, max_length=50, extra=_LATIN)]
Max70 = Annotated[str, msgspec.Meta(min_length=1, max_length=70, extra=_LATIN)]
Max100 = Annotated[str, msgspec.Meta(min_length=1, max_length=100, extra=_LATIN)]
Max512 = Annotated[str, msgspec.Meta(min_length=1, max_length=512, extra=_LATIN)]
NameText = Annotated[str, msgspec.Meta(min_length=1, max_length=100, extra={"script": "name"})]
"""Max100 of a ``nameIdentifier``: Latin, but a profile may allow Hangul."""
Local100 = Annotated[str, msgspec.Meta(min_length=1, max_length=100, extra={"script": "any"})]
Day = Annotated[str, msgspec.Meta(min_length=10, max_length=10, extra={"script": "date"})]
Country = Annotated[codes.CountryCode, msgspec.Meta(extra={"constraint": "C3"})]
Sequence = Annotated[int, msgspec.Meta(ge=0, le=10**18 - 1)]
SomeLines = Annotated[tuple[Max70, ...], msgspec.Meta(max_length=7)]


class NaturalPersonNameID(Element, frozen=True, kw_only=True):
    """NaturalPersonNameID (5.2.4); 2023 renames the type."""

    primary_identifier: NameText
    secondary_identifier: NameText | None = None
    name_identifier_type: codes.NaturalNameCode | None = None
    natural_person_name_identifier_type: codes.NaturalNameCode | None = None

    @property
    def code(self) -> codes.NaturalNameCode | None:
        """The nature of the name, whichever edition spelled it."""
        return self.name_identifier_type or self.natural_person_name_identifier_type


class LocalNaturalPersonNameID(Element, frozen=True, kw_only=True):
    """LocalNaturalPersonNameID (5.2.5): the same in both editions, in any script."""

    primary_identifier: Local100
    secondary_identifier: Local100 | None = None
    name_identifier_type: codes.NaturalNameCode


class NaturalPersonName(Element, frozen=True, kw_only=True):
    """NaturalPersonName (5.2.3)."""

    name_identifier: tuple[NaturalPersonNameID, ...]
    local_name_identifier: tuple[LocalNaturalPersonNameID, ...] = ()
    phonetic_name_identifier: tuple[LocalNaturalPersonNameID, ...] = ()


class Address(Element, frozen=True, kw_only=True):
    """Address (5.2.6); ``townName`` is [1..1] in the table of both editions and [0..1] in its text: optional here."""

    address_type: codes.AddressCode
    department: Max50 | None = None
    sub_department: Max70 | None = None
    street_name: Max70 | None = None
    building_number: Max16 | None = None
    building_name: Max35 | None = None
    floor: Max70 | None = None
    post_box: Max16 | None = None
    room: Max70 | None = None
    postcode: Max16 | None = None
    town_name: Max35 | None = None
    town_location_name: Max35 | None = None
    district_name: Max35 | None = None
    country_sub_division: Max35 | None = None
    address_line: SomeLines = ()
    country: Country


class DateAndPlaceOfBirth(Element, frozen=True, kw_only=True):
    """DateAndPlaceOfBirth (5.2.7)."""

    date_of_birth: Day
    place_of_birth: Max70


class NationalIdentification(Element, frozen=True, kw_only=True):
    """NationalIdentification (5.2.8)."""

    national_identifier: Max35
    national_identifier_type: codes.IdentifierCode
    country_of_issue: Country | None = None
    registration_authority: Max16 | None = None


class NaturalPerson(Element, frozen=True, kw_only=True):
    """NaturalPerson (5.2.2)."""

    name: NaturalPersonName
    geographic_address: tuple[Address, ...] = ()
    national_identification: NationalIdentification | None = None
    customer_identification: Max50 | None = None
    date_and_place_of_birth: DateAndPlaceOfBirth | None = None
    country_of_residence: Country | None = None


class LegalPersonNameID(Element, frozen=True, kw_only=True):
    """LegalPersonNameID (5.2.11)."""

    legal_person_name: NameText
    legal_person_name_identifier_type: codes.LegalNameCode


class LocalLegalPersonNameID(Element, frozen=True, kw_only=True):
    """LocalLegalPersonNameID (5.2.12), in any script."""

    legal_person_name: Local100
    legal_person_name_identifier_type: codes.LegalNameCode


class LegalPersonName(Element, frozen=True, kw_only=True):
    """LegalPersonName (5.2.10)."""

    name_identifier: tuple[LegalPersonNameID, ...]
    local_name_identifier: tuple[LocalLegalPersonNameID, ...] = ()
    phonetic_name_identifier: tuple[LocalLegalPersonNameID, ...] = ()


class LegalPerson(Element, frozen=True, kw_only=True):
    """LegalPerson (5.2.9); ``dateOfIncorporation`` is VerifyVASP's addition, kept and warned of."""

    name: LegalPersonName
    geographic_address: tuple[Address, ...] = ()
    customer_identification: Max50 | None = None
    national_identification: NationalIdentification | None = None
    country_of_registration: Country | None = None
    date_of_incorporation: Day | None = None


class Person(Element, frozen=True, kw_only=True):
    """Person (5.2.1): natural or legal. Its account numbers are 2023's."""

    natural_person: NaturalPerson | None = None
    legal_person: LegalPerson | None = None
    account_number: tuple[Max512, ...] = ()


class Originator(Element, frozen=True, kw_only=True):
    """Originator (6): 2020 has persons and accounts, 2023 persons that have accounts."""

    originator_persons: tuple[Person, ...] = ()
    originator_person: tuple[Person, ...] = ()
    account_number: tuple[Max100, ...] = ()

    @property
    def persons(self) -> tuple[Person, ...]:
        """The persons, whichever edition spelled them."""
        return self.originator_persons or self.originator_person

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every account number of the party and of its persons, each once, in order."""
        return _accounts(self.account_number, self.persons)


class Beneficiary(Element, frozen=True, kw_only=True):
    """Beneficiary (6): as ``Originator``."""

    beneficiary_persons: tuple[Person, ...] = ()
    beneficiary_person: tuple[Person, ...] = ()
    account_number: tuple[Max100, ...] = ()

    @property
    def persons(self) -> tuple[Person, ...]:
        """The persons, whichever edition spelled them."""
        return self.beneficiary_persons or self.beneficiary_person

    @property
    def accounts(self) -> tuple[str, ...]:
        """Every account number of the party and of its persons, each once, in order."""
        return _accounts(self.account_number, self.persons)


class OriginatingVASP(Element, frozen=True, kw_only=True):
    """OriginatingVASP (6): an entity around a person of the same name."""

    originating_vasp: Person | None = None


class BeneficiaryVASP(Element, frozen=True, kw_only=True):
    """BeneficiaryVASP (6): an entity around a person of the same name."""

    beneficiary_vasp: Person | None = None


class IntermediaryVASP(Element, frozen=True, kw_only=True):
    """IntermediaryVASP (5.2.13)."""

    intermediary_vasp: Person
    sequence: Sequence


class TransferPath(Element, frozen=True, kw_only=True):
    """TransferPath (6)."""

    transfer_path: tuple[IntermediaryVASP, ...] = ()


class PayloadMetadata(Element, frozen=True, kw_only=True):
    """PayloadMetadata (6); the version is 2023's."""

    transliteration_method: tuple[codes.TransliterationCode, ...] = ()
    payload_version: codes.PayloadVersionCode | None = None


class Payload(Element, frozen=True, kw_only=True):
    """All six entities (6). The VASPs may be absent, as in a request before the beneficiary's provider has answered."""

    originator: Originator
    beneficiary: Beneficiary
    originating_vasp: OriginatingVASP | None = None
    beneficiary_vasp: BeneficiaryVASP | None = None
    transfer_path: TransferPath | None = None
    payload_metadata: PayloadMetadata | None = None


EDITIONS = {
    (Originator, "originator_persons"): Edition.V2020,
    (Originator, "originator_person"): Edition.V2023,
    (Originator, "account_number"): Edition.V2020,
    (Beneficiary, "beneficiary_persons"): Edition.V2020,
    (Beneficiary, "beneficiary_person"): Edition.V2023,
    (Beneficiary, "account_number"): Edition.V2020,
    (NaturalPersonNameID, "name_identifier_type"): Edition.V2020,
    (NaturalPersonNameID, "natural_person_name_identifier_type"): Edition.V2023,
    (Person, "account_number"): Edition.V2023,
    (PayloadMetadata, "payload_version"): Edition.V2023,
}
"""The elements that only one edition has."""


def persons_of(payload: Payload) -> Iterator[Person]:
    """Every person of a payload: customers, providers and intermediaries."""
    yield from payload.originator.persons
    yield from payload.beneficiary.persons
    if payload.originating_vasp is not None and payload.originating_vasp.originating_vasp is not None:
        yield payload.originating_vasp.originating_vasp
    if payload.beneficiary_vasp is not None and payload.beneficiary_vasp.beneficiary_vasp is not None:
        yield payload.beneficiary_vasp.beneficiary_vasp
    if payload.transfer_path is not None:
        yield from (hop.intermediary_vasp for hop in payload.transfer_path.transfer_path)


def edition_of(payload: Payload) -> Edition:
    """The edition that a payload says it is, or that its spelling shows."""
    if payload.payload_metadata is not None and payload.payload_metadata.payload_version is not None:
        return Edition.V2023 if payload.payload_metadata.payload_version == "101.2023" else Edition.V2020
    is_2023 = payload.originator.originator_person or payload.beneficiary.beneficiary_person
    return Edition.V2023 if is_2023 else Edition.V2020


def _accounts(own: tuple[str, ...], persons: tuple[Person, ...]) -> tuple[str, ...]:
    theirs = (account for person in persons for account in person.account_number)
    return tuple(dict.fromkeys((*own, *theirs)))
