"""One enclave with every screening company switched on, the companies' stand-ins, and a back end that is told."""

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import httpx
import msgspec

from strongroom.runtime.clock import SystemClock
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.http import open_door, serve_config
from strongroom.runtime.kms import Kms, MemoryKms
from strongroom.travel_rule.enclave.app import Enclave, Ports, build
from strongroom.travel_rule.enclave.config import (
    AssessmentSettings,
    ChainalysisSettings,
    EnclaveConfig,
    WorldCheckSettings,
)
from strongroom.travel_rule.enclave.domain.verifications import AssetInfo, Outcome, Persons, Result, Verification
from strongroom.travel_rule.enclave.store.verifications import insert_verification
from strongroom.vendors.chainalysis.simulator import API_KEY, TOKEN, ChainalysisSimulator
from strongroom.vendors.refinitiv.simulator import GROUP, KEY, SECRET, WorldCheckSimulator
from tests.fakes.travel_rule_backend import FakeBackend
from tests.fixtures.vendors import serving
from tests.travel_rule.enclave.pair import A, B, settings, until

OURS: Final = A
THEIRS: Final = B
SCREENING: Final = ("chainalysis_sanction", "chainalysis_kyt", "refinitiv_wco")
HERE, THERE = "0x00000000000000000000000000000000000000aa", "0x00000000000000000000000000000000000000bb"
RISK: Final = "/v1/risk-assessment"
SANCTION, KYT, WCO = f"{RISK}/chainalysis-sanction", f"{RISK}/chainalysis-kyt", f"{RISK}/refinitiv-wco"
WAITING: Final = {"REGISTERED", "CHECKING"}
TX_HASH: Final = f"0x{'cd' * 32}"
QUICK: Final = AssessmentSettings(poll_s=0.05, lease_s=60, give_up_s=600, timeout_s=20)
Json = dict[str, Any]


def person(family: str, given: str | None = None, *, born: str | None = None) -> Json:
    """A natural person, as the standard of 2020 spells one."""
    name = {"primaryIdentifier": family, "nameIdentifierType": "LEGL"}
    if given is not None:
        name["secondaryIdentifier"] = given
    made: Json = {"name": {"nameIdentifier": [name]}}
    if born is not None:
        made["dateAndPlaceOfBirth"] = {"dateOfBirth": born, "placeOfBirth": "Seoul"}
    return {"naturalPerson": made}


def company(name: str) -> Json:
    identifier = {"legalPersonName": name, "legalPersonNameIdentifierType": "LEGL"}
    return {"legalPerson": {"name": {"nameIdentifier": [identifier]}}}


def asset(*, symbol: str, network: str | None) -> AssetInfo:
    return AssetInfo(
        symbol=symbol,
        amount="1.000000000000000001",
        network=network,
        trade_price="4500000.5",
        trade_currency="KRW",
        trade_at=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
        is_exceeding_threshold=True,
    )


def verification(
    *,
    is_outgoing: bool = True,
    result: Result = Result.VERIFIED,
    tx_hash: str | None = None,
    there: str | None = THERE,
    originator: tuple[Json, ...] = (person("Hong", "Gildong", born="1980-02-29"),),
    beneficiary: tuple[Json, ...] = (person("Beneficiarius"),),
    network: str | None = "ETH",
    symbol: str = "ETH",
) -> Verification:
    """A verification of ours; ``there`` is the counterparty's account."""
    now = datetime.now(UTC)
    sides, accounts = (OURS, THEIRS), (HERE, there)
    if not is_outgoing:
        sides, accounts = sides[::-1], accounts[::-1]
    return Verification(
        uuid=str(uuid4()),
        outcome=Outcome(result=result),
        asset=asset(symbol=symbol, network=network),
        tx_hash=tx_hash,
        originating_vasp_id=sides[0],
        originator_account_number=accounts[0],
        beneficiary_vasp_id=sides[1],
        beneficiary_account_number=accounts[1],
        persons=Persons(
            originator=json.dumps({"originatorPersons": originator}).encode(),
            beneficiary=json.dumps({"beneficiaryPersons": beneficiary}).encode(),
        ),
        content_mac=bytes(32),
        ordered_at=now,
        created_at=now,
    )


