"""A second opinion: npm ivms101 2.0.0. Alone it is not right: where it deviates, the table of cases says why."""

import json
import subprocess
from pathlib import Path
from typing import Any

from strongroom.travel_rule.ivms101.findings import Edition
from strongroom.travel_rule.ivms101.payload import read_payload, write_element
from tests.travel_rule.ivms101.cases import for_npm, read_cases
from tests.travel_rule.ivms101.samples import DEMANDS, Json, base, changed, dumps, to_2023
from tools.generators import ROOT

PROGRAM = Path(__file__).with_name("oracle.mjs")
VERSION = "2.0.0"
# What npm's converter does not carry over: accounts beside persons in 2020 (persons of 2020 have none).
ACCOUNTS = "accountNumber"


def ask(questions: list[Json]) -> list[Any]:
    done = subprocess.run(
        ["node", str(PROGRAM)], cwd=ROOT, input=json.dumps(questions).encode(), capture_output=True, check=True
    )
    return json.loads(done.stdout)


def test_the_oracle_is_the_version_whose_deviations_are_listed() -> None:
    assert json.loads((ROOT / "node_modules/ivms101/package.json").read_text())["version"] == VERSION


def test_npm_and_we_agree_but_where_it_is_written_down() -> None:
    cases = read_cases()
    for edition in ("2020", "2023"):
        questions = [{"call": "valid", "edition": edition, "payload": for_npm(case, edition)} for case in cases]
        answers = ask(questions)
        assert {case.name: answer for case, answer in zip(cases, answers, strict=True)} == {
            case.name: case.npm for case in cases
        }


def test_every_deviation_is_explained_and_nothing_else_is() -> None:
    unexplained = [case.name for case in read_cases() if (case.npm != case.is_valid) is not bool(case.why)]
    assert not unexplained


def test_npm_reads_what_we_convert_and_we_what_it_converts() -> None:
    flat = {side: base()[side][side] for side in ("originatingVASP", "beneficiaryVASP")}
    ours = read_payload(dumps({**base(), **flat}), DEMANDS).element
    assert ours is not None
    numbered = dumps({**base(), **flat}).replace(b"customerIdentification", b"customerNumber")
    theirs_2023, theirs_2020 = ask(
        [
            {"call": "convert", "edition": "2023", "payload": json.loads(numbered)},
            {"call": "convert", "edition": "2020", "payload": {**to_2023(base()), **flat}},
        ]
    )
    bare = changed(base(), drop=("originator.accountNumber", "beneficiary.accountNumber"))
    without_accounts = read_payload(dumps(bare), DEMANDS).element
    assert without_accounts is not None
    for edition, theirs in ((Edition.V2023, theirs_2023), (Edition.V2020, theirs_2020)):
        for party in ("originator", "beneficiary"):
            for person in theirs[party].get(f"{party}Person", theirs[party].get(f"{party}Persons")):
                person.pop(ACCOUNTS, None)
        read = read_payload(dumps(theirs), DEMANDS).element
        assert read is not None
        assert write_element(read, edition) == write_element(without_accounts, edition)
