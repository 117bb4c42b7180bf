"""Two enclaves, each with a database and a back end of its own, and a hub between them that can be made to misbehave.

A is on MariaDB and B on PostgreSQL. Everything runs in this process, behind real doors on 127.0.0.1.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, final

import httpx
import msgspec

from strongroom.runtime.clock import Clock, SystemClock
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.http import open_door, serve_config
from strongroom.runtime.kms import Kms, MemoryKms
from strongroom.travel_rule.enclave.app import IDENTITY, Enclave, Ports, build
from strongroom.travel_rule.enclave.config import (
    ApiSettings,
    BackEnd,
    DatabaseSection,
    EnclaveConfig,
    HubSettings,
    WorkSettings,
)
from strongroom.travel_rule.messages import VaspRecord, VaspStatus, sign_record
from tests.fakes.travel_rule_backend import BOB, TOKEN, FakeBackend
from tests.fakes.travel_rule_hub import FakeHub

API_TOKEN: Final = "the back end's token at the enclave"
A: Final = "18446744073709551615"
B: Final = "9007199254740993"
"""Both above 2^53, and A the highest there is."""
AUTHORITY: Final = MemoryKms()
WAIT_S: Final = 60.0
_FAST: Final = WorkSettings(poll_s=0.1, back_off_s=0.05, back_off_max_s=0.3, lease_s=10, callback_tries=3)


@final
class MovedClock:
    """The machine's clock, and ``ahead_s`` seconds more; nobody sleeps longer by it than ``longest_s``."""

    def __init__(self, *, longest_s: float = 3600.0) -> None:
        self._clock = SystemClock()
        self._longest_s = longest_s
        self.ahead_s = 0.0

    def now(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self.ahead_s)

    def monotonic_s(self) -> float:
        return self._clock.monotonic_s() + self.ahead_s

    async def sleep(self, seconds_s: float) -> None:
        await self._clock.sleep(min(seconds_s, self._longest_s))


@dataclass(frozen=True, kw_only=True)
class Side:
    vasp_id: str
    enclave: Enclave
    backend: FakeBackend
    api: httpx.AsyncClient

    async def post(self, path: str, body: Any, status: int = 200) -> Any:
        answer = await self.api.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def get(self, path: str, status: int = 200, **query: str) -> Any:
        answer = await self.api.get(path, params=query)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def verify(self, body: Any) -> str:
        return (await self.post("/v1/verifications", body))["verificationUuid"]

    async def final(self, uuid: str) -> Any:
        """The verification, once its result is final."""

        async def look() -> Any:
            found = await self.get(f"/v1/verifications/{uuid}")
            return found if found["result"] not in {"WAIT", "PENDING"} else None

        return await until(look)


@dataclass(frozen=True, kw_only=True)
class Pair:
    a: Side
    b: Side
    hub: FakeHub


async def until(look: Callable[[], Awaitable[Any]]) -> Any:
    """What ``look`` gives once it is true."""
    end = asyncio.get_running_loop().time() + WAIT_S
    while not (found := await look()):
        assert asyncio.get_running_loop().time() < end, "it never came"
        await asyncio.sleep(0.02)
    return found


async def until_true(holds: Callable[[], object]) -> None:
    async def look() -> object:
        return holds()

    await until(look)


def settings(
    vasp_id: str, *, database: str, hub_port: int, backend_port: int, work: WorkSettings = _FAST, **more: Any
) -> EnclaveConfig:
    return EnclaveConfig(
        vasp_id=vasp_id,
        jurisdiction="KR",
        api=ApiSettings(token=API_TOKEN),
        hub=HubSettings(
            url=f"http://127.0.0.1:{hub_port}", authority_key=AUTHORITY.signer("authority").public_key.hex()
        ),
        backend=BackEnd(
            url=f"http://127.0.0.1:{backend_port}",
            token=TOKEN,
            verification_path="/verification",
            account_path="/account",
            transaction_path="/transaction",
            callback_path="/callback",
        ),
        database=DatabaseSection(url=database),
        work=work,
        **more,
    )


def record_of(vasp_id: str, kms: Kms, *, country: str = "KR", status: VaspStatus = VaspStatus.VERIFIED_MEMBER) -> bytes:
    now = datetime.now(UTC)
    record = VaspRecord(
        vasp_id=vasp_id,
        serial=1,
        name=f"VASP {vasp_id[:2]}",
        legal_name=f"VASP {vasp_id[:2]} Limited",
        country=country,
        url="https://127.0.0.1:1",
        identity_key=kms.signer(IDENTITY).public_key,
        tls_key_hash=bytes(32),
        status=status,
        issued_at=now - timedelta(days=1),
        expires_at=now + timedelta(days=1),
    )
    return sign_record(record, authority=AUTHORITY.signer("authority"))


