"""The program as its operator meets it, and what it may never import."""

import asyncio
import dataclasses
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from strongroom.custody.cosigner.app import open_context, system_ports
from strongroom.custody.cosigner.config import (
    CosignerConfig,
    find_callback_config,
    load_config,
    write_callback_config,
    write_config,
)
from strongroom.custody.cosigner.domain.entries import DocumentSetInstalled, Frozen
from strongroom.custody.cosigner.domain.limits import Limits
from strongroom.custody.cosigner.providers.callback_keys import open_callback_key
from strongroom.custody.cosigner.store import Journal
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.kernel.documents.document_set import CosignerIdentity
from strongroom.kernel.documents.keys import KeyRequest
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.pki import Authority, TlsIdentity, new_root
from strongroom.vendors.callback_handler.tokens import parse_public_key, public_key_pem
from tests.custody.cosigner.handlers import config_of, rsa_key
from tests.custody.cosigner.world import ENVIRONMENT, TENANT, World
from tests.fakes.cosigner_link import FakeLink

PROGRAM = (sys.executable, "-m", "strongroom.custody.cosigner.main")
FORBIDDEN = (
    "strongroom.runtime.host",
    "strongroom.runtime.host_local",
    "strongroom.runtime.host_wire",
    "strongroom.runtime.db",
    "strongroom.runtime.work",
    "strongroom.runtime.bus",
    "strongroom.runtime.cache",
    "strongroom.chains.evm.node",
    "strongroom.custody.cosigner_engine",
    "asyncpg",
    "litestar",
    "httpx",
    "uvicorn",
    "redis",
    "confluent_kafka",
)


def program(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)


def test_its_imports_are_few() -> None:
    code = "import sys, strongroom.custody.cosigner.main; print('\\n'.join(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "strongroom.custody.cosigner.flow" in loaded
    assert [name for name in FORBIDDEN if name in loaded] == []


def test_init_makes_one_identity_and_keeps_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    made = program("init", "--home", home, "--index", "3", "--operator", "customer", "--limit", "ETH_TEST=5:20")
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout) == json.loads((home / "identity.json").read_text())
    assert program("identity", "--home", home).stdout == made.stdout
    again = program("init", "--home", home, "--index", "3", "--operator", "customer")
    assert (again.returncode, "CONFLICT" in again.stderr) == (1, True)
    assert "ETH_TEST: 5 per transaction, 20 in 24 hours" in program("limits", "--home", home).stdout
    assert all(path.stat().st_mode & 0o077 == 0 for path in (home / "keys").iterdir())


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("init", "--index", "3"), 2, "--home"),
        (("identity", "--home", "{home}"), 1, "run strongroom-cosigner init first"),
        (("init", "--home", "{home}", "--index", "4", "--operator", "x"), 1, "--index is 1, 2 or 3"),
        (("init", "--home", "{home}", "--index", "1", "--operator", "x", "--limit", "ETH"), 1, "ASSET=PER"),
        (("init", "--home", "{home}", "--index", "1", "--operator", "x", "--limit", "A=\u00b2:1"), 1, "ASSET=PER"),
        (
            ("init", "--home", "{home}", "--index", "1", "--operator", "x", "--limit", "A=1:" + "9" * 5000),
            1,
            "ASSET=PER",
        ),
        (("init", "--home", "{home}" + "x" * 300, "--index", "1", "--operator", "x"), 1, "CONFIG_INVALID"),
        (("init", "--home", "/dev/null/home", "--index", "1", "--operator", "x"), 1, "CONFIG_INVALID: /dev/null"),
        (("status", "--home", "/dev/null/home"), 1, "CONFIG_INVALID: /dev/null"),
        (("nonsense",), 2, "nonsense"),
    ],
)
def test_wrong_use_is_told(tmp_path: Path, arguments: tuple[str, ...], code: int, text: str) -> None:
    ran = program(*(word.format(home=tmp_path / "home") for word in arguments))
    assert ran.returncode == code
    assert text in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_home_whose_parts_cannot_be_used_is_told(tmp_path: Path) -> None:
    assert program("init", "--home", tmp_path, "--index", "1", "--operator", "provider").returncode == 0
    (tmp_path / "keys").rename(tmp_path / "elsewhere")
    (tmp_path / "keys").write_text("no folder")
    (tmp_path / "run.lock").mkdir()
    for words in (("identity",), ("run", "--engine", "127.0.0.1:1", "--tls", str(tmp_path))):
        ran = program(*words, "--home", tmp_path)
        assert (ran.returncode, "CONFIG_INVALID" in ran.stderr, "Traceback" in ran.stderr) == (1, True, False)
    (tmp_path / "keys").unlink()
    (tmp_path / "elsewhere").rename(tmp_path / "keys")
    for path in tmp_path.glob("journal.sqlite*"):
        path.unlink()
    (tmp_path / "journal.sqlite").mkdir()
    ran = program("status", "--home", tmp_path)
    assert (ran.returncode, "CONFIG_INVALID: The journal in" in ran.stderr) == (1, True)


