"""Payments under the Travel Rule, between a whole Strongroom and another institution, with real enclaves and a hub."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, final

import httpx
import pytest

from strongroom.apps.embedded.layout import Layout
from strongroom.apps.travel_rule.town import Engines, Side, Town, open_town
from strongroom.client import Strongroom
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.pki import Authority, TlsIdentity
from strongroom.travel_rule.robot.customers import CUSTOMERS, Customer
from tests.fixtures.embedded import (
    OWNERS,
    Embedded,
    data_folder,
    destination,
    ended,
    get,
    new_address,
    reached,
    run_strongroom,
    until,
)

VERITY, NOAH = CUSTOMERS
THRESHOLD: Final = 10**17
GIVEN, FAMILY = "Zoraida", "Quetzalcoatl"
"""The originator, a name that may be nowhere in clear outside the enclaves."""
_LONG_S: Final = 2.0
Json = dict[str, Any]


@final
@dataclass
class Village:
    """A Strongroom whose enclave is A, and another institution, B, whose back end is the robot."""

    embedded: Embedded
    town: Town
    enclave_settings: Path
    uuids: set[str] = field(default_factory=set[str])
    enclave: "subprocess.Popen[bytes] | None" = None

    def start_enclave(self) -> None:
        """Ours, as a program of its own."""
        command = (sys.executable, "-m", "strongroom.travel_rule.enclave.main", "serve")
        log = self.enclave_settings.parent / "enclave.log"
        with log.open("ab") as out:
            self.enclave = subprocess.Popen((*command, "--config", str(self.enclave_settings)), stdout=out, stderr=out)
        until(lambda: self._answers(self.town.a), what="our enclave answers", timeout_s=120)

    def stop_enclave(self) -> None:
        if self.enclave is not None:
            self.enclave.send_signal(signal.SIGTERM)
            assert self.enclave.wait(60) == 0
            self.enclave = None

    def ask(self, side: Side, method: str, path: str, **given: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {side.token}"}
        url = f"http://127.0.0.1:{side.api_port}{path}"
        return httpx.request(method, url, headers=headers, trust_env=False, timeout=60, **given)

    def at_b(self) -> dict[str, Json]:
        """What the other institution's enclave has, by uuid."""
        found = self.ask(self.town.b, "GET", "/v1/verifications", params={"rpp": "100"}).json()["verifications"]
        return {one["verificationUuid"]: one for one in found}

    def new_at_b(self) -> Json:
        """The only verification there that was not seen before."""
        found = self.at_b()
        (uuid,) = found.keys() - self.uuids
        self.uuids.add(uuid)
        return found[uuid]

    def knows(self, uuid: str, **expected: str | None) -> bool:
        found = self.at_b()[uuid]
        return all(found[name] == value for name, value in expected.items())

    @contextmanager
    def other_halted(self) -> Generator[None]:
        """The other institution's enclave does not run for a while."""
        (pid,) = (process.pid for process in self.town.processes if process.command.name == "enclave-b")
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    def _answers(self, side: Side) -> bool:
        try:
            found = self.ask(side, "GET", "/v1/vasps")
        except httpx.HTTPError:
            return False
        if found.status_code != 200:
            return False
        up = {vasp["vaspId"] for vasp in found.json()["vasps"] if vasp["health"] == "UP"}
        return {self.town.a.vasp_id, self.town.b.vasp_id} <= up


def natural(given: str, family: str, **more: Any) -> Json:
    identifier = {"primaryIdentifier": family, "secondaryIdentifier": given, "nameIdentifierType": "LEGL"}
    return {"naturalPerson": {"name": {"nameIdentifier": [identifier]}, **more}}


def originator() -> Json:
    """All that the rules of the jurisdictions ask of a sender."""
    address = {"addressType": "HOME", "streetName": "Hauptstrasse", "buildingNumber": "7", "country": "KR"}
    birth = {"dateOfBirth": "1987-06-05", "placeOfBirth": "Seoul"}
    return natural(GIVEN, FAMILY, geographicAddress=[address], dateAndPlaceOfBirth=birth)


