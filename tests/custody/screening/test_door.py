"""The HTTP door for the enclave: whose address it is, whether that customer may receive, what became of a transfer."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.domain import shapes
from tests.custody.screening.conftest import BACKEND_TOKEN
from tests.custody.screening.people import PLANTED, SENDER, VASP, legal, natural, originator, registry
from tests.custody.screening.world import World, intent_to
from tests.fakes.enclave import FakeEnclave
from tests.fixtures.tenant import ASSET, FRIEND, STRANGER, TENANT

TX = "0x" + "cd" * 32
UUID_1 = UUID("11111111-1111-4111-8111-111111111111")
Json = dict[str, Any]


@pytest.fixture
async def door(asking: World) -> AsyncIterator[httpx.AsyncClient]:
    """The door as the enclave reaches it; FRIEND is the address of vault account 0, whose holder is registered."""
    assert asking.service.http is not None
    asking.vault.holders[ASSET, FRIEND] = (TENANT, "0")
    await asking.register(registry())
    headers = {"Authorization": f"Bearer {BACKEND_TOKEN}"}
    transport = httpx.ASGITransport(asking.service.http)
    async with httpx.AsyncClient(transport=transport, base_url="http://door", headers=headers) as client:
        yield client


def component(name: str | None = SENDER, *, address: str = FRIEND) -> msgspec.Raw:
    persons = [] if name is None else [natural(name)]
    return msgspec.Raw(
        msgspec.json.encode({"beneficiary": {"beneficiaryPersons": persons, "accountNumber": [address]}})
    )


def verification(name: str | None = SENDER, *, uuid: UUID = UUID_1, **changes: Any) -> bytes:
    """What an enclave sends, made by its own shapes."""
    asset = shapes.AskedAsset(symbol=changes.get("symbol", "ETH"), network=changes.get("network"), amount="1.5")
    return msgspec.json.encode(
        shapes.BackendVerification(
            verification_uuid=str(uuid),
            originating_vasp_id=changes.get("vasp", VASP),
            asset_info=asset,
            required_beneficiary_info=changes.get("codes", shapes.DEFAULT_INFORMATION),
            version="1.0",
            ivms101=component(name, address=changes.get("address", FRIEND)),
        )
    )


def account(name: str | None = None, **changes: Any) -> bytes:
    return msgspec.json.encode(
        shapes.BackendAccount(
            originating_vasp_id=VASP,
            symbol="ETH",
            network=changes.get("network"),
            ivms101=component(name, address=changes.get("address", FRIEND)),
        )
    )


async def ask(door: httpx.AsyncClient, path: str, body: bytes) -> shapes.BackendResult:
    """As the enclave reads it."""
    answer = await door.post(f"/verifications{path}", content=body)
    assert answer.status_code == 200, answer.text
    return msgspec.json.decode(answer.content, type=shapes.BackendResult)


async def test_the_holder_of_a_vault_account_may_receive_and_only_its_name_is_told(door: httpx.AsyncClient) -> None:
    told = await ask(door, "", verification())
    assert (told.result, told.reason) == ("VERIFIED", None)
    assert told.ivms101 is not None
    beneficiary = json.loads(bytes(told.ivms101))["beneficiary"]
    assert beneficiary == {"beneficiaryPersons": [natural(SENDER)], "accountNumber": [FRIEND]}


async def test_more_of_a_beneficiary_is_told_only_where_it_is_asked_for(asking: World, door: httpx.AsyncClient) -> None:
    birth = {"dateOfBirth": "1990-01-01", "placeOfBirth": "Wien"}
    more: Json = {"dateAndPlaceOfBirth": birth, "nationalIdentification": {"nationalIdentifier": "12"}}
    await asking.register(registry(originators=[originator(**more)]))
    codes = "ACCOUNT_NUMBER,NATURAL_PERSON_NAME,NATURAL_PERSON_DATE_AND_PLACE_OF_BIRTH"
    for asked, expected in ((codes, {"dateAndPlaceOfBirth": birth}), ("ACCOUNT_NUMBER", {})):
        told = await ask(door, "", verification(uuid=uuid4(), codes=asked))
        assert told.ivms101 is not None
        (person,) = json.loads(bytes(told.ivms101))["beneficiary"]["beneficiaryPersons"]
        assert person == natural(SENDER, **expected)


@pytest.mark.parametrize("name", ["ZORAIDA Quetzalcoatl", "Quetzalcoatl, zoraida", "Zoraida (Quetzalcoatl)"])
async def test_a_name_is_compared_in_both_orders_without_case_and_punctuation(
    door: httpx.AsyncClient, name: str
) -> None:
    given, family = name.split()
    body = verification(f"{given} {family}")
    assert (await ask(door, "", body)).result == "VERIFIED"


async def test_a_company_is_known_by_its_name_or_by_whoever_represents_it(
    asking: World, door: httpx.AsyncClient
) -> None:
    holder = originator() | {"ivms101": {"originatorPersons": [legal("Acme Handels-GmbH"), natural(SENDER)]}}
    await asking.register(registry(originators=[holder]))
    for persons, result in (
        ([legal("ACME Handels GmbH")], "VERIFIED"),
        ([natural(SENDER)], "VERIFIED"),
        ([legal("Acme Holding")], "DENIED"),
    ):
        asked = {"beneficiary": {"beneficiaryPersons": persons, "accountNumber": [FRIEND]}}
        body = json.loads(verification(uuid=uuid4())) | {"ivms101": asked}
        told = await ask(door, "", json.dumps(body).encode())
        assert told.result == result
        if result == "VERIFIED":
            (company, _) = json.loads(bytes(told.ivms101))["beneficiary"]["beneficiaryPersons"]
            assert company["legalPerson"].keys() == {"name"}


@pytest.mark.parametrize(
    ("changes", "result", "reason"),
    [
        ({"name": "Zoraida Quetzal"}, "DENIED", "MISMATCHED-NAME"),
        ({"name": None}, "DENIED", "LACK-OF-INFORMATION"),
        ({"symbol": "DOGE"}, "DENIED", "UNKNOWN-SYMBOL"),
        ({"network": "Polygon"}, "DENIED", "UNKNOWN-NETWORK"),
        ({"network": "Ethereum"}, "VERIFIED", None),
        ({"address": STRANGER}, "UNKNOWN", None),
        ({"address": "no address at all"}, "UNKNOWN", None),
    ],
)
async def test_what_is_not_so_is_said_by_the_networks_words(
    door: httpx.AsyncClient, changes: Json, result: str, reason: str | None
) -> None:
    asked: Json = {"name": SENDER, **changes}
    told = await ask(door, "", verification(**asked))
    assert (told.result, told.reason) == (result, reason)
    assert told.message == ("NATURAL_PERSON_NAME" if reason == "LACK-OF-INFORMATION" else None)
    assert bool(bytes(told.ivms101)) == (result == "VERIFIED")


@pytest.mark.parametrize(("kyc", "reason"), [("UNVERIFIED", "UNVERIFIED-KYC"), ("BLACKLISTED", "BLACKLISTED")])
async def test_standing_denies_a_verification_but_no_question_about_an_address(
    asking: World, door: httpx.AsyncClient, kyc: str, reason: str
) -> None:
    await asking.register(registry(originators=[originator(kyc=kyc)]))
    told = await ask(door, "", verification())
    assert (told.result, told.reason, bytes(told.ivms101)) == ("DENIED", reason, b"")
    assert (await ask(door, "/account", account(SENDER))).result == "VERIFIED"


async def test_a_question_about_an_address_needs_no_name_but_one_that_is_given_must_fit(
    asking: World, door: httpx.AsyncClient
) -> None:
    assert (await ask(door, "/account", account())).result == "VERIFIED"
    assert (await ask(door, "/account", account("Other Person"))).reason == "MISMATCHED-NAME"
    assert (await ask(door, "/account", account(address=STRANGER))).result == "UNKNOWN"
    await asking.register(registry(originators=[]))
    assert (await ask(door, "/account", account())).reason == "UNAVAILABLE-INFORMATION"
    assert await asking.count("travel_rule_inbound") == 0


async def test_the_same_verification_gets_the_same_answer_whatever_was_imported_since(
    asking: World, door: httpx.AsyncClient
) -> None:
    first = await ask(door, "", verification())
    await asking.register(registry(originators=[originator(kyc="BLACKLISTED")]))
    assert (await ask(door, "", verification())).result == first.result == "VERIFIED"
    assert (await ask(door, "", verification(uuid=uuid4()))).result == "DENIED"
    other = await door.post("/verifications", content=verification(vasp="42"))
    assert (other.status_code, other.json()["code"]) == (409, "STATUS-CONFLICT")
    assert await asking.count("travel_rule_inbound") == 2


async def test_while_the_vault_cannot_say_nobody_is_denied(asking: World, door: httpx.AsyncClient) -> None:
    asking.vault.failures.append(StrongroomError(Code.UNAVAILABLE))
    answer = await door.post("/verifications", content=verification())
    assert answer.status_code == 503
    assert await asking.count("travel_rule_inbound") == 0
    assert (await ask(door, "", verification())).result == "VERIFIED"


async def test_what_becomes_of_a_transfer_to_us_is_kept_once(asking: World, door: httpx.AsyncClient) -> None:
    await ask(door, "", verification())
    sent = {"callbackType": "TX_REPORT", "data": {"verificationUuid": str(UUID_1), "txHash": TX, "vout": None}}
    failed = {"callbackType": "ERROR_REPORT", "data": {"verificationUuid": str(UUID_1), "reason": "CANCELLED"}}
    result = {"callbackType": "VERIFICATION_RESULT", "data": {"verificationUuid": str(UUID_1), "result": "VERIFIED"}}
    unknown = {"callbackType": "TX_REPORT", "data": {"verificationUuid": str(uuid4()), "txHash": TX}}
    foreign = {"callbackType": "CHAINALYSIS_KYT_RESULT", "data": [1]}
    for callback in (sent, failed, sent, failed, result, unknown, foreign):
        assert (await door.post("/verifications/callback", json=callback)).status_code == 200
    second = {"callbackType": "TX_REPORT", "data": {"verificationUuid": str(UUID_1), "txHash": "0x00"}}
    assert (await door.post("/verifications/callback", json=second)).status_code == 200
    row = await asking.database.fetchrow("select tx_hash, failure from travel_rule_inbound")
    assert row is not None
    assert (row["tx_hash"], row["failure"]) == (TX, "CANCELLED")


async def test_an_inquiry_learns_what_became_of_a_transfer_of_ours(
    asking: World, door: httpx.AsyncClient, enclave: FakeEnclave
) -> None:
    await asking.load(STRANGER)
    intent = intent_to(FRIEND)
    await asking.screen(intent)
    await asking.exchange(intent)
    (uuid,) = enclave.verifications

    async def inquire(verification_uuid: str) -> httpx.Response:
        body = msgspec.json.encode(shapes.BackendInquiry(verification_uuid=verification_uuid))
        return await door.post("/verifications/transaction", content=body)

    def read(answer: httpx.Response) -> tuple[str, str | None]:
        told = msgspec.json.decode(answer.content, type=shapes.BackendTransaction)
        return told.transaction_status, told.tx_hash

    assert read(await inquire(uuid)) == ("PROCESSING", None)
    await asking.report(intent, tx_hash=TX)
    assert read(await inquire(uuid)) == ("CONFIRMED", TX)
    await asking.report(intent, tx_hash=TX, failure="TX_REVERTED")
    assert read(await inquire(uuid)) == ("FAILED", TX)
    absent = await inquire(str(uuid4()))
    assert (absent.status_code, absent.json()["code"]) == (400, "VERIFICATION-NOT-FOUND")


@pytest.mark.parametrize("value", [None, "", "Bearer ", f"Bearer {BACKEND_TOKEN}x", BACKEND_TOKEN, "Bearer é"])
@pytest.mark.parametrize("path", ["", "/account", "/transaction", "/callback"])
async def test_nothing_is_answered_without_the_token(door: httpx.AsyncClient, path: str, value: str | None) -> None:
    del door.headers["authorization"]
    headers = {} if value is None else {b"Authorization": value.encode()}
    answer = await door.post(f"/verifications{path}", content=b"{", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "API-TOKEN-INVALID")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"a":' * 50_000,
        b'{"verificationUuid": "x"}',
        verification().replace(b'"accountNumber":["', b'"accountNumber":["a","'),
        verification().replace(b'"beneficiary"', b'"Zoraida"'),
        verification().replace(b'"amount":"1.5"', b'"amount":1.5'),
    ],
)
async def test_what_cannot_be_read_is_refused_and_nothing_of_it_is_repeated(
    door: httpx.AsyncClient, body: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = await door.post("/verifications", content=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID-FORMAT")
    captured = capfd.readouterr()
    assert not any(word in answer.text + captured.out + captured.err for word in PLANTED)


async def test_a_body_that_is_too_long_is_refused(door: httpx.AsyncClient) -> None:
    assert (await door.post("/verifications", content=b" " * (600 << 10))).status_code in (400, 413)


async def test_without_an_enclave_there_is_no_door(world: World) -> None:
    assert world.service.http is None
