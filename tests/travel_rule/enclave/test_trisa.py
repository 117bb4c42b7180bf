"""Verifications in TRISA's envelopes: sealed by one enclave, opened, decided and answered by another."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from strongroom.runtime.entropy import SystemEntropy
from strongroom.travel_rule.enclave.config import EnclaveConfig, TrisaSettings
from strongroom.travel_rule.enclave.operations.keep import erase
from strongroom.travel_rule.ivms101.findings import Edition
from strongroom.travel_rule.ivms101.payload import write_element
from strongroom.travel_rule.trisa.envelope import Envelope, parse_envelope, write_envelope
from strongroom.travel_rule.trisa.payload import (
    Contents,
    Pending,
    Received,
    Transaction,
    read_contents,
    write_contents,
)
from strongroom.travel_rule.trisa.sealing import open_envelope, seal
from tests.fakes.travel_rule_backend import BOB, CAROL, DAVE
from tests.travel_rule.enclave.pair import A, B, Pair, ivms101, order, pair, part, until_true
from tests.travel_rule.ivms101.samples import DEMANDS

OWN, OTHER = (generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
"""B's key, and the key that A's TRISA node holds."""


def public(key: RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
async def enclaves(two_databases: tuple[str, str], tmp_path: Path) -> AsyncIterator[Pair]:
    """Two enclaves that do not reach each other past the hub; both open envelopes with B's key."""
    file = tmp_path / "trisa.pem"
    file.write_bytes(OWN.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))

    def with_key(config: EnclaveConfig) -> EnclaveConfig:
        return msgspec.structs.replace(config, trisa=TrisaSettings(key_file=str(file)))

    async with pair(two_databases, change=with_key) as both:
        both.hub.down.add(B)
        yield both


async def sealed(enclaves: Pair, *, account: str = BOB, amount: str = "1.5", **more: Any) -> Any:
    """An envelope that A makes of a verification."""
    body = order(account=account, **more)
    uuid = await enclaves.a.verify({**body, "assetInfo": {**body["assetInfo"], "amount": amount}})
    asked = {"verificationUuid": uuid, "publicKey": public(OWN)}
    return (await enclaves.a.post("/v1/trisa/envelopes", asked))["envelope"]


async def answered(enclaves: Pair, envelope: Any, status: int = 200) -> Any:
    asked = {"originatingVaspId": A, "publicKey": public(OTHER), "envelope": envelope}
    return await enclaves.b.post("/v1/trisa/envelopes/answer", asked, status=status)


def read(envelope: Any, key: RSAPrivateKey) -> tuple[Envelope, Received]:
    parsed = parse_envelope(json.dumps(envelope).encode())
    return parsed, read_contents(open_envelope(parsed, key=key), demands=DEMANDS)


def shown(received: Received) -> Any:
    assert received.identity.is_valid
    assert received.identity.element is not None
    return json.loads(write_element(received.identity.element, Edition.V2020))


async def reply(enclaves: Pair, envelope: Any) -> Any:
    """B's answer to an envelope, sealed for A's enclave."""
    asked = {"originatingVaspId": A, "publicKey": public(OWN), "envelope": envelope}
    return (await enclaves.b.post("/v1/trisa/envelopes/answer", asked))["envelope"]


async def recorded(enclaves: Pair, envelope: Any, status: int = 200, *, by: str = B) -> Any:
    asked = {"beneficiaryVaspId": by, "envelope": envelope}
    return await enclaves.a.post("/v1/trisa/envelopes/result", asked, status=status)


def results(enclaves: Pair) -> list[str]:
    """What A's back end was told, in order."""
    return [told["result"] for told in enclaves.a.backend.callbacks("VERIFICATION_RESULT")]


def sealed_with(answer: Any, **changes: Any) -> Any:
    """The answer with another payload, sealed anew as its sender can."""
    _, received = read(answer, OWN)
    assert received.identity.element is not None
    assert isinstance(received.transaction, Transaction)
    identity = received.identity.element
    if "country" in changes:
        (person,) = identity.beneficiary.persons
        assert person.natural_person is not None
        natural = msgspec.structs.replace(person.natural_person, country_of_residence=changes["country"])
        persons = (msgspec.structs.replace(person, natural_person=natural),)
        identity = msgspec.structs.replace(
            identity, beneficiary=msgspec.structs.replace(identity.beneficiary, beneficiary_persons=persons)
        )
    contents = Contents(
        identity=identity,
        transaction=msgspec.structs.replace(received.transaction, **changes.pop("transaction", {})),
        sent_at=received.sent_at,
        received_at=changes.pop("received_at", received.received_at),
    )
    return json.loads(write_envelope(seal_for(write_contents(contents), answer["id"])))


