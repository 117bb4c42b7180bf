"""``strongroom-travel-rule-hub``: what an operator and the network authority do, from nothing to a hub that carries."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from strongroom.apps.embedded.postgres import RunningPostgres
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.db import Database, DatabaseConfig
from strongroom.runtime.kms import MemoryKms
from strongroom.runtime.program import Exit, run_program
from strongroom.travel_rule.hub.main import ADMIN_DSN, RECORD_FILE, app
from strongroom.travel_rule.hub.store import list_passages
from strongroom.travel_rule.messages import verify_record
from tests.fixtures.embedded import until
from tests.fixtures.travel_rule_network import Enclave, free_port
from tests.travel_rule.hub.answers import ASKED, SAID, say

ANNA, BORIS = "1001", "18446744073709551615"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Hub = Callable[..., Said]


@pytest.fixture
def hub(capsys: pytest.CaptureFixture[str]) -> Hub:
    """Run one command of the hub's program."""

    def ran(*arguments: object) -> Said:
        code = run_program(app, [str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Said(code, said.out, said.err)

    return ran


@dataclass(frozen=True)
class Site:
    """An authority's home, and a hub whose database is migrated."""

    folder: Path
    authority: Path
    authority_key: bytes
    config: Path
    port: int
    dsn: str

    def issue(self, hub: Hub, vasp_id: str, *, port: int) -> Enclave:
        kms, out = MemoryKms(), self.folder / f"vasp-{vasp_id}"
        signer = kms.signer("identity")
        facts = {
            "--vasp-id": vasp_id,
            "--name": f"VASP {vasp_id}",
            "--legal-name": "A VASP Ltd.",
            "--country": "KR",
            "--url": f"https://127.0.0.1:{port}",
            "--identity-key": signer.public_key.hex(),
        }
        where = ("--home", self.authority, "--out", out)
        said = hub("authority", "issue", *where, *(part for fact in facts.items() for part in fact))
        assert said.code == 0, said.err
        signed = (out / RECORD_FILE).read_bytes()
        return Enclave(
            vasp_id=vasp_id,
            signer=signer,
            private_key=kms.sealing_key("reading").reveal(),
            tls_folder=out,
            record=verify_record(signed, authority_key=self.authority_key, now=SystemClock().now()),
            signed=signed,
            port=port,
            answer=say,
        )


@pytest.fixture
def site(hub: Hub, tmp_path: Path, postgres: RunningPostgres, monkeypatch: pytest.MonkeyPatch) -> Site:
    authority, tls, config = tmp_path / "authority", tmp_path / "hub-tls", tmp_path / "hub.toml"
    key = hub("authority", "show", "--home", authority).out.strip()
    assert hub("authority", "show", "--home", authority).out.strip() == key
    assert hub("authority", "issue-hub", "--home", authority, "--out", tls).code == 0
    dsn, port = (
        postgres.dsn(database="sandbox_travel_rule_hub", user="sandbox_travel_rule_hub", password="p" * 24),
        free_port(),
    )
    config.write_text(
        f'database_dsn = "{dsn}"\nauthority_key = "{key}"\ntls_folder = "{tls}"\nport = {port}\ndirectory_s = 0.1\n'
    )
    monkeypatch.setenv(ADMIN_DSN, postgres.admin_dsn())
    assert hub("migrate", "--config", config).code == 0
    assert hub("migrate", "--config", config) == Said(0, "", "")
    return Site(tmp_path, authority, bytes.fromhex(key), config, port, dsn)


@pytest.fixture
def running(site: Site) -> Iterator["subprocess.Popen[bytes]"]:
    """The hub as a process of its own."""
    command = [sys.executable, "-m", "strongroom.travel_rule.hub.main", "run", "--config", str(site.config)]
    log = (site.folder / "hub.log").open("wb")
    process = subprocess.Popen(command, stdout=log, stderr=log)
    yield process
    process.kill()
    process.wait()
    log.close()


def test_from_an_authority_to_a_hub_that_carries_and_ends_when_asked(
    hub: Hub, site: Site, running: "subprocess.Popen[bytes]"
) -> None:
    anna, boris = (site.issue(hub, number, port=free_port()) for number in (ANNA, BORIS))
    boris.senders[ANNA] = anna.record
    for member in (anna, boris):
        said = hub("enrol", "--config", site.config, member.tls_folder / RECORD_FILE)
        assert said == Said(0, f"VASP {member.vasp_id} is enrolled.\n", "")
    listed = hub("vasps", "--config", site.config).out.splitlines()
    assert [line.split()[0] for line in listed] == [ANNA, BORIS]
    log = site.folder / "hub.log"
    until(lambda: "listening" in log.read_text() or running.poll() is not None, what="the hub listens")
    assert asyncio.run(exchange(site, anna, boris)) == SAID
    running.send_signal(signal.SIGTERM)
    assert running.wait(60) == 0, log.read_text()
    assert asyncio.run(count_passages(site)) == 1


async def exchange(site: Site, anna: Enclave, boris: Enclave) -> object:
    async with boris.running():
        reached = anna.hub(site.port, authority_key=site.authority_key)
        pending = anna.ask(ASKED, boris)
        answer = await reached.exchange(BORIS, pending.message)
        await reached.close()
        return anna.hear(answer, pending, boris)


async def count_passages(site: Site) -> int:
    async with await Database.open(DatabaseConfig(dsn=site.dsn)) as database:
        return len(await list_passages(database, limit=10))


def test_what_cannot_be_done_is_said(hub: Hub, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = site.issue(hub, "1002", port=1)
    forged = site.folder / "forged.record"
    forged.write_bytes(anna.signed.replace(b"VASP 1002", b"VASP 1003"))
    enrol = ("enrol", "--config", site.config)
    assert hub(*enrol, anna.tls_folder / RECORD_FILE).code == 0
    for arguments, code, words in (
        ((*enrol, forged), Exit.REFUSED, "VASP_RECORD_INVALID"),
        ((*enrol, anna.tls_folder / RECORD_FILE), Exit.REFUSED, "as new is enrolled already"),
        ((*enrol, site.folder / "nothing"), Exit.REFUSED, "cannot be read"),
        (("run", "--config", site.folder / "nothing.toml"), Exit.REFUSED, "nothing.toml cannot be read"),
        (("fly",), Exit.USAGE, ""),
    ):
        said = hub(*arguments)
        assert (said.code, words in said.err) == (code, True), said
    where = ("--home", site.authority, "--out", site.folder / "x", "--vasp-id", "7", "--name", "n", "--legal-name", "l")
    for key, url in (("00" * 31, "https://h:1"), ("zz" * 32, "https://h:1"), ("00" * 32, "http://h:1")):
        assert (
            hub("authority", "issue", *where, "--country", "KR", "--url", url, "--identity-key", key).code
            == Exit.REFUSED
        )
    monkeypatch.delenv(ADMIN_DSN)
    assert "STRONGROOM_ADMIN_DSN must be set" in hub("migrate", "--config", site.config).err
