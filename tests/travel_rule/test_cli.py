"""``strongroom travel-rule``: what it prints, and what the shell learns."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strongroom.cli.main import run
from tests.travel_rule.ivms101.samples import base, changed, dumps, to_2023
from tools.generators import ROOT

EXPLAIN = "travel-rule explain --from KR --to SG --currency USD --on 2026-11-20 --json"
Inside = Callable[[str], tuple[int, str, str]]


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Inside:
    """Run a command line in a folder with a good payload, a bad one and one of 2023."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.json").write_bytes(dumps(base()))
    (tmp_path / "new.json").write_bytes(dumps(to_2023(base())))
    (tmp_path / "bad.json").write_bytes(dumps(changed(base(), drop=("originator",))))
    (tmp_path / "none.json").write_bytes(b"[" * 5000)

    def ran(line: str) -> tuple[int, str, str]:
        code = run(line.split())
        said = capsys.readouterr()
        return code, said.out, said.err

    return ran


def data(out: str) -> Any:
    return json.loads(out)


def test_a_valid_payload(inside: Inside) -> None:
    code, out, err = inside("travel-rule ivms101 validate good.json --json")
    assert (code, err) == (0, "")
    assert data(out) == {"valid": True, "version": "2020", "violations": [], "warnings": []}


def test_an_invalid_payload_names_constraint_path_and_message(inside: Inside) -> None:
    code, out, _ = inside("travel-rule ivms101 validate bad.json --json")
    assert code == 1
    assert data(out)["valid"] is False
    assert data(out)["violations"] == [
        {"constraint": "MULTIPLICITY", "path": "$.originator", "message": "originator is missing."}
    ]


def test_another_dialect_is_valid_with_warnings(inside: Inside) -> None:
    sample = ROOT / "tests/data/ivms101/trisa/identity_payload.json"
    code, out, _ = inside(f"travel-rule ivms101 validate {sample} --json")
    assert code == 0
    assert data(out)["warnings"][0] == {
        "code": "DIALECT",
        "path": "$.originator.originatorPersons[0].naturalPerson.geographicAddress[0].postCode",
        "message": "Read as postcode.",
    }


@pytest.mark.parametrize(("file", "version", "code"), [("good", 2020, 0), ("good", 2023, 1), ("new", 2023, 0)])
def test_the_edition_asked_for_is_the_only_one_taken(inside: Inside, file: str, version: int, code: int) -> None:
    assert inside(f"travel-rule ivms101 validate {file}.json --version {version}")[0] == code


def test_people_read_a_table(inside: Inside) -> None:
    code, out, _ = inside("travel-rule ivms101 validate bad.json")
    assert code == 1
    assert out.startswith("Not valid, edition 2020.\n")
    assert "MULTIPLICITY  $.originator  originator is missing." in out


def test_bytes_that_are_no_payload(inside: Inside) -> None:
    code, out, err = inside("travel-rule ivms101 validate none.json --json")
    assert (code, err) == (1, "")
    assert [each["constraint"] for each in data(out)["violations"]] == ["JSON"]


def test_a_list_of_authorities_is_used(inside: Inside, tmp_path: Path) -> None:
    payload = dumps(base()).replace(b"RA888888", b"RA000553")
    (tmp_path / "listed.json").write_bytes(payload)
    (tmp_path / "ra.csv").write_text("Registration Authority Code,Country\nRA000001,Afghanistan\n")
    assert inside("travel-rule ivms101 validate listed.json")[0] == 0
    assert inside("travel-rule ivms101 validate listed.json --authorities ra.csv")[0] == 1
    assert inside("travel-rule ivms101 validate good.json --authorities good.json")[0] == 0
    assert inside("travel-rule ivms101 validate good.json --authorities none.json")[0] == 2


def test_converting_there_and_back(inside: Inside, tmp_path: Path) -> None:
    code, there, err = inside("travel-rule ivms101 convert good.json --to 2023")
    assert (code, err, data(there)) == (0, "", data(dumps(to_2023(base())).decode()))
    (tmp_path / "there.json").write_text(there)
    assert data(inside("travel-rule ivms101 convert there.json --to 2020")[1]) == base()


def test_only_a_valid_payload_is_converted(inside: Inside) -> None:
    code, out, err = inside("travel-rule ivms101 convert bad.json --to 2023")
    assert (code, out) == (1, "")
    assert err == "MULTIPLICITY $.originator: originator is missing.\n"