def seal_for(payload: bytes, envelope_id: str) -> Envelope:
    return seal(
        payload,
        recipient=OWN.public_key(),
        envelope_id=envelope_id,
        at=datetime.now(UTC),
        entropy=SystemEntropy(),
    )


async def test_a_verification_is_sealed_for_one_key(enclaves: Pair) -> None:
    envelope = await sealed(enclaves)
    parsed, received = read(envelope, OWN)
    assert parsed.encryption_key != parsed.hmac_secret
    assert shown(received) == ivms101()
    assert received.transaction == Transaction(
        originator=ivms101()["originator"]["accountNumber"][0],
        beneficiary=BOB,
        amount="1.5",
        network="ethereum",
        asset_type="ETH",
    )
    assert "Originatoria" not in json.dumps(envelope)


async def test_an_envelope_is_verified_and_answered_with_one(enclaves: Pair) -> None:
    envelope = await sealed(enclaves)
    answer = (await answered(enclaves, envelope))["envelope"]
    parsed, received = read(answer, OTHER)
    assert (parsed.id, parsed.sealed, parsed.error) == (envelope["id"], True, None)
    assert shown(received)["beneficiary"] == ivms101()["beneficiary"]
    assert isinstance(received.transaction, Transaction)
    assert received.received_at
    found = await enclaves.b.get(f"/v1/verifications/{envelope['id']}")
    assert (found["result"], found["originatingVaspId"], found["assetInfo"]["amount"]) == ("VERIFIED", A, "1.5")
    again = (await answered(enclaves, envelope))["envelope"]
    assert shown(read(again, OTHER)[1]) == shown(received)
    assert len(enclaves.b.backend.asked("verification")) == 1


async def test_what_is_not_decided_is_pending(enclaves: Pair) -> None:
    envelope = await sealed(enclaves, account=DAVE)
    _, received = read((await answered(enclaves, envelope))["envelope"], OTHER)
    assert isinstance(received.transaction, Pending)
    assert received.transaction.envelope_id == envelope["id"]
    enclaves.b.backend.decisions[DAVE] = {"result": "VERIFIED"}
    _, received = read((await answered(enclaves, envelope))["envelope"], OTHER)
    assert isinstance(received.transaction, Transaction)


async def test_what_does_not_pass_is_an_error_of_trisa(enclaves: Pair) -> None:
    found = {}
    for account in (CAROL, "0xnobody"):
        answer = (await answered(enclaves, await sealed(enclaves, account=account)))["envelope"]
        found[account] = (answer["error"]["code"], answer["error"]["retry"], answer["payload"])
    assert found == {CAROL: ("COMPLIANCE_CHECK_FAIL", False, ""), "0xnobody": ("UNKNOWN_WALLET_ADDRESS", False, "")}
    lacking = await sealed(enclaves, ivms101=ivms101(birth=False))
    error = (await answered(enclaves, lacking))["envelope"]["error"]
    assert (error["code"], error["retry"]) == ("INCOMPLETE_IDENTITY", True)
    assert error["message"] == "NATURAL_PERSON_DATE_AND_PLACE_OF_BIRTH"


async def test_an_amount_that_trisa_cannot_hold_is_not_sealed(enclaves: Pair) -> None:
    uuid = await enclaves.a.verify(order())  # 1.000000000000000001
    asked = {"verificationUuid": uuid, "publicKey": public(OWN)}
    refusal = await enclaves.a.post("/v1/trisa/envelopes", asked, status=400)
    assert refusal["code"] == "AMOUNT-TOO-PRECISE"


async def test_what_is_refused(enclaves: Pair) -> None:
    envelope = await sealed(enclaves)
    tampered = {**envelope, "hmac": envelope["hmac_secret"][:44]}
    assert (await answered(enclaves, tampered, 400))["code"] == "TRAVEL-RULE-MESSAGE-INVALID"
    misdirected = {**envelope, "public_key_signature": "SHA256:other"}
    assert (await answered(enclaves, misdirected, 400))["code"] == "TRAVEL-RULE-MESSAGE-MISDIRECTED"
    assert (await answered(enclaves, {**envelope, "id": "no uuid"}, 400))["code"] == "TRAVEL-RULE-MESSAGE-INVALID"
    for asked, code in (
        ({"verificationUuid": envelope["id"], "publicKey": "none"}, "INVALID-FORMAT"),
        (
            {"verificationUuid": "4a1b0f0e-4d60-4b44-9a3c-2a6a7c0f7a11", "publicKey": public(OWN)},
            "VERIFICATION-NOT-FOUND",
        ),
    ):
        assert (await enclaves.a.post("/v1/trisa/envelopes", asked, status=400))["code"] == code
    for nobody in ("123456", "9" * 20, B):
        body = {"originatingVaspId": nobody, "publicKey": public(OTHER), "envelope": envelope}
        refused = await enclaves.b.post("/v1/trisa/envelopes/answer", body, status=400)
        assert refused["code"] == "VASP-UNKNOWN", nobody
    assert enclaves.b.backend.asked("verification") == []
    assert (await enclaves.b.get("/v1/verifications", oppositeVaspId="123456"))["verifications"] == []


