"""What is written otherwise is read with a warning, at the path as it was written; what cannot be meant is refused."""

from dataclasses import replace
from typing import Any

import pytest

from strongroom.travel_rule.ivms101 import model
from strongroom.travel_rule.ivms101.findings import KOREA, STRICT_LEI, Edition
from strongroom.travel_rule.ivms101.payload import Reading, read_part, read_payload, write_element
from tests.travel_rule.ivms101.cases import SHORT
from tests.travel_rule.ivms101.samples import DEMANDS, Json, base, changed, dumps

PERSON, NATURAL, VASP = SHORT["P"], SHORT["N"], SHORT["L"].removesuffix(".legalPerson")
KOREAN = replace(DEMANDS, profile=KOREA)


def read(payload: Json) -> Reading[model.Payload]:
    return read_payload(dumps(payload), DEMANDS)


def warned(reading: Reading[model.Payload]) -> list[tuple[str, str]]:
    return [(each.code, each.path) for each in reading.warnings]


PLAIN = read(base())


def renamed(way: str, old: str, new: str) -> Json:
    *_, value = [base()]
    holder: Any = value
    for step in way.split(".") if way else ():
        holder = holder[int(step)] if step.isdigit() else holder[step]
    holder[new] = holder.pop(old)
    return value


@pytest.mark.parametrize(
    ("way", "old", "new"),
    [
        ("", "originator", "Originator"),
        ("", "beneficiaryVASP", "BeneficiaryVASP"),
        ("", "originatingVASP", "originating_vasp"),
        ("originator", "originatorPersons", "originator_persons"),
        ("originator", "accountNumber", "account_numbers"),
        (NATURAL, "customerIdentification", "customerNumber"),
        (NATURAL, "dateAndPlaceOfBirth", "date_and_place_of_birth"),
        (f"{NATURAL}.dateAndPlaceOfBirth", "dateOfBirth", "dob"),
        (f"{NATURAL}.geographicAddress.0", "postcode", "postCode"),
        (f"{NATURAL}.geographicAddress.0", "postcode", "postalCode"),
        (f"{NATURAL}.geographicAddress.0", "townName", "city"),
        (f"{NATURAL}.name.nameIdentifier.0", "primaryIdentifier", "surname"),
        (f"{NATURAL}.name.nameIdentifier.0", "nameIdentifierType", "naturalPersonNameIdentifierType"),
    ],
)
def test_another_name_is_read_with_one_warning(way: str, old: str, new: str) -> None:
    reading = read(renamed(way, old, new))
    assert reading.is_valid
    assert reading.element == PLAIN.element
    ((code, path),) = warned(reading)
    assert (code, path.rpartition(".")[2]) == ("DIALECT", new)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("originator.accountNumber", "10023909"),
        ("originator.originatorPersons", base()["originator"]["originatorPersons"][0]),
        (f"{NATURAL}.name", [base()["originator"]["originatorPersons"][0]["naturalPerson"]["name"]]),
        (f"{NATURAL}.geographicAddress.0.addressType", "ADDRESS_TYPE_CODE_HOME"),
        (f"{NATURAL}.geographicAddress.0.country", "de"),
        (f"{NATURAL}.name.nameIdentifier.0.nameIdentifierType", "NATURAL_PERSON_NAME_TYPE_CODE_LEGL"),
        ("originatingVASP", base()["originatingVASP"]["originatingVASP"]),
    ],
)
def test_another_form_is_read_with_one_warning(path: str, value: object) -> None:
    reading = read(changed(base(), put={path: value}))
    assert reading.is_valid
    assert reading.element == PLAIN.element
    assert [code for code, _ in warned(reading)] == ["DIALECT"]


def test_what_is_empty_is_absent() -> None:
    nothing = {f"{NATURAL}.geographicAddress.0.room": "", "transferPath": None}
    reading = read(changed(base(), put=nothing))
    assert reading.is_valid
    assert {code for code, _ in warned(reading)} == {"EMPTY"}
    assert reading.element == PLAIN.element


def test_intermediaries_without_wrapper_and_with_numbers_as_text() -> None:
    vasp = base()["originatingVASP"]["originatingVASP"]
    reading = read(changed(base(), put={"transferPath": [{"intermediary_vasp": vasp, "sequence": "0"}]}))
    assert reading.is_valid
    assert reading.element is not None
    assert reading.element.transfer_path is not None
    assert [hop.sequence for hop in reading.element.transfer_path.transfer_path] == [0]


