"""What is said of two names, and that nothing anybody can write breaks it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strongroom.travel_rule.ivms101.model import Payload, Person
from strongroom.travel_rule.ivms101.payload import read_part, read_payload
from strongroom.travel_rule.names.companies import compare_companies
from strongroom.travel_rule.names.parties import compare, compare_person
from strongroom.travel_rule.names.persons import compare_persons
from strongroom.travel_rule.names.verdict import Comparison, Reason, Verdict
from tests.travel_rule.ivms101.samples import DEMANDS, base, dumps


@pytest.mark.parametrize(
    ("left", "right", "verdict", "reason"),
    [
        ("Hong Gildong", "HONG gil-dong", "match", "spacing"),
        ("Hong Gildong", "Gildong Hong", "match", "order"),
        ("홍길동", "Gil Dong Hong", "match", "romanisation"),
        ("이영희", "Yi Yeonghui", "match", "romanisation"),
        ("Lee Young Hee", "Yi Yeong-hui", "match", "romanisation"),
        ("Jürgen Müller", "Juergen Mueller", "match", "diacritics"),
        ("John Q. Public", "John Quincy Public", "match", "initials"),
        ("John Quincy Public", "Public John", "match", "middle-name"),
        ("J Public", "John Public", "close", "initials"),
        ("John Public Jr", "John Public", "close", "suffix"),
        ("John Public Jr", "John Public Sr", "no-match", "suffix"),
        ("Juan Carlos Garcia", "Carlos Juan Garcia", "close", "rearranged"),
        ("Christopher Wren", "Christoper Wren", "close", "spelling"),
        ("Ahmed Hassan", "Ahmad Hassan", "close", "sound"),
        ("류현진", "유현진", "close", "sound"),
        ("Maria Santos", "Mario Santos", "no-match", "different"),
        ("김민준", "Kim Minjung", "no-match", "different"),
        ("", "John", "no-match", "empty"),
        ("12 34", "!?", "no-match", "empty"),
        ("Acme GmbH", "ACME AG", "close", "legal-form"),
        ("㈜카카오", "카카오 주식회사", "match", "same"),
        ("Acme Holdings Ltd", "Acme Ltd", "no-match", "different"),
        ("Alpha Fund II LP", "Alpha Fund III LP", "no-match", "suffix"),
    ],
)
def test_the_verdict_and_its_reason(left: str, right: str, verdict: str, reason: str) -> None:
    found = compare(left, right)
    assert (found.verdict, found.reason) == (verdict, reason)
    assert found.reason.text.endswith(".")


LETTERS = st.text(st.characters(categories=("L", "M", "N", "P", "Z", "S")), max_size=60)
NAMES = st.one_of(
    LETTERS,
    st.text("abcdefgiklmnoprstuwyz -.,'", max_size=40),
    st.text("김이박최정남궁영희민준서 ", max_size=12),
    st.text(max_size=500),
)


@given(NAMES, NAMES)
@settings(max_examples=400, deadline=None)
def test_any_two_texts_have_an_answer_whichever_comes_first(left: str, right: str) -> None:
    for comparing in (compare_persons, compare_companies, compare):
        found = comparing(left, right)
        assert found == comparing(right, left)
        assert 0 <= found.score <= 100
        assert (found.score == 0) == (found.verdict is Verdict.NO_MATCH)


@given(NAMES)
@settings(max_examples=200, deadline=None)
def test_a_name_is_itself(name: str) -> None:
    for comparing in (compare_persons, compare_companies):
        found = comparing(name, name)
        assert found in {
            Comparison(verdict=Verdict.MATCH, score=100, reason=Reason.SAME),
            Comparison(verdict=Verdict.NO_MATCH, score=0, reason=Reason.EMPTY),
        }


SYLLABLES = st.sampled_from("민준서연지영희현우진성호은경수혜정재원석")
SURNAMES = st.sampled_from([("김", "Kim"), ("이", "Lee"), ("박", "Park"), ("최", "Choi"), ("남궁", "Namgung")])
ROMAN = {
    "민": "min", "준": "jun", "서": "seo", "연": "yeon", "지": "ji", "영": "yeong", "희": "hui", "현": "hyeon",
    "우": "u", "진": "jin", "성": "seong", "호": "ho", "은": "eun", "경": "gyeong", "수": "su", "혜": "hye",
    "정": "jeong", "재": "jae", "원": "won", "석": "seok",
}  # fmt: skip


@given(
    SURNAMES,
    st.lists(SYLLABLES, min_size=2, max_size=2),
    st.sampled_from(("", " ", "-")),
    st.sampled_from(("east", "west")),
)
@settings(max_examples=100, deadline=None)
def test_the_standard_spelling_of_a_korean_name_is_found_in_either_order(
    surname: tuple[str, str], given_name: list[str], between: str, order: str
) -> None:
    family, latin_family = surname
    latin_given = between.join(ROMAN[syllable] for syllable in given_name)
    latin = f"{latin_given} {latin_family}" if order == "west" else f"{latin_family} {latin_given}"
    assert compare_persons(family + "".join(given_name), latin).verdict is Verdict.MATCH


def test_a_long_text_is_cut_and_answered_at_once() -> None:
    assert compare_persons("Lee " + "ji " * 100_000, "Lee " + "jin " * 100_000).verdict is Verdict.NO_MATCH
    assert compare_persons("m" * 400, "n" * 400).verdict is Verdict.NO_MATCH


def person(payload: dict[str, object]) -> Person:
    reading = read_payload(dumps(payload), DEMANDS)
    assert reading.element is not None
    whole: Payload = reading.element
    return whole.originator.persons[0]


def test_any_name_of_an_ivms101_person_will_do() -> None:
    natural = {
        "naturalPerson": {
            "name": {
                "nameIdentifier": [
                    {"primaryIdentifier": "Hong", "secondaryIdentifier": "Gildong", "nameIdentifierType": "LEGL"}
                ],
                "localNameIdentifier": [{"primaryIdentifier": "홍길동", "nameIdentifierType": "LEGL"}],
            }
        }
    }
    reading = read_part(dumps(natural), Person, DEMANDS)
    assert reading.element is not None
    assert compare_person(reading.element, held=["홍길동"]).score == 100
    assert compare_person(reading.element, held=["Someone Else", "Gil Dong Hong"]).verdict is Verdict.MATCH
    assert compare_person(reading.element, held=["Someone Else"]).verdict is Verdict.NO_MATCH
    assert compare_person(reading.element, held=[]).verdict is Verdict.NO_MATCH


def test_a_company_is_compared_as_one() -> None:
    company = {
        "legalPerson": {
            "name": {"nameIdentifier": [{"legalPersonName": "Acme Ltd", "legalPersonNameIdentifierType": "LEGL"}]}
        }
    }
    reading = read_part(dumps(company), Person, DEMANDS)
    assert reading.element is not None
    assert compare_person(reading.element, held=["ACME Limited"]).verdict is Verdict.MATCH
    assert compare_person(person(base()), held=["ACME Limited"]).verdict is Verdict.NO_MATCH