def parties(embedded: Embedded, vasp_id: str) -> Json:
    def receiver(customer: Customer) -> Json:
        person = natural(customer.given_name, customer.surname)
        return {
            "asset": embedded.ready["asset_id"],
            "address": customer.accounts["ETH"],
            "jurisdiction": "KR",
            "vasp": {"id": vasp_id},
            "ivms101": {"beneficiaryPersons": [person]},
        }

    sender = {
        "vaultAccount": embedded.ready["vault_account_id"],
        "jurisdiction": "KR",
        "kyc": "VERIFIED",
        "ivms101": {"originatorPersons": [originator()]},
    }
    destinations = [receiver(VERITY), receiver(NOAH)]
    return {"tenant": embedded.ready["tenant_id"], "originators": [sender], "destinations": destinations}


@pytest.fixture(scope="module")
def village() -> Iterator[Village]:
    both: Engines = {"a": "PostgreSQL", "b": "PostgreSQL"}
    with data_folder() as ours, data_folder() as theirs, asyncio.Runner() as runner:
        stack = AsyncExitStack()
        without = frozenset({"robot-a", "enclave-a"})
        town = runner.run(stack.enter_async_context(open_town(theirs, engines=both, without=without)))
        made: Village | None = None
        try:
            embedded = Embedded.start(ours, options=("--travel-rule", str(strongroom_settings(theirs, town))))
            made = Village(embedded, town, enclave_settings(theirs))
            made.start_enclave()
            import_parties(made, theirs)
            yield made
            embedded.stop()
        finally:
            if made is not None:
                made.stop_enclave()
                made.embedded.kill()
            runner.run(stack.aclose())


def strongroom_settings(folder: Path, town: Town) -> Path:
    """What ``up`` is told of the enclave, and the port where the enclave looks for its back end, over TLS."""
    path, clock = folder / "strongroom.toml", SystemClock()
    authority = Authority.open(folder / "bank", environment=Environment.SANDBOX, clock=clock)
    TlsIdentity(authority.issue_tls("screening"), clock=clock).save(folder / "bank-tls")
    path.write_text(
        f"""backend_port = {town.a.robot_port}
        backend_tls_cert_file = "bank-tls/tls.pem"
        backend_tls_key_file = "bank-tls/tls.key"
        [travel_rule_thresholds]
        ETH_TEST = {THRESHOLD}
        [enclave]
        url = "http://127.0.0.1:{town.a.api_port}"
        token = "{town.a.token}"
        backend_token = "{town.a.token}"
        key_type = "PerAddress"
        [enclave.assets.ETH_TEST]
        symbol = "ETH"
        network = "ethereum"
        price = "4500000"
        currency = "KRW"
        """
    )
    return path


def enclave_settings(folder: Path) -> Path:
    """The enclave's settings with the default paths of a back end, which screening's door has, and whom it believes."""
    path = Layout.at(folder).data_dir / "a" / "enclave.toml"
    lines = [line for line in path.read_text().splitlines() if "_path =" not in line]
    place = lines.index("[backend]") + 1
    lines[place] = lines[place].replace("http://", "https://")
    lines.insert(place, f'ca_file = "{folder / "bank-tls" / "root.pem"}"')
    path.write_text("\n".join(lines))
    return path


def import_parties(village: Village, folder: Path) -> None:
    path = folder / "parties.json"
    path.write_text(json.dumps(parties(village.embedded, village.town.b.vasp_id)))
    done = village.embedded.command("screening", "parties", "import", str(path))
    assert done.returncode == 0, done.stderr
    assert "1 originators, 2 destinations" in done.stdout
    listed = village.embedded.command("screening", "parties", "list")
    assert village.town.b.vasp_id in listed.stdout
    assert FAMILY not in listed.stdout


