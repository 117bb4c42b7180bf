"""What the API refuses, and how it says so."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain.keys import KeyType
from strongroom.travel_rule.enclave.operations.bodies import question_of
from strongroom.travel_rule.enclave.operations.exchange import ask_counterparty
from strongroom.travel_rule.enclave.operations.retention import Term, delete_expired
from strongroom.travel_rule.enclave.store.verifications import find_verification
from strongroom.travel_rule.messages import VerificationAnswer
from tests.fakes.travel_rule_backend import BOB
from tests.travel_rule.enclave.pair import A, B, Pair, ivms101, order, until

PATH = "/v1/verifications"
Change = Callable[[dict[str, Any]], Any]


def _set(value: Any, *path: str) -> Change:
    def change(body: dict[str, Any]) -> None:
        place = body
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = value

    return change


def _person(change: Change) -> Change:
    def changed(body: dict[str, Any]) -> None:
        change(body["payload"]["ivms101"]["originator"]["originatorPersons"][0]["naturalPerson"])

    return changed


AT = "$.payload.ivms101.originator.originatorPersons[0].naturalPerson"
CASES: dict[str, tuple[Change, str, str]] = {
    "amount is a number": (_set(1, "assetInfo", "amount"), "INVALID-FORMAT", "wrong value at $.assetInfo.amount."),
    "amount has an exponent": (_set("1e3", "assetInfo", "amount"), "INVALID-FORMAT", "assetInfo.amount is decimal"),
    "amount is negative": (_set("-1", "assetInfo", "amount"), "INVALID-FORMAT", "assetInfo.amount is decimal"),
    "amount is zero": (_set("0.00", "assetInfo", "amount"), "INVALID-FORMAT", "assetInfo.amount is zero."),
    "amount is too long": (_set("1" * 129, "assetInfo", "amount"), "INVALID-FORMAT", "assetInfo.amount is decimal"),
    "price is no number": (
        _set("free", "assetInfo", "tradePrice"),
        "INVALID-FORMAT",
        "assetInfo.tradePrice is decimal",
    ),
    "currency is no code": (_set("won", "assetInfo", "tradeCurrency"), "INVALID-FORMAT", "$.assetInfo.tradeCurrency"),
    "time is no time": (_set("noon", "assetInfo", "tradeISODatetime"), "INVALID-FORMAT", "tradeISODatetime is a date"),
    "threshold is no boolean": (_set(1, "assetInfo", "isExceedingThreshold"), "INVALID-FORMAT", "isExceedingThreshold"),
    "symbol is missing": (lambda body: body["assetInfo"].pop("symbol"), "INVALID-FORMAT", "symbol is missing at"),
    "symbol is too long": (
        _set("X" * 17, "assetInfo", "symbol"),
        "INVALID-FORMAT",
        "wrong value at $.assetInfo.symbol.",
    ),
    "unknown field": (_set(1, "assetinfo"), "INVALID-FORMAT", "assetinfo is unknown at $."),
    "unknown key type": (_set("PerMoon", "keyType"), "INVALID-FORMAT", "wrong value at $.keyType."),
    "VASP id is a number": (_set(int(B), "beneficiaryVaspId"), "INVALID-FORMAT", "wrong value at $.beneficiaryVaspId."),
    "VASP is unknown": (_set("123456", "beneficiaryVaspId"), "VASP-UNKNOWN", ""),
    "VASP is ourselves": (_set(A, "beneficiaryVaspId"), "VASP-UNKNOWN", "own provider"),
    "uuid is no uuid": (_set("../etc", "verificationUuid"), "INVALID-FORMAT", "wrong value at $.verificationUuid."),
    "field code is no code": (_set("a;b", "requiredBeneficiaryInfo"), "INVALID-FORMAT", "requiredBeneficiaryInfo"),
    "payload version": (_set("2.0", "payload", "version"), "INVALID-FORMAT", "wrong value at $.payload.version."),
    "payload is a list": (_set([], "payload", "ivms101"), "INVALID-FORMAT", "$.payload.ivms101"),
    "two beneficiary accounts": (
        _set([BOB, "0x2"], "payload", "ivms101", "beneficiary", "accountNumber"),
        "INVALID-FORMAT",
        "more than one accountNumber",
    ),
    "no beneficiary account": (
        lambda body: body["payload"]["ivms101"]["beneficiary"].pop("accountNumber"),
        "INVALID-FORMAT",
        "The beneficiary has no accountNumber.",
    ),
    "two originators": (
        lambda body: body["payload"]["ivms101"]["originator"]["originatorPersons"].append(
            ivms101()["originator"]["originatorPersons"][0]
        ),
        "INVALID-FORMAT",
        "One originator",
    ),
    "C1": (
        _person(lambda person: (person.pop("geographicAddress"), person.pop("dateAndPlaceOfBirth"))),
        "INVALID-FORMAT",
        f"C1 at {AT}:",
    ),
    "C2": (
        _person(_set("2999-01-01", "dateAndPlaceOfBirth", "dateOfBirth")),
        "INVALID-FORMAT",
        f"C2 at {AT}.dateAndPlaceOfBirth.dateOfBirth:",
    ),
    "C3": (
        _person(lambda person: person["geographicAddress"][0].update(country="ZZ")),
        "INVALID-FORMAT",
        f"C3 at {AT}.geographicAddress[0].country:",
    ),
    "C6": (
        _person(lambda person: person["name"]["nameIdentifier"][0].update(nameIdentifierType="ALIA")),
        "INVALID-FORMAT",
        f"C6 at {AT}.name",
    ),
    "C8": (
        _person(lambda person: person["geographicAddress"][0].pop("streetName")),
        "INVALID-FORMAT",
        f"C8 at {AT}.geographicAddress[0]",
    ),
    "account is too long for its column": (
        _set(["0" * 101], "payload", "ivms101", "beneficiary", "accountNumber"),
        "INVALID-FORMAT",
        "LENGTH at $.payload.ivms101.beneficiary.accountNumber[0]:",
    ),
}


async def test_a_request_that_is_not_as_documented_is_refused_and_leaves_nothing(enclaves: Pair) -> None:
    for name, (change, code, said) in CASES.items():
        body = order()
        change(body)
        answer = await enclaves.a.api.post(PATH, json=body)
        refusal = answer.json()
        assert (answer.status_code, refusal["code"]) == (400, code), (name, refusal)
        assert said in refusal["message"], (name, refusal)
        assert "Planted" not in refusal["message"], (name, "a refusal repeats no value")
    assert (await enclaves.a.get(PATH))["verifications"] == []
    assert enclaves.b.backend.received == []


async def test_only_who_shows_the_token_is_let_in(enclaves: Pair) -> None:
    for header in ("", "Bearer", "Bearer wrong", "Basic dXNlcjpwYXNz", "the back end's token at the enclave"):
        for method, path in (("GET", PATH), ("POST", PATH), ("GET", "/v1/vasps"), ("GET", "/nowhere")):
            answer = await enclaves.a.api.request(method, path, headers={"authorization": header})
            assert (answer.status_code, answer.json()["code"]) == (401, "API-TOKEN-INVALID"), (header, path)


async def test_what_is_too_large_or_too_deep_is_refused_before_it_is_read(enclaves: Pair) -> None:
    deep = b'{"keyType":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    large = json.dumps(order() | {"requiredBeneficiaryInfo": "A" * 500_000}).encode()
    for body, said in (
        (deep, "nested"),
        (large, "exceeds"),
        (b"{", "JSON"),
        (b'{"keyType":"\xff"}', "JSON"),
        (b"", "JSON"),
    ):
        answer = await enclaves.a.api.post(PATH, content=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID-FORMAT")
        assert said in answer.json()["message"]


@pytest.mark.parametrize("path", [f"{PATH}/tx", f"{PATH}/error", f"{PATH}/tx/inquiry"])
async def test_a_verification_must_be_named_and_be_there(enclaves: Pair, path: str) -> None:
    body = {f"{PATH}/tx": {"txHash": "0x1"}, f"{PATH}/error": {"reason": "CANCELLED"}}.get(path, {})
    missing = await enclaves.a.post(path, body, status=400)
    assert missing["code"] == "MISSING-VERIFICATION-UUID"
    unknown = await enclaves.a.post(path, body | {"verificationUuid": "no-such"}, status=400)
    assert unknown == {"code": "VERIFICATION-NOT-FOUND", "message": "Verification(no-such) is not found"}


async def test_lookups_of_nothing_and_filters_that_are_none(enclaves: Pair) -> None:
    assert (await enclaves.a.get(f"{PATH}/", status=400))["code"] == "MISSING-VERIFICATION-UUID"
    unknown = await enclaves.a.get(f"{PATH}/no-such", status=400)
    assert unknown == {"code": "VERIFICATION-NOT-FOUND", "message": "Verification(no-such) is not found"}
    wrong = ("color=red", "page=0", "rpp=1001", "rpp=x", "result=FINE", "actionType=GIVE", "fromDate=never")
    for query in (*wrong, "oppositeVaspId=-1", "page=1&page=2"):
        answer = await enclaves.a.api.get(f"{PATH}?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID-FORMAT"), query
    assert (await enclaves.a.api.delete(f"{PATH}/no-such")).status_code == 404


async def test_what_no_row_is_named_by_or_holds_is_not_asked_of_the_database(enclaves: Pair) -> None:
    for side in (enclaves.a, enclaves.b):
        for place in (
            f"{PATH}/%00",
            f"{PATH}/%F0%9F%98%80",
            f"{PATH}/{'a' * 41}",
            "/v1/risk-assessment/refinitiv-wco/%00",
        ):
            answer = await side.api.get(place)
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT-FOUND"), place
        for name in ("symbol", "txHash", "originatorAccountNumber", "beneficiaryAccountNumber"):
            for sign in ("%00", "%F0%9F%98%80"):
                answer = await side.api.get(f"{PATH}?{name}=a{sign}b")
                assert (answer.status_code, answer.json()["code"]) == (400, "INVALID-FORMAT"), name
            assert (await side.api.get(f"{PATH}?{name}=%ED%95%9C")).status_code == 200
        assert (await side.api.get(f"{PATH}?oppositeVaspId={'9' * 20}")).json()["verifications"] == []


async def test_a_provider_beyond_64_bits_is_refused_while_nobody_can_tell_who_there_is(enclaves: Pair) -> None:
    enclaves.hub.is_down = True
    for side in (enclaves.a, enclaves.b):
        refused = await side.post(PATH, order(to="9" * 20), status=400)
        assert refused == {"code": "INVALID-FORMAT", "message": "beneficiaryVaspId exceeds 2^64 - 1."}
        assert (await side.post(PATH, order(to="18446744073709551614")))["result"] == "WAIT"


async def test_a_uuid_that_was_deleted_in_time_is_not_used_again(enclaves: Pair) -> None:
    body = order(verificationUuid="11111111-2222-3333-4444-555555555555")
    uuid, ours = await enclaves.a.verify(body), enclaves.a.enclave.means
    await enclaves.a.final(uuid)
    known = await ours.database.read(lambda tx: find_verification(tx, uuid, cipher=ours.cipher))
    assert known is not None
    kept = Term(jurisdiction="KR", rule="KR-2024", years=5, before=datetime.now(UTC) + timedelta(days=1))
    for side in (enclaves.a, enclaves.b):
        database = side.enclave.means.database
        # a row that is still locked is passed over, and deleted the next time
        assert await until(lambda database=database: delete_expired(database=database, kept=kept, now=kept.before)) == 1
    assert (await enclaves.a.post(PATH, body, status=409))["code"] == "VERIFICATION-UUID-REUSED"
    question = question_of(known, wanted=())
    with pytest.raises(StrongroomError) as caught:
        await ask_counterparty(means=ours, question=question, to_vasp=B, key_type=KeyType.PER_VASP, key_identifier=B)
    assert caught.value.code is Code.VERIFICATION_STATE_CONFLICT


@pytest.mark.parametrize("column", ["originator_account_number", "beneficiary_account_number"])
@pytest.mark.parametrize("account", ["0xanother", None])
async def test_accounts_in_clear_are_those_of_the_payload(enclaves: Pair, column: str, account: str | None) -> None:
    uuid, ours = await enclaves.a.verify(order()), enclaves.a.enclave.means
    await enclaves.a.final(uuid)
    known = await ours.database.read(lambda tx: find_verification(tx, uuid, cipher=ours.cipher))
    assert known is not None
    enclaves.b.backend.received.clear()
    other = "99999999-2222-3333-4444-555555555555"
    question = msgspec.structs.replace(question_of(known, wanted=()), verification_uuid=other)
    wrong = msgspec.structs.replace(question, **{column: account})
    ask = partial(ask_counterparty, means=ours, to_vasp=B, key_type=KeyType.PER_VASP, key_identifier=B)
    with pytest.raises(StrongroomError) as caught:
        await ask(question=wrong)
    assert caught.value.code is Code.COUNTERPARTY_REFUSED
    assert "An account is another one than the payload's." in caught.value.detail
    assert enclaves.b.backend.received == []
    await enclaves.b.get(f"{PATH}/{other}", status=400)
    assert isinstance(await ask(question=question), VerificationAnswer)  # which is refused for nothing else


async def test_an_account_check_carries_no_originator(enclaves: Pair) -> None:
    body = {"keyType": "PerVasp", "beneficiaryVaspId": B, "symbol": "ETH", "payload": {"ivms101": ivms101()}}
    refused = await enclaves.a.post(f"{PATH}/account", body, status=400)
    assert refused == {"code": "INVALID-FORMAT", "message": "$.payload.ivms101 holds a beneficiary and no originator."}
    assert enclaves.b.backend.received == []