@dataclass(frozen=True, kw_only=True)
class World:
    enclave: Enclave
    config: EnclaveConfig
    api: httpx.AsyncClient
    backend: FakeBackend
    chainalysis: ChainalysisSimulator
    world_check: WorldCheckSimulator

    async def put(self, row: Verification) -> str:
        """A verification that is there; its uuid."""
        means = self.enclave.means

        async def store(tx: Any) -> None:
            await insert_verification(tx, row, cipher=means.cipher)

        await means.database.run(store)
        return row.uuid

    async def post(self, path: str, body: Mapping[str, Any], status: int = 200) -> Any:
        answer = await self.api.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def get(self, path: str, request_id: str, status: int = 200) -> Any:
        answer = await self.api.get(f"{path}/{request_id}")
        assert answer.status_code == status, answer.text
        return answer.json()

    async def refused(self, path: str, body: Mapping[str, Any]) -> str:
        answer = await self.api.post(path, json=body)
        assert answer.status_code >= 400, answer.text
        return answer.json()["code"]

    async def ended(self, path: str, request_id: str) -> Any:
        """The assessment once it is over."""

        async def look() -> Any:
            found = await self.get(path, request_id)
            return found if found["status"] not in WAITING else None

        return await until(look)

    async def told(self, kind: str, request_id: str) -> Any:
        """The data of the callback about that request."""

        async def look() -> Any:
            return [data for data in self.backend.callbacks(kind) if data["requestId"] == request_id]

        return (await until(look))[0]


@dataclass(frozen=True, kw_only=True)
class Companies:
    chainalysis: ChainalysisSimulator
    world_check: WorldCheckSimulator


@asynccontextmanager
async def world(
    database: str,
    companies: Companies,
    *,
    backend: FakeBackend | None = None,
    assessments: AssessmentSettings = QUICK,
    kms: Kms | None = None,
    **changes: Any,
) -> AsyncGenerator[World]:
    """An enclave that serves; ``changes`` are of its settings."""
    async with AsyncExitStack() as stack:
        told = backend or FakeBackend()
        backend_port: int = await stack.enter_async_context(served(told))
        made = {"features": SCREENING, "assessments": assessments} | await companies_of(stack, companies) | changes
        config = settings(OURS, database=database, hub_port=1, backend_port=backend_port)
        config = msgspec.structs.replace(config, **made)
        ports = Ports(clock=SystemClock(), entropy=SystemEntropy(), kms=kms or MemoryKms())
        enclave = await build(config, ports)
        stack.push_async_callback(enclave.stop)
        api_port = await stack.enter_async_context(served(enclave.api))
        enclave.start()
        headers = {"authorization": f"Bearer {config.api.token}"}
        url = f"http://127.0.0.1:{api_port}"
        api = await stack.enter_async_context(
            httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False)
        )
        yield World(
            enclave=enclave,
            config=config,
            api=api,
            backend=told,
            chainalysis=companies.chainalysis,
            world_check=companies.world_check,
        )


def served(app: Any) -> Any:
    return open_door(serve_config(app, host="127.0.0.1", port=0, tls=None))


async def companies_of(stack: AsyncExitStack, companies: Companies) -> dict[str, Any]:
    """Settings that lead to the stand-ins, which serve as long as the stack is open."""
    chainalysis = await stack.enter_async_context(serving(companies.chainalysis))
    world_check = await stack.enter_async_context(serving(companies.world_check))
    return {
        "chainalysis": ChainalysisSettings(
            sanction_url=f"{chainalysis}/api/v1",
            sanction_key=API_KEY,
            kyt_url=f"{chainalysis}/api/kyt",
            kyt_token=TOKEN,
        ),
        "world_check": WorldCheckSettings(url=f"{world_check}/v2", key=KEY, secret=SECRET, group_id=GROUP),
    }
