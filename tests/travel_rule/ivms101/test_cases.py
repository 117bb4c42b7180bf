"""Every constraint, one change to a good payload at a time, in both editions and on both ways of reading."""

from dataclasses import replace

import pytest

from strongroom.kernel.errors import StrongroomError
from strongroom.travel_rule.ivms101.findings import Constraint, Edition
from strongroom.travel_rule.ivms101.model import Payload
from strongroom.travel_rule.ivms101.payload import parse_payload, read_part, read_payload
from tests.travel_rule.ivms101.cases import Case, read_cases
from tests.travel_rule.ivms101.samples import DEMANDS, base, dumps, to_2023

CASES = read_cases()
LISTED = replace(DEMANDS, authorities=frozenset({"RA000553"}))
each_case = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


@each_case
def test_what_is_said_of_a_payload_of_2020(case: Case) -> None:
    reading = read_payload(dumps(case.payload), LISTED)
    assert {(each.code, each.path) for each in reading.violations} == case.says
    assert {(each.code, each.path) for each in reading.warnings} == case.warns
    assert reading.is_valid is case.is_valid


@each_case
def test_the_same_constraints_are_broken_in_2023(case: Case) -> None:
    reading = read_payload(dumps(to_2023(case.payload)), LISTED)
    assert reading.edition is Edition.V2023
    assert sorted(each.code for each in reading.violations) == sorted(code for code, _ in case.says)


@each_case
def test_the_short_way_and_the_long_way_say_the_same(case: Case) -> None:
    for payload in (case.payload, to_2023(case.payload)):
        body = dumps(payload)
        assert read_payload(body, LISTED) == read_part(body, Payload, LISTED)


def test_every_constraint_has_a_case() -> None:
    named = {code for case in CASES for code, _ in case.says}
    elsewhere = {Constraint.JSON, Constraint.EDITION, Constraint.PROFILE}
    assert named | elsewhere == set(Constraint)


def test_a_payload_that_must_be_valid_is_refused_with_its_first_fault() -> None:
    assert parse_payload(dumps(base()), LISTED) == read_payload(dumps(base()), LISTED).element
    bad = next(case for case in CASES if case.name.startswith("C8: a street"))
    with pytest.raises(StrongroomError, match=r"^C8 at \$\.originator\.originatorPersons\[0\]"):
        parse_payload(dumps(bad.payload), LISTED)


@pytest.mark.parametrize("edition", list(Edition))
def test_asked_for_one_edition_the_other_is_refused(edition: Edition) -> None:
    body = dumps(base(edition))
    assert read_payload(body, replace(LISTED, edition=edition)).is_valid
    other = next(each for each in Edition if each is not edition)
    reading = read_payload(body, replace(LISTED, edition=other))
    assert [(each.code, each.path) for each in reading.violations] == [("EDITION", "$")]
