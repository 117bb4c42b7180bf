"""Step 5c with an enclave: who is asked what, what its answers mean, and that nothing passes without one."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest

from strongroom.custody.screening.config import ScreeningConfig
from strongroom.interfaces.screening.v1 import screening_pb2 as pb
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.verdict import open_verdict
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import ManualClock
from tests.custody.screening.people import (
    PLANTED,
    RECEIVER,
    SENDER,
    UNHOSTED,
    VASP,
    destination,
    natural,
    originator,
    registry,
)
from tests.custody.screening.world import World, intent_to
from tests.fakes.enclave import FakeEnclave, http
from tests.fixtures.platform import on_behalf, refused
from tests.fixtures.postgres import Databases
from tests.fixtures.tenant import FRIEND, STRANGER, TENANT

NOW_S = 1_800_000_000
TX = "0x" + "ab" * 32


async def ready(world: World, *, intent: Intent | None = None, **changes: Any) -> Intent:
    """A payment, to FRIEND if nothing else is said, that has passed step 5b."""
    await world.load(STRANGER)
    await world.register(registry(**changes))
    intent = intent or intent_to(FRIEND)
    await world.screen(intent)
    return intent


async def record(world: World) -> dict[str, Any]:
    row = await world.database.fetchrow("select * from travel_rule_records")
    assert row is not None
    return dict(row)


async def test_verified_lets_the_payment_pass_and_the_verdict_names_the_institution(
    asking: World, enclave: FakeEnclave
) -> None:
    intent = await ready(asking)
    answer = await asking.exchange(intent)
    assert (answer.outcome, answer.counterparty, answer.report_due) == ("EXCHANGED", f"VASP {VASP}", True)
    set_ = asking.tenant().document_set
    verdict = open_verdict(data=answer.verdict, document_set=set_, intent_hash=intent.hash(), now_s=NOW_S)
    assert (verdict.travel_rule, verdict.travel_rule_counterparty) == ("EXCHANGED", f"VASP {VASP}")
    stored = await record(asking)
    assert list(enclave.verifications) == [str(stored["verification_uuid"])]
    assert (stored["simulated"], stored["outcome"]) == (False, "EXCHANGED")


async def test_the_enclave_is_told_both_parties_amount_and_addresses(asking: World, enclave: FakeEnclave) -> None:
    intent = await ready(asking)
    await asking.exchange(intent)
    ((path, body),) = enclave.posted
    assert path == "/v1/verifications"
    ivms101 = body["payload"]["ivms101"]
    assert ivms101["originator"] == {"originatorPersons": [natural(SENDER)], "accountNumber": [intent.sender]}
    assert ivms101["beneficiary"] == {"beneficiaryPersons": [natural(RECEIVER)], "accountNumber": [FRIEND]}
    assert (body["beneficiaryVaspId"], body["keyType"]) == (VASP, "PerVasp")
    assert body["assetInfo"] == {
        "symbol": "ETH",
        "network": "Ethereum",
        "amount": "1",
        "tradePrice": "2500.10",
        "tradeCurrency": "EUR",
        "tradeISODatetime": "2027-01-15T08:00:00+00:00",
        "isExceedingThreshold": True,
    }


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ({"result": "DENIED", "reason": "MISMATCHED-NAME", "message": SENDER}, "answered DENIED MISMATCHED-NAME"),
        ({"result": "DENIED", "reason": SENDER}, "answered DENIED"),
        (
            {"result": "DENIED", "reason": "LACK-OF-INFORMATION", "message": "NATURAL_PERSON_GEOGRAPHIC_ADDRESS"},
            "answered DENIED LACK-OF-INFORMATION (NATURAL_PERSON_GEOGRAPHIC_ADDRESS)",
        ),
        ({"result": "UNKNOWN"}, "answered UNKNOWN"),
        ({"result": "ERROR", "reason": "REQUEST-TIMEOUT"}, "answered ERROR REQUEST-TIMEOUT"),
        ({"result": "verified"}, "answered an unknown result"),
        ({"result": "TRANSFER_ERROR"}, "answered TRANSFER_ERROR"),
        ({"result": "REFUSED", "code": "VASP-UNKNOWN"}, "the enclave refused the request: VASP-UNKNOWN"),
        ({"result": "REFUSED", "code": "INVALID-FORMAT"}, "the enclave refused the request: INVALID-FORMAT"),
    ],
)
async def test_any_other_end_refuses_the_payment_by_its_code_alone(
    asking: World, enclave: FakeEnclave, outcome: dict[str, str], words: str
) -> None:
    intent = await ready(asking)
    enclave.outcome = outcome
    answer = await asking.exchange(intent)
    assert (answer.outcome, answer.report_due) == ("REFUSED", False)
    assert answer.detail.endswith(words)
    assert not any(word in str(answer) for word in PLANTED)
    set_ = asking.tenant().document_set
    with pytest.raises(StrongroomError):
        open_verdict(data=answer.verdict, document_set=set_, intent_hash=intent.hash(), now_s=NOW_S)
    assert (await asking.exchange(intent)).verdict == answer.verdict


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"originators": [originator(account="5")]}, "vault account 0 has no registered originator"),
        ({"destinations": [destination(STRANGER)]}, f"the holder of {FRIEND} for ETH_TEST is not registered"),
        ({"tenant": "other"}, "vault account 0 has no registered originator"),
    ],
)
async def test_without_a_party_it_is_refused_and_says_what_to_import(
    asking: World, enclave: FakeEnclave, changes: dict[str, Any], words: str
) -> None:
    intent = await ready(asking, **changes)
    answer = await asking.exchange(intent)
    assert answer.outcome == "REFUSED"
    assert answer.detail.endswith(f"{words}: strongroom screening parties import")
    assert enclave.posted == []


async def test_an_unhosted_address_with_a_registered_holder_needs_no_exchange(
    asking: World, enclave: FakeEnclave
) -> None:
    intent = await ready(asking, intent=intent_to(UNHOSTED))
    answer = await asking.exchange(intent)
    assert (answer.outcome, answer.report_due, enclave.posted) == ("NOT_REQUIRED", False, [])
    assert "without an institution" in answer.detail


async def test_below_the_threshold_nobody_is_asked(asking: World, enclave: FakeEnclave) -> None:
    intent = await ready(asking, intent=intent_to(FRIEND, amount_units=999))
    assert (await asking.exchange(intent)).outcome == "NOT_REQUIRED"
    assert enclave.posted == []
    assert await asking.report(intent, tx_hash=TX) is False


async def test_an_asset_that_the_network_has_no_name_for_is_refused(
    databases: Databases, clock: ManualClock, config: ScreeningConfig, enclave: FakeEnclave
) -> None:
    world = await World.open(databases, clock, config=config)
    other = intent_to(FRIEND, asset_id="OTHER")
    intent = await ready(world, intent=other, destinations=[destination() | {"asset": "OTHER"}])
    answer = await world.exchange(intent)
    assert answer.outcome == "REFUSED"
    assert "enclave.assets" in answer.detail
    assert enclave.posted == []
    await world.stage.stop()


async def test_while_there_is_no_answer_nothing_is_decided_and_the_same_verification_is_asked_again(
    asking: World, enclave: FakeEnclave
) -> None:
    intent = await ready(asking)
    enclave.reads_until_end = 3
    for _ in range(3):
        assert await refused(asking.exchange(intent)) is Code.TRAVEL_RULE_PENDING
        assert await asking.count("travel_rule_records") == 0
    assert (await asking.exchange(intent)).outcome == "EXCHANGED"
    assert len(enclave.verifications) == 1
    assert [path for path, _ in enclave.posted] == ["/v1/verifications"]


async def test_one_call_waits_for_an_answer_that_comes_soon(
    databases: Databases, clock: ManualClock, config: ScreeningConfig, enclave: FakeEnclave
) -> None:
    assert config.enclave is not None
    patient = ScreeningConfig(enclave=msgspec.structs.replace(config.enclave, answer_s=3600))
    world = await World.open(databases, clock, config=patient)
    intent = await ready(world)
    enclave.reads_until_end = 3

    async def pass_time() -> None:
        while True:
            clock.advance(0.1)
            await asyncio.sleep(0.001)

    passing = asyncio.create_task(pass_time())
    assert (await world.exchange(intent)).outcome == "EXCHANGED"
    passing.cancel()
    assert enclave.reads == 3
    await world.stage.stop()


@pytest.mark.parametrize(
    "raw",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{",
        http(200, {"verificationUuid": "00000000-0000-4000-8000-000000000000", "result": "VERIFIED"}),
        b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n",
        http(500, {"code": "INVALID-FORMAT"}),
        b"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n",
        http(401, {"code": "API-TOKEN-INVALID"}),
        b"HTTP/1.1 404 X\r\nContent-Length: 6\r\n\r\n<html>",
        b"nonsense",
    ],
)
async def test_an_enclave_that_misbehaves_lets_nothing_pass_and_recovers(
    asking: World, enclave: FakeEnclave, raw: bytes
) -> None:
    intent = await ready(asking)
    enclave.raw = raw
    for _ in range(2):
        assert await refused(asking.exchange(intent)) is Code.TRAVEL_RULE_PENDING
    assert await asking.count("travel_rule_records") == 0
    enclave.raw = None
    assert (await asking.exchange(intent)).outcome == "EXCHANGED"
    assert len(enclave.verifications) == 1


async def test_an_enclave_that_is_down_is_asked_once_it_is_up(asking: World, enclave: FakeEnclave) -> None:
    intent = await ready(asking)
    enclave.down = True
    assert await refused(asking.exchange(intent)) is Code.TRAVEL_RULE_PENDING
    enclave.down = False
    assert (await asking.exchange(intent)).outcome == "EXCHANGED"


async def test_after_a_crash_between_asking_and_storing_the_same_verification_is_found(
    asking: World, enclave: FakeEnclave
) -> None:
    intent = await ready(asking)
    enclave.lost = 1  # the enclave has it, and nobody here heard so
    assert await refused(asking.exchange(intent)) is Code.TRAVEL_RULE_PENDING
    again = World(asking.database, asking.clock, config=asking.config, kms=asking.kms)
    await again.stage.start()
    assert (await again.exchange(intent)).outcome == "EXCHANGED"
    assert [path for path, _ in enclave.posted] == ["/v1/verifications"]
    await again.stage.stop()


async def test_a_new_attempt_takes_up_the_verification_whatever_was_imported_since(
    asking: World, enclave: FakeEnclave
) -> None:
    intent = await ready(asking)
    await asking.exchange(intent)
    await asking.register(registry(originators=[originator("Other Person")]))
    await asking.screen(intent, attempt=1)
    assert (await asking.exchange(intent, attempt=1)).outcome == "EXCHANGED"
    assert len(enclave.posted) == len(enclave.verifications) == 1
    rows = await asking.database.fetch("select distinct verification_uuid from travel_rule_records")
    assert len(rows) == 1


async def test_an_address_that_went_to_another_institution_is_not_paid_on_the_word_of_the_first(
    asking: World, enclave: FakeEnclave
) -> None:
    intent = await ready(asking)
    await asking.exchange(intent)
    for attempt, holder in enumerate((destination(vasp="42"), destination(vasp=None)), start=1):
        await asking.register(registry(destinations=[holder]))
        await asking.screen(intent, attempt=attempt)
        answer = await asking.exchange(intent, attempt=attempt)
        assert answer.outcome == "REFUSED"
        assert answer.detail.endswith(f"VASP {VASP} was asked, and no longer holds {FRIEND}: pay anew")
    assert len(enclave.posted) == 1


async def test_every_call_that_changed_something_has_its_handoff_stored(asking: World, enclave: FakeEnclave) -> None:
    intent = await ready(asking)
    enclave.reads_until_end = 1
    before = await asking.count("service_handoff_events")
    assert await refused(asking.exchange(intent)) is Code.TRAVEL_RULE_PENDING
    assert await asking.count("service_handoff_events") == before + 1
    assert (await asking.exchange(intent)).outcome == "EXCHANGED"
    assert await asking.count("service_handoff_events") == before + 2


async def test_two_calls_at_once_make_one_verification(asking: World, enclave: FakeEnclave) -> None:
    intent = await ready(asking)
    answers = await asyncio.gather(*(asking.exchange(intent) for _ in range(4)), return_exceptions=True)
    verdicts = {answer.verdict for answer in answers if isinstance(answer, pb.ExchangeTravelRuleResponse)}
    assert len(verdicts) == 1
    assert all(answer.code is Code.TRAVEL_RULE_PENDING for answer in answers if isinstance(answer, StrongroomError))
    assert len(enclave.verifications) == await asking.count("travel_rule_records") == 1


async def test_the_hash_is_told_once_and_again_only_while_it_did_not_arrive(
    asking: World, enclave: FakeEnclave
) -> None:
    intent = await ready(asking)
    await asking.exchange(intent)
    (uuid,) = enclave.verifications
    enclave.down = True
    assert await refused(asking.report(intent, tx_hash=TX)) is Code.TRAVEL_RULE_PENDING
    enclave.down, enclave.lost = False, 1
    assert await refused(asking.report(intent, tx_hash=TX)) is Code.TRAVEL_RULE_PENDING
    for _ in range(2):
        assert await asking.report(intent, tx_hash=TX) is True
    assert enclave.verifications[uuid]["txHash"] == TX
    assert len(enclave.posted) == 3  # the question, the report whose answer was lost, and the one after it
    assert await asking.report(intent, tx_hash=TX, failure="TX_REVERTED") is True
    assert enclave.result(uuid) == "TRANSFER_ERROR"


async def test_a_failure_is_told_once_the_other_institution_has_answered(asking: World, enclave: FakeEnclave) -> None:
    intent = await ready(asking)
    enclave.reads_until_end = 3
    assert await refused(asking.exchange(intent)) is Code.TRAVEL_RULE_PENDING
    assert await refused(asking.report(intent, failure="CANCELLED_BY_USER_REQUEST")) is Code.TRAVEL_RULE_PENDING
    enclave.reads_until_end = 1
    assert await refused(asking.report(intent, failure="CANCELLED_BY_USER_REQUEST")) is Code.TRAVEL_RULE_PENDING
    assert await asking.report(intent, failure="CANCELLED_BY_USER_REQUEST") is True
    (uuid,) = enclave.verifications
    assert enclave.verifications[uuid]["reason"] == "CANCELLED_BY_USER_REQUEST"
    assert enclave.result(uuid) == "TRANSFER_ERROR"


async def test_a_failure_that_the_other_institution_refused_first_needs_no_report(
    asking: World, enclave: FakeEnclave
) -> None:
    intent = await ready(asking)
    enclave.outcome = {"result": "DENIED", "reason": "UNVERIFIED-KYC"}
    await asking.exchange(intent)
    assert await asking.report(intent, failure="REJECTED_AML_SCREENING") is True
    (uuid,) = enclave.verifications
    assert enclave.result(uuid) == "DENIED"


async def test_a_report_is_for_the_transaction_of_the_call(asking: World) -> None:
    intent = await ready(asking)
    await asking.exchange(intent)
    request = pb.ReportTransferRequest(tenant_id=TENANT, transaction_id=str(intent.id), tx_hash=TX)
    call = asking.manager.ReportTransfer(request, metadata=on_behalf(UUID(int=1)))
    assert await refused(call) is Code.HANDOFF_INVALID


async def test_no_name_is_in_any_table_but_sealed_and_in_no_line_of_the_log(
    asking: World, enclave: FakeEnclave, capfd: pytest.CaptureFixture[str]
) -> None:
    intent = await ready(asking)
    enclave.outcome = {"result": "REFUSED", "code": "INVALID-FORMAT"}
    await asking.exchange(intent)
    await refused(asking.register(registry(originators=[originator(kyc="Zoraida")])))
    tables = await asking.database.fetch(
        "select table_name from information_schema.tables where table_schema = 'public'"
    )
    for name in (row["table_name"] for row in tables):
        for row in await asking.database.fetch(f"select * from {name}"):  # noqa: S608 - a table's name
            stored = b"".join(value if isinstance(value, bytes) else str(value).encode() for value in row.values())
            assert not any(word.encode() in stored for word in PLANTED), name
    captured = capfd.readouterr()
    assert not any(word in captured.out + captured.err for word in PLANTED)
