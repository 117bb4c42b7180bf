"""Verifications between two enclaves through the hub, with all encryption on: from the request until its callback.

Enclaves, hub and the counterparty's back end are processes of their own, as they are run; what asks, and takes the
callbacks as the originator's own back end, is this process, on the same cores. Every verification is a real one:
checked, stored, sealed, relayed, opened, decided, answered, stored again, and told.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import uvicorn

from bench.figures import Load, Spread
from strongroom.apps.embedded.mariadb import find_mariadb
from strongroom.apps.embedded.ports import HOST
from strongroom.apps.travel_rule.town import Engine, Side, Town, open_town
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.http import HttpClient, HttpFailureError, Origin
from strongroom.travel_rule.enclave.operations.sizes import measure_sizes
from strongroom.travel_rule.enclave.store.engine import DatabaseSettings, open_database
from strongroom.travel_rule.ivms101.constraints import Demands
from strongroom.travel_rule.ivms101.payload import read_payload
from strongroom.travel_rule.robot.customers import CUSTOMERS

KEY_TYPES: Final = ("PerVasp", "PerAddress", "PerVerification")
KeyType = Literal["PerVasp", "PerAddress", "PerVerification"]
_START_S: Final = 180.0
_POLL_S: Final = 0.1
_CALL_S: Final = 30.0
_ANSWER: Final = b'{"result":true}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifications:
    """One engine, one key type, one level of load."""

    engine: Engine
    key_type: KeyType
    load: Load


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a row of one table takes: bytes in its columns, on disk with indexes, and at most as required."""

    engine: Engine
    side: str
    table: str
    rows: int
    row_bytes: int
    disk_bytes: int | None
    required_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Payloads parsed and validated in a second by one core, and how long one is."""

    payload_bytes: int
    per_second: float


def measure_reading(*, count: int) -> Reading:
    """Parse and validate one IVMS101 payload of about 1.4 KB, again and again."""
    body, demands = msgspec.json.encode(_identity()), Demands(today=datetime.now(UTC).date())
    reading = read_payload(body, demands)
    if not reading.is_valid:
        raise RuntimeError(f"the payload is not valid: {reading.violations}")
    began_s = time.process_time()
    for _ in range(count):
        read_payload(body, demands)
    return Reading(payload_bytes=len(body), per_second=count / (time.process_time() - began_s))


async def measure_verifications(
    folder: Path, *, counts: Sequence[tuple[int, int]], tell: Callable[[str], None]
) -> tuple[tuple[Verifications, ...], tuple[Stored, ...]]:
    """Every engine that this machine has, every key type, at every level of load; then what all of it takes.

    Args:
        folder: for the data; one folder below it for each engine.
        counts: how many in flight, and how many in all.
        tell: told what is next.

    Raises:
        RuntimeError: a verification ended otherwise than VERIFIED.
        TimeoutError: the enclaves did not come up.
    """
    engines: tuple[Engine, ...] = ("PostgreSQL",) if find_mariadb() is None else ("PostgreSQL", "MariaDB")
    done, stored = list[Verifications](), list[Stored]()
    for engine in engines:
        tell(f"verifications: two enclaves, a hub and a robot start on {engine}")
        async with _open_asker(folder / engine.lower(), engine) as asker:
            for key_type in KEY_TYPES:
                await asker.measure(key_type, in_flight=4, count=16)  # connections and caches
                for in_flight, count in counts:
                    tell(f"verifications: {count} {key_type} on {engine}, {in_flight} in flight")
                    load = await asker.measure(key_type, in_flight=in_flight, count=count)
                    done.append(Verifications(engine=engine, key_type=key_type, load=load))
            stored += await asker.measure_stored()
    return tuple(done), tuple(stored)


class _Asker:
    """The originator's back end: asks, and is called back."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._client = HttpClient(Origin(host=HOST, port=town.a.api_port))
        self._headers = {"authorization": f"Bearer {town.a.token}", "content-type": "application/json"}
        self._ended: dict[str, asyncio.Future[str]] = {}
        self._bodies = {key_type: msgspec.json.encode(_order(town, key_type)) for key_type in KEY_TYPES}

    async def wait_until_up(self) -> None:
        """Until both enclaves are called UP."""
        for _ in range(int(_START_S / _POLL_S)):
            if await self._are_up():
                return
            await asyncio.sleep(_POLL_S)
        raise TimeoutError("the enclaves do not come up")

    async def measure(self, key_type: KeyType, *, in_flight: int, count: int) -> Load:
        """A closed loop of ``count`` verifications."""
        left, taken_ms = iter(range(count)), list[float]()

        async def work() -> None:
            for _ in left:
                began_s = time.perf_counter()
                await self._verify(self._bodies[key_type])
                taken_ms.append((time.perf_counter() - began_s) * 1000)

        began_s = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(in_flight)))
        took_s = time.perf_counter() - began_s
        return Load(in_flight=in_flight, latency_ms=Spread.of(taken_ms), per_second=count / took_s)

    async def measure_stored(self) -> list[Stored]:
        """Every table of both sides that has rows."""
        return [row for side in (self._town.a, self._town.b) for row in await _measure_side(side)]

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        """A callback, as an ASGI application."""
        del scope
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        told = msgspec.json.decode(body)
        if told["callbackType"] == "VERIFICATION_RESULT":
            self._ending(told["data"]["verificationUuid"]).set_result(told["data"]["result"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"15")]})
        await send({"type": "http.response.body", "body": _ANSWER})

    async def _verify(self, body: bytes) -> None:
        answer = await self._client.call("POST", "/v1/verifications", body=body, headers=self._headers, timeout_s=30)
        if answer.status != 200:
            raise RuntimeError(f"a verification is refused: {answer.status} {answer.body[:300]!r}")
        uuid = msgspec.json.decode(answer.body)["verificationUuid"]
        async with asyncio.timeout(_CALL_S):
            result = await self._ending(uuid)
        del self._ended[uuid]
        if result != "VERIFIED":
            raise RuntimeError(f"verification {uuid} is {result}")

    def _ending(self, uuid: str) -> asyncio.Future[str]:
        """Whoever is first, the answer with the uuid or the callback, makes it."""
        return self._ended.setdefault(uuid, asyncio.get_running_loop().create_future())

    async def _are_up(self) -> bool:
        try:
            answer = await self._client.call("GET", "/v1/vasps", headers=self._headers, timeout_s=_CALL_S)
        except HttpFailureError:
            return False
        if answer.status != 200:
            return False
        up = {vasp["vaspId"] for vasp in msgspec.json.decode(answer.body)["vasps"] if vasp["health"] == "UP"}
        return {self._town.a.vasp_id, self._town.b.vasp_id} <= up


