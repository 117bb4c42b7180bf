"""Between the editions: what each can hold arrives, and what one cannot hold is said."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.travel_rule.ivms101.editions import lost_in, settle
from strongroom.travel_rule.ivms101.findings import Edition
from strongroom.travel_rule.ivms101.model import Payload
from strongroom.travel_rule.ivms101.payload import read_payload, write_element
from tests.travel_rule.ivms101.samples import DEMANDS, base, changed, dumps, to_2023

ACCOUNT = "originator.originatorPerson.0.accountNumber"


def read(payload: dict[str, object]) -> Payload:
    reading = read_payload(dumps(payload), DEMANDS)
    assert reading.element is not None
    return reading.element


def test_the_names_of_each_edition() -> None:
    assert write_element(read(base()), Edition.V2023) == write_element(read(to_2023(base())), Edition.V2023)
    assert write_element(read(to_2023(base())), Edition.V2020) == write_element(read(base()), Edition.V2020)


NAMES = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30)
NAME = st.fixed_dictionaries(
    {"primaryIdentifier": NAMES, "nameIdentifierType": st.just("LEGL")},
    optional={"secondaryIdentifier": NAMES},
)
Strategy = st.SearchStrategy[Any]
NAMING: Strategy = st.fixed_dictionaries({"nameIdentifier": st.lists(NAME, min_size=1, max_size=3)})
NATURAL: Strategy = st.fixed_dictionaries(
    {"name": NAMING, "customerIdentification": NAMES},
    optional={"countryOfResidence": st.sampled_from(("KR", "US", "XX"))},
)
PERSONS: Strategy = st.lists(st.fixed_dictionaries({"naturalPerson": NATURAL}), min_size=1, max_size=3)
ACCOUNTS: Strategy = st.lists(NAMES, max_size=3, unique=True)
PAYLOADS: Strategy = st.fixed_dictionaries(
    {
        "originator": st.fixed_dictionaries({"originatorPersons": PERSONS}, optional={"accountNumber": ACCOUNTS}),
        "beneficiary": st.fixed_dictionaries({"beneficiaryPersons": PERSONS}, optional={"accountNumber": ACCOUNTS}),
    },
    optional={"payloadMetadata": st.fixed_dictionaries({"transliterationMethod": st.just(["kore"])})},
)


@given(PAYLOADS)
@settings(max_examples=100, deadline=None)
def test_a_payload_of_2020_comes_back_whole(payload: dict[str, object]) -> None:
    first = read_payload(dumps(payload), DEMANDS)
    assert first.is_valid
    assert first.element is not None
    there = read_payload(write_element(first.element, Edition.V2023), DEMANDS)
    assert (there.is_valid, there.edition, there.warnings) == (True, Edition.V2023, ())
    assert there.element is not None
    assert settle(there.element, Edition.V2020) == first.element
    assert lost_in(first.element, Edition.V2023) == []


def test_accounts_of_persons_stand_beside_them_in_2020() -> None:
    payload = changed(to_2023(base()), put={ACCOUNT: ["a", "b"]})
    assert settle(read(payload), Edition.V2020).originator.account_number == ("a", "b")


SECOND = {**to_2023(base())["originator"]["originatorPerson"][0], "accountNumber": ["c"]}


@pytest.mark.parametrize(
    ("put", "lost"),
    [
        ({}, 0),
        ({"originator.originatorPerson.1": SECOND}, 1),
        ({"originatingVASP.originatingVASP.accountNumber": ["v"]}, 1),
    ],
)
def test_what_2020_cannot_hold_is_said(put: dict[str, object], lost: int) -> None:
    payload = read(changed(to_2023(base()), put=put))
    assert len(lost_in(payload, Edition.V2020)) == lost


def test_a_long_account_number_is_valid_in_2023_alone() -> None:
    payload = read(changed(to_2023(base()), put={ACCOUNT: ["x" * 512]}))
    assert read_payload(write_element(payload, Edition.V2023), DEMANDS).is_valid
    back = read_payload(write_element(payload, Edition.V2020), DEMANDS)
    assert [(each.code, each.path) for each in back.violations] == [("LENGTH", "$.originator.accountNumber[0]")]


def test_a_payload_of_2023_says_its_version() -> None:
    silent = read_payload(dumps(changed(to_2023(base()), drop=("payloadMetadata",))), DEMANDS)
    assert silent.is_valid
    assert [each.code for each in silent.warnings] == ["VERSION"]
    unnamed = changed(to_2023(base()), put={"payloadMetadata": {"transliterationMethod": ["kore"]}})
    assert [each.code for each in read_payload(dumps(unnamed), DEMANDS).violations] == ["MULTIPLICITY"]
