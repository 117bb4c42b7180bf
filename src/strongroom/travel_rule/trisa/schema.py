"""The messages inside an envelope, by field number, and their values as JSON objects in IVMS101's spelling of 2020.

From trisacrypto/trisa, proto/ivms101 and proto/trisa/data/generic/v1beta1; the numbers of codes are those of its
published envelopes, one above the drafts', with 0 for the code MISC (or OTHR), which is what an absent field means.
"""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from strongroom.travel_rule.trisa.wire import (
    FIXED64,
    LENGTH,
    VARINT,
    broken,
    fields_of,
    put_bytes,
    put_fixed64,
    put_packed,
    put_varint,
    varints_of,
)

Json = Mapping[str, Any]
_MOST_DEEP: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One element: ``message`` names a message, ``codes`` lists an enumeration; without either it is text."""

    name: str
    message: str = ""
    codes: tuple[str, ...] = ()
    is_repeated: bool = False
    is_number: bool = False
    is_double: bool = False


def _text(name: str) -> Field:
    return Field(name=name)


def _texts(name: str) -> Field:
    return Field(name=name, is_repeated=True)


def _one(name: str, message: str) -> Field:
    return Field(name=name, message=message)


def _many(name: str, message: str) -> Field:
    return Field(name=name, message=message, is_repeated=True)


_NATURAL = ("MISC", "ALIA", "BIRT", "MAID", "LEGL")
_LEGAL = ("MISC", "LEGL", "SHRT", "TRAD")
_ADDRESS = ("MISC", "HOME", "BIZZ", "GEOG")
_IDENTIFIER = ("MISC", "ARNU", "CCPT", "RAID", "DRLC", "FIIN", "TXID", "SOCS", "IDCD", "LEIX")
_METHOD = ("othr", "arab", "aran", "armn", "cyrl", "deva", "geor", "grek", "hani", "hebr", "kana", "kore", "thai")
_NATURAL_NAME = {
    1: _text("primaryIdentifier"),
    2: _text("secondaryIdentifier"),
    3: Field(name="nameIdentifierType", codes=_NATURAL),
}
_LEGAL_NAME = {1: _text("legalPersonName"), 2: Field(name="legalPersonNameIdentifierType", codes=_LEGAL)}
_ADDRESS_TEXTS = (
    "department",
    "subDepartment",
    "streetName",
    "buildingNumber",
    "buildingName",
    "floor",
    "postBox",
    "room",
    "postcode",
    "townName",
    "townLocationName",
    "districtName",
    "countrySubDivision",
)
MESSAGES: Final[Mapping[str, Mapping[int, Field]]] = {
    "IdentityPayload": {
        1: _one("originator", "Originator"),
        2: _one("beneficiary", "Beneficiary"),
        3: _one("originatingVASP", "OriginatingVasp"),
        4: _one("beneficiaryVASP", "BeneficiaryVasp"),
        5: _one("transferPath", "TransferPath"),
        6: _one("payloadMetadata", "PayloadMetadata"),
    },
    "Originator": {1: _many("originatorPersons", "Person"), 2: _texts("accountNumber")},
    "Beneficiary": {1: _many("beneficiaryPersons", "Person"), 2: _texts("accountNumber")},
    "OriginatingVasp": {1: _one("originatingVASP", "Person")},
    "BeneficiaryVasp": {1: _one("beneficiaryVASP", "Person")},
    "TransferPath": {1: _many("transferPath", "IntermediaryVasp")},
    "IntermediaryVasp": {1: _one("intermediaryVASP", "Person"), 2: Field(name="sequence", is_number=True)},
    "PayloadMetadata": {1: Field(name="transliterationMethod", codes=_METHOD, is_repeated=True)},
    "Person": {1: _one("naturalPerson", "NaturalPerson"), 2: _one("legalPerson", "LegalPerson")},
    "NaturalPerson": {
        1: _one("name", "NaturalPersonName"),
        2: _many("geographicAddress", "Address"),
        3: _one("nationalIdentification", "NationalIdentification"),
        4: _text("customerIdentification"),
        5: _one("dateAndPlaceOfBirth", "DateAndPlaceOfBirth"),
        6: _text("countryOfResidence"),
    },
    "NaturalPersonName": {
        1: _many("nameIdentifier", "NaturalPersonNameId"),
        2: _many("localNameIdentifier", "NaturalPersonNameId"),
        3: _many("phoneticNameIdentifier", "NaturalPersonNameId"),
    },
    "NaturalPersonNameId": _NATURAL_NAME,
    "Address": {
        1: Field(name="addressType", codes=_ADDRESS),
        **{number: _text(name) for number, name in enumerate(_ADDRESS_TEXTS, 2)},
        15: _texts("addressLine"),
        16: _text("country"),
    },
    "DateAndPlaceOfBirth": {1: _text("dateOfBirth"), 2: _text("placeOfBirth")},
    "NationalIdentification": {
        1: _text("nationalIdentifier"),
        2: Field(name="nationalIdentifierType", codes=_IDENTIFIER),
        3: _text("countryOfIssue"),
        4: _text("registrationAuthority"),
    },
    "LegalPerson": {
        1: _one("name", "LegalPersonName"),
        2: _many("geographicAddress", "Address"),
        3: _text("customerIdentification"),
        4: _one("nationalIdentification", "NationalIdentification"),
        5: _text("countryOfRegistration"),
    },
    "LegalPersonName": {
        1: _many("nameIdentifier", "LegalPersonNameId"),
        2: _many("localNameIdentifier", "LegalPersonNameId"),
        3: _many("phoneticNameIdentifier", "LegalPersonNameId"),
    },
    "LegalPersonNameId": _LEGAL_NAME,
    "Transaction": {
        1: _text("txid"),
        2: _text("originator"),
        3: _text("beneficiary"),
        4: Field(name="amount", is_double=True),
        5: _text("network"),
        6: _text("timestamp"),
        7: _text("extra_json"),
        8: _text("asset_type"),
        9: _text("tag"),
    },
    "Pending": {
        1: _text("envelope_id"),
        2: _text("received_by"),
        3: _text("received_at"),
        4: _text("message"),
        5: _text("reply_not_after"),
        6: _text("reply_not_before"),
        7: _text("extra_json"),
        15: _one("transaction", "Transaction"),
    },
}


def encode(message: str, value: Json) -> bytes:
    """A message of ``MESSAGES``; an element that it has no field for is left out, as is what is empty."""
    out: list[bytes] = []
    for number, field in MESSAGES[message].items():
        item = value.get(field.name)
        if field.codes and field.is_repeated:
            out += [put_packed(number, [field.codes.index(code) for code in item])] if item else []
        elif field.is_repeated:
            out += [_put(number, field, each) for each in cast("Sequence[object]", item or ())]
        elif item is not None:
            out.append(_put(number, field, item))
    return b"".join(out)


def decode(message: str, data: bytes, *, depth: int = 0) -> dict[str, Any]:
    """The same back; fields of other numbers are skipped.

    Raises:
        StrongroomError: ``TRAVEL_RULE_MESSAGE_INVALID``: broken, nested too deeply, or an element twice.
    """
    if depth > _MOST_DEEP:
        raise broken()
    known = MESSAGES[message]
    value: dict[str, Any] = {
        field.name: field.codes[0] if field.codes else 0
        for field in known.values()
        if (field.codes or field.is_number) and not field.is_repeated
    }
    seen: set[int] = set()
    for number, wire, raw in fields_of(data):
        field = known.get(number)
        if field is None:
            continue
        items = _items(field, wire, raw, depth)
        if field.is_repeated:
            value.setdefault(field.name, []).extend(items)
        elif number in seen:
            raise broken()
        elif items[0] != "":
            value[field.name] = items[0]
        seen.add(number)
    return value


def _put(number: int, field: Field, item: Any) -> bytes:  # noqa: ANN401 - as JSON has it
    if field.message:
        return put_bytes(number, encode(field.message, item))
    if field.codes or field.is_number:
        value = field.codes.index(item) if field.codes else item
        return put_varint(number, value) if value else b""
    if field.is_double:
        return put_fixed64(number, struct.pack("<d", item))
    return put_bytes(number, str(item).encode()) if item or field.is_repeated else b""


def _items(field: Field, wire: int, raw: int | bytes, depth: int) -> list[Any]:
    if isinstance(raw, int):
        return _numbers(field, [raw]) if wire == VARINT else []
    if field.is_double and wire == FIXED64:
        return [struct.unpack("<d", raw)[0]]
    if wire != LENGTH or field.is_number or field.is_double:
        raise broken()
    if field.codes:
        return _numbers(field, list(varints_of(raw))) if field.is_repeated else _numbers(field, [])
    if field.message:
        return [decode(field.message, raw, depth=depth + 1)]
    try:
        return [raw.decode()]
    except UnicodeDecodeError:
        raise broken() from None


def _numbers(field: Field, numbers: list[int]) -> list[Any]:
    if field.is_number and numbers:
        return numbers
    if not field.codes or any(number >= len(field.codes) for number in numbers) or not (numbers or field.is_repeated):
        raise broken()
    return [field.codes[number] for number in numbers]
