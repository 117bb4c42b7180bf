"""Risk assessments through a whole enclave: its program, a database, the companies' stand-ins and a back end.

A sanctions screening is over when it is answered. The others are over when the back end is told: registered, polled,
assessed and delivered, with ``POLL_S`` between two looks, so their latency is mostly waiting and the rate is the work.
Everything shares the machine's cores, the stand-ins and the back end too.
"""

import asyncio
import itertools
import json
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, MutableMapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from bench.figures import Load, Spread
from strongroom.apps.embedded.mariadb import find_mariadb, start_mariadb
from strongroom.apps.embedded.ports import keep_port
from strongroom.apps.embedded.postgres import delete_postgres, start_postgres
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.entropy import SystemEntropy
from strongroom.runtime.http import open_door, serve_config
from strongroom.runtime.kms import SoftwareKms
from strongroom.travel_rule.enclave.app import Ports, build, migrate_store
from strongroom.travel_rule.enclave.config import PREFIX, load_config
from strongroom.travel_rule.enclave.domain.verifications import AssetInfo, Outcome, Persons, Result, Verification
from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.verifications import insert_verification
from strongroom.vendors.chainalysis.simulator import API_KEY, TOKEN
from strongroom.vendors.refinitiv.simulator import GROUP, KEY, SECRET

POLL_S = 0.1
IN_FLIGHT = (1, 16)
KINDS = ("sanction", "kyt", "wco")
_WARM_UP = 20
_OVER_TIMEOUT_S = 120.0
_TOKEN = "the bench speaks for the back end"  # noqa: S105 - of a database that is thrown away
_PATHS = {"sanction": "chainalysis-sanction", "kyt": "chainalysis-kyt", "wco": "refinitiv-wco"}
_PERSON = {"name": {"nameIdentifier": [{"primaryIdentifier": "Hong", "nameIdentifierType": "LEGL"}]}}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentLoad:
    """What one kind came to on one engine."""

    engine: str
    kind: str
    load: Load


class BackEnd:
    """An ASGI application that takes callbacks, and says whom they are about."""

    def __init__(self) -> None:
        self._over: dict[str, asyncio.Future[str]] = {}

    async def __call__(
        self,
        scope: MutableMapping[str, Any],
        receive: Callable[[], Awaitable[MutableMapping[str, Any]]],
        send: Callable[[MutableMapping[str, Any]], Awaitable[None]],
    ) -> None:
        """One callback; whoever waits for it goes on."""
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})
        data = json.loads(body)["data"]
        future = self._future(data["requestId"])
        if not future.done():
            future.set_result(data["status"])

    async def wait_for(self, request_id: str) -> str:
        """The status that was told of a request."""
        try:
            return await asyncio.wait_for(self._future(request_id), _OVER_TIMEOUT_S)
        finally:
            del self._over[request_id]

    def _future(self, request_id: str) -> asyncio.Future[str]:
        return self._over.setdefault(request_id, asyncio.get_running_loop().create_future())


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The provider's systems: they ask, and are told."""

    api: httpx.AsyncClient
    backend: BackEnd
    uuid: str

    async def measure(self, kind: str, *, in_flight: int, count: int) -> Load:
        """A closed loop of assessments of one kind, after a warm-up that is not counted."""
        await self._loop(kind, in_flight=in_flight, count=_WARM_UP)
        begun_s = time.perf_counter()
        taken_ms = await self._loop(kind, in_flight=in_flight, count=count)
        per_second = count / (time.perf_counter() - begun_s)
        return Load(in_flight=in_flight, latency_ms=Spread.of(taken_ms), per_second=per_second)

    async def _loop(self, kind: str, *, in_flight: int, count: int) -> list[float]:
        turns = iter(range(count))

        async def work(turns: Iterator[int]) -> list[float]:
            return [await self._assess(kind) for _ in turns]

        done = await asyncio.gather(*(work(turns) for _ in range(in_flight)))
        return [one for part in done for one in part]

    async def _assess(self, kind: str) -> float:
        begun_s = time.perf_counter()
        body = {"verificationUuid": self.uuid} | ({"userId": "bench"} if kind == "kyt" else {})
        answer = (await self.api.post(f"/v1/risk-assessment/{_PATHS[kind]}", json=body)).raise_for_status().json()
        status = answer["status"] if kind == "sanction" else await self._over(kind, answer)
        if status not in {"NOHIT", "PROCESSED"}:
            raise RuntimeError(f"{kind}: {status}")
        return (time.perf_counter() - begun_s) * 1000

    async def _over(self, kind: str, answer: Json) -> str:
        return await self.backend.wait_for(answer["requestId"] if kind == "kyt" else answer["results"][0]["requestId"])