def test_names_in_several_objects_are_one_name() -> None:
    first = base()["originator"]["originatorPersons"][0]["naturalPerson"]["name"]
    other = {"nameIdentifier": [{"primaryIdentifier": "Falk", "nameIdentifierType": "BIRT"}]}
    reading = read(changed(base(), put={f"{NATURAL}.name": [first, other]}))
    assert reading.is_valid
    assert reading.element is not None
    natural = reading.element.originator.persons[0].natural_person
    assert natural is not None
    assert [each.code for each in natural.name.name_identifier] == ["LEGL", "BIRT"]


def test_an_unknown_element_is_not_read_and_said() -> None:
    reading = read(changed(base(), put={f"{NATURAL}.shoeSize": "42", "Extra thing": 1}))
    assert reading.is_valid
    assert reading.element == PLAIN.element
    assert set(warned(reading)) == {
        ("UNKNOWN", "$.originator.originatorPersons[0].naturalPerson.shoeSize"),
        ("UNKNOWN", "$['Extra thing']"),
    }


def test_one_element_under_two_names_is_refused() -> None:
    reading = read(changed(base(), put={f"{NATURAL}.customerNumber": "other"}))
    assert [each.code for each in reading.violations] == ["MULTIPLICITY"]


def test_persons_under_the_names_of_both_editions_are_refused() -> None:
    persons = base()["originator"]["originatorPersons"]
    reading = read(changed(base(), put={"originator.originatorPerson": persons}))
    assert [each.code for each in reading.violations] == ["MULTIPLICITY"]


def test_verifyvasps_addition_is_kept_and_said() -> None:
    path = f"{SHORT['L']}.dateOfIncorporation"
    reading = read(changed(base(), put={path: "2019-03-01"}))
    assert reading.is_valid
    assert [code for code, _ in warned(reading)] == ["EXTENSION"]
    assert reading.element is not None
    assert b'"dateOfIncorporation":"2019-03-01"' in write_element(reading.element, Edition.V2020)
    assert not read(changed(base(), put={path: "2019-13-01"})).is_valid


def test_building_number_and_name_keep_their_places() -> None:
    # VerifyVASP 1.5.4 swapped them when it saved.
    address = {"addressType": "GEOG", "streetName": "A", "buildingNumber": "1", "buildingName": "B", "country": "KR"}
    reading = read_part(dumps(address), model.Address, DEMANDS)
    assert reading.element is not None
    assert b'"buildingNumber":"1","buildingName":"B"' in write_element(reading.element, Edition.V2020)


def test_korean_providers_may_write_hangul_and_need_a_birth_date() -> None:
    hangul = changed(base(), put={f"{NATURAL}.name.nameIdentifier.0.primaryIdentifier": "홍길동"})
    assert not read(hangul).is_valid
    assert read_payload(dumps(hangul), KOREAN).is_valid
    unborn = changed(hangul, drop=(f"{NATURAL}.dateAndPlaceOfBirth",))
    reading = read_payload(dumps(unborn), KOREAN)
    assert [(each.code, each.path.rpartition(".")[2]) for each in reading.violations] == [
        ("PROFILE", "dateAndPlaceOfBirth")
    ]
    kanji = changed(base(), put={f"{NATURAL}.name.nameIdentifier.0.primaryIdentifier": "洪吉童"})
    assert [each.code for each in read_payload(dumps(kanji), KOREAN).violations] == ["CHARACTERS"]


def test_a_korean_company_comes_with_a_representative() -> None:
    company = base()["originatingVASP"]["originatingVASP"]
    who = {"naturalPerson": {"name": base()["beneficiary"]["beneficiaryPersons"][0]["naturalPerson"]["name"]}}
    payload = changed(base(), put={"originator.originatorPersons": [company, who]})
    assert [each.code for each in read(payload).violations] == ["C1"]
    assert read_payload(dumps(payload), KOREAN).is_valid


def test_a_stricter_profile_holds_an_lei_to_its_check_digits() -> None:
    payload = changed(base(), put={f"{SHORT['L']}.nationalIdentification.nationalIdentifier": "3M5E1GQKGL17HI8CPN20"})
    assert read(payload).is_valid
    strict = read_payload(dumps(payload), replace(DEMANDS, profile=STRICT_LEI))
    assert [each.code for each in strict.violations] == ["PROFILE"]


def test_an_authority_is_compared_with_the_list_that_is_installed() -> None:
    payload = changed(base(), put={f"{SHORT['R']}.registrationAuthority": "RA000553"})
    assert [code for code, _ in warned(read(payload))] == ["AUTHORITY_UNCHECKED"]
    listed = replace(DEMANDS, authorities=frozenset({"RA000553"}))
    assert read_payload(dumps(payload), listed).warnings == ()
    other = replace(DEMANDS, authorities=frozenset({"RA000001"}))
    assert [each.code for each in read_payload(dumps(payload), other).violations] == ["C10"]
