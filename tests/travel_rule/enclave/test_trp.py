"""Two enclaves that reach each other by TRP alone, over mutual TLS, for the same verifications as past the hub."""

import asyncio
import re
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from strongroom.runtime.http import certificate_key_hash, client_context, open_door, serve_config, server_context
from strongroom.travel_rule.enclave.config import EnclaveConfig, TrpAsset, TrpParty, TrpSettings
from strongroom.travel_rule.enclave.operations.commands import list_dead
from strongroom.travel_rule.trp.address import read_address
from strongroom.travel_rule.trp.headers import head_of
from strongroom.travel_rule.trp.messages import Asset, write_inquiry
from tests.fakes.travel_rule_backend import BOB, CAROL, DAVE, Misbehaviour
from tests.travel_rule.enclave.pair import Pair, ivms101, order, pair, part, until, until_true
from tests.travel_rule.enclave.processes import processes
from tests.travel_rule.ivms101.samples import dumps
from tests.travel_rule.trp.authority import TestAuthority

A_BY_TRP, B_BY_TRP = "7000001", "7000002"
"""What each side numbers the other; nobody in the network has these numbers."""
UUID = "4a1b0f0e-4d60-4b44-9a3c-2a6a7c0f7a11"


@dataclass(frozen=True, kw_only=True)
class Village:
    """A pays with what it reaches B by; ``http`` shows A's certificate to B's door."""

    pair: Pair
    http: httpx.AsyncClient
    url: str

    async def address(self, account: str = BOB) -> str:
        return (await self.pair.b.post("/v1/trp/addresses", {"accountNumber": account}))["travelAddress"]

    async def verify(self, account: str = BOB, **more: Any) -> str:
        """A verification of what the travel address of an account stands for."""
        payload = more.pop("ivms101", nameless(ivms101()))
        address = await self.address(account)
        return await self.pair.a.verify(order(to=B_BY_TRP, travelAddress=address, ivms101=payload, **more))

    async def inquire(self, url: str, *, uuid: str = UUID, **changes: Any) -> httpx.Response:
        fields: dict[str, Any] = {"asset": Asset(slip0044=60), "amount": "1.5", "callback": CALLBACK}
        fields |= {"ivms101": dumps(nameless(ivms101())), **changes}
        body = write_inquiry(**fields)
        return await self.http.post(url, content=body, headers=head_of(version="3.2.1", identifier=uuid))


def nameless(payload: dict[str, Any]) -> dict[str, Any]:
    """The payload without the beneficiary's account: by TRP it is not known yet."""
    del payload["beneficiary"]["accountNumber"]
    return payload


CALLBACK = "https://localhost:8443/x"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def key_hash(folder: Path) -> str:
    return certificate_key_hash(ssl.PEM_cert_to_DER_cert((folder / "tls.pem").read_text())).hex()


@pytest.fixture
async def village(two_databases: tuple[str, str], tmp_path: Path) -> AsyncIterator[Village]:
    authority = TestAuthority()
    folders = [authority.issue(tmp_path / name, name) for name in ("a", "b", "stranger")]
    ports = [free_port(), free_port()]
    made: list[int] = []

    def with_trp(config: EnclaveConfig) -> EnclaveConfig:
        side = len(made)
        made.append(side)
        other = 1 - side
        party = TrpParty(
            vasp_id=(B_BY_TRP, A_BY_TRP)[side],
            name="The other",
            country="KR",
            hosts=(f"localhost:{ports[other]}",),
            key_hashes=(key_hash(folders[other]),),
            unit="smallest",
        )
        trp = TrpSettings(
            url=f"https://localhost:{ports[side]}",
            tls_folder=str(folders[side]),
            name=f"VASP {side}",
            parties=(party,),
            assets=(TrpAsset(symbol="ETH", network="ethereum", decimals=18, slip0044=60),),
        )
        return msgspec.structs.replace(config, features=(*config.features, "trp"), trp=trp)

    async with pair(two_databases, change=with_trp) as both:
        doors = [
            serve_config(side.enclave.trp, host="127.0.0.1", port=port, tls=server_context(folder))
            for side, port, folder in zip((both.a, both.b), ports, folders, strict=False)
            if side.enclave.trp is not None
        ]
        tls = client_context(folders[0])
        async with (
            open_door(doors[0]),
            open_door(doors[1]),
            httpx.AsyncClient(verify=tls, trust_env=False, timeout=60) as http,
        ):
            yield Village(pair=both, http=http, url=f"https://localhost:{ports[1]}")


