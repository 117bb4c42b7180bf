"""The life of a key as its owners and holders live it: refreshed, backed up, verified, recovered; the address stays."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from strongroom.apps.embedded.tenant import OWNERS, TENANT_ID
from strongroom.client import Strongroom
from tests.fixtures.embedded import Embedded, ended, run_cosigner, run_strongroom

INDICES = (1, 2, 3)
SIGNERS = OWNERS[:2]


def home(embedded: Embedded, index: int) -> str:
    return str(embedded.data_dir / f"cosigner-{index}")


def owner_keys(embedded: Embedded) -> list[str]:
    files = [embedded.data_dir / "tenant" / f"{name}.key" for name in SIGNERS]
    return [argument for file in files for argument in ("--owner-key", str(file))]


def fingerprints(embedded: Embedded) -> set[str]:
    shown = [run_cosigner("key", "show", "--home", home(embedded, index), "--tenant", TENANT_ID) for index in INDICES]
    assert [one.returncode for one in shown] == [0] * 3, shown[0].stderr
    lines = [line for one in shown for line in one.stdout.splitlines() if line.startswith("fingerprint:")]
    assert len(lines) == 3
    return {line.removeprefix("fingerprint:").strip() for line in lines}


def shown(embedded: Embedded) -> Any:
    told = embedded.command("keys", "show", "--json")
    assert told.returncode == 0, told.stderr
    return json.loads(told.stdout)


def refresh(embedded: Embedded, transcript: Path) -> Any:
    before = shown(embedded)
    done = embedded.command("keys", "refresh", *owner_keys(embedded), "--transcript", str(transcript), "--json")
    assert done.returncode == 0, done.stderr
    after = json.loads(done.stdout)
    assert (after["epoch"], after["public_key"]) == (before["epoch"] + 1, before["public_key"])
    return after


def test_a_refresh_gives_new_shares_of_the_same_key_and_payments_go_on(
    embedded: Embedded, client: Strongroom, tmp_path: Path
) -> None:
    before = fingerprints(embedded)
    after = refresh(embedded, tmp_path / "epoch.json")
    assert fingerprints(embedded) == {after["fingerprint"]}
    assert before.isdisjoint({after["fingerprint"]})
    written = json.loads((tmp_path / "epoch.json").read_bytes())
    assert (written["epoch"], written["fingerprint"], len(written["keyRecords"])) == (
        after["epoch"],
        after["fingerprint"],
        3,
    )
    assert ended(client, embedded.send(client))["status"] == "COMPLETED"


def test_a_refresh_waits_for_a_co_signer_that_stands_still(
    embedded: Embedded, client: Strongroom, tmp_path: Path
) -> None:
    before = shown(embedded)["epoch"]
    with embedded.halted("cosigner-2"):
        late = embedded.command(
            "keys", "refresh", *owner_keys(embedded), "--transcript", str(tmp_path / "a.json"), "--timeout", "2"
        )
        assert late.returncode == 3
        assert "DEADLINE_EXCEEDED" in late.stderr
        assert shown(embedded)["epoch"] == before
    again = embedded.command("keys", "refresh", *owner_keys(embedded), "--transcript", str(tmp_path / "b.json"))
    assert again.returncode in {0, 1}, again.stderr  # 1: the first one is still running, and ends by itself
    assert ended(client, embedded.send(client))["status"] == "COMPLETED"


@pytest.fixture
def safes(embedded: Embedded, tmp_path: Path) -> list[Path]:
    """Three holders, each with a recovery key and a fresh backup in a folder of their own."""
    folders = [tmp_path / f"holder-{index}" for index in INDICES]
    for index, folder in zip(INDICES, folders, strict=True):
        folder.mkdir()
        made = run_strongroom("keys", "recovery-key", "make", "--out", str(folder / "key.pem"))
        assert made.returncode == 0, made.stderr
        arguments = ("--recovery-public-key", str(folder / "key.pem.pub"), "--out", str(folder / "share.backup"))
        kept = run_cosigner("backup", "--home", home(embedded, index), "--tenant", TENANT_ID, *arguments)
        assert kept.returncode == 0, kept.stderr
    return folders


def pairs(folders: list[Path]) -> list[str]:
    backups = [argument for folder in folders for argument in ("--backup", str(folder / "share.backup"))]
    return backups + [argument for folder in folders for argument in ("--recovery-key", str(folder / "key.pem"))]


def test_backups_are_verified_and_prove_the_address(embedded: Embedded, safes: list[Path], tmp_path: Path) -> None:
    judge = ("--document-set-file", str(embedded.data_dir / "tenant" / "genesis.cbor"))
    for folder in safes:
        verified = run_strongroom(
            "keys", "backup", "verify", str(folder / "share.backup"), "--recovery-key", str(folder / "key.pem"), *judge
        )
        assert verified.returncode == 0, verified.stderr
        assert shown(embedded)["fingerprint"] in verified.stdout
        assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600
    proven = run_strongroom("keys", "recover", *pairs(safes), *judge, "--json")
    assert proven.returncode == 0, proven.stderr
    account = ("--account", embedded.ready["vault_account_id"])
    told = run_cosigner("address", "--home", home(embedded, 3), "--tenant", TENANT_ID, *account)
    path, address = f"m/44/60/{account[1]}/0/0", json.loads(proven.stdout)["address"]
    assert told.stdout.split() == [address, path]
    assert "xprv" not in proven.stdout + proven.stderr
    secret = tmp_path / "whole-key"
    refused = run_strongroom("keys", "recover", *pairs(safes), "--reveal", str(secret))
    assert (refused.returncode, secret.exists()) == (2, False)
    confirmed = ("--reveal", str(secret), "--i-understand-that-this-is-the-whole-key")
    assert run_strongroom("keys", "recover", *pairs(safes), *confirmed).returncode == 0
    assert secret.read_text().startswith("xprv")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_the_wrong_key_or_file_is_named(safes: list[Path]) -> None:
    first, second = safes[0], safes[1]
    wrong = run_strongroom(
        "keys", "backup", "verify", str(first / "share.backup"), "--recovery-key", str(second / "key.pem")
    )
    assert wrong.returncode == 1
    assert "another recovery key" in wrong.stderr
    two = run_strongroom("keys", "recover", *pairs(safes[:2]))
    assert two.returncode == 1
    assert "each co-signer" in two.stderr
