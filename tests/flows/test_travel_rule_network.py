"""The real hub between real enclaves, each a process: what is killed is started again; doors know who is at them."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from strongroom.apps.embedded.process import ManagedProcess
from strongroom.apps.travel_rule.story import Api, make_order
from strongroom.apps.travel_rule.town import Side, Town, open_town
from strongroom.kernel.errors import StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.http import HttpClient, HttpFailureError, Origin, client_context
from strongroom.runtime.pki import tls_host_name
from strongroom.travel_rule.hub.domain import Outcome
from strongroom.travel_rule.hub.store import list_passages
from strongroom.travel_rule.messages import member_service
from strongroom.travel_rule.robot.customers import CUSTOMERS
from tests.fixtures.embedded import data_folder, living_in
from tests.fixtures.travel_rule_network import eventually

WITHIN_S = 120.0


@dataclass(frozen=True)
class Network:
    folder: Path
    town: Town
    api: Api
    stack: AsyncExitStack
    asked: list[str] = field(default_factory=list[str])

    def process(self, name: str) -> ManagedProcess:
        return next(process for process in self.town.processes if process.command.name == name)

    async def ask(self) -> str:
        """A verification that A's enclave has taken on."""
        order = make_order(self.town.b, CUSTOMERS[0])
        uuid: str = (await self.api.ask("POST", "/v1/verifications", order))["verificationUuid"]
        self.asked.append(uuid)
        return uuid

    async def result(self, uuid: str) -> str:
        return (await self.api.ask("GET", f"/v1/verifications/{uuid}"))["result"]

    async def is_verified(self, uuid: str) -> None:
        async def look() -> bool:
            return await self.result(uuid) == "VERIFIED"

        await eventually(look, within_s=WITHIN_S)

    async def both_are_up(self) -> bool:
        try:
            vasps: list[dict[str, Any]] = (await self.api.ask("GET", "/v1/vasps"))["vasps"]
        except StrongroomError:
            return False
        return [vasp["health"] for vasp in vasps] == ["UP", "UP"]


@pytest.fixture
async def network() -> AsyncIterator[Network]:
    with data_folder() as folder:
        async with AsyncExitStack() as stack:
            town = await stack.enter_async_context(open_town(folder))
            found = Network(folder, town, await stack.enter_async_context(Api(town.a)), stack)
            await eventually(found.both_are_up, within_s=WITHIN_S)
            yield found
        assert living_in(folder) == {}


async def test_what_is_killed_delays_a_verification_and_strangers_stay_outside(network: Network) -> None:
    await strangers_stay_outside(network)
    await network.is_verified(await network.ask())
    for name in ("hub", "enclave-b"):
        process = network.process(name)
        process.kill()
        uuid = await network.ask()
        await asyncio.sleep(0.5)
        assert await network.result(uuid) == "WAIT"
        if name == "enclave-b":
            await eventually(lambda: was_noticed(network), within_s=WITHIN_S)
        network.stack.callback(ManagedProcess.start(process.command).stop)
        await network.is_verified(uuid)
    assert {await network.result(uuid) for uuid in network.asked} == {"VERIFIED"}


async def was_noticed(network: Network) -> bool:
    passages = await list_passages(network.town.hub_database, limit=100)
    return any(passage.outcome is Outcome.COUNTERPARTY_UNAVAILABLE for passage in passages)


async def strangers_stay_outside(network: Network) -> None:
    """Another member's certificate is not the hub's; none, or no TLS, is nobody's."""
    a, b = network.town.a, network.town.b
    tls = client_context(network.folder / a.name / "tls")
    assert await status_at(b, tls) == 403
    bare = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    bare.load_verify_locations(network.folder / a.name / "tls" / "root.pem")
    for without in (bare, None):
        with pytest.raises(HttpFailureError):
            await status_at(b, without)


async def status_at(side: Side, tls: ssl.SSLContext | None) -> int:
    """What an enclave's message door answers to whoever comes with this."""
    name = tls_host_name(Environment.SANDBOX, member_service(side.vasp_id))
    client = HttpClient(Origin(host="127.0.0.1", port=side.message_port, tls=tls, server_name=name))
    try:
        return (await client.call("POST", "/v1/messages", body=b"x", timeout_s=60.0)).status
    finally:
        await client.close()
