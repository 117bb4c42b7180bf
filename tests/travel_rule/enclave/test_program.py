"""The program ``strongroom-enclave``: its commands, and that its logs and commands hold nobody's data."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine

from strongroom.runtime.program import Exit, run_program
from strongroom.travel_rule.enclave.main import app
from tests.fakes.travel_rule_backend import BOB, CAROL, Misbehaviour
from tests.travel_rule.enclave.pair import B, ivms101, order, settings, until, until_true
from tests.travel_rule.enclave.processes import Processes, processes, toml

PATH = "/v1/verifications"
PLANTED = (
    "Originatoria",
    "Alice",
    "Planted Street",
    "Plantedtown",
    "Plantedville",
    "1987-06-05",
    "Beneficiarius",
    "Whispered",
    "a11ce",
    "Basic dG9w",
    "token at the",
)
"""Parts of names, addresses, birth dates and secrets that are sent around in these tests."""


@pytest.fixture
async def running(two_databases: tuple[str, str], tmp_path: Path) -> AsyncIterator[Processes]:
    async with processes(two_databases, tmp_path, callback_tries=2) as made:
        yield made


async def test_a_dead_letter_is_listed_and_replayed(running: Processes) -> None:
    running.a.backend.misbehave["callback"] = Misbehaviour(statuses=[500] * 1000)
    uuid = (await running.a.post(PATH, order()))["verificationUuid"]

    async def died() -> list[str]:
        return (await running.a.run("dead-letters", "list")).splitlines()

    (line,) = await until(died)
    assert uuid in line
    assert "CALLBACK" in line
    running.a.backend.misbehave.clear()
    delivered = len(running.a.backend.asked("callback"))
    await running.a.run("dead-letters", "replay", line.split()[0])
    await until_true(lambda: len(running.a.backend.asked("callback")) == delivered + 1)
    assert await died() == []
    assert running.a.backend.callbacks("VERIFICATION_RESULT")[-1]["verificationUuid"] == uuid


async def test_keys_are_rotated_and_a_verification_is_erased_while_it_serves(running: Processes) -> None:
    before = (await running.a.post(PATH, order()))["verificationUuid"]
    await running.a.final(before)
    assert "Version 2" in await running.a.run("keys", "rotate")
    after = (await running.a.post(PATH, order()))["verificationUuid"]
    await running.a.final(after)
    await running.a.run("erase", before)
    erased, kept = [(await running.a.api.get(f"{PATH}/{uuid}")).json() for uuid in (before, after)]
    assert {erased[name] for name in erased if name.startswith("ivms101")} == {None}
    assert json.loads(kept["ivms101Originator"]) == ivms101()["originator"]
    assert (await running.b.api.get(f"{PATH}/{before}")).json()["ivms101Originator"] is not None


async def test_nobody_s_data_is_in_a_log_or_in_a_command(running: Processes, two_databases: tuple[str, str]) -> None:
    await _go_well_and_badly(running)
    await _be_answered_badly(running)
    for side in (running.a, running.b):
        log = side.log.read_text()
        lines = [json.loads(line) for line in log.splitlines()]
        assert any(line["event"] == "listening" for line in lines)
        assert len(lines) > 15
        assert [planted for planted in PLANTED if planted.lower() in log.lower()] == []
    for url in two_databases:
        bodies = await _command_bodies(url)
        assert [planted for planted in PLANTED for body in bodies if planted.lower() in body.lower()] == []
    assert await _command_bodies(two_databases[0])


def test_settings_that_are_not_understood_are_refused_without_their_values(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "enclave.toml"
    good = 'vasp_id = "1"\njurisdiction = "KR"\n'
    for text, said in (
        (good, "api.token"),
        (good + 'colour = "red"\n', "colour"),
        ('vasp_id = 9007199254740993\njurisdiction = "KR"\n', "vasp_id"),
        (good + '[api]\ntoken = "a secret token of this file"\n[backend]\ntoken = "another secret token"\n', "hub.url"),
        ("= 1", "cannot be read as TOML"),
    ):
        file.write_text(text)
        assert run_program(app, ["serve", "--config", str(file)]) is Exit.REFUSED
        error = capsys.readouterr().err
        assert said in error
        assert "secret token" not in error
    assert run_program(app, ["nonsense"]) is Exit.USAGE


def test_a_jurisdiction_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("kr", "KOR", ""):
        config = settings("1", database="postgresql+asyncpg://127.0.0.1:1/none", hub_port=1, backend_port=1)
        config = msgspec.structs.replace(config, jurisdiction=name, keys_folder=str(tmp_path / "keys"))
        file = tmp_path / "enclave.toml"
        file.write_text(toml(msgspec.to_builtins(config)))
        assert run_program(app, ["serve", "--config", str(file)]) is Exit.REFUSED
        assert "jurisdiction is neither a country nor one of the rules." in capsys.readouterr().err


async def _go_well_and_badly(running: Processes) -> None:
    a, b = running.a, running.b
    uuid = (await a.post(PATH, order()))["verificationUuid"]
    await a.final(uuid)
    for body in (order(account=CAROL), order(ivms101=ivms101(birth=False))):
        await a.final((await a.post(PATH, body))["verificationUuid"])
    for body in _bad_orders():
        assert (await a.api.post(PATH, json=body)).status_code == 400
    assert (await a.api.post(PATH, content=json.dumps(order())[:-50].encode())).status_code == 400
    assert (await a.api.get(PATH, headers={"authorization": "Basic dG9wIHNlY3JldA=="})).status_code == 401
    assert (await a.api.get(PATH, params={"originatorAccountNumber": "0xa11ce", "Whispered": "x"})).status_code == 400
    account = {"beneficiary": ivms101()["beneficiary"]}
    asked = {"keyType": "PerVasp", "beneficiaryVaspId": B, "symbol": "ETH", "payload": {"ivms101": account}}
    await a.post(f"{PATH}/account", asked)
    await a.post(f"{PATH}/tx", {"verificationUuid": uuid, "txHash": "0xabc"})
    await until_true(lambda: b.backend.callbacks("TX_REPORT"))


async def _be_answered_badly(running: Processes) -> None:
    a, b = running.a, running.b
    told = {"beneficiary": "Whispered"}
    b.backend.decisions[BOB] = {"result": "DENIED", "reason": "MISMATCHED-NAME", "ivms101": told}
    await a.final((await a.post(PATH, order()))["verificationUuid"])
    b.backend.decisions[BOB] = {"result": "DENIED", "reason": "Whispered about Alice", "message": "Plantedville"}
    await a.final((await a.post(PATH, order()))["verificationUuid"])
    b.backend.misbehave["verification"] = Misbehaviour(statuses=[500, 302])
    b.backend.decisions.clear()
    running.hub.on_question = lambda message: message[:-9] + b"Whispered"
    carried = len(running.hub.carried)
    tampered = (await a.post(PATH, order()))["verificationUuid"]
    await until_true(lambda: len(running.hub.carried) > carried)
    await asyncio.sleep(0.3)
    running.hub.restore()
    await a.final(tampered)


def _bad_orders() -> list[Any]:
    unnamed = ivms101()
    unnamed["originator"]["originatorPersons"][0]["naturalPerson"]["name"] = {"Whispered": "Alice"}
    foreign = ivms101()
    foreign["originator"]["originatorPersons"][0]["naturalPerson"]["geographicAddress"][0]["country"] = "Whispered"
    return [
        order(ivms101=unnamed),
        order(ivms101=foreign),
        order() | {"keyType": "Whispered"},
        order() | {"payload": "Whispered"},
        order() | {"requiredBeneficiaryInfo": "Whispered!"},
    ]


async def _command_bodies(url: str) -> list[str]:
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        rows = (await connection.execute(sa.text("select command_body from commands"))).all()
    await engine.dispose()
    return [row.command_body for row in rows]
