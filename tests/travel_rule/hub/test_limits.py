"""A member that sends more than it may waits, and nobody else does."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import Database
from strongroom.runtime.http import HttpAnswer, HttpClient, client_context
from strongroom.travel_rule.enclave.peers import Hub, hub_origin
from strongroom.travel_rule.messages import MESSAGE_BYTES_MAX
from tests.fixtures.postgres import Databases
from tests.fixtures.travel_rule_network import HUB_FOLDER, SANDBOX, Enclave, Network, free_port
from tests.travel_rule.hub.answers import ASKED, SAID, say

ANNA, BORIS, CARL = "1001", "1002", "1003"
HOUR_S = 3600


@pytest.fixture
async def database(databases: Databases) -> Database:
    return await databases.open(
        "travel_rule_hub", migrations=HUB_FOLDER / "migrations", grants=HUB_FOLDER / "grants.sql"
    )


@pytest.fixture
async def members(database: Database, tmp_path: Path) -> tuple[Network, Enclave, Enclave, Enclave]:
    network = Network(tmp_path)
    anna, boris, carl = (network.member(number, port=free_port(), answer=say) for number in (ANNA, BORIS, CARL))
    boris.senders |= {ANNA: anna.record, CARL: carl.record}
    await network.enrol(database, anna, boris, carl)
    return network, anna, boris, carl


@asynccontextmanager
async def calling(member: Enclave, port: int) -> AsyncGenerator[HttpClient]:
    """The hub without anything of ours between that would wait."""
    client = HttpClient(
        hub_origin(f"https://127.0.0.1:{port}", tls=client_context(member.tls_folder), environment=SANDBOX)
    )
    yield client
    await client.close()


async def post(client: HttpClient, message: bytes, *, to: str = BORIS) -> HttpAnswer:
    return await client.call("POST", f"/v1/messages/{to}", body=message, timeout_s=60.0)


async def is_answered(hub: Hub, asking: Enclave, boris: Enclave) -> bool:
    pending = asking.ask(ASKED, boris)
    return asking.hear(await hub.exchange(BORIS, pending.message), pending, boris) == SAID


async def test_who_asks_too_often_is_told_how_long_to_wait_and_others_go_on(
    database: Database, members: tuple[Network, Enclave, Enclave, Enclave]
) -> None:
    network, anna, boris, carl = members
    limits = {"member_requests_per_s": 1, "member_requests_burst": 20}
    async with boris.running(), network.hub(database, **limits) as port, calling(anna, port) as client:
        messages = [anna.ask(ASKED, boris).message for _ in range(300)]
        answers = await asyncio.gather(*(post(client, message) for message in messages))
        by_carl = carl.hub(port, authority_key=network.authority.public_key)
        assert await is_answered(by_carl, carl, boris)
        await by_carl.close()
        refused = [answer for answer in answers if answer.status != 200]
        assert len(refused) > 100
        assert {answer.status for answer in refused} == {429}
        assert all(b'"RATE_LIMITED"' in answer.body for answer in refused)
        assert {answer.retry_after_s for answer in refused} == {1}
        assert len(boris.taken) == len(answers) - len(refused) + 1
        assert (await client.call("GET", "/v1/health", timeout_s=60.0)).status == 200


async def test_who_sends_too_many_bytes_waits_for_them_before_anything_more_is_read(
    database: Database, members: tuple[Network, Enclave, Enclave, Enclave]
) -> None:
    network, anna, boris, carl = members
    limits = {"member_bytes_per_s": 1, "member_bytes_burst": HOUR_S}
    async with boris.running(), network.hub(database, **limits) as port, calling(anna, port) as client:
        message = anna.ask(ASKED, boris).message
        assert len(message) > HOUR_S
        assert (await post(client, message)).status == 200
        for wrong in (message, bytes(MESSAGE_BYTES_MAX + 1)):
            limited = await post(client, wrong)
            assert (limited.status, b'"RATE_LIMITED"' in limited.body) == (429, True)
            assert limited.retry_after_s is not None
            assert 60 < limited.retry_after_s <= HOUR_S + 1
        assert (await client.call("GET", "/v1/vasps", timeout_s=60.0)).status == 429
        assert len(boris.taken) == 1
        async with calling(carl, port) as by_carl:
            assert (await post(by_carl, carl.ask(ASKED, boris).message)).status == 200


async def test_a_directory_counts_as_the_bytes_that_it_is(
    database: Database, members: tuple[Network, Enclave, Enclave, Enclave]
) -> None:
    network, anna, _, carl = members
    size = sum(len(member.signed) for member in members[1:])
    async with network.hub(database, member_bytes_per_s=1, member_bytes_burst=size) as port:
        for member in (anna, carl):
            async with calling(member, port) as client:
                statuses = [(await client.call("GET", "/v1/vasps", timeout_s=60.0)).status for _ in range(2)]
                assert statuses == [200, 429]


async def test_an_enclave_that_is_limited_leaves_the_hub_alone_until_it_may_send(
    database: Database, members: tuple[Network, Enclave, Enclave, Enclave]
) -> None:
    network, anna, boris, _ = members
    limits = {"member_requests_per_s": 1, "member_requests_burst": 1}
    async with boris.running(), network.hub(database, **limits) as port:
        hub = anna.hub(port, authority_key=network.authority.public_key)
        assert hub.paused_s() == 0
        messages = [anna.ask(ASKED, boris).message for _ in range(20)]
        ended = await asyncio.gather(*(hub.exchange(BORIS, message) for message in messages), return_exceptions=True)
        refused = [error for error in ended if isinstance(error, StrongroomError)]
        assert len(ended) - len(refused) == len(boris.taken) < len(ended)
        assert {(error.code, error.retryable) for error in refused} == {(Code.RATE_LIMITED, True)}
        with pytest.raises(StrongroomError) as limited:
            await hub.vasps()
        assert limited.value.code is Code.RATE_LIMITED
        await asyncio.sleep(hub.paused_s())
        assert await is_answered(hub, anna, boris)
        await hub.close()
