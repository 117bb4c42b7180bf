"""Two enclaves exchange verifications through their public doors, on two databases."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from typing import Any, cast

import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.keys import KeyType
from strongroom.travel_rule.enclave.operations.exchange import ask_counterparty
from strongroom.travel_rule.enclave.operations.respond import answer_inquiry, take_error_report, take_tx_report
from strongroom.travel_rule.messages import ErrorReport, Kind, TxInquiry, TxReport, parse_envelope
from tests.fakes.travel_rule_backend import BOB, CAROL, DAVE
from tests.travel_rule.enclave.pair import A, B, Pair, ivms101, order, part, until_true


async def test_a_verified_transfer_is_on_both_sides_the_same(enclaves: Pair) -> None:
    accepted = await enclaves.a.post("/v1/verifications", order())
    assert accepted["result"] == "WAIT"
    uuid = accepted["verificationUuid"]
    ours, theirs = await enclaves.a.final(uuid), await enclaves.b.final(uuid)
    for found in (ours, theirs):
        assert (found["result"], found["reason"], found["message"]) == ("VERIFIED", None, None)
        assert (found["originatingVaspId"], found["beneficiaryVaspId"]) == (A, B)
        assert found["assetInfo"]["amount"] == "1.000000000000000001"
        assert found["assetInfo"]["isExceedingThreshold"] == 1
        assert found["assetInfo"]["tradeISODatetime"] == "2026-11-20T00:30:00Z"
        assert part(found["ivms101Originator"]) == ivms101()["originator"]
        assert part(found["ivms101Beneficiary"]) == ivms101()["beneficiary"]
        assert found["beneficiaryAccountNumber"] == BOB
    await until_true(lambda: enclaves.a.backend.callbacks("VERIFICATION_RESULT"))
    (told,) = enclaves.a.backend.callbacks("VERIFICATION_RESULT")
    assert told == await enclaves.a.get(f"/v1/verifications/{uuid}")
    assert enclaves.b.backend.callbacks("VERIFICATION_RESULT") == []


@pytest.mark.parametrize(
    ("key_type", "key_requests"), [("PerVasp", 1), ("PerAddress", 2), ("PerEoa", 2), ("PerVerification", 2)]
)
async def test_every_key_type_and_when_its_key_is_asked_for(enclaves: Pair, key_type: str, key_requests: int) -> None:
    for _ in range(2):
        uuid = await enclaves.a.verify(order(key_type=key_type))
        assert (await enclaves.a.final(uuid))["result"] == "VERIFIED"
    asked = [parse_envelope(message).header.kind for _, message in enclaves.hub.carried]
    assert asked.count(Kind.KEY_REQUEST) == key_requests, "a slow machine may send a verification again, not a key"
    assert not [to for to, message in enclaves.hub.carried if BOB.encode() in message]


async def test_the_back_end_is_asked_what_was_sent_and_decides(enclaves: Pair) -> None:
    results = {}
    for account in (BOB, CAROL, "0xnobody"):
        found = await enclaves.a.final(await enclaves.a.verify(order(account=account)))
        results[account] = (found["result"], found["reason"])
    assert results == {
        BOB: ("VERIFIED", None),
        CAROL: ("DENIED", "UNVERIFIED-KYC"),
        "0xnobody": ("UNKNOWN", "UNKNOWN-ADDRESS"),
    }
    asked = enclaves.b.backend.asked("verification")[0]
    assert asked["originatingVaspId"] == A
    assert asked["assetInfo"] == order()["assetInfo"] | {"tradeISODatetime": "2026-11-20T00:30:00Z"}
    assert asked["requiredBeneficiaryInfo"] == "ACCOUNT_NUMBER,NATURAL_PERSON_NAME"
    assert asked["version"] == "1.0"
    assert asked["ivms101"] == ivms101()


@pytest.mark.parametrize(
    ("reason", "message"),
    [("UNKNOWN-SYMBOL", "ETH"), ("UNKNOWN-NETWORK", None), ("MISMATCHED-NAME", None), ("BLACKLISTED", "see our terms")],
)
async def test_a_reason_arrives_as_the_back_end_gave_it(enclaves: Pair, reason: str, message: str | None) -> None:
    enclaves.b.backend.decisions[BOB] = {"result": "DENIED", "reason": reason, "message": message}
    uuid = await enclaves.a.verify(order())
    for side in (enclaves.a, enclaves.b):
        found = await side.final(uuid)
        assert (found["result"], found["reason"], found["message"]) == ("DENIED", reason, message)


async def test_who_lacks_information_is_told_what_and_succeeds_with_it(enclaves: Pair) -> None:
    denied = await enclaves.a.final(await enclaves.a.verify(order(ivms101=ivms101(birth=False))))
    assert (denied["result"], denied["reason"]) == ("DENIED", "LACK-OF-INFORMATION")
    assert denied["message"] == "NATURAL_PERSON_DATE_AND_PLACE_OF_BIRTH"
    assert enclaves.b.backend.asked("verification") == []
    again = await enclaves.a.final(await enclaves.a.verify(order(ivms101=ivms101(birth=True))))
    assert again["result"] == "VERIFIED"


@pytest.mark.parametrize("to", [B, A], ids=["on PostgreSQL", "on MariaDB"])
async def test_several_small_transfers_are_no_way_around_a_threshold(enclaves: Pair, to: str) -> None:
    asking = enclaves.a if to == B else enclaves.b
    small = order()["assetInfo"] | {"amount": "0.6", "tradePrice": "1000000", "isExceedingThreshold": False}

    async def verified(*, account: str = BOB, birth: bool = False, **asset: str) -> tuple[str, str | None]:
        body = order(to=to, assetInfo=small | asset, ivms101=ivms101(account=account, birth=birth))
        found = await asking.final(await asking.verify(body))
        return found["result"], found["reason"]

    assert await verified() == ("VERIFIED", None)
    assert await verified(amount="0.399999999999999999") == ("VERIFIED", None)
    assert await verified(amount="0.000000000000000001") == ("DENIED", "LACK-OF-INFORMATION")
    assert await verified(account=CAROL) == ("DENIED", "UNVERIFIED-KYC")
    assert await verified(birth=True) == ("VERIFIED", None)


async def test_verified_without_the_information_asked_for_is_denied(enclaves: Pair) -> None:
    wanted = "ACCOUNT_NUMBER,NATURAL_PERSON_NAME,NATURAL_PERSON_GEOGRAPHIC_ADDRESS,SOMETHING_ELSE"
    found = await enclaves.a.final(await enclaves.a.verify(order(requiredBeneficiaryInfo=wanted)))
    assert (found["result"], found["reason"]) == ("DENIED", "UNAVAILABLE-INFORMATION")
    assert found["message"] == "NATURAL_PERSON_GEOGRAPHIC_ADDRESS"
    told = ivms101()["beneficiary"]
    told["beneficiaryPersons"][0]["naturalPerson"]["geographicAddress"] = [
        {"addressType": "HOME", "addressLine": ["1 Answered Road"], "country": "KR"}
    ]
    enclaves.b.backend.decisions[BOB] = {"result": "VERIFIED", "ivms101": {"beneficiary": told}}
    found = await enclaves.a.final(await enclaves.a.verify(order(requiredBeneficiaryInfo=wanted)))
    assert found["result"] == "VERIFIED"
    assert part(found["ivms101Beneficiary"]) == told


async def test_who_has_to_look_first_is_asked_again_until_it_is_decided(enclaves: Pair) -> None:
    uuid = await enclaves.a.verify(order(account=DAVE))
    await until_true(lambda: enclaves.a.backend.callbacks("VERIFICATION_RESULT"))
    assert (await enclaves.a.get(f"/v1/verifications/{uuid}"))["result"] == "PENDING"
    assert (await enclaves.b.get(f"/v1/verifications/{uuid}"))["result"] == "PENDING"
    enclaves.b.backend.decisions[DAVE] = {"result": "DENIED", "reason": "BLACKLISTED"}
    assert (await enclaves.a.final(uuid))["reason"] == "BLACKLISTED"
    await until_true(lambda: len(enclaves.a.backend.callbacks("VERIFICATION_RESULT")) > 1)
    results = [each["result"] for each in enclaves.a.backend.callbacks("VERIFICATION_RESULT")]
    assert results == ["PENDING", "DENIED"]


async def test_a_transaction_is_reported_to_the_counterparty_once(enclaves: Pair) -> None:
    uuid = await enclaves.a.verify(order())
    await enclaves.a.final(uuid)
    report = {"verificationUuid": uuid, "txHash": "0xabc", "vout": "0"}
    for _ in range(2):
        assert await enclaves.a.post("/v1/verifications/tx", report) == {"result": True}
    await until_true(lambda: enclaves.b.backend.callbacks("TX_REPORT"))
    assert enclaves.b.backend.callbacks("TX_REPORT") == [report]
    for side in (enclaves.a, enclaves.b):
        found = await side.get(f"/v1/verifications/{uuid}")
        assert (found["txHash"], found["vout"]) == ("0xabc", "0")
    other = await enclaves.a.post("/v1/verifications/tx", report | {"txHash": "0xdef"}, status=409)
    assert other["code"] == "VERIFICATION-STATE-CONFLICT"


@pytest.mark.parametrize(
    ("path", "said"), [("tx", {"txHash": "0xbad"}), ("error", {"result": "TRANSFER_ERROR", "reason": "CANCELLED"})]
)
async def test_the_beneficiary_reports_nothing_of_a_transfer_that_is_not_its_own(
    enclaves: Pair, path: str, said: dict[str, str]
) -> None:
    uuid = await enclaves.a.verify(order())
    await enclaves.a.final(uuid)
    refused = await enclaves.b.post(f"/v1/verifications/{path}", {"verificationUuid": uuid, **said}, status=409)
    assert refused["code"] == "VERIFICATION-STATE-CONFLICT"
    for wrong in (
        TxReport(verification_uuid=uuid, tx_hash="0xbad", vout=None),
        ErrorReport(verification_uuid=uuid, result="TRANSFER_ERROR", reason="CANCELLED", message=None),
        TxInquiry(verification_uuid=uuid),
    ):  # as an enclave that does not keep to it would
        asked, to = (enclaves.a, B) if isinstance(wrong, TxInquiry) else (enclaves.b, A)
        with pytest.raises(StrongroomError) as caught:
            await ask_counterparty(
                means=asked.enclave.means, question=wrong, to_vasp=to, key_type=KeyType.PER_VASP, key_identifier=to
            )
        assert caught.value.code is Code.VERIFICATION_STATE_CONFLICT
    ours = await enclaves.a.get(f"/v1/verifications/{uuid}")
    assert (ours["result"], ours["txHash"]) == ("VERIFIED", None)
    assert enclaves.a.backend.callbacks("TX_REPORT") == enclaves.a.backend.callbacks("ERROR_REPORT") == []
    assert enclaves.b.backend.asked("transaction") == []
    await enclaves.a.post("/v1/verifications/tx", {"verificationUuid": uuid, "txHash": "0xabc"})
    await until_true(lambda: enclaves.b.backend.callbacks("TX_REPORT"))


async def test_a_third_provider_learns_and_reports_nothing_of_a_verification(enclaves: Pair) -> None:
    uuid = await enclaves.a.verify(order())
    await enclaves.a.final(uuid)
    reports = (
        (take_tx_report, TxReport(verification_uuid=uuid, tx_hash="0xbad", vout=None)),
        (take_error_report, ErrorReport(verification_uuid=uuid, result="ERROR", reason=None, message=None)),
        (answer_inquiry, TxInquiry(verification_uuid=uuid)),
    )
    for side in (enclaves.a, enclaves.b):
        for take, question in reports:
            guard, asking = f"{take.__name__}-{side.vasp_id}", cast("Callable[..., Awaitable[object]]", take)
            with pytest.raises(StrongroomError) as caught:
                await asking(means=side.enclave.means, question=question, from_vasp="7", guard=guard)
            assert caught.value.code is Code.VERIFICATION_NOT_FOUND
        found = await side.get(f"/v1/verifications/{uuid}")
        assert (found["result"], found["txHash"]) == ("VERIFIED", None)


async def test_a_transfer_that_will_never_be_is_an_error_on_both_sides(enclaves: Pair) -> None:
    uuid = await enclaves.a.verify(order())
    await enclaves.a.final(uuid)
    report = {"verificationUuid": uuid, "result": "TRANSFER_ERROR", "reason": "CANCELLED", "message": "by the user"}
    for _ in range(2):
        assert await enclaves.a.post("/v1/verifications/error", report) == {"result": True}
    await until_true(lambda: enclaves.b.backend.callbacks("ERROR_REPORT"))
    assert enclaves.b.backend.callbacks("ERROR_REPORT") == [report]
    for side in (enclaves.a, enclaves.b):
        assert (await side.get(f"/v1/verifications/{uuid}"))["result"] == "TRANSFER_ERROR"
    late = await enclaves.a.post("/v1/verifications/tx", {"verificationUuid": uuid, "txHash": "0xabc"}, status=409)
    assert late["code"] == "VERIFICATION-STATE-CONFLICT"


async def test_the_hash_of_a_transfer_that_failed_is_kept_in_whatever_order_the_reports_arrive(enclaves: Pair) -> None:
    uuid = await enclaves.a.verify(order())
    await enclaves.a.final(uuid)
    for report in (
        ErrorReport(verification_uuid=uuid, result="TRANSFER_ERROR", reason="REVERTED", message=None),
        TxReport(verification_uuid=uuid, tx_hash="0xabc", vout=None),
    ):
        await ask_counterparty(
            means=enclaves.a.enclave.means, question=report, to_vasp=B, key_type=KeyType.PER_VASP, key_identifier=B
        )
    found = await enclaves.b.get(f"/v1/verifications/{uuid}")
    assert (found["result"], found["reason"], found["txHash"]) == ("TRANSFER_ERROR", "REVERTED", "0xabc")
    await until_true(lambda: enclaves.b.backend.callbacks("TX_REPORT") and enclaves.b.backend.callbacks("ERROR_REPORT"))


async def test_reports_need_a_verified_verification(enclaves: Pair) -> None:
    uuid = await enclaves.a.verify(order(account=CAROL))
    await enclaves.a.final(uuid)
    for path, body in (("tx", {"txHash": "0xabc"}), ("error", {"reason": "CANCELLED"})):
        refused = await enclaves.a.post(f"/v1/verifications/{path}", body | {"verificationUuid": uuid}, status=409)
        assert refused["code"] == "VERIFICATION-STATE-CONFLICT"


async def test_the_beneficiary_inquires_after_a_transaction(enclaves: Pair) -> None:
    uuid = await enclaves.a.verify(order())
    await enclaves.a.final(uuid)
    path, body = "/v1/verifications/tx/inquiry", {"verificationUuid": uuid}
    assert await enclaves.b.post(path, body) == body | {"transactionStatus": "PENDING", "txHash": None}
    enclaves.a.backend.transactions[uuid] = {"transactionStatus": "CONFIRMED", "txHash": "0xabc"}
    assert await enclaves.b.post(path, body) == body | {"transactionStatus": "CONFIRMED", "txHash": "0xabc"}
    assert (await enclaves.a.post(path, body, status=409))["code"] == "VERIFICATION-STATE-CONFLICT"


@pytest.mark.parametrize("key_type", ["PerVasp", "PerAddress", "PerVerification"])
async def test_an_account_is_checked_without_the_originator(enclaves: Pair, key_type: str) -> None:
    nameless = {"beneficiary": {"accountNumber": [BOB]}}
    named = {"beneficiary": ivms101(account=CAROL)["beneficiary"]}
    results: list[Any] = []
    for payload in (nameless, named):
        body = {
            "keyType": key_type,
            "beneficiaryVaspId": B,
            "symbol": "ETH",
            "payload": {"version": "1.0", "ivms101": payload},
        }
        results.append(await enclaves.a.post("/v1/verifications/account", body))
    assert [each["result"] for each in results] == ["VERIFIED", "DENIED"]
    assert [each["ivms101"] for each in enclaves.b.backend.asked("account")] == [nameless, named]
    assert (await enclaves.a.get("/v1/verifications"))["verifications"] == []


def _pascal_case() -> dict[str, Any]:
    payload = ivms101()
    return {"Originator": payload["originator"], "Beneficiary": payload["beneficiary"]}


def _edition_2023() -> dict[str, Any]:
    payload = ivms101()
    for side, name in (("originator", "originatorPerson"), ("beneficiary", "beneficiaryPerson")):
        party = payload[side]
        (person,) = party.pop(f"{name}s")
        (name_id,) = person["naturalPerson"]["name"]["nameIdentifier"]
        name_id["naturalPersonNameIdentifierType"] = name_id.pop("nameIdentifierType")
        payload[side] = {name: [person | {"accountNumber": party["accountNumber"]}]}
    return payload | {"payloadMetadata": {"payloadVersion": "101.2023"}}


@pytest.mark.parametrize("payload", [_pascal_case(), _edition_2023()], ids=["PascalCase", "2023"])
async def test_other_spellings_of_ivms101_are_read(enclaves: Pair, payload: dict[str, Any]) -> None:
    found = await enclaves.a.final(await enclaves.a.verify(order(ivms101=payload)))
    assert found["result"] == "VERIFIED"
    assert found["beneficiaryAccountNumber"] == BOB


async def test_the_history_is_filtered_and_paged(enclaves: Pair) -> None:
    uuids = [await enclaves.a.verify(order(account=account)) for account in (BOB, CAROL, BOB)]
    for uuid in uuids:
        await enclaves.a.final(uuid)

    async def found(**query: str) -> list[str]:
        answer = (await enclaves.a.api.get("/v1/verifications", params=query)).json()
        return [each["verificationUuid"] for each in answer["verifications"]]

    first, second, third = uuids
    assert await found() == [third, second, first]
    assert await found(result="DENIED") == [second]
    assert await found(beneficiaryAccountNumber=BOB, actionType="SEND") == [third, first]
    assert await found(actionType="RECEIVE") == []
    assert await found(oppositeVaspId=B, symbol="ETH") == [third, second, first]
    assert await found(oppositeVaspId="1") == []
    assert await found(page="2", rpp="2") == [first]
    assert await found(toDate="2020-01-01") == []
    day = date.fromisoformat((await enclaves.a.get(f"/v1/verifications/{first}"))["createdAt"][:10])
    assert await found(toDate=day.isoformat()) == []  # its beginning, not its end
    assert first in await found(fromDate=day.isoformat(), toDate=(day + timedelta(days=1)).isoformat())
    assert await found(fromDate="2020-01-01T00:00:00+09:00", originatorAccountNumber="0x") == []


async def test_the_directory_names_everybody_and_says_who_we_are(enclaves: Pair) -> None:
    listed = (await enclaves.a.get("/v1/vasps", protocol="all"))["vasps"]
    assert {each["vaspId"]: each["vaspStatus"] for each in listed} == {A: "VERIFIED-MEMBER", B: "VERIFIED-MEMBER"}
    assert {each["health"] for each in listed} == {"UP"}
    assert await enclaves.b.get("/v1/vasps/own") == {"vaspId": B}


async def test_the_same_uuid_is_the_same_verification(enclaves: Pair) -> None:
    body = order(verificationUuid="11111111-2222-3333-4444-555555555555")
    first = await enclaves.a.post("/v1/verifications", body)
    await enclaves.a.final(first["verificationUuid"])
    again = await enclaves.a.post("/v1/verifications", body)
    assert (again["verificationUuid"], again["result"]) == (first["verificationUuid"], "VERIFIED")
    assert len(enclaves.b.backend.asked("verification")) == 1
    changed = order(verificationUuid=body["verificationUuid"], ivms101=ivms101(name="Somebodyelse"))
    refused = await enclaves.a.post("/v1/verifications", changed, status=409)
    assert refused["code"] == "VERIFICATION-UUID-REUSED"
    assert part((await enclaves.a.final(body["verificationUuid"]))["ivms101Beneficiary"]) == ivms101()["beneficiary"]


async def test_what_the_back_end_tells_is_held_to_ivms101(enclaves: Pair) -> None:
    told = ivms101()["beneficiary"]
    told["beneficiaryPersons"][0]["naturalPerson"]["name"]["nameIdentifier"][0]["nameIdentifierType"] = "ALIA"
    enclaves.b.backend.decisions[BOB] = {"result": "VERIFIED", "ivms101": {"beneficiary": told}}
    found = await enclaves.a.final(await enclaves.a.verify(order()))
    assert (found["result"], found["reason"]) == ("ERROR", "UNDEFINED-ERROR")


async def test_what_is_too_long_to_keep_is_refused_on_either_side(enclaves: Pair) -> None:
    long = ivms101()
    names = [{"primaryIdentifier": f"{number:0100}", "nameIdentifierType": "LEGL"} for number in range(400)]
    long["beneficiary"]["beneficiaryPersons"][0]["naturalPerson"]["name"]["phoneticNameIdentifier"] = names
    refused = await enclaves.a.post("/v1/verifications", order(ivms101=long), status=400)
    assert refused["code"] == "INVALID-FORMAT"
    enclaves.b.backend.decisions[BOB] = {"result": "VERIFIED", "ivms101": {"beneficiary": long["beneficiary"]}}
    uuid = await enclaves.a.verify(order())
    for side in (enclaves.a, enclaves.b):
        found = await side.final(uuid)
        assert (found["result"], found["reason"]) == ("ERROR", "UNDEFINED-ERROR")


async def test_health_is_open_and_says_up(enclaves: Pair) -> None:
    answer = await enclaves.a.api.get("/v1/health", headers={"authorization": ""})
    assert (answer.status_code, answer.json()) == (200, {"status": "UP"})
