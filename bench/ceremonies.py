"""How long the ceremonies of a key take in the whole product: made, refreshed, recovered offline.

A key is made once, while the product starts: that time is the vault's own, from the owners' request to the records of
all three. A refresh is timed by who asks for it, from the signed request until its records are verified here, so it
holds a fifth of a second between two looks. Offline recovery is `strongroom keys recover` as a holder runs it, program
start and all; each co-signer's backup is written by its own program before, untimed.
"""

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.product import Product, open_database, open_product
from strongroom.apps.embedded.layout import Layout
from strongroom.apps.embedded.tenant import OWNERS, TENANT_ID, key_file
from strongroom.client import OwnerKey, Strongroom, find_epoch, hold_ceremony, sign_key_request
from strongroom.client.ports import SystemPorts

_INDICES = (1, 2, 3)
_TIMEOUT_S = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTime:
    """One kind of ceremony; one time for each."""

    kind: str
    taken_s: tuple[float, ...]


def measure_ceremonies(folder: Path, *, rounds: int, tell: Callable[[str], None]) -> tuple[KeyTime, ...]:
    """Start a product of its own below ``folder``, which makes its key; then refresh and recover it, once a round.

    Raises:
        RuntimeError: a program ended otherwise than it should.
        StrongroomError: as ``hold_ceremony``.
    """
    return asyncio.run(_measure(folder, rounds, tell))


async def _measure(folder: Path, rounds: int, tell: Callable[[str], None]) -> tuple[KeyTime, ...]:
    tell("a product of its own starts, and makes a key")
    async with open_product(folder) as product:
        async with await open_database(product, "secure_vault") as vault:
            made_s = float(await vault.fetchval(_MADE))
        layout = Layout(Path(product.facts.data_dir))
        tell(f"{rounds} refreshes")
        refreshed = tuple([await asyncio.to_thread(_refresh, product, layout) for _ in range(rounds)])
        safes = await asyncio.to_thread(_back_up, folder, layout)
        tell(f"{rounds} offline recoveries")
        recovered = tuple([await asyncio.to_thread(_recover, safes) for _ in range(rounds)])
    return (
        KeyTime(kind="key ceremony", taken_s=(made_s,)),
        KeyTime(kind="complete refresh", taken_s=refreshed),
        KeyTime(kind="offline recovery", taken_s=recovered),
    )


_MADE = "select extract(epoch from updated_at - created_at) from keys where status = 'READY'"


def _refresh(product: Product, layout: Layout) -> float:
    owners = [OwnerKey.from_raw(name, key_file(layout, name).read_bytes()) for name in OWNERS[:2]]
    ports = SystemPorts()
    with Strongroom(product.facts.base_url, credentials=product.credentials) as client:
        document_set = client.get_document_set()
        before = find_epoch(client, document_set)
        assert before is not None, "the product made a key when it started"
        began_s = time.perf_counter()
        request = sign_key_request(document_set, owners, ports=ports, epoch=before.epoch + 1)
        hold_ceremony(
            client,
            request,
            document_set=document_set,
            before=before,
            ports=ports,
            tell=lambda _: None,
            timeout_s=_TIMEOUT_S,
        )
        return time.perf_counter() - began_s


def _back_up(folder: Path, layout: Layout) -> list[str]:
    """The options that name each holder's backup and recovery key."""
    options: list[str] = []
    for index in _INDICES:
        key, backup = folder / f"{index}.pem", folder / f"{index}.backup"
        _run("strongroom.cli.main", "keys", "recovery-key", "make", "--out", str(key))
        home, public = str(layout.cosigner(index)), f"{key}.pub"
        _run(
            "strongroom.custody.cosigner.main",
            *("backup", "--home", home, "--tenant", TENANT_ID, "--recovery-public-key", public, "--out", str(backup)),
        )
        options += ["--backup", str(backup), "--recovery-key", str(key)]
    return options


def _recover(safes: list[str]) -> float:
    began_s = time.perf_counter()
    _run("strongroom.cli.main", "keys", "recover", *safes)
    return time.perf_counter() - began_s


def _run(module: str, *arguments: str) -> None:
    done = subprocess.run(
        (sys.executable, "-m", module, *arguments), capture_output=True, text=True, check=False, timeout=_TIMEOUT_S
    )
    if done.returncode:
        raise RuntimeError(f"{module} {arguments[0]} ended with {done.returncode}: {done.stderr}")