def test_which_rule_asks_for_which_field(inside: Inside) -> None:
    code, out, _ = inside(f"{EXPLAIN} --amount 2000 --price USD/KRW=1390.5@upbit --price USD/SGD=1.31@mas")
    assert code == 0
    korea, singapore = data(out)["duties"]
    assert (korea["rule"], korea["tier"], korea["counted"]) == ("KR-2024", "above", "2781000.0")
    assert (singapore["rule"], singapore["tier"], singapore["counted"]) == ("SG-2020", "above", "2620.00")
    asked = {each["fields"]: each["askedBy"] for each in data(out)["requirements"]}
    assert asked["originator.name"] == ["KR-2024", "SG-2020"]
    assert asked["originator.birth | originator.legal_person"] == ["KR-2024"]
    assert [each["source"] for each in data(out)["values"]] == ["as given", "upbit", "mas"]


def test_without_a_price_it_counts_as_above(inside: Inside) -> None:
    _, out, _ = inside(f"{EXPLAIN} --amount 1")
    assert [(each["tier"], each["counted"]) for each in data(out)["duties"]] == [("above", None), ("above", None)]


def test_earlier_transfers_count_with_it_within_the_window(inside: Inside) -> None:
    line = "travel-rule explain --from SG --to BR --amount 600 --currency SGD --earlier 500@1 --earlier 401@24"
    _, out, _ = inside(f"{line} --json")
    singapore = data(out)["duties"][0]
    assert (singapore["tier"], singapore["counted"], singapore["linked"]) == ("above", "1501", 2)
    assert "> 1500 SGD; counted 1501, with 2 earlier: above" in inside(line)[1]
    assert "> 1500 SGD; counted 1100, with 1 earlier: below" in inside(line.replace("@24", "@25"))[1]


def test_people_read_what_was_compared(inside: Inside) -> None:
    _, out, _ = inside("travel-rule explain --from DE --to US --amount 9 --currency USD")
    assert ">= 0 EUR; every amount: above" in out
    assert ">= 3000 USD; counted 9: below" in out
    assert (
        "no price in that currency: above"
        in inside("travel-rule explain --from DE --to US --amount 9 --currency EUR")[1]
    )


def test_what_a_payload_lacks(inside: Inside, tmp_path: Path) -> None:
    unborn = changed(base(), drop=("originator.originatorPersons.0.naturalPerson.dateAndPlaceOfBirth",))
    (tmp_path / "unborn.json").write_bytes(dumps(unborn))
    code, out, _ = inside(f"{EXPLAIN} --amount 2000 --payload unborn.json")
    assert code == 1
    assert [each["fields"] for each in data(out)["missing"]] == ["originator.birth | originator.legal_person"]
    assert inside(f"{EXPLAIN} --amount 2000 --payload good.json")[0] == 0


def test_people_are_told_what_is_planned(inside: Inside) -> None:
    code, out, err = inside("travel-rule explain --from AE --to DE --amount 10 --currency EUR --unhosted")
    assert code == 0
    assert "AE: rule FATF-2019" in out
    assert "KR-PLANNED" in err


@pytest.mark.parametrize(
    "line",
    [
        "travel-rule ivms101 validate absent.json",
        "travel-rule ivms101 convert good.json --to 2021",
        f"{EXPLAIN} --amount -1",
        f"{EXPLAIN} --amount 1e9",
        f"{EXPLAIN} --amount NaN",
        f"{EXPLAIN} --amount 1 --price 1390",
        f"{EXPLAIN} --amount 1 --currency EURO",
        f"{EXPLAIN} --amount 1 --from KOR",
        f"{EXPLAIN} --amount 1 --to Germany",
        f"{EXPLAIN} --amount 1 --earlier 500",
        f"{EXPLAIN} --amount 1 --earlier 500@-1",
        f"{EXPLAIN} --amount 1 --rules good.json",
        f"{EXPLAIN} --amount 1 --payload none.json",
    ],
)
def test_wrong_usage(inside: Inside, line: str) -> None:
    code, out, err = inside(line)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) >= 2


@pytest.mark.parametrize(
    ("line", "code", "verdict", "reason"),
    [
        ("이영희 Lee,Yong-Hee", 1, "no-match", "different"),
        ("이영희 Lee,Young-Hee", 0, "match", "romanisation"),
        ("Acme,Inc ACME", 0, "match", "same"),
        ("Acme,GmbH Acme,AG --kind company", 1, "close", "legal-form"),
    ],
)
def test_two_names(inside: Inside, line: str, code: int, verdict: str, reason: str) -> None:
    found, out, err = inside(f"travel-rule names compare {line} --json")
    assert (found, err) == (code, "")
    assert (data(out)["verdict"], data(out)["reason"]) == (verdict, reason)


def test_people_read_why(inside: Inside) -> None:
    code, out, _ = inside("travel-rule names compare 홍길동 Hong,Gildong")
    assert (code, out) == (0, "match (95): Two spellings of one Korean name.\n")
