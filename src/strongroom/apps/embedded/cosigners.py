"""The three co-signers of an embedded Strongroom: processes of their own, each with its own home, dialling out.

Under one account of the operating system they are a demonstration, not a security boundary (architecture.md 6).
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from strongroom.apps.embedded.layout import ENVIRONMENT, Layout
from strongroom.apps.embedded.process import Command, ManagedProcess, run_to_end
from strongroom.apps.embedded.supervisor import ChildSpec
from strongroom.kernel.documents.consent import cosigner_name
from strongroom.kernel.documents.document_set import CosignerIdentity
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.pki import Authority, TlsIdentity

INDICES = (1, 2, 3)
OPERATORS = {1: "provider", 2: "provider", 3: "customer"}
_PROGRAM = (sys.executable, "-m", "strongroom.custody.cosigner.main")
_ENVIRONMENT = {"LC_ALL": "C.UTF-8", "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a co-signer will sign at most of one asset, in base units."""

    asset_id: str
    per_transaction_units: int
    per_day_units: int


def prepare_cosigner(layout: Layout, index: int, *, limits: Limits) -> CosignerIdentity:
    """Make a co-signer's home where it is absent, and read the public keys that go into the roster.

    Raises:
        StrongroomError: ``STATE_DAMAGED`` when its identity cannot be read.
    """
    home = layout.cosigner(index)
    if not (home / "identity.json").exists():
        allowed = f"{limits.asset_id}={limits.per_transaction_units}:{limits.per_day_units}"
        operator = OPERATORS[index]
        _run("init", "--home", str(home), "--index", str(index), "--operator", operator, "--limit", allowed)
    try:
        fields = json.loads((home / "identity.json").read_bytes())
        return CosignerIdentity(
            index=fields["index"],
            operator=fields["operator"],
            signing_key=bytes.fromhex(fields["signing_key"]),
            encryption_key=bytes.fromhex(fields["encryption_key"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        raise StrongroomError(Code.STATE_DAMAGED, f"{home / 'identity.json'} does not parse.") from None


def activate_cosigner(layout: Layout, index: int, *, genesis: Path) -> None:
    """Install the tenant's genesis document set at a co-signer, as its operator would; done already is done.

    Raises:
        StrongroomError: ``CONFIG_INVALID`` with the co-signer's own words when it refuses.
    """
    try:
        _run("activate", "--home", str(layout.cosigner(index)), "--genesis", str(genesis))
    except StrongroomError as error:
        if Code.CONFLICT.name not in error.detail:
            raise


def cosigner_child(layout: Layout, index: int, *, link_port: int) -> ChildSpec:
    """How the supervisor runs a co-signer. It is ready when it lives: whether it is connected, the engine knows."""
    home = layout.cosigner(index)

    def start() -> ManagedProcess:
        authority = Authority.open(layout.pki, environment=ENVIRONMENT, clock=SystemClock())
        tls = TlsIdentity.from_issuer(authority, service=cosigner_name(index), clock=SystemClock())
        tls.save(home / "tls")
        return ManagedProcess.start(
            Command(
                name=f"co-signer {index}",
                arguments=(
                    *_PROGRAM,
                    "run",
                    "--home",
                    str(home),
                    "--engine",
                    f"127.0.0.1:{link_port}",
                    "--tls",
                    str(home / "tls"),
                ),
                log_path=layout.log(f"cosigner-{index}"),
                pid_path=layout.data_dir / f"cosigner-{index}.pid",
                directory=home,
                environment=_ENVIRONMENT,
            )
        )

    async def is_ready(process: ManagedProcess) -> bool:
        return process.exit_code() is None

    return ChildSpec(name=f"co-signer {index}", start=start, is_ready=is_ready)


def _run(*arguments: str) -> None:
    try:
        run_to_end((*_PROGRAM, *arguments), environment=_ENVIRONMENT, account=None, directory=Path.cwd())
    except subprocess.CalledProcessError as error:
        detail = f"strongroom-cosigner {arguments[0]} refuses: {error.stdout}"
        raise StrongroomError(Code.CONFIG_INVALID, detail) from None