async def test_the_answer_is_the_result_of_the_verification(enclaves: Pair) -> None:
    envelope = await sealed(enclaves)
    told = {**ivms101()["beneficiary"], "beneficiaryPersons": [completed()]}
    enclaves.b.backend.decisions[BOB] = {"result": "VERIFIED", "ivms101": {"beneficiary": told}}
    answer = await reply(enclaves, envelope)
    said = await recorded(enclaves, answer)
    assert (said["verificationUuid"], said["result"]) == (envelope["id"], "VERIFIED")
    found = await enclaves.a.get(f"/v1/verifications/{envelope['id']}")
    assert (found["result"], found["reason"]) == ("VERIFIED", None)
    assert found["verifiedAt"]
    assert part(found["ivms101Beneficiary"]) == told
    await until_true(lambda: results(enclaves) == ["VERIFIED"])
    assert await recorded(enclaves, answer) == said  # and the back end is told but once
    # What follows a verified transfer goes on from there.
    await enclaves.a.post("/v1/verifications/tx", {"verificationUuid": envelope["id"], "txHash": "0xabc"})
    assert results(enclaves) == ["VERIFIED"]


def completed() -> Any:
    """The beneficiary with more of it than was asked with."""
    (person,) = ivms101()["beneficiary"]["beneficiaryPersons"]
    return {"naturalPerson": {**person["naturalPerson"], "customerIdentification": "C-77"}}


@pytest.mark.parametrize(
    ("account", "expected"),
    [(CAROL, ("DENIED", "UNVERIFIED-KYC", None)), ("0xnobody", ("UNKNOWN", "UNKNOWN-ADDRESS", None))],
)
async def test_an_error_envelope_ends_the_verification(
    enclaves: Pair, account: str, expected: tuple[str, str, str | None]
) -> None:
    envelope = await sealed(enclaves, account=account)
    said = await recorded(enclaves, await reply(enclaves, envelope))
    found = await enclaves.a.get(f"/v1/verifications/{envelope['id']}")
    assert (found["result"], found["reason"], found["message"]) == expected
    assert (said["result"], said["reason"], said["message"]) == expected
    await until_true(lambda: results(enclaves) == [expected[0]])


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("COMPLIANCE_CHECK_FAIL", ("DENIED", "UNDEFINED-ERROR", "COMPLIANCE_CHECK_FAIL: No.")),
        ("INCOMPLETE_IDENTITY", ("DENIED", "LACK-OF-INFORMATION", "No.")),
        ("INTERNAL_ERROR", ("ERROR", "UNDEFINED-ERROR", "INTERNAL_ERROR: No.")),
        ("SOMETHING_NEWER", ("ERROR", "UNDEFINED-ERROR", "SOMETHING_NEWER: No.")),
        ("MAINTENANCE", ("WAIT", None, None)),
        ("UNAVAILABLE", ("WAIT", None, None)),
    ],
)
async def test_what_the_codes_of_others_are_here(
    enclaves: Pair, code: str, expected: tuple[str, str | None, str | None]
) -> None:
    envelope = await sealed(enclaves)
    said = await recorded(enclaves, error_about(envelope["id"], code))
    assert (said["result"], said["reason"], said["message"]) == expected


def error_about(envelope_id: str, code: str) -> Any:
    now = datetime.now(UTC).isoformat()
    return {"id": envelope_id, "error": {"code": code, "message": "No."}, "timestamp": now}


async def test_a_pending_answer_and_the_one_that_follows(enclaves: Pair) -> None:
    envelope = await sealed(enclaves, account=DAVE)
    for _ in range(2):
        assert (await recorded(enclaves, await reply(enclaves, envelope)))["result"] == "PENDING"
    await until_true(lambda: results(enclaves) == ["PENDING"])
    enclaves.b.backend.decisions[DAVE] = {"result": "VERIFIED"}
    assert (await recorded(enclaves, await reply(enclaves, envelope)))["result"] == "VERIFIED"
    await until_true(lambda: results(enclaves) == ["PENDING", "VERIFIED"])


