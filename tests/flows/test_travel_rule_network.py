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
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.http import HttpClient, HttpFailureError, Origin, client_context
from strongroom.runtime.kms import SoftwareKms
from strongroom.runtime.pki import tls_host_name
from strongroom.travel_rule.enclave.app import IDENTITY
from strongroom.travel_rule.hub.domain import Outcome
from strongroom.travel_rule.hub.operations.directory import enrol_vasp
from strongroom.travel_rule.hub.operations.issue import Applicant, NetworkAuthority
from strongroom.travel_rule.hub.store import list_passages
from strongroom.travel_rule.messages import member_service, verify_record
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
    await certificates_are_renewed_while_all_run(network)
    assert {await network.result(uuid) for uuid in network.asked} == {"VERIFIED"}


async def certificates_are_renewed_while_all_run(network: Network) -> None:
    """Nobody is started again: each takes its new files, and shows nothing else to whoever comes."""
    clock = SystemClock()
    authority = NetworkAuthority.open(network.folder / "authority", environment=Environment.SANDBOX, clock=clock)
    authority.issue_hub(network.folder / "hub" / "tls")
    for side in (network.town.a, network.town.b):
        home = network.folder / side.name
        applicant = Applicant(
            vasp_id=side.vasp_id,
            name=side.title,
            legal_name=side.title,
            country="KR",
            url=f"https://127.0.0.1:{side.message_port}",
            identity_key=SoftwareKms(home / "keys").signer(IDENTITY).public_key,
        )
        signed = authority.issue_member(applicant, home / "tls")
        key, now = authority.public_key, clock.now()
        await enrol_vasp(database=network.town.hub_database, signed=signed, authority_key=key, now=now)
    renewed = verify_record(signed, authority_key=authority.public_key, now=clock.now()).tls_key_hash

    async def is_shown() -> bool:
        try:
            return await status_at(network.town.b, client_context(home / "tls"), key_hash=renewed) == 403
        except HttpFailureError:
            return False

    await eventually(is_shown, within_s=WITHIN_S)
    await network.is_verified(await network.ask())
    await eventually(network.both_are_up, within_s=WITHIN_S)


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


async def status_at(side: Side, tls: ssl.SSLContext | None, *, key_hash: bytes | None = None) -> int:
    """What an enclave's message door answers to whoever comes with this, and wants to see that key."""
    name = tls_host_name(Environment.SANDBOX, member_service(side.vasp_id))
    client = HttpClient(Origin(host="127.0.0.1", port=side.message_port, tls=tls, server_name=name, key_hash=key_hash))
    try:
        return (await client.call("POST", "/v1/messages", body=b"x", timeout_s=60.0)).status
    finally:
        await client.close()
