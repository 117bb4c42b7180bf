"""`strongroom travel-rule demo`: real processes, real databases, and success only when everything is there."""

import json
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fixtures.embedded import data_folder, living_in, run_strongroom

PLANTED = ("Hong", "Gildong", "Verity", "Noah", "Example Street", "1987-06-05")
"""What the demonstration's persons are called, where they live and when they were born."""


@pytest.fixture(scope="module")
def demonstrated() -> Iterator[tuple[str, dict[str, Any], dict[str, str]]]:
    """What it printed, what it wrote, and its logs by name; it ended with 0 and left no process."""
    with data_folder() as folder:
        written = folder.parent / "demo.json"
        ran = run_strongroom("travel-rule", "demo", "--data", str(folder), "--json", str(written), timeout_s=280.0)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert living_in(folder) == {}
        logs = {path.name: path.read_text() for path in (folder / "logs").glob("*.log")}
        yield ran.stdout, json.loads(written.read_bytes()), logs


def test_it_verifies_denies_reports_and_inquires(demonstrated: tuple[str, dict[str, Any], dict[str, str]]) -> None:
    printed, told, _ = demonstrated
    assert (told["ok"], told["missing"]) == (True, [])
    assert [(each["result"], each["reason"]) for each in told["verifications"]] == [
        ("VERIFIED", None),
        ("DENIED", "UNVERIFIED-KYC"),
    ]
    verified = told["verifications"][0]["uuid"]
    assert told["inquiry"]["transactionStatus"] == "CONFIRMED"
    assert told["tx_report"]["callback"]["data"]["verificationUuid"] == verified
    assert told["engines"]["a"] == ("MariaDB" if shutil.which("mariadbd", path="/usr/sbin:/usr/bin") else "PostgreSQL")
    assert told["engines"]["b"] == "PostgreSQL"
    for side in ("a", "b"):
        row = told["stored"][side]["rows"][verified]
        assert (row["result"], row["tx_hash"]) == ("VERIFIED", told["tx_report"]["txHash"])
        assert row["ivms101_originator"]
    assert verified in printed


def test_no_row_log_or_passage_names_a_person(demonstrated: tuple[str, dict[str, Any], dict[str, str]]) -> None:
    _, told, logs = demonstrated
    stored = json.dumps([told["stored"], told["hub"]])
    assert set(logs) == {"hub.log", "enclave-a.log", "enclave-b.log", "robot-a.log", "robot-b.log"}
    assert not [name for name in PLANTED if name in stored]
    assert not [(name, log) for name in PLANTED for log, text in logs.items() if name in text]


def test_what_passes_the_hub_is_as_long_for_a_yes_as_for_a_no(
    demonstrated: tuple[str, dict[str, Any], dict[str, str]],
) -> None:
    _, told, _ = demonstrated
    answers = {each["bytes"][1] for each in told["hub"] if each["kind"] == "verification"}
    assert len(answers) == 1