@pytest.fixture
def user(village: Village) -> Iterator[Strongroom]:
    with village.embedded.client() as made:
        yield made


def pay(village: Village, user: Strongroom, customer: Customer, amount: str = "0.25") -> str:
    return village.embedded.send(user, destination=destination(customer.accounts["ETH"]), amount=amount)


def steps(user: Strongroom, transaction_id: str) -> list[tuple[str, str]]:
    return [
        (step["outcome"], step["detail"])
        for step in user.request("GET", f"/transactions/{transaction_id}/steps")["steps"]
        if step["step"] == "5c"
    ]


def test_a_payment_goes_on_once_the_other_institution_agrees_and_it_hears_the_hash(
    village: Village, user: Strongroom
) -> None:
    before = village.embedded.chain_balance(VERITY.accounts["ETH"])
    sent = pay(village, user, VERITY)
    done = ended(user, sent)
    assert done["status"] == "COMPLETED"
    assert village.embedded.chain_balance(VERITY.accounts["ETH"]) - before == 25 * 10**16
    verification = village.new_at_b()
    assert (verification["result"], verification["originatingVaspId"]) == ("VERIFIED", village.town.a.vasp_id)
    assert FAMILY in verification["ivms101Originator"]
    until(lambda: village.knows(verification["verificationUuid"], txHash=done["txHash"]), what="B knows the hash")
    assert steps(user, sent)[0][1].startswith(f"EXCHANGED: VASP {village.town.b.vasp_id}")


def test_below_the_threshold_and_without_a_party(village: Village, user: Strongroom) -> None:
    small, unknown = pay(village, user, VERITY, "0.01"), village.embedded.send(user)
    assert ended(user, small)["status"] == "COMPLETED"
    refused = ended(user, unknown)
    assert (refused["status"], refused["subStatus"]) == ("REJECTED", "REJECTED_AML_SCREENING")
    ((outcome, detail),) = steps(user, unknown)
    assert outcome == "TRAVEL_RULE_REFUSED"
    assert "strongroom screening parties import" in detail
    assert village.at_b().keys() == village.uuids


def test_a_payment_that_the_other_institution_denies_is_never_made(village: Village, user: Strongroom) -> None:
    sent = pay(village, user, NOAH)
    assert ended(user, sent)["status"] == "REJECTED"
    ((outcome, detail),) = steps(user, sent)
    assert (outcome, detail.endswith("DENIED UNVERIFIED-KYC")) == ("TRAVEL_RULE_REFUSED", True)
    assert village.new_at_b()["result"] == "DENIED"
    assert village.embedded.chain_balance(NOAH.accounts["ETH"]) == 0


def test_while_our_enclave_is_down_nothing_moves(village: Village, user: Strongroom) -> None:
    village.stop_enclave()
    sent = pay(village, user, VERITY)
    reached(user, sent, "PENDING_AML_SCREENING")
    threading.Event().wait(_LONG_S)
    assert get(user, sent)["status"] == "PENDING_AML_SCREENING"
    village.start_enclave()
    assert ended(user, sent)["status"] == "COMPLETED"
    assert village.new_at_b()["result"] == "VERIFIED"


def test_after_a_crash_while_the_other_institution_thinks_it_is_asked_once(village: Village, user: Strongroom) -> None:
    with village.other_halted():
        sent = pay(village, user, VERITY)
        reached(user, sent, "PENDING_AML_SCREENING")
        until(lambda: _asked(village, sent), what="the exchange is begun")
        village.embedded.kill_platform()
    assert ended(user, sent, timeout_s=180)["status"] == "COMPLETED"
    assert village.new_at_b()["result"] == "VERIFIED"