async def test_a_verified_transfer_by_trp_to_its_confirmation(village: Village) -> None:
    a, b = village.pair.a, village.pair.b
    uuid = await village.verify()
    ours, theirs = await a.final(uuid), await b.final(uuid)
    assert (ours["result"], theirs["result"]) == ("VERIFIED", "VERIFIED")
    assert (ours["originatingVaspId"], ours["beneficiaryVaspId"]) == (a.vasp_id, B_BY_TRP)
    assert (theirs["originatingVaspId"], theirs["beneficiaryVaspId"]) == (A_BY_TRP, b.vasp_id)
    # The approval tells the payment address; the travel address, which is all that A had, does not.
    assert ours["beneficiaryAccountNumber"] is None
    assert part(ours["ivms101Beneficiary"])["accountNumber"] == [BOB]
    assert theirs["beneficiaryAccountNumber"] == BOB
    assert theirs["assetInfo"]["amount"] == "1.000000000000000001"
    assert part(theirs["ivms101Originator"]) == ivms101()["originator"]
    await until_true(lambda: a.backend.callbacks("VERIFICATION_RESULT"))

    await a.post("/v1/verifications/tx", {"verificationUuid": uuid, "txHash": "0xabc"})
    await until_true(lambda: b.backend.callbacks("TX_REPORT"))
    assert b.backend.callbacks("TX_REPORT")[0]["txHash"] == "0xabc"
    assert (await b.get(f"/v1/verifications/{uuid}"))["txHash"] == "0xabc"
    assert village.pair.hub.carried == []


async def test_a_denied_one_says_why(village: Village) -> None:
    found = {}
    for account in (CAROL, "0xnobody"):
        ended = await village.pair.a.final(await village.verify(account))
        found[account] = (ended["result"], ended["reason"])
    assert found == {CAROL: ("DENIED", "UNVERIFIED-KYC"), "0xnobody": ("DENIED", "UNKNOWN-ADDRESS")}


async def test_what_the_rules_lack_is_said_and_can_be_given(village: Village) -> None:
    lacking = await village.verify(ivms101=nameless(ivms101(birth=False)))
    ended = await village.pair.a.final(lacking)
    assert (ended["reason"], ended["message"]) == ("LACK-OF-INFORMATION", "NATURAL_PERSON_DATE_AND_PLACE_OF_BIRTH")
    assert (await village.pair.a.final(await village.verify()))["result"] == "VERIFIED"


@pytest.mark.parametrize("decision", ["VERIFIED", "DENIED"])
async def test_an_answer_that_comes_later(village: Village, decision: str) -> None:
    a, b = village.pair.a, village.pair.b
    uuid = await village.verify(DAVE)
    await until_true(
        lambda: [told for told in a.backend.callbacks("VERIFICATION_RESULT") if told["result"] == "PENDING"]
    )
    asked = len([call for call in b.backend.asked("verification") if call["verificationUuid"] == uuid])
    assert asked >= 1
    b.backend.decisions[DAVE] = {"result": decision, **({"reason": "BLACKLISTED"} if decision == "DENIED" else {})}
    ended = await a.final(uuid)
    assert ended["result"] == decision
    assert ended["reason"] == ("BLACKLISTED" if decision == "DENIED" else None)
    told = await until(lambda: _told(a, decision))
    assert len(told) == 1
    if decision == "VERIFIED":
        await a.post("/v1/verifications/tx", {"verificationUuid": uuid, "txHash": "0xlate"})
        await until_true(lambda: b.backend.callbacks("TX_REPORT"))