@asynccontextmanager
async def pair(
    urls: tuple[str, str],
    *,
    work: WorkSettings = _FAST,
    change: Callable[[EnclaveConfig], EnclaveConfig] = lambda config: config,
    country: str = "KR",
    clock: Clock | None = None,
) -> AsyncGenerator[Pair]:
    """``change`` is applied to the settings of both; ``country`` is A's; both go by ``clock``."""
    async with AsyncExitStack() as stack:
        hub = FakeHub()
        stack.push_async_callback(hub.close)
        hub_port = await stack.enter_async_context(served(hub))
        sides: list[Side] = []
        for vasp_id, url, where in ((A, urls[0], country), (B, urls[1], "KR")):
            backend, kms = FakeBackend(), MemoryKms()
            backend_port = await stack.enter_async_context(served(backend))
            config = change(settings(vasp_id, database=url, hub_port=hub_port, backend_port=backend_port, work=work))
            hub.records[vasp_id] = record_of(vasp_id, kms, country=where)
            sides.append(await stack.enter_async_context(_side(config, kms, backend, hub, clock)))
        yield Pair(a=sides[0], b=sides[1], hub=hub)


@asynccontextmanager
async def _side(
    config: EnclaveConfig, kms: Kms, backend: FakeBackend, hub: FakeHub, clock: Clock | None
) -> AsyncGenerator[Side]:
    enclave = await build(config, Ports(clock=clock or SystemClock(), entropy=SystemEntropy(), kms=kms))
    async with served(enclave.api) as api_port, served(enclave.messages) as message_port:
        hub.ports[config.vasp_id] = message_port
        enclave.start()
        headers = {"authorization": f"Bearer {config.api.token}"}
        base_url = f"http://127.0.0.1:{api_port}"
        async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=WAIT_S, trust_env=False) as api:
            yield Side(vasp_id=config.vasp_id, enclave=enclave, backend=backend, api=api)
    await enclave.stop()


def served(app: Any) -> Any:
    """The application behind a port of 127.0.0.1, which it gives."""
    return open_door(serve_config(app, host="127.0.0.1", port=0, tls=None))


def ivms101(*, account: str = BOB, name: str = "Beneficiarius", birth: bool = True) -> dict[str, Any]:
    person: dict[str, Any] = {
        "name": {
            "nameIdentifier": [
                {"primaryIdentifier": "Originatoria", "secondaryIdentifier": "Alice", "nameIdentifierType": "LEGL"}
            ]
        },
        "geographicAddress": [
            {
                "addressType": "HOME",
                "streetName": "Planted Street",
                "buildingNumber": "7",
                "townName": "Plantedville",
                "country": "KR",
            }
        ],
    }
    if birth:
        person["dateAndPlaceOfBirth"] = {"dateOfBirth": "1987-06-05", "placeOfBirth": "Plantedtown"}
    named = {"nameIdentifier": [{"primaryIdentifier": name, "nameIdentifierType": "LEGL"}]}
    return {
        "originator": {
            "originatorPersons": [{"naturalPerson": person}],
            "accountNumber": ["0xa11ce00000000000000000000000000000000a11"],
        },
        "beneficiary": {"beneficiaryPersons": [{"naturalPerson": {"name": named}}], "accountNumber": [account]},
    }


def order(*, account: str = BOB, key_type: str = "PerVasp", to: str = B, **more: Any) -> dict[str, Any]:
    """The body of POST /v1/verifications; ``more`` goes to its top level, ``payload`` is the IVMS101 one."""
    asset = {
        "symbol": "ETH",
        "network": "ethereum",
        "amount": "1.000000000000000001",
        "tradePrice": "4500000.5",
        "tradeCurrency": "KRW",
        "tradeISODatetime": "2026-11-20T09:30:00+09:00",
        "isExceedingThreshold": True,
    }
    payload = more.pop("ivms101", ivms101(account=account))
    return {
        "keyType": key_type,
        "beneficiaryVaspId": to,
        "assetInfo": asset,
        "payload": {"version": "1.0", "ivms101": payload},
        **more,
    }


def part(text: str | None) -> Any:
    """A text of JSON, as lookups answer components."""
    assert text is not None
    return json.loads(text)


def faster(config: EnclaveConfig, **changes: Any) -> EnclaveConfig:
    """The settings with others of ``work``."""
    return msgspec.structs.replace(config, work=msgspec.structs.replace(config.work, **changes))