def test_a_freeze_is_shown_by_status_and_verify(tmp_path: Path) -> None:
    program("init", "--home", tmp_path, "--index", "3", "--operator", "customer")
    with Journal(tmp_path / "journal.sqlite") as journal:
        journal.append(
            DocumentSetInstalled(tenant="acme", version=4, set_hash=bytes(32), signed=b"", at=1),
            Frozen(tenant="acme", peer=1, sequence=77, head=bytes(32), at=2),
        )
    status = program("status", "--home", tmp_path)
    assert (status.returncode, "acme: document set 4" in status.stdout) == (0, True)
    for shown in (status, program("journal", "verify", "--home", tmp_path)):
        assert "acme: FROZEN. Co-signer 1 holds our signed head of entry 77" in shown.stdout


def test_a_damaged_journal_stops_it(tmp_path: Path) -> None:
    program("init", "--home", tmp_path, "--index", "3", "--operator", "customer")
    assert "the journal holds" in program("journal", "verify", "--home", tmp_path).stdout
    (tmp_path / "journal.sqlite").write_bytes(b"garbage" * 1000)
    ran = program("journal", "verify", "--home", tmp_path)
    assert (ran.returncode, "STATE_DAMAGED" in ran.stderr) == (3, True)


@pytest.mark.parametrize(
    "text", ["index = 9\noperator='x'", "operator = 'x'", "index = 1\noperator='x'\nwrong = 1", "["]
)
def test_wrong_settings_are_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "cosigner.toml").write_text(text)
    ran = program("identity", "--home", tmp_path)
    assert (ran.returncode, "CONFIG_INVALID" in ran.stderr) == (1, True)


def install(world: World, home: Path) -> str:
    """Init and activate under a document set that lists the program's own keys; gives what activate printed."""
    identity = json.loads(program("init", "--home", home, "--index", "3", "--operator", "customer").stdout)
    listed = CosignerIdentity(
        index=3,
        operator="customer",
        signing_key=bytes.fromhex(identity["signing_key"]),
        encryption_key=bytes.fromhex(identity["encryption_key"]),
    )
    roster = world.document_set.roster
    roster = msgspec.structs.replace(roster, cosigners=(*roster.cosigners[:2], listed))
    world.document_set = msgspec.structs.replace(world.document_set, roster=roster)
    genesis = home / "genesis.cbor"
    genesis.write_bytes(world.owner_signed(Kind.DOCUMENT_SET, world.document_set))
    ran = program("activate", "--home", home, "--genesis", genesis)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_activate_shows_the_hash_to_compare_and_installs_once(world: World, tmp_path: Path) -> None:
    home = tmp_path / "home"
    printed = install(world, home)
    assert world.document_set.hash().hex() in printed.replace(" ", "")
    assert "version 1" in printed
    again = program("activate", "--home", home, "--genesis", home / "genesis.cbor")
    assert (again.returncode, "CONFLICT" in again.stderr) == (1, True)
    no_key = program("address", "--home", home, "--tenant", TENANT, "--account", "0")
    assert (no_key.returncode, "KEY_UNKNOWN" in no_key.stderr) == (1, True)


async def test_run_takes_part_over_mtls_and_ends_with_sigterm(world: World, tmp_path: Path) -> None:
    home, clock = tmp_path / "home", SystemClock()
    install(world, home)
    authority = Authority.under(new_root(clock), environment=ENVIRONMENT, clock=clock)
    TlsIdentity.from_issuer(authority, service="cosigner-3", clock=clock).save(home / "tls")
    engine = FakeLink()
    port = await engine.serve(authority.issue_tls("cosigner_engine"))
    running = ("run", "--home", str(home), "--engine", f"127.0.0.1:{port}", "--tls", str(home / "tls"))
    process = await asyncio.create_subprocess_exec(*PROGRAM, *running, stderr=asyncio.subprocess.DEVNULL)
    try:
        assert (await engine.heard()).greeting.index == 3
        second = await asyncio.to_thread(program, *running)
        assert (second.returncode, "Another co-signer runs" in second.stderr) == (1, True)
        engine.orders.put_nowait(key_order(world, int(clock.now().timestamp())))
        hellos = [await engine.heard() for _ in range(2)]
        assert [(hello.peer_message.from_index, hello.peer_message.to_index) for hello in hellos] == [(3, 1), (3, 2)]
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await engine.stop()