async def _told(side: Any, result: str) -> list[Any]:
    return [each for each in side.backend.callbacks("VERIFICATION_RESULT") if each["result"] == result]


async def test_a_transfer_that_is_cancelled(village: Village) -> None:
    a, b = village.pair.a, village.pair.b
    uuid = await village.verify()
    await a.final(uuid)
    error = {"verificationUuid": uuid, "result": "TRANSFER_ERROR", "reason": "UNDEFINED-ERROR", "message": "Too late."}
    await a.post("/v1/verifications/error", error)
    await until_true(lambda: b.backend.callbacks("ERROR_REPORT"))
    found = await b.get(f"/v1/verifications/{uuid}")
    assert (found["result"], found["message"]) == ("TRANSFER_ERROR", "Too late.")


async def test_the_same_inquiry_again_is_answered_again_and_another_is_refused(village: Village) -> None:
    url = read_address(await village.address())
    hosts = village.pair.a.enclave.means.trp
    assert hosts is not None
    callback = f"{hosts.own.url}/resolutions/x"
    first = await village.inquire(url, callback=callback, amount="1500000000000000000")
    assert first.status_code == 200
    assert first.json()["approved"]["address"] == BOB
    again = await village.inquire(url, callback=callback, amount="1500000000000000000")
    assert again.json() == first.json()
    assert len(village.pair.b.backend.asked("verification")) == 1
    assert (await village.inquire(url, callback=callback, amount="1")).status_code == 409


async def test_what_is_refused_at_the_door(village: Village) -> None:
    url = read_address(await village.address())
    means = village.pair.a.enclave.means
    assert means.trp is not None
    callback = f"{means.trp.own.url}/resolutions/x"
    unknown = await village.inquire(url, callback=callback, asset=Asset(slip0044=2), amount="5")
    assert unknown.json() == {"rejected": "UNKNOWN-SYMBOL"}
    assert (await village.inquire(url, callback="https://elsewhere.example/x", amount="5")).status_code == 400
    assert (await village.inquire(url, callback=callback, amount="0.5")).status_code == 400
    assert (await village.inquire(url, callback=callback, amount="0")).status_code == 400
    assert (
        await village.inquire(f"{village.url}/inquiries/{'A' * 80}?t=i", callback=callback, amount="5")
    ).status_code == 404
    head = head_of(version="3.2.1", identifier=UUID)
    for path, body in (("resolutions", b'{"rejected":"x"}'), ("confirmations", b'{"txid":"x"}')):
        for token in ("x", UUID, f"{UUID}.{'0' * 32}"):
            answered = await village.http.post(f"{village.url}/{path}/{token}", content=body, headers=head)
            assert answered.status_code == 404
    assert village.pair.b.backend.asked("verification") == []


async def test_a_provider_that_is_not_listed_is_not_heard(village: Village, tmp_path: Path) -> None:
    url = read_address(await village.address())
    async with httpx.AsyncClient(verify=client_context(tmp_path / "stranger"), trust_env=False) as http:
        stranger = Village(pair=village.pair, http=http, url=village.url)
        assert (await stranger.inquire(url, amount="5")).status_code == 403


async def test_an_address_of_somebody_else_is_refused_at_once(village: Village) -> None:
    a = village.pair.a
    foreign = "ta2W2HPKfHxgSgrzY178knqXHg1H3jfeQrwQ9JrKBs9wv"
    own = await village.address()
    for to, address, code in (
        (B_BY_TRP, foreign, "ADDRESS-INVALID"),
        (B_BY_TRP, own[:-1], "ADDRESS-INVALID"),
        (village.pair.b.vasp_id, own, "VASP-UNKNOWN"),
    ):
        body = order(to=to, travelAddress=address, ivms101=nameless(ivms101()))
        assert (await a.post("/v1/verifications", body, status=400))["code"] == code


