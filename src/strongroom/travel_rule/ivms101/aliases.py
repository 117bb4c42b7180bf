"""Names of elements in other dialects than the standard's: CODE, protojson, TRISA's aliases, 21 Analytics, VerifyVASP.

Source: travel_rule.md 2.4. Only names are listed that occur in messages of those networks; anything else is unknown.
"""

import re
from collections.abc import Mapping

from strongroom.travel_rule.ivms101 import model

_ADDRESSES = {"geographicAddresses": "geographicAddress", "addresses": "geographicAddress"}
_CUSTOMER = {"customerNumber": "customerIdentification"}
_NAMES = {
    "nameIdentifiers": "nameIdentifier",
    "localNameIdentifiers": "localNameIdentifier",
    "phoneticNameIdentifiers": "phoneticNameIdentifier",
}
_NATURAL = {"lastName": "primaryIdentifier", "surname": "primaryIdentifier", "firstName": "secondaryIdentifier"}
_LEGAL = {"name": "legalPersonName"}
_ACCOUNTS = {"accountNumbers": "accountNumber"}
ALIASES: Mapping[type[model.Element], Mapping[str, str]] = {
    model.Payload: {"originatingVasp": "originatingVASP", "beneficiaryVasp": "beneficiaryVASP"},
    model.Originator: _ACCOUNTS,
    model.Beneficiary: _ACCOUNTS,
    model.Person: _ACCOUNTS,
    model.OriginatingVASP: {"originatingVasp": "originatingVASP"},
    model.BeneficiaryVASP: {"beneficiaryVasp": "beneficiaryVASP"},
    model.IntermediaryVASP: {"intermediaryVasp": "intermediaryVASP"},
    model.NaturalPerson: {**_ADDRESSES, **_CUSTOMER},
    model.LegalPerson: {**_ADDRESSES, **_CUSTOMER, "country": "countryOfRegistration"},
    model.NaturalPersonName: _NAMES,
    model.LegalPersonName: _NAMES,
    model.NaturalPersonNameID: _NATURAL,
    model.LocalNaturalPersonNameID: {**_NATURAL, "naturalPersonNameIdentifierType": "nameIdentifierType"},
    model.LegalPersonNameID: _LEGAL,
    model.LocalLegalPersonNameID: _LEGAL,
    model.Address: {
        "street": "streetName",
        "number": "buildingNumber",
        "postCode": "postcode",
        "postalCode": "postcode",
        "zipCode": "postcode",
        "town": "townName",
        "city": "townName",
        "state": "countrySubDivision",
    },
    model.NationalIdentification: {"country": "countryOfIssue", "ra": "registrationAuthority"},
    model.DateAndPlaceOfBirth: {"dob": "dateOfBirth", "pob": "placeOfBirth"},
}
_SNAKE = re.compile(r"_([a-z0-9])")
_ENUM = re.compile(r"[A-Z][A-Z_]*_CODE_([A-Z0-9]+)")


def spelled(cls: type[model.Element], name: str) -> str:
    """The standard's spelling of a name that is not the standard's, or the name itself in camel case.

    ``street_name`` is ``streetName``, ``Originator`` is ``originator``; then the aliases of the component.
    """
    camel = _SNAKE.sub(lambda found: found[1].upper(), name)
    camel = camel[:1].lower() + camel[1:]
    return ALIASES.get(cls, {}).get(camel, camel)


def code_of(text: str) -> str:
    """The last part of a protojson enumeration: ``ADDRESS_TYPE_CODE_HOME`` is ``HOME``; else the text itself."""
    found = _ENUM.fullmatch(text)
    return found[1] if found else text