def key_order(world: World, now_s: int) -> pb.EngineOrder:
    request = KeyRequest(
        key_id="acme/sandbox/ecdsa-1",
        epoch=1,
        threshold=3,
        parties=(1, 2, 3),
        document_set_hash=world.document_set.hash(),
        nonce=os.urandom(32),
        not_after=now_s + 600,
    )
    signed = world.owner_signed(Kind.KEY_REQUEST, request)
    return pb.EngineOrder(
        ceremony_id=os.urandom(32), start_key_ceremony=pb.StartKeyCeremony(tenant_id=TENANT, key_request=signed)
    )


def handler_key(folder: Path) -> Path:
    """The handler's public key, as its operator hands it over."""
    path = folder / "handler.pub.pem"
    path.write_bytes(public_key_pem(rsa_key("handler")))
    return path


def test_a_callback_handler_is_set_shown_and_removed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    program("init", "--home", home, "--index", "3", "--operator", "customer")
    assert "nobody is asked" in program("callback", "show", "--home", home).stdout
    key = program("callback", "key", "--home", home).stdout
    assert open_callback_key(home).strip() == key.strip()
    parse_public_key(key.encode())
    assert (home / "callback_key.pem").stat().st_mode & 0o077 == 0
    options = ("--url", "https://handler.example/cosigner", "--handler-key", handler_key(tmp_path), "--timeout-s", "20")
    ran = program("callback", "set", "--home", home, *options)
    assert (ran.returncode, "https://handler.example/cosigner is asked" in ran.stdout) == (0, True), ran.stderr
    assert "20 s" in program("callback", "show", "--home", home).stdout
    assert "nobody is asked" in program("callback", "remove", "--home", home).stdout


@pytest.mark.parametrize(
    "url",
    [
        "http://handler.example/",
        "http://127.0.0.1.example/",
        "ftp://127.0.0.1/",
        "https://user:word@handler.example/",
        "https://handler.example/?q=1",
        "https:///path",
        "https://handler.example:0/",
        "https://handler.example:x/",
        "https://handler.example/a b",
        "handler.example",
        "",
    ],
)
def test_a_handler_is_reached_by_https_or_on_this_machine(tmp_path: Path, url: str) -> None:
    with pytest.raises(StrongroomError) as refused:
        write_callback_config(tmp_path, config_of(url))
    assert refused.value.code is Code.CONFIG_INVALID
    assert find_callback_config(tmp_path) is None


@pytest.mark.parametrize("url", ["http://127.0.0.1:8/", "http://localhost/x", "http://[::1]:81", "https://a.example"])
def test_what_is_written_is_read_again(tmp_path: Path, url: str) -> None:
    write_callback_config(tmp_path, config_of(url, timeout_s=2.5, retry_s=1))
    assert find_callback_config(tmp_path) == config_of(url, timeout_s=2.5, retry_s=1)


def home_of(tmp_path: Path, index: int = 3) -> Path:
    """A co-signer's home with a key for callbacks."""
    limits = Limits(assets={})
    config = CosignerConfig(index=index, operator="customer", environment=ENVIRONMENT, limits=limits)
    write_config(tmp_path, config)
    open_callback_key(tmp_path)
    return tmp_path


@pytest.mark.parametrize("broken", ["[", "url = 'https://a.example'", "no key", "no own key", "index"])
def test_a_handler_that_cannot_be_read_stops_the_start(tmp_path: Path, broken: str) -> None:
    """As if there were none would be to consent unasked."""
    home = home_of(tmp_path, 1 if broken == "index" else 3)
    write_callback_config(home, config_of("https://a.example"))
    if broken == "no key":
        write_callback_config(home, dataclasses.replace(config_of("https://a.example"), handler_key="no key"))
    elif broken == "no own key":
        (home / "callback_key.pem").unlink()
    elif broken != "index":
        (home / "callback.toml").write_text(broken)
    with pytest.raises(StrongroomError) as refused:
        open_context(home=home, config=load_config(home), ports=system_ports(home))
    assert refused.value.code is Code.CONFIG_INVALID


def test_only_the_customer_s_co_signer_has_a_handler(tmp_path: Path) -> None:
    home = home_of(tmp_path, 2)
    options = ("--url", "https://handler.example/", "--handler-key", handler_key(home))
    ran = program("callback", "set", "--home", home, *options)
    assert (ran.returncode, "Only co-signer 3" in ran.stderr) == (1, True)
    assert find_callback_config(home) is None


def test_a_key_that_is_none_is_not_taken(tmp_path: Path) -> None:
    home = home_of(tmp_path)
    (home / "short.pem").write_text("no key")
    options = ("--url", "https://handler.example/", "--handler-key", home / "short.pem")
    ran = program("callback", "set", "--home", home, *options)
    assert (ran.returncode, "CONFIG_INVALID" in ran.stderr) == (1, True)