def _asked(village: Village, transaction_id: str) -> bool:
    sql = "select verification_uuid from travel_rule_exchanges where transaction_id = $1"
    (row,) = asyncio.run(village.embedded.rows("screening", sql, transaction_id)) or (None,)
    if row is None:
        return False
    return village.ask(village.town.a, "GET", f"/v1/verifications/{row[0]}").status_code == 200


def test_the_other_institution_hears_that_a_payment_was_cancelled(village: Village, user: Strongroom) -> None:
    with village.embedded.halted("cosigner-3"):
        sent = pay(village, user, VERITY)
        reached(user, sent, "PENDING_SIGNATURE")
        verification = village.new_at_b()
        user.request("POST", f"/transactions/{sent}/cancel")
        assert get(user, sent)["status"] == "CANCELLING"
        assert village.knows(verification["verificationUuid"], result="VERIFIED")
    assert ended(user, sent)["status"] == "CANCELLED"
    told = {"result": "TRANSFER_ERROR", "reason": "CANCELLED_BY_USER_REQUEST", "txHash": None}
    until(lambda: village.knows(verification["verificationUuid"], **told), what="B knows that it was cancelled")


@pytest.mark.parametrize(
    ("family", "result"), [(FAMILY.upper(), ("VERIFIED", None)), ("X", ("DENIED", "MISMATCHED-NAME"))]
)
def test_another_institution_asks_whether_our_customer_may_receive(
    village: Village, family: str, result: tuple[str, str | None]
) -> None:
    address = village.embedded.ready["address"]
    asked = {
        "keyType": "PerVerification",
        "beneficiaryVaspId": village.town.a.vasp_id,
        "assetInfo": {"symbol": "ETH", "network": "ethereum", "amount": "2"},
        "payload": {
            "version": "1.0",
            "ivms101": {
                "originator": {"originatorPersons": [originator()], "accountNumber": [new_address()]},
                "beneficiary": {"beneficiaryPersons": [natural(GIVEN, family)], "accountNumber": [address]},
            },
        },
    }
    uuid = village.ask(village.town.b, "POST", "/v1/verifications", json=asked).json()["verificationUuid"]
    village.uuids.add(uuid)
    found = until(lambda: _final(village, uuid), what="the verification has a result")
    assert (found["result"], found["reason"]) == result
    stored = asyncio.run(
        village.embedded.rows(
            "screening", "select result, reason from travel_rule_inbound where verification_uuid = $1", uuid
        )
    )
    assert [tuple(row) for row in stored] == [result]


def _final(village: Village, uuid: str) -> Json | None:
    found = village.at_b()[uuid]
    return found if found["result"] not in ("WAIT", "PENDING") else None


def test_the_auditor_finds_nothing(village: Village) -> None:
    """After all that was done above: every step has its evidence, and every close its tombstone."""
    ran = run_strongroom("verify", "custody", "--data", str(village.embedded.data_dir))
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_no_name_is_in_any_table_or_log_of_ours(village: Village) -> None:
    """After all that was done above."""
    names = (GIVEN, FAMILY, VERITY.given_name)
    for log in (village.embedded.data_dir / "logs").iterdir():
        text = log.read_text(errors="replace").casefold()
        assert not any(name.casefold() in text for name in names), log.name
    planted = [form for name in names for form in (name.casefold(), name.encode().hex())]
    for service in OWNERS:
        for table, text in asyncio.run(_texts(village.embedded, service)).items():
            assert not any(form in text for form in planted), f"{service}.{table}"


async def _texts(embedded: Embedded, service: str) -> dict[str, str]:
    """All that every table of a service says."""
    tables = await embedded.rows(
        service, "select table_name as name from information_schema.tables where table_schema = 'public'"
    )
    found: dict[str, str] = {}
    for name in (str(table["name"]) for table in tables):
        rows = await embedded.rows(service, f'select t::text as line from "{name}" t')  # noqa: S608 - our own name
        found[name] = "\n".join(row["line"] for row in rows).casefold()
    assert found
    return found