async def _measure_side(side: Side) -> list[Stored]:
    database = await open_database(
        DatabaseSettings(url=side.database_url), clock=SystemClock(), entropy=SystemEntropy()
    )
    try:
        measured = await measure_sizes(database=database)
    finally:
        await database.close()
    return [
        Stored(
            engine=side.engine,
            side=side.title,
            table=each.table,
            rows=each.size.rows,
            row_bytes=each.row_bytes,
            disk_bytes=each.disk_bytes,
            required_bytes=each.expected.most if each.expected else None,
        )
        for each in measured
        if each.row_bytes is not None
    ]


@asynccontextmanager
async def _open_asker(folder: Path, engine: Engine) -> AsyncGenerator[_Asker]:
    async with open_town(folder, engines={"a": engine, "b": engine}, without=frozenset({"robot-a"})) as town:
        asker = _Asker(town)
        config = uvicorn.Config(asker, host=HOST, port=town.a.robot_port, log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        try:
            await asker.wait_until_up()
            yield asker
        finally:
            await asker.close()
            server.should_exit = True
            await serving


def _order(town: Town, key_type: KeyType) -> dict[str, Any]:
    identity = _identity()
    return {
        "keyType": key_type,
        "beneficiaryVaspId": town.b.vasp_id,
        "assetInfo": {
            "symbol": "ETH",
            "amount": "1.5",
            "tradePrice": "6750000",
            "tradeCurrency": "KRW",
            "tradeISODatetime": "2026-11-20T09:30:00+09:00",
            "isExceedingThreshold": True,
        },
        "payload": {"version": "1.0", "ivms101": {part: identity[part] for part in ("originator", "beneficiary")}},
    }


def _identity() -> dict[str, Any]:
    """A payload of about 1.4 KB: two natural persons and both VASPs."""
    customer = CUSTOMERS[0]
    originator = {
        "naturalPerson": {
            "name": {"nameIdentifier": [_name("Barnes", "Robert Alexander")]},
            "geographicAddress": [_address("Potential Street", "123")],
            "nationalIdentification": {"nationalIdentifier": "AB5551234", "nationalIdentifierType": "CCPT"},
            "dateAndPlaceOfBirth": {"dateOfBirth": "1967-12-30", "placeOfBirth": "Winterthur"},
            "customerIdentification": "100500",
            "countryOfResidence": "CH",
        }
    }
    beneficiary = {"naturalPerson": {"name": {"nameIdentifier": [_name(customer.surname, customer.given_name)]}}}
    return {
        "originator": {
            "originatorPersons": [originator],
            "accountNumber": ["0x00000000000000000000000000000000000000ff"],
        },
        "beneficiary": {"beneficiaryPersons": [beneficiary], "accountNumber": [customer.accounts["ETH"]]},
        "originatingVASP": {"originatingVASP": _institution("Alpha Exchange", "3M5E1GQKGL17HI8CPN49")},
        "beneficiaryVASP": {"beneficiaryVASP": _institution("Beta Exchange", "2594007XIACKNMUAW223")},
    }


def _institution(name: str, lei: str) -> dict[str, Any]:
    identified = {"nationalIdentifier": lei, "nationalIdentifierType": "LEIX"}
    named = {"legalPersonName": name, "legalPersonNameIdentifierType": "LEGL"}
    return {
        "legalPerson": {
            "name": {"nameIdentifier": [named]},
            "nationalIdentification": identified,
            "countryOfRegistration": "KR",
        }
    }


def _name(surname: str, given_name: str) -> dict[str, str]:
    return {"primaryIdentifier": surname, "secondaryIdentifier": given_name, "nameIdentifierType": "LEGL"}


def _address(street: str, number: str) -> dict[str, str]:
    return {
        "addressType": "GEOG",
        "streetName": street,
        "buildingNumber": number,
        "postcode": "06236",
        "townName": "Seoul",
        "country": "KR",
    }
