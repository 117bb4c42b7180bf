"""What the demonstration does: a verification, its DENIED twin, a report of the transaction and an inquiry."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, Self, TypeVar, final

import msgspec

from strongroom.apps.embedded.ports import HOST
from strongroom.apps.travel_rule.store import ENCRYPTED, count_rows, read_verification
from strongroom.apps.travel_rule.town import Side, Town
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.http import HttpAnswer, HttpClient, HttpFailureError, Origin
from strongroom.travel_rule.hub.store import list_passages
from strongroom.travel_rule.robot.customers import CUSTOMERS, Customer

DEADLINE_S: Final = 180.0
ORIGINATOR: Final = ("Hong", "Gildong")
"""Surname and given name of the made-up originator."""
TX_HASH: Final = "0x" + "5f" * 32
_CALL_S: Final = 30.0
_POLL_S: Final = 0.05
_ORIGINATOR_ACCOUNT: Final = "0x00000000000000000000000000000000000000ff"
T = TypeVar("T")


@dataclass(slots=True)
class Found:
    """What came of it. ``missing`` is what should have been and was not; ``stored`` is by side, then by uuid."""

    engines: dict[str, str] = field(default_factory=dict[str, str])
    verifications: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    tx_report: dict[str, Any] = field(default_factory=dict[str, Any])
    inquiry: dict[str, Any] = field(default_factory=dict[str, Any])
    stored: dict[str, Any] = field(default_factory=dict[str, Any])
    hub: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    missing: list[str] = field(default_factory=list[str])

    @property
    def ok(self) -> bool:
        """Whether everything was done and nothing is missing."""
        return bool(self.hub) and not self.missing

    def check(self, holds: bool, what: str) -> None:  # noqa: FBT001 - what is checked, and what to call it
        """Note what is missing."""
        if not holds:
            self.missing.append(what)


@final
class Api:
    """One side's HTTP interfaces: its enclave's API and its robot's control."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self._headers = {"authorization": f"Bearer {side.token}", "content-type": "application/json"}
        self._enclave = HttpClient(Origin(host=HOST, port=side.api_port))
        self._robot = HttpClient(Origin(host=HOST, port=side.robot_port))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._enclave.close()
        await self._robot.close()

    async def ask(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """The enclave's answer; raises ``UNAVAILABLE`` for anything but 200."""
        return _json(await self._call(self._enclave, method, path, body), path)

    async def tell_robot(self, path: str, body: object) -> None:
        """Tell the robot what to answer."""
        _json(await self._call(self._robot, "POST", path, body), path)

    async def told(self) -> list[dict[str, Any]]:
        """The callbacks that the robot was given."""
        return _json(await self._call(self._robot, "GET", "/control", None), "/control")["callbacks"]

    async def _call(self, client: HttpClient, method: str, path: str, body: object) -> HttpAnswer:
        encoded = b"" if body is None else msgspec.json.encode(body)
        try:
            return await client.call(method, path, body=encoded, headers=self._headers, timeout_s=_CALL_S)
        except HttpFailureError as failure:
            raise StrongroomError(Code.UNAVAILABLE, f"{self.side.title}: {failure}.") from None


@final
class Story:
    """Tells the story once.

    Args:
        town: what runs.
        a: the side that asks.
        b: the side that is asked.
        tell: told each thing, for people.
    """

    def __init__(self, town: Town, a: Api, b: Api, *, tell: Callable[[str], None]) -> None:
        self._town, self._a, self._b, self._tell = town, a, b, tell
        self._clock = SystemClock()
        self.found = Found(engines={side.name: side.engine for side in (town.a, town.b)})

    async def run(self) -> None:
        """All of it; what is missing is noted.

        Raises:
            StrongroomError: ``DEADLINE_EXCEEDED`` or ``UNAVAILABLE`` when something does not answer at all.
        """
        await self._wait_until_up()
        verified = await self._verify(CUSTOMERS[0], expected=("VERIFIED", None))
        denied = await self._verify(CUSTOMERS[1], expected=("DENIED", "UNVERIFIED-KYC"))
        await self._report(verified)
        await self._inquire(verified)
        await self._read_back((verified, denied))

    async def _wait_until_up(self) -> None:
        async def look() -> bool:
            self._check_processes()
            try:
                vasps = (await self._a.ask("GET", "/v1/vasps"))["vasps"]
            except StrongroomError:
                return False
            up = {vasp["vaspId"] for vasp in vasps if vasp["health"] == "UP"}
            return {self._town.a.vasp_id, self._town.b.vasp_id} <= up

        await self._until(look, "the enclaves do not come up")
        self._tell("hub and both enclaves are up; the directory is signed by the network authority")

    async def _verify(self, customer: Customer, *, expected: tuple[str, str | None]) -> str:
        began_s = self._clock.monotonic_s()
        uuid = (await self._a.ask("POST", "/v1/verifications", make_order(self._town.b, customer)))["verificationUuid"]

        async def look() -> Any:  # noqa: ANN401 - JSON
            found = await self._a.ask("GET", f"/v1/verifications/{uuid}")
            return found if found["result"] not in {"WAIT", "PENDING"} else None

        found = await self._until(look, f"verification {uuid} gets no result")
        took_ms = round((self._clock.monotonic_s() - began_s) * 1000)
        result = (found["result"], found["reason"])
        self.found.check(result == expected, f"{' '.join(filter(None, expected))} (it is {result[0]} {result[1]})")
        self.found.verifications.append({"uuid": uuid, "result": result[0], "reason": result[1], "ms": took_ms})
        self._tell(f"{customer.given_name} {customer.surname}: {' '.join(filter(None, result))} in {took_ms} ms")
        return uuid

    async def _report(self, uuid: str) -> None:
        await self._a.ask("POST", "/v1/verifications/tx", {"verificationUuid": uuid, "txHash": TX_HASH})

        async def look() -> Any:  # noqa: ANN401 - JSON
            told = await self._b.told()
            return next((each for each in told if each["callbackType"] == "TX_REPORT"), None)

        callback = await self._until(look, "the transaction's report does not arrive")
        self.found.check(callback["data"].get("txHash") == TX_HASH, "the reported hash")
        self.found.tx_report = {"uuid": uuid, "txHash": TX_HASH, "callback": callback}
        self._tell(f"{TX_HASH[:18]}… reported; {self._town.b.title}'s back end was told")

    async def _inquire(self, uuid: str) -> None:
        status = {"verificationUuid": uuid, "transactionStatus": "CONFIRMED", "txHash": TX_HASH}
        await self._a.tell_robot("/control/transaction", status)
        answer = await self._b.ask("POST", "/v1/verifications/tx/inquiry", {"verificationUuid": uuid})
        self.found.inquiry = answer
        self.found.check(answer.get("transactionStatus") == "CONFIRMED", "the inquiry's answer CONFIRMED")
        self._tell(f"{self._town.b.title} asks where the transaction is: {answer.get('transactionStatus')}")

    async def _read_back(self, uuids: tuple[str, ...]) -> None:
        planted = {*ORIGINATOR, *(customer.given_name for customer in CUSTOMERS)}
        for side in (self._town.a, self._town.b):
            rows = {uuid: await read_verification(side.database_url, uuid) for uuid in uuids}
            self.found.stored[side.name] = {"rows": rows, "counts": await count_rows(side.database_url)}
            for each in self.found.verifications:
                row = rows[each["uuid"]]
                self.found.check(row.get("result") == each["result"], f"{side.title}'s row of {each['uuid']}")
                plain = [name for name in ENCRYPTED if any(word in (row.get(name) or "") for word in planted)]
                self.found.check(not plain, f"ciphertext in {', '.join(plain)} of {side.title}")
            self.found.check(rows[uuids[0]].get("tx_hash") == TX_HASH, f"{side.title}'s transaction hash")
        self.found.hub = await self._until(self._passages, "the hub stores no metadata")

    async def _passages(self) -> list[dict[str, Any]]:
        kinds = {"key_request", "verification", "tx_report", "tx_inquiry"}
        passages = await list_passages(self._town.hub_database, limit=100)
        listed: list[dict[str, Any]] = [
            {
                "kind": passage.kind,
                "from": passage.from_vasp,
                "to": passage.to_vasp,
                "bytes": [passage.question_bytes, passage.answer_bytes],
                "outcome": passage.outcome.value,
                "ms": passage.took_ms,
            }
            for passage in reversed(passages)
        ]
        return listed if kinds <= {passage.kind for passage in passages} else []

    def _check_processes(self) -> None:
        for process in self._town.processes:
            if process.exit_code() is not None:
                detail = f"{process.command.name} ended:\n{process.log_tail()}"
                raise StrongroomError(Code.UNAVAILABLE, detail)

    async def _until(self, look: Callable[[], Awaitable[T]], otherwise: str) -> T:
        """What ``look`` gives once that is true."""
        try:
            async with asyncio.timeout(DEADLINE_S):
                while not (found := await look()):
                    await self._clock.sleep(_POLL_S)
        except TimeoutError:
            raise StrongroomError(Code.DEADLINE_EXCEEDED, f"After {DEADLINE_S:g} s {otherwise}.") from None
        return found


def make_order(to: Side, customer: Customer) -> dict[str, Any]:
    """The body of ``POST /v1/verifications``: an ETH transfer to a customer of the other side's robot."""
    person = {
        "name": {"nameIdentifier": [_name(*ORIGINATOR)]},
        "geographicAddress": [
            {"addressType": "HOME", "streetName": "Example Street", "buildingNumber": "7", "country": "KR"}
        ],
        "dateAndPlaceOfBirth": {"dateOfBirth": "1987-06-05", "placeOfBirth": "Exampletown"},
    }
    named = {"name": {"nameIdentifier": [_name(customer.surname, customer.given_name)]}}
    return {
        "keyType": "PerAddress",
        "beneficiaryVaspId": to.vasp_id,
        "assetInfo": {
            "symbol": "ETH",
            "network": "ethereum",
            "amount": "1.000000000000000001",
            "tradePrice": "4500000",
            "tradeCurrency": "KRW",
            "tradeISODatetime": "2026-11-20T09:30:00+09:00",
            "isExceedingThreshold": True,
        },
        "payload": {
            "version": "1.0",
            "ivms101": {
                "originator": {
                    "originatorPersons": [{"naturalPerson": person}],
                    "accountNumber": [_ORIGINATOR_ACCOUNT],
                },
                "beneficiary": {
                    "beneficiaryPersons": [{"naturalPerson": named}],
                    "accountNumber": [customer.accounts["ETH"]],
                },
            },
        },
    }


def _name(surname: str, given_name: str) -> dict[str, str]:
    return {"primaryIdentifier": surname, "secondaryIdentifier": given_name, "nameIdentifierType": "LEGL"}


def _json(answer: HttpAnswer, path: str) -> Any:  # noqa: ANN401 - JSON
    if answer.status != 200:
        said = answer.body.decode(errors="replace")[:300]
        raise StrongroomError(Code.UNAVAILABLE, f"{path} answers {answer.status}: {said}")
    return msgspec.json.decode(answer.body)
