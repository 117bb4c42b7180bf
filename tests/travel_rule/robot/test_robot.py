"""The robot answers as reference 1.3 has it, and misbehaves only when it is told to."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from strongroom.runtime.clock import SystemClock
from strongroom.runtime.http import HttpClient, HttpFailure, HttpFailureError, Origin, open_door, serve_config
from strongroom.travel_rule.robot.server import Robot

TOKEN = "a token for tests alone"
UUID = "0b6cbb9e-2f5f-4f4e-8f3d-0e5e8a1f0c11"
ETH_1, ETH_2 = "0x00000000000000000000000000000000000000a1", "0x00000000000000000000000000000000000000A2"
XRP_1, XRP_2 = "rrrrrrrrrrrrrrrrrrrrBZbvji:1", "rrrrrrrrrrrrrrrrrrrrBZbvji:2"
LONG_S = 60.0


class Caller:
    def __init__(self, client: HttpClient) -> None:
        self._client = client

    async def status(self, path: str, body: object, *, token: str = TOKEN, timeout_s: float = LONG_S) -> int:
        return (await self._call(path, body, token, timeout_s)).status

    async def post(self, path: str, body: object, *, timeout_s: float = LONG_S) -> Any:
        answer = await self._call(path, body, TOKEN, timeout_s)
        assert answer.status == 200
        return msgspec.json.decode(answer.body)

    async def told(self) -> Any:
        headers = {"authorization": f"Bearer {TOKEN}"}
        return msgspec.json.decode((await self._client.call("GET", "/control", headers=headers, timeout_s=LONG_S)).body)

    async def _call(self, path: str, body: object, token: str, timeout_s: float) -> Any:
        headers = {"authorization": f"Bearer {token}"}
        return await self._client.call(
            "POST", path, body=msgspec.json.encode(body), headers=headers, timeout_s=timeout_s
        )


@pytest.fixture
async def robot() -> AsyncIterator[Caller]:
    app = Robot(token=TOKEN, clock=SystemClock())
    async with open_door(serve_config(app, host="127.0.0.1", port=0, tls=None)) as port:
        client = HttpClient(Origin(host="127.0.0.1", port=port))
        yield Caller(client)
        await client.close()


def beneficiary(account: str, name: str | None = "Verity Robot") -> dict[str, Any]:
    names = [{"primaryIdentifier": name, "nameIdentifierType": "LEGL"}]
    persons = [{"naturalPerson": {"name": {"nameIdentifier": names}}}] if name else []
    return {"beneficiary": {"beneficiaryPersons": persons, "accountNumber": [account]}}


def transfer(symbol: str, account: str, *, name: str | None = "Verity Robot", network: str | None = None) -> object:
    return {
        "verificationUuid": UUID,
        "originatingVaspId": "18446744073709551615",
        "assetInfo": {"symbol": symbol, "network": network, "amount": "1.5", "isExceedingThreshold": True},
        "requiredBeneficiaryInfo": "ACCOUNT_NUMBER",
        "version": "1.0",
        "ivms101": beneficiary(account, name),
    }


def account(symbol: str, number: str, *, name: str | None = None) -> object:
    return {"originatingVaspId": "1", "symbol": symbol, "version": "1.0", "ivms101": beneficiary(number, name)}


@pytest.mark.parametrize(
    ("symbol", "number"), [("ETH", ETH_1), ("ETH", ETH_1.upper().replace("X", "x")), ("XRP", XRP_1)]
)
async def test_user_1_is_verified_and_named(robot: Caller, symbol: str, number: str) -> None:
    said = await robot.post("/verification", transfer(symbol, number))
    assert (said["result"], said["reason"]) == ("VERIFIED", None)
    told = said["ivms101"]["beneficiary"]
    names = told["beneficiaryPersons"][0]["naturalPerson"]["name"]["nameIdentifier"]
    assert names == [{"primaryIdentifier": "Robot", "secondaryIdentifier": "Verity", "nameIdentifierType": "LEGL"}]
    assert told["accountNumber"] == [number]


@pytest.mark.parametrize(("symbol", "number"), [("ETH", ETH_2), ("XRP", XRP_2)])
async def test_user_2_has_no_kyc_and_is_denied_but_has_the_account(robot: Caller, symbol: str, number: str) -> None:
    said = await robot.post("/verification", transfer(symbol, number, name="Noah Robot"))
    assert (said["result"], said["reason"], said["ivms101"]) == ("DENIED", "UNVERIFIED-KYC", None)
    assert (await robot.post("/account", account(symbol, number)))["result"] == "VERIFIED"


@pytest.mark.parametrize(
    ("asked", "result", "reason", "message"),
    [
        (transfer("DOGE", ETH_1), "DENIED", "UNKNOWN-SYMBOL", "DOGE"),
        (transfer("ETH", ETH_1, network="tron"), "DENIED", "UNKNOWN-NETWORK", None),
        (transfer("ETH", "0x" + "0" * 40), "UNKNOWN", None, None),
        (transfer("XRP", "rrrrrrrrrrrrrrrrrrrrBZbvji"), "UNKNOWN", None, None),
        (transfer("XRP", "rrrrrrrrrrrrrrrrrrrrBZbvji:3"), "UNKNOWN", None, None),
        (transfer("ETH", ETH_1, name="Somebody Else"), "DENIED", "MISMATCHED-NAME", None),
    ],
)
async def test_anything_else_has_its_reason(
    robot: Caller, asked: object, result: str, reason: str | None, message: str | None
) -> None:
    said = await robot.post("/verification", asked)
    assert (said["result"], said["reason"], said["message"]) == (result, reason, message)


async def test_the_status_of_a_transaction_is_what_the_robot_was_told(robot: Caller) -> None:
    assert (await robot.post("/transaction", {"verificationUuid": UUID}))["transactionStatus"] == "PENDING"
    told = {"verificationUuid": UUID, "transactionStatus": "CONFIRMED", "txHash": "0xabc"}
    await robot.post("/control/transaction", told)
    assert await robot.post("/transaction", {"verificationUuid": UUID}) == {
        "transactionStatus": "CONFIRMED",
        "txHash": "0xabc",
    }


async def test_a_callback_told_twice_is_one(robot: Caller) -> None:
    told = {"callbackType": "TX_REPORT", "data": {"verificationUuid": UUID, "txHash": "0xabc"}}
    for _ in range(2):
        await robot.post("/callback", told)
    await robot.post("/callback", {"callbackType": "VERIFICATION_RESULT", "data": {"verificationUuid": UUID}})
    callbacks = (await robot.told())["callbacks"]
    assert [(each["callbackType"], each["deliveries"]) for each in callbacks] == [
        ("TX_REPORT", 2),
        ("VERIFICATION_RESULT", 1),
    ]


async def test_nobody_without_the_token_gets_an_answer(robot: Caller) -> None:
    for path in ("/verification", "/account", "/transaction", "/callback", "/control/misbehave"):
        assert await robot.status(path, {}, token="another") == 401
    assert await robot.status("/nowhere", {}) == 404
    assert await robot.status("/verification", {"no": "sense"}) == 400


async def test_it_misbehaves_as_often_as_it_is_told(robot: Caller) -> None:
    asked = account("ETH", ETH_1)
    for mode, status in (("error", 500), ("refuse", 401)):
        await robot.post("/control/misbehave", {"call": "account", "mode": mode, "times": 2})
        assert [await robot.status("/account", asked) for _ in range(3)] == [status, status, 200]
    await robot.post("/control/misbehave", {"call": "account", "mode": "garbage"})
    with pytest.raises(msgspec.DecodeError):
        await robot.post("/account", asked)
    for mode, failure in (("hangup", HttpFailure.LOST), ("late", HttpFailure.LATE)):
        await robot.post("/control/misbehave", {"call": "account", "mode": mode, "delayS": 1.0})
        with pytest.raises(HttpFailureError) as error:
            await robot.status("/account", asked, timeout_s=LONG_S if mode == "hangup" else 0.2)
        assert error.value.failure is failure
    await robot.post("/control/misbehave", {"call": "account", "mode": "error", "times": 9})
    await robot.post("/control/misbehave", {"call": "account", "mode": "ok"})
    assert await robot.status("/account", asked) == 200
