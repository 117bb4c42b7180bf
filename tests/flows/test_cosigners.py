"""Three processes, of which none listens, none holds a whole key, and each says the same address by itself."""

import json
import os
from pathlib import Path

import pytest

from strongroom.client import Strongroom
from strongroom.client.ports import SystemPorts
from tests.fixtures.embedded import Embedded, ended, run_cosigner, until

INDICES = (1, 2, 3)
LISTENING = "0A"  # linux include/net/tcp_states.h: TCP_LISTEN
ACCEPTING = 0x10000  # linux include/linux/net.h: __SO_ACCEPTCON


def sockets_of(pid: int) -> set[str]:
    """The socket inodes that a process has open."""
    links = [os.readlink(link) for link in Path(f"/proc/{pid}/fd").iterdir()]  # noqa: PTH115 - no path
    return {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")}


def listening(pid: int) -> list[str]:
    """Every TCP and Unix socket of a process that waits for others to connect (proc(5) /proc/net)."""
    own, net = sockets_of(pid), Path(f"/proc/{pid}/net")
    found: list[str] = []
    for kind in ("tcp", "tcp6"):
        for line in (net / kind).read_text().splitlines()[1:]:
            fields = line.split()
            found += [f"{kind} {fields[1]}"] if fields[9] in own and fields[3] == LISTENING else []
    for line in (net / "unix").read_text().splitlines()[1:]:
        fields = line.split()
        found += [f"unix {fields[-1]}"] if fields[6] in own and int(fields[3], 16) & ACCEPTING else []
    return found


def test_what_listens_is_noticed(embedded: Embedded) -> None:
    assert len(listening(embedded.pid("platform"))) == 2  # the REST door, and the co-signers' door


@pytest.mark.parametrize("index", INDICES)
def test_a_co_signer_opens_no_port(embedded: Embedded, client: Strongroom, index: int) -> None:
    pid = embedded.pid(f"cosigner-{index}")
    until(lambda: is_connected(client, index), what=f"co-signer {index} is connected")
    assert sockets_of(pid), "it dials out"
    assert listening(pid) == []


def is_connected(client: Strongroom, index: int) -> bool:
    told = client.request("GET", "/strongroom/cosigners")["cosigners"]
    return any(one["index"] == index and one["connected"] for one in told)


def test_they_are_three_processes_with_keys_of_their_own(embedded: Embedded) -> None:
    assert len({embedded.pid(f"cosigner-{index}") for index in INDICES} | {embedded.pid("platform")}) == 4
    identities = [json.loads((home(embedded, index) / "identity.json").read_bytes()) for index in INDICES]
    assert [one["index"] for one in identities] == list(INDICES)
    assert len({key for one in identities for key in (one["signing_key"], one["encryption_key"])}) == 6


def home(embedded: Embedded, index: int) -> Path:
    return embedded.data_dir / f"cosigner-{index}"


@pytest.mark.parametrize("index", INDICES)
def test_its_journal_holds(embedded: Embedded, client: Strongroom, index: int) -> None:
    before = entries(embedded, index)
    assert ended(client, embedded.send(client))["status"] == "COMPLETED"
    assert entries(embedded, index) > before


def entries(embedded: Embedded, index: int) -> int:
    """How long its journal is, every link checked."""
    verified = run_cosigner("journal", "verify", "--home", str(home(embedded, index)))
    assert verified.returncode == 0, verified.stderr
    assert "the journal holds" in verified.stdout
    return int(verified.stdout.split()[0])


@pytest.mark.parametrize("index", INDICES)
def test_it_derives_the_address_that_the_platform_shows(embedded: Embedded, client: Strongroom, index: int) -> None:
    asset_id, tenant = embedded.ready["asset_id"], embedded.ready["tenant_id"]
    other = client.request(
        "POST", "/vault/accounts", body={"name": f"seen by {index}"}, idempotency_key=SystemPorts().nonce()
    )["id"]
    client.request("POST", f"/vault/accounts/{other}/{asset_id}")
    for account in (embedded.ready["vault_account_id"], other):
        shown = client.request("GET", f"/vault/accounts/{account}/{asset_id}/addresses_paginated")["addresses"]
        told = run_cosigner("address", "--home", str(home(embedded, index)), "--tenant", tenant, "--account", account)
        assert told.returncode == 0, told.stderr
        assert told.stdout.split() == [shown[0]["address"], f"m/44/60/{account}/0/0"]


def test_no_file_holds_a_share_in_the_open(embedded: Embedded) -> None:
    """The software KMS hides nothing within one account of the system; other accounts see nothing."""
    for index in INDICES:
        for path in home(embedded, index).rglob("*"):
            if path.is_file() and path.name != "identity.json":
                assert path.stat().st_mode & 0o077 == 0, path
        assert home(embedded, index).stat().st_mode & 0o077 == 0