async def test_one_uuid_is_one_question(village: Village) -> None:
    a, address = village.pair.a, await village.address()
    body = order(to=B_BY_TRP, travelAddress=address, ivms101=nameless(ivms101()), verificationUuid=UUID)
    assert {(await a.post("/v1/verifications", body))["verificationUuid"] for _ in range(2)} == {UUID}
    await a.post("/v1/verifications", {**body, "travelAddress": await village.address()}, status=409)
    assert (await a.final(UUID))["result"] == "VERIFIED"


async def test_two_addresses_of_one_account_do_not_show_it(village: Village) -> None:
    addresses = {await village.address() for _ in range(3)}
    assert len(addresses) == 3
    assert all(BOB not in read_address(address) for address in addresses)
    uuids = await asyncio.gather(*(village.verify() for _ in range(3)))
    assert [(await village.pair.a.final(uuid))["result"] for uuid in uuids] == ["VERIFIED"] * 3


async def test_a_back_end_that_is_down_is_asked_again(village: Village) -> None:
    village.pair.b.backend.misbehave["verification"] = Misbehaviour(statuses=[500, 500])
    assert (await village.pair.a.final(await village.verify()))["result"] == "VERIFIED"
    assert len(village.pair.b.backend.asked("verification")) == 3


async def test_the_same_inquiry_twice_at_once_is_answered_once_later(village: Village) -> None:
    url = read_address(await village.address(DAVE))
    own = village.pair.a.enclave.means.trp
    assert own is not None
    callback = f"{own.own.url}/resolutions/x"
    both = await asyncio.gather(*(village.inquire(url, callback=callback, amount="5") for _ in range(4)))
    assert [each.json() for each in both] == [{"version": "3.2.1"}] * 4
    village.pair.b.backend.decisions[DAVE] = {"result": "VERIFIED"}
    assert (await village.pair.b.final(UUID))["result"] == "VERIFIED"
    # A knows of no such inquiry and refuses the answer, which is then given up: one command, one dead letter.
    means = village.pair.b.enclave.means

    async def dead() -> list[str]:
        return [letter.kind for letter in await list_dead(means=means)]

    assert await until(dead) == ["TRP_ANSWER"]


async def test_who_it_is(village: Village) -> None:
    answered = await village.http.get(f"{village.url}/identity")
    assert answered.json() == {"name": "VASP 1"}


async def test_the_program_serves_trp_where_its_settings_say_so(two_databases: tuple[str, str], tmp_path: Path) -> None:
    folder, port = TestAuthority().issue(tmp_path / "tls", "A"), free_port()
    table = f'[trp]\nport = {port}\nurl = "https://localhost:{port}"\ntls_folder = "{folder}"\nname = "Acme"\n'
    async with processes(two_databases, tmp_path) as running:
        running.a.stop()
        text = running.a.file.read_text().replace("features = []", 'features = ["trp"]')
        running.a.file.write_text(re.sub(r"(?ms)^\[trp\]\n.*?(?=^\[|\Z)", "", text))
        refused = await asyncio.create_subprocess_exec(*running.a.command("serve"), stderr=asyncio.subprocess.PIPE)
        assert b"trp.url, trp.tls_folder, trp.name must be set" in (await refused.communicate())[1]
        running.a.file.write_text(running.a.file.read_text() + table)
        await running.a.start()
        async with httpx.AsyncClient(verify=client_context(folder), trust_env=False, timeout=60) as http:
            assert (await http.get(f"https://localhost:{port}/identity")).json() == {"name": "Acme"}
        made = await running.a.post("/v1/trp/addresses", {"accountNumber": BOB})
        assert read_address(made["lnurl"]).startswith(f"https://localhost:{port}/inquiries/")
        assert read_address(made["travelAddress"]) == read_address(made["lnurl"])
