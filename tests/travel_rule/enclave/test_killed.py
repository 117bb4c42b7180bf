"""An enclave killed at every state of its commands: nothing is lost, and nothing is answered in two ways."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.fakes.travel_rule_backend import BOB, Misbehaviour
from tests.fixtures.enclave import EnclaveDatabases
from tests.travel_rule.enclave.pair import order, until_true
from tests.travel_rule.enclave.processes import Processes, processes

DENIED = {"result": "DENIED", "reason": "BLACKLISTED"}


@pytest.mark.parametrize("engines", [("mariadb", "postgresql"), ("postgresql", "mariadb")], ids="A-on-{0[0]}".format)
async def test_killed_anywhere_a_verification_is_answered_once_and_told(
    enclave_databases: EnclaveDatabases, enclave_templates: dict[str, str], tmp_path: Path, engines: tuple[str, str]
) -> None:
    for engine in engines:
        await enclave_databases.migrated(engine)
    urls = (enclave_templates[engines[0]], enclave_templates[engines[1]])
    async with processes(urls, tmp_path) as made:
        await _killed_while_it_waits_to_try_again(made)
        await _killed_before_the_question_arrived(made)
        await _killed_before_the_answer_arrived(made)
        await _killed_while_the_back_end_decides(made)
        await _killed_while_the_callback_is_delivered(made)
        await _killed_before_the_report_arrived(made)
        for side in (made.a, made.b):
            assert await side.run("dead-letters", "list") == ""


async def _killed_while_it_waits_to_try_again(made: Processes) -> None:
    """The command is CREATED again, due later: whoever comes back takes it up."""
    made.hub.is_down = True
    uuid = await _verify(made)
    await until_true(lambda: _postponed(made, uuid))
    made.a.kill()
    made.hub.restore()
    await made.a.start()
    await _is_verified_on_both_sides(made, uuid)


async def _killed_before_the_question_arrived(made: Processes) -> None:
    """The question is under way: the hub delivers it after the kill, and the process that comes back asks again."""
    made.hub.hold_question = asyncio.Event()
    asked = len(made.hub.carried)
    uuid = await _verify(made)
    await until_true(lambda: len(made.hub.carried) > asked)
    made.a.kill()
    made.hub.hold_question.set()
    await made.a.start()
    await _is_verified_on_both_sides(made, uuid)


async def _killed_before_the_answer_arrived(made: Processes) -> None:
    """The counterparty has decided, and would decide otherwise now: its first word stays."""
    made.hub.hold_answer = asyncio.Event()
    answered = len(made.hub.answers)
    uuid = await _verify(made)
    await until_true(lambda: len(made.hub.answers) > answered and made.b.backend.asked("verification"))
    made.a.kill()
    made.b.backend.decisions[BOB] = DENIED
    made.hub.hold_answer.set()
    await made.a.start()
    await _is_verified_on_both_sides(made, uuid)
    made.b.backend.decisions.clear()


async def _killed_while_the_back_end_decides(made: Processes) -> None:
    """The counterparty's process dies with the verification taken and not decided."""
    made.b.backend.misbehave["verification"] = Misbehaviour(delay_s=3.0)
    uuid = await _verify(made)
    await until_true(lambda: _times_asked(made, uuid) == 1)
    made.b.kill()
    made.b.backend.misbehave.clear()
    await made.b.start()
    await _is_verified_on_both_sides(made, uuid)
    assert _times_asked(made, uuid) == 2


async def _killed_while_the_callback_is_delivered(made: Processes) -> None:
    """The back end has it, and nobody knows: it is told the same again."""
    made.a.backend.misbehave["callback"] = Misbehaviour(delay_s=3.0)
    uuid = await _verify(made)
    await until_true(lambda: len(_told(made, uuid)) == 1)
    made.a.kill()
    made.a.backend.misbehave.clear()
    await made.a.start()
    await until_true(lambda: len(_told(made, uuid)) >= 2)
    assert all(each == _told(made, uuid)[0] for each in _told(made, uuid))
    await _is_verified_on_both_sides(made, uuid)


async def _killed_before_the_report_arrived(made: Processes) -> None:
    """A report that was answered with ``true`` arrives, whatever happens to the process."""
    uuid = await _verify(made)
    await made.a.final(uuid)
    made.hub.hold_question = asyncio.Event()
    asked = len(made.hub.carried)
    report = {"verificationUuid": uuid, "txHash": "0xabc", "vout": None}
    assert await made.a.post("/v1/verifications/tx", report) == {"result": True}
    await until_true(lambda: len(made.hub.carried) > asked)
    made.a.kill()
    made.hub.hold_question.set()
    await made.a.start()
    await until_true(lambda: made.b.backend.callbacks("TX_REPORT"))
    assert made.b.backend.callbacks("TX_REPORT") == [report]


async def _verify(made: Processes) -> str:
    answer = await made.a.post("/v1/verifications", order())
    return answer["verificationUuid"]


async def _is_verified_on_both_sides(made: Processes, uuid: str) -> None:
    for side in (made.a, made.b):
        assert (await side.final(uuid))["result"] == "VERIFIED"
    await until_true(lambda: _told(made, uuid))
    assert {each["result"] for each in _told(made, uuid)} == {"VERIFIED"}


def _told(made: Processes, uuid: str) -> list[dict[str, str]]:
    told = made.a.backend.callbacks("VERIFICATION_RESULT")
    return [each for each in told if each["verificationUuid"] == uuid]


def _postponed(made: Processes, uuid: str) -> bool:
    """Whether its second try has failed, as the log says: then the first was stored to be made again."""
    lines = [json.loads(line) for line in made.a.log.read_text().splitlines(keepends=True) if line.endswith("\n")]
    failed = [line for line in lines if line["event"] == "verification_failed" and line["uuid"] == uuid]
    return any(line["attempt"] > 0 for line in failed)


def _times_asked(made: Processes, uuid: str) -> int:
    return sum(each["verificationUuid"] == uuid for each in made.b.backend.asked("verification"))
