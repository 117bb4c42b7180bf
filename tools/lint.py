"""Every gate, two at a time: `python -m tools.lint [--without NAME]… [NAME]…`; exits 1 if one refuses.

A gate that passes is one line; a gate that refuses shows what it printed.
"""

import hashlib
import itertools
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tools.generators import ROOT

NATIVE = ROOT / "native" / "threshold"
NATIVE_STAMP = ROOT / ".build" / "stamps" / "native-lint"
BIN = Path(sys.executable).parent


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one gate said: exit status 0 is yes; `seconds` is how long it took."""

    name: str
    status: int
    output: str
    seconds: float


def environment() -> dict[str, str]:
    """The virtual environment first in PATH; caches where tools/bootstrap has them when home cannot be written."""
    ours = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    home = Path(os.environ.get("HOME", "/nonexistent"))
    if os.access(home, os.W_OK):
        return ours
    ours["HOME"] = str(ROOT / ".build" / "home")
    if not os.access(os.environ.get("CARGO_HOME", "/nonexistent"), os.W_OK):
        ours["CARGO_HOME"] = str(ROOT / ".build" / "home" / ".cargo")
    if (home / ".rustup").is_dir():
        ours.setdefault("RUSTUP_HOME", str(home / ".rustup"))
    return ours


def run(*command: str | Path) -> tuple[int, str]:
    """Run a program in the project's root with the virtual environment first in PATH; gives exit status and output."""
    ran = subprocess.run(
        [str(word) for word in command],
        cwd=ROOT,
        env=environment(),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return ran.returncode, ran.stdout


def check_migrations() -> tuple[int, str]:
    """Squawk over every migration: no lock that stops a running service, no change that old code cannot live with."""
    migrations = sorted(ROOT.glob("src/strongroom/**/migrations/*.sql"))
    return run("squawk", "--reporter", "gcc", *migrations) if migrations else (0, "")


def check_native() -> tuple[int, str]:
    """Rust format and clippy; skipped while the sources are those of the last pass."""
    manifest = "native/threshold/Cargo.toml"
    commands = (
        f"cargo fmt --manifest-path {manifest} --check",
        f"cargo clippy --manifest-path {manifest} --locked --quiet --all-features --all-targets -- -D warnings",
    )
    sources = sorted(path for path in NATIVE.rglob("*") if path.is_file() and "target" not in path.parts)
    parts = [*(command.encode() for command in commands), *(path.read_bytes() for path in sources)]
    now = hashlib.sha256(b"\0".join(parts)).hexdigest()
    if NATIVE_STAMP.is_file() and NATIVE_STAMP.read_text() == now:
        return 0, ""
    for command in commands:
        status, output = run(*shlex.split(command))
        if status != 0:
            return status, output
    NATIVE_STAMP.parent.mkdir(parents=True, exist_ok=True)
    NATIVE_STAMP.write_text(now)
    return 0, ""


GATES: Mapping[str, Callable[[], tuple[int, str]]] = {
    "types": lambda: run("basedpyright"),
    "native": check_native,
    "format": lambda: run("ruff", "format", "--check", "."),
    "lint": lambda: run("ruff", "check", "."),
    "architecture": lambda: run("lint-imports"),
    "migrations": check_migrations,
    "generated": lambda: run(sys.executable, "-m", "tools.generate", "--check"),
    "tidy": lambda: run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/tidy"),
}


def pass_gate(name: str) -> Outcome:
    """Run one gate and print its line."""
    began = time.monotonic()
    status, output = GATES[name]()
    outcome = Outcome(name=name, status=status, output=output, seconds=time.monotonic() - began)
    print(f"{name:14}{'ok' if status == 0 else 'REFUSED':9}{outcome.seconds:6.1f} s", flush=True)
    return outcome


def choose(arguments: Sequence[str]) -> list[str]:
    """The gates asked for, in order; raises ValueError for a name that is none."""
    without = {after for word, after in itertools.pairwise(arguments) if word == "--without"}
    wanted = {word for word in arguments if not word.startswith("-")} - without
    if unknown := (wanted | without) - GATES.keys():
        message = f"no such gate: {', '.join(sorted(unknown))}; there are {', '.join(GATES)}"
        raise ValueError(message)
    return [name for name in GATES if name not in without and (not wanted or name in wanted)]


def main(arguments: Sequence[str]) -> int:
    """Run the gates; the slow ones start first."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        outcomes = list(pool.map(pass_gate, choose(arguments)))
    refused = [outcome for outcome in outcomes if outcome.status != 0]
    for outcome in refused:
        print(f"\n--- {outcome.name} ---\n{outcome.output.rstrip()}")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
