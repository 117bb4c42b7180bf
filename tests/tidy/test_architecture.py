"""Every import contract of pyproject.toml can be broken: one small tree keeps them all, another breaks them all."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.generators import ROOT

KEPT: Mapping[str, str] = {
    "apps.recovery": "import strongroom.threshold.ecdsa",
    "apps.serve": "import strongroom.custody.nodes.app",
    "chains.evm.node": "",
    "chains.evm.builder": "import strongroom.kernel.ids",
    "cli.main": "import strongroom.apps.serve",
    "client.http": "",
    "custody.cosigner.app": "import strongroom.threshold.ecdsa, strongroom.runtime.clock",
    "custody.cosigner.domain": "import strongroom.kernel.ids",
    "custody.cosigner.operations": "",
    "custody.cosigner.servicer": "import strongroom.custody.cosigner.operations",
    "custody.cosigner.store": "",
    "custody.nodes.app": "import strongroom.chains.evm.node",
    "custody.nodes.domain": "",
    "custody.nodes.operations": "import strongroom.custody.nodes.store",
    "custody.nodes.servicer": "import strongroom.custody.nodes.operations",
    "custody.nodes.routes": "",
    "custody.nodes.consumers": "",
    "custody.nodes.jobs": "",
    "custody.nodes.store": "import strongroom.custody.nodes.domain, asyncpg",
    "gateway.app": "",
    "interfaces.nodes": "",
    "kernel.ids": "",
    "policy.rules": "import strongroom.kernel.ids",
    "runtime.clock": "",
    "runtime.db": "import asyncpg",
    "runtime.host": "",
    "threshold.ecdsa": "",
    "travel_rule.enclave.app": "import strongroom.vendors.chainalysis.client",
    "travel_rule.enclave.domain": "",
    "travel_rule.enclave.operations": "import strongroom.travel_rule.enclave.domain",
    "travel_rule.enclave.providers": "import strongroom.vendors.chainalysis.client",
    "travel_rule.enclave.routes": "import strongroom.travel_rule.enclave.operations",
    "travel_rule.hub.app": "",
    "travel_rule.hub.domain": "",
    "travel_rule.ivms101.model": "",
    "travel_rule.messages.sealing": "",
    "travel_rule.names.match": "",
    "travel_rule.rules.evaluate": "import strongroom.travel_rule.ivms101.model",
    "vendors.chainalysis.client": "import strongroom.vendors.http",
    "vendors.http": "",
}
# Contract by contract, the one import or name that must be noticed.
BROKEN: Mapping[str, tuple[str, str]] = {
    "Tiers, from the top": ("runtime.clock", "import strongroom.apps.serve"),
    "A service never imports another: it calls its interface": (
        "gateway.app",
        "import strongroom.custody.nodes.domain",
    ),
    "Inside a service: main > app > doors > flow > operations > edges > domain": ("custody.nodes.helpers", ""),
    "Kernel, policy and domain: no I/O, no clock, no randomness, no wire types": ("kernel.ids", "import random"),
    "Doors never reach past operations to the store": (
        "custody.nodes.servicer",
        "import strongroom.custody.nodes.store",
    ),
    "Threshold signing is reachable from the co-signer alone, and offline from recovery": (
        "custody.nodes.operations",
        "import strongroom.threshold.ecdsa",
    ),
    "Only the nodes service opens a connection to a chain": ("apps.serve", "import strongroom.chains.evm.node"),
    "Only providers, and what puts them together, know an outside company": (
        "travel_rule.enclave.operations",
        "import strongroom.vendors.chainalysis.client",
    ),
    "The co-signer pulls in no host, database server, bus, cache or node client": (
        "custody.cosigner.app",
        "import strongroom.runtime.db",
    ),
    "No cycles among siblings, anywhere": ("custody.cosigner.store", "import strongroom.custody.cosigner.app"),
}


def plant(folder: Path, modules: Mapping[str, str]) -> None:
    """Write a package `strongroom` with these modules."""
    for name, text in modules.items():
        path = folder / "strongroom" / f"{name.replace('.', '/')}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    for package in [folder / "strongroom", *(folder / "strongroom").rglob("*/")]:
        (package / "__init__.py").touch()


def broken_contracts(folder: Path) -> set[str]:
    """Names of the contracts of pyproject.toml that the tree in `folder` breaks."""
    command = [Path(sys.executable).parent / "lint-imports", "--no-cache", "--config", ROOT / "pyproject.toml"]
    environment = {"PYTHONPATH": str(folder), "PATH": "", "PYTHONSAFEPATH": "1", "COLUMNS": "200"}
    ran = subprocess.run(command, cwd=folder, env=environment, check=False, capture_output=True, text=True)
    assert re.search(r"Contracts: \d+ kept, \d+ broken", ran.stdout), ran.stdout + ran.stderr
    return set(re.findall(r"^(.*) BROKEN(?: .*)?$", ran.stdout, re.MULTILINE))


def test_a_tree_that_keeps_every_contract_passes(tmp_path: Path) -> None:
    plant(tmp_path, KEPT)
    assert broken_contracts(tmp_path) == set()


def test_every_contract_can_be_broken(tmp_path: Path) -> None:
    broken = {name: f"{KEPT.get(name, '')}\n{text}" for name, text in BROKEN.values()}
    plant(tmp_path, {**KEPT, **broken})
    written = re.findall(
        r'^name = "(.*)"$', (ROOT / "pyproject.toml").read_text().split("[tool.importlinter]")[1], re.MULTILINE
    )
    assert set(written) == BROKEN.keys()
    assert broken_contracts(tmp_path) == BROKEN.keys()