async def measure_assessments(folder: Path, *, count: int, tell: Callable[[str], None]) -> tuple[AssessmentLoad, ...]:
    """Every kind, at one and at sixteen in flight, on PostgreSQL and, where it is installed, on MariaDB."""
    done: list[AssessmentLoad] = []
    for engine in ("postgresql", *(("mariadb",) if find_mariadb() else ())):
        tell(f"assessments: {engine}, an enclave and the companies' stand-ins start")
        async with _open_database(folder / engine, engine) as url, _open_caller(folder / engine, url) as caller:
            for kind, in_flight in itertools.product(KINDS, IN_FLIGHT):
                tell(f"assessments: {count} {kind} on {engine}, {in_flight} in flight")
                some = count if in_flight > 1 else max(count // 4, _WARM_UP)
                load = await caller.measure(kind, in_flight=in_flight, count=some)
                done.append(AssessmentLoad(engine=engine, kind=kind, load=load))
    return tuple(done)


@asynccontextmanager
async def _open_database(folder: Path, engine: str) -> AsyncGenerator[str]:
    """A server with a database; started and stopped in the main thread, since it dies with whoever starts it."""
    await asyncio.to_thread(folder.mkdir, mode=0o711, parents=True)
    if engine == "mariadb":
        mariadb = start_mariadb(folder / "mariadb")
        yield await mariadb.make_database("enclave", password="benched")  # noqa: S106 - thrown away
        mariadb.stop()
        return
    postgres = start_postgres(folder / "postgres")
    yield postgres.admin_dsn().replace("postgresql://", "postgresql+asyncpg://")
    postgres.stop()
    delete_postgres(folder / "postgres")


@asynccontextmanager
async def _open_caller(folder: Path, database: str) -> AsyncGenerator[Caller]:
    backend = BackEnd()
    async with AsyncExitStack() as stack:
        door = open_door(serve_config(backend, host="127.0.0.1", port=0, tls=None))
        backend_port = await stack.enter_async_context(door)
        companies = [await stack.enter_async_context(_open_stand_in(name)) for name in ("chainalysis", "refinitiv")]
        port = keep_port(folder / "port")
        file = folder / "enclave.toml"
        file.write_text(_settings(database, backend_port=backend_port, port=port, companies=companies))
        uuid = await _put_verification(file, folder / "keys")
        await stack.enter_async_context(_run_enclave(file, folder / "keys"))
        headers = {"authorization": f"Bearer {_TOKEN}"}
        url = f"http://127.0.0.1:{port}"
        api = await stack.enter_async_context(
            httpx.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False)
        )
        await _wait_until_up(api)
        yield Caller(api=api, backend=backend, uuid=uuid)


@asynccontextmanager
async def _open_stand_in(name: str) -> AsyncGenerator[str]:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"strongroom.vendors.{name}.simulator"), stdout=asyncio.subprocess.PIPE
    )
    assert program.stdout is not None
    yield (await program.stdout.readline()).decode().strip()
    program.terminate()
    await program.wait()


@asynccontextmanager
async def _run_enclave(file: Path, keys: Path) -> AsyncGenerator[None]:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "strongroom.travel_rule.enclave.main", "serve", "--config", str(file)),
        env={f"{PREFIX}KEYS_FOLDER": str(keys)},
    )
    yield
    program.terminate()
    await program.wait()


async def _wait_until_up(api: httpx.AsyncClient) -> None:
    for _ in range(600):
        try:
            if (await api.get("/v1/health")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.1)
    raise TimeoutError("the enclave does not answer")


def _settings(database: str, *, backend_port: int, port: int, companies: Sequence[str]) -> str:
    chainalysis, world_check = companies
    tables: dict[str, Json] = {
        "api": {"port": port, "token": _TOKEN},
        "messages": {"port": 0},
        "hub": {"url": "http://127.0.0.1:1", "authority_key": "00" * 32},
        "backend": {"url": f"http://127.0.0.1:{backend_port}", "token": _TOKEN},
        "database": {"url": database},
        "chainalysis": {
            "sanction_url": f"{chainalysis}/api/v1",
            "sanction_key": API_KEY,
            "kyt_url": f"{chainalysis}/api/kyt",
            "kyt_token": TOKEN,
        },
        "world_check": {"url": f"{world_check}/v2", "key": KEY, "secret": SECRET, "group_id": GROUP},
        "assessments": {"poll_s": POLL_S},
    }
    first = {
        "vasp_id": "1",
        "jurisdiction": "KR",
        "features": ["chainalysis_sanction", "chainalysis_kyt", "refinitiv_wco"],
        "log_level": "ERROR",
    }
    lines = [f"{name} = {json.dumps(value)}" for name, value in first.items()]
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join(lines)


async def _put_verification(file: Path, keys: Path) -> str:
    """Make the tables, and the one verification that is assessed again and again; its uuid."""
    config = load_config(file, environ={f"{PREFIX}KEYS_FOLDER": str(keys)})
    ports = Ports(clock=SystemClock(), entropy=SystemEntropy(), kms=SoftwareKms(keys))
    await migrate_store(config, ports)
    enclave = await build(config, ports)
    now = datetime.now(UTC)
    row = Verification(
        uuid=str(ports.entropy.uuid4()),
        outcome=Outcome(result=Result.VERIFIED),
        asset=AssetInfo(
            symbol="ETH",
            network="ETH",
            amount="1",
            trade_price=None,
            trade_currency=None,
            trade_at=now,
            is_exceeding_threshold=True,
        ),
        originating_vasp_id="1",
        originator_account_number="0x1",
        beneficiary_vasp_id="2",
        beneficiary_account_number="0x2",
        persons=Persons(beneficiary=json.dumps({"beneficiaryPersons": [{"naturalPerson": _PERSON}]}).encode()),
        content_mac=bytes(32),
        ordered_at=now,
        created_at=now,
    )

    async def store(tx: Transaction) -> None:
        await insert_verification(tx, row, cipher=enclave.means.cipher)

    await enclave.means.database.run(store)
    await enclave.stop()
    return row.uuid