async def test_an_acceptance_that_breaks_ivms101_is_an_error(enclaves: Pair) -> None:
    envelope = await sealed(enclaves)
    answer = await reply(enclaves, envelope)
    said = await recorded(enclaves, sealed_with(answer, country="QQ"))
    assert (said["result"], said["reason"]) == ("ERROR", "UNDEFINED-ERROR")
    found = await enclaves.a.get(f"/v1/verifications/{envelope['id']}")
    assert part(found["ivms101Beneficiary"]) == ivms101()["beneficiary"]
    await until_true(lambda: results(enclaves) == ["ERROR"])


async def test_what_was_erased_takes_no_answer(enclaves: Pair) -> None:
    envelope = await sealed(enclaves)
    answer = await reply(enclaves, envelope)
    await erase(means=enclaves.a.enclave.means, uuid=envelope["id"])
    assert (await recorded(enclaves, answer, 400))["code"] == "VERIFICATION-NOT-FOUND"


async def test_of_two_answers_at_once_one_is_recorded(enclaves: Pair) -> None:
    envelope = await sealed(enclaves)
    answer = await reply(enclaves, envelope)
    ways = [{"beneficiaryVaspId": B, "envelope": each} for each in (answer, error_about(envelope["id"], "REJECTED"))]
    answers = await asyncio.gather(*(enclaves.a.api.post("/v1/trisa/envelopes/result", json=way) for way in ways * 3))
    recorded_as = {each.json()["result"] for each in answers if each.status_code == 200}
    assert {each.status_code for each in answers} == {200, 409}
    found = await enclaves.a.get(f"/v1/verifications/{envelope['id']}")
    assert recorded_as == {found["result"]}
    await until_true(lambda: results(enclaves) == [found["result"]])


async def test_after_a_final_result_another_is_refused(enclaves: Pair) -> None:
    envelope = await sealed(enclaves)
    answer = await reply(enclaves, envelope)
    assert (await recorded(enclaves, answer))["result"] == "VERIFIED"
    refusal = await recorded(enclaves, error_about(envelope["id"], "REJECTED"), 409)
    assert refusal["code"] == "VERIFICATION-STATE-CONFLICT"
    denied = await sealed(enclaves, account=CAROL)
    assert (await recorded(enclaves, await reply(enclaves, denied)))["result"] == "DENIED"
    enclosed = open_envelope(parse_envelope(json.dumps(answer).encode()), key=OWN)
    forged = json.loads(write_envelope(seal_for(enclosed, denied["id"])))
    assert (await recorded(enclaves, forged, 400))["code"] == "TRAVEL-RULE-MESSAGE-INVALID"
    assert (await enclaves.a.get(f"/v1/verifications/{denied['id']}"))["result"] == "DENIED"
    assert (await enclaves.a.get(f"/v1/verifications/{envelope['id']}"))["result"] == "VERIFIED"


async def test_answers_that_are_refused_record_nothing(enclaves: Pair) -> None:
    envelope = await sealed(enclaves)
    other = await sealed(enclaves, amount="2.5")
    answer = await reply(enclaves, envelope)
    unsealed = {**answer, "sealed": False}
    invalid = (
        {**answer, "hmac": answer["hmac_secret"][:44]},
        {**answer, "payload": answer["payload"][:-8] + "AAAAAAA="},
        unsealed,
        {**answer, "id": "no uuid"},
        {**answer, "id": other["id"]},  # sealed about another transfer
        sealed_with(answer, transaction={"amount": "1.6"}),
        sealed_with(answer, transaction={"beneficiary": CAROL}),
        sealed_with(answer, received_at=""),  # the question itself, come back
    )
    for each in invalid:
        assert (await recorded(enclaves, each, 400))["code"] == "TRAVEL-RULE-MESSAGE-INVALID"
    theirs = (await answered(enclaves, envelope))["envelope"]  # for another key
    assert (await recorded(enclaves, theirs, 400))["code"] == "TRAVEL-RULE-MESSAGE-MISDIRECTED"
    nobody = {**answer, "id": "4a1b0f0e-4d60-4b44-9a3c-2a6a7c0f7a11"}
    assert (await recorded(enclaves, nobody, 400))["code"] == "VERIFICATION-NOT-FOUND"
    stranger = await recorded(enclaves, answer, 400, by="1001")
    assert stranger["code"] == "VERIFICATION-NOT-FOUND"
    assert (await enclaves.a.get(f"/v1/verifications/{envelope['id']}"))["result"] == "WAIT"
    assert results(enclaves) == []
    assert (await recorded(enclaves, answer))["result"] == "VERIFIED"
