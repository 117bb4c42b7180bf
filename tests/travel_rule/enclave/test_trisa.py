"""Verifications in TRISA's envelopes: sealed by one enclave, opened, decided and answered by another."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from strongroom.travel_rule.enclave.config import EnclaveConfig, TrisaSettings
from strongroom.travel_rule.ivms101.findings import Edition
from strongroom.travel_rule.ivms101.payload import write_element
from strongroom.travel_rule.trisa.envelope import Envelope, parse_envelope
from strongroom.travel_rule.trisa.payload import Pending, Received, Transaction, read_contents
from strongroom.travel_rule.trisa.sealing import open_envelope
from tests.fakes.travel_rule_backend import BOB, CAROL, DAVE
from tests.travel_rule.enclave.pair import A, B, Pair, ivms101, order, pair
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
    assert enclaves.b.backend.asked("verification") == []
