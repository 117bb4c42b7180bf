"""Several workers on one database: nobody assesses what another does, and what a killed one left is resumed."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec

from strongroom.runtime.kms import MemoryKms, SoftwareKms
from strongroom.travel_rule.enclave.domain.assessments import (
    ApiType,
    AssessmentStatus,
    Direction,
    Kyt,
    Lease,
)
from strongroom.travel_rule.enclave.store.assessments import find_kyt, insert_kyt, take_kyt, update_kyt
from strongroom.travel_rule.enclave.store.engine import EnclaveDatabase, Transaction
from strongroom.vendors.simulated import Order
from tests.travel_rule.enclave.assessments.world import (
    KYT,
    QUICK,
    SCREENING,
    WCO,
    Companies,
    World,
    person,
    verification,
    world,
)
from tests.travel_rule.enclave.pair import until, until_true

GILDONG = person("Hong", "Gildong")
NOW = datetime(2026, 11, 21, 16, 0, 0, 123_000, tzinfo=UTC)


def assessment(number: int, *, lease: Lease) -> Kyt:
    return Kyt(
        request_id=f"request-{number}",
        verification_uuid="v",
        counterparty_vasp_id="18446744073709551615",
        api_type=ApiType.ATTEMPT,
        user_id="u",
        direction=Direction.OUTGOING,
        network="Ethereum",
        asset="ETH",
        amount="1",
        transfer_ref=f"request-{number}",
        output_address="0x1",
        timestamp=NOW,
        status=AssessmentStatus.REGISTERED,
        lease=lease,
        created_at=NOW,
    )


async def take(database: EnclaveDatabase, worker: str, *, at: datetime, limit: int = 10) -> tuple[str, ...]:
    """The request ids that a worker gets; leases run for a minute, free rows are due after two seconds."""

    async def work(tx: Transaction) -> tuple[Kyt, ...]:
        lease = Lease(worker_id=worker, at=at)
        due, ran_out = at - timedelta(seconds=2), at - timedelta(seconds=60)
        return await take_kyt(tx, lease=lease, limit=limit, due=due, ran_out=ran_out)

    return tuple(row.request_id for row in await database.run(work))


async def put(database: EnclaveDatabase, row: Kyt) -> None:
    async def work(tx: Transaction) -> None:
        await insert_kyt(tx, row)

    await database.run(work)


async def update(database: EnclaveDatabase, row: Kyt, *, held: Lease) -> bool:
    async def work(tx: Transaction) -> bool:
        return await update_kyt(tx, row, held=held, now=NOW)

    return await database.run(work)


async def test_a_lease_keeps_others_off_until_it_runs_out(enclave_database: EnclaveDatabase) -> None:
    free, held = Lease(worker_id=None, at=NOW), Lease(worker_id="one", at=NOW)
    await put(enclave_database, assessment(1, lease=held))
    await put(enclave_database, assessment(2, lease=free))
    assert await take(enclave_database, "two", at=NOW + timedelta(seconds=1)) == (), "one is held, the other not due"
    later = NOW + timedelta(seconds=2)
    assert await take(enclave_database, "two", at=later) == ("request-2",)
    assert await take(enclave_database, "three", at=later) == ()
    assert await take(enclave_database, "three", at=NOW + timedelta(seconds=60)) == ("request-1",)
    assert await take(enclave_database, "four", at=later + timedelta(seconds=60), limit=1) == ("request-2",)


async def test_who_lost_a_lease_changes_nothing(enclave_database: EnclaveDatabase) -> None:
    held = Lease(worker_id="one", at=NOW)
    row = assessment(1, lease=held)
    await put(enclave_database, row)
    assert await take(enclave_database, "two", at=NOW + timedelta(minutes=1)) == ("request-1",)
    done = replace(row, status=AssessmentStatus.PROCESSED, alert_count=0)
    assert not await update(enclave_database, done, held=held)
    assert not await update(enclave_database, done, held=Lease(worker_id="two", at=NOW)), "the time is of the lease too"
    now_held = Lease(worker_id="two", at=NOW + timedelta(minutes=1))
    assert await update(enclave_database, done, held=now_held)
    assert not await update(enclave_database, row, held=held), "what is over stays as it is"
    found = await enclave_database.read(lambda tx: find_kyt(tx, "request-1"))
    assert found is not None
    assert found.status is AssessmentStatus.PROCESSED


async def test_many_who_take_at_once_never_get_the_same(enclave_database: EnclaveDatabase) -> None:
    for number in range(30):
        await put(enclave_database, assessment(number, lease=Lease(worker_id=None, at=NOW)))
    at, got = NOW + timedelta(seconds=5), list[str]()
    while len(got) < 30:
        taken = await asyncio.gather(*(take(enclave_database, f"w{each}", at=at, limit=3) for each in range(6)))
        got += [request_id for part in taken for request_id in part]
    assert sorted(got) == sorted({f"request-{number}" for number in range(30)})


async def test_two_enclaves_never_assess_the_same_request_twice(enclave_url: str, companies: Companies) -> None:
    companies.chainalysis.polls = 2
    kms = MemoryKms()
    few = msgspec.structs.replace(QUICK, concurrency=3)
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(world(enclave_url, companies, assessments=few, kms=kms))
        two = await stack.enter_async_context(world(enclave_url, companies, assessments=few, kms=kms))
        uuids = [await one.put(verification(beneficiary=(GILDONG,))) for _ in range(16)]
        asked = await asyncio.gather(
            *(
                made.post(KYT, {"verificationUuid": uuid, "userId": "u"})
                for made, uuid in zip([one, two] * 8, uuids, strict=True)
            )
        )
        named = await asyncio.gather(*(one.post(WCO, {"verificationUuid": uuid}) for uuid in uuids[:8]))
        requests = [(KYT, got["requestId"]) for got in asked]
        requests += [(WCO, got["results"][0]["requestId"]) for got in named]
        ended = [await two.ended(path, request_id) for path, request_id in requests]
        await until_true(lambda: all(told(request_id, one, two) for _, request_id in requests))
    assert {each["status"] for each in ended} == {"PROCESSED"}
    assert set(Counter(companies.chainalysis.registrations).values()) == {1}
    assert len(companies.chainalysis.registrations) == 16
    assert set(Counter(companies.world_check.screened).values()) == {1}
    assert len(companies.world_check.screened) == 8
    for _, request_id in requests:
        assert told(request_id, one, two) == 1


async def test_a_step_that_outlasts_its_lease_is_given_up_and_done_again(
    postgres_url: str, companies: Companies, sanctioned: list[str]
) -> None:
    hanging = msgspec.structs.replace(QUICK, lease_s=2, timeout_s=600)
    async with world(postgres_url, companies, assessments=hanging) as made:
        companies.chainalysis.misbehave(Order(way="slow", path="/users/", seconds=600))
        uuid = await made.put(verification(there=sanctioned[0]))
        asked = await made.post(KYT, {"verificationUuid": uuid, "userId": "u"})
        assert (await made.ended(KYT, asked["requestId"]))["alertCount"] == 3
        assert companies.chainalysis.slowed == 1


def told(request_id: str, *worlds: World) -> int:
    """How often their back ends were told of a request."""
    kinds = ("CHAINALYSIS_KYT_RESULT", "REFINITIV_WCO_RESULT")
    data = [data for made in worlds for kind in kinds for data in made.backend.callbacks(kind)]
    return sum(each["requestId"] == request_id for each in data)


@asynccontextmanager
async def program(made: World, folder: Path) -> AsyncGenerator[tuple[asyncio.subprocess.Process, httpx.AsyncClient]]:
    """``strongroom-enclave serve`` on the same database; killed at the end if it still runs."""
    file = folder / "enclave.toml"
    file.write_text(as_toml(made))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "strongroom.travel_rule.enclave.main", "serve", "--config", str(file)),
        stderr=asyncio.subprocess.PIPE,
        env={"STRONGROOM_ENCLAVE_KEYS_FOLDER": str(folder / "keys")},
    )
    assert process.stderr is not None
    port = 0
    while not port:
        line = await process.stderr.readline()
        assert line, "it ended before it listened"
        port = json.loads(line).get("api_port", 0)
    draining = asyncio.create_task(drain(process.stderr))
    headers = {"authorization": f"Bearer {made.config.api.token}"}
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60, trust_env=False
    ) as api:
        yield process, api
    if process.returncode is None:
        process.kill()
    await process.wait()
    await draining


async def drain(stream: asyncio.StreamReader) -> None:
    while await stream.readline():
        pass


def as_toml(made: World) -> str:
    """The settings of that world with every company switched on and short leases, as a file."""
    config: dict[str, Any] = msgspec.to_builtins(made.config)
    config["features"] = SCREENING
    config["assessments"] |= {"lease_s": 4.0, "timeout_s": 600.0, "concurrency": 32}
    config["api"]["port"] = config["messages"]["port"] = 0
    tables: dict[str, dict[str, Any]] = {name: value for name, value in config.items() if isinstance(value, dict)}
    lines = [f"{name} = {json.dumps(value)}" for name, value in config.items() if name not in tables]
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items() if value != {})]
    return "\n".join(lines)


async def test_what_a_killed_worker_left_is_resumed(
    enclave_url: str, companies: Companies, sanctioned: list[str], tmp_path: Path
) -> None:
    """Killed while it registers, looks, reads alerts, asks for a screening and reads results: nothing is lost."""
    slow = {"/alerts": 2, "/withdrawal-attempts/": 2, "/users/": 2}
    for path, times in slow.items():
        companies.chainalysis.misbehave(Order(way="slow", path=path, times=times, seconds=600))
    for path in ("/results", "/screeningRequest"):
        companies.world_check.misbehave(Order(way="slow", path=path, seconds=600))
    async with world(enclave_url, companies, kms=SoftwareKms(tmp_path / "keys"), features=()) as idle:
        rows = [verification(there=sanctioned[0], beneficiary=(GILDONG,)) for _ in range(6)]
        uuids = [await idle.put(row) for row in rows]
        async with program(idle, tmp_path) as (process, api):
            requests = [(KYT, (await ask(api, KYT, uuid))["requestId"]) for uuid in uuids]
            requests += [(WCO, (await ask(api, WCO, uuid))["results"][0]["requestId"]) for uuid in uuids[:2]]
            await until_true(lambda: companies.chainalysis.slowed == 6 and companies.world_check.slowed == 2)
            process.kill()
        companies.chainalysis.behave()
        companies.world_check.behave()
        async with program(idle, tmp_path) as (_, api):
            ended = [await over(api, path, request_id) for path, request_id in requests]
            await until_true(lambda: all(told(request_id, idle) for _, request_id in requests))
    assert {each["status"] for each in ended} == {"PROCESSED"}
    assert [each["alertCount"] for each in ended[:6]] == [3] * 6
    assert [each["aggregatedResultSummaries"]["count"] for each in ended[6:]] == [5, 5]
    assert set(companies.chainalysis.registrations) == {request_id for _, request_id in requests[:6]}


async def ask(api: httpx.AsyncClient, path: str, uuid: str) -> Any:
    body = {"verificationUuid": uuid} | ({"userId": "u"} if path == KYT else {})
    answer = await api.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def over(api: httpx.AsyncClient, path: str, request_id: str) -> Any:
    async def look() -> Any:
        found = (await api.get(f"{path}/{request_id}")).json()
        return found if found["status"] not in {"REGISTERED", "CHECKING"} else None

    return await until(look)
