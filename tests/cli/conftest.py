"""The real program ``strongroom`` as a process of its own, and a gateway for it to talk to."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.gateway import OPERATOR_TOKEN, Gateway, running
from tests.fixtures.tenant import API_USER

PROGRAM = str(Path(sys.executable).with_name("strongroom"))
Run = Callable[..., "Ran"]
_AT_A_TERMINAL = """import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
os.execv(sys.argv[1], sys.argv[1:])"""


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[list[str]]:
        """The words of each line of the output."""
        return [line.split() for line in self.out.splitlines()]

    def is_refused(self, code: int, *words: str) -> bool:
        """Two lines on stderr with these words, and nothing else anywhere."""
        is_plain = len(self.err.splitlines()) == 2 and "\n-> " in self.err and "Traceback" not in self.err
        return self.code == code and not self.out and is_plain and all(word in self.err for word in words)


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with running(Gateway()) as door:
        yield door


@pytest.fixture
def folder(tmp_path: Path, gateway: Gateway) -> Path:
    """A current folder in which a `strongroom up` seems to run."""
    write_ready_file(tmp_path / ".strongroom" / "ready.json", gateway.url)
    return tmp_path


@pytest.fixture
def strongroom(folder: Path) -> Run:
    """Run the program in that folder."""

    def run(*arguments: str, cwd: Path = folder, **environment: str) -> Ran:
        done = subprocess.run(
            [PROGRAM, *arguments],
            cwd=cwd,
            env=plain(**environment),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run


def plain(**environment: str) -> dict[str, str]:
    """An environment without a trace of the developer's own settings."""
    return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "COLUMNS": "100", **environment}


def interruptible(*arguments: str) -> list[str]:
    """The program with Ctrl-C as at a terminal: who runs the tests in the background may have had it ignored."""
    return [sys.executable, "-c", _AT_A_TERMINAL, PROGRAM, *arguments]


def write_ready_file(path: Path, url: str, **changes: str | None) -> None:
    """What `strongroom up` writes; a change to None leaves a field out."""
    facts: dict[str, str | None] = {
        "base_url": url,
        "api_key": API_USER.api_key,
        "api_private_key_pem": API_USER.private_key_pem().decode(),
        "tenant_id": "acme",
        "vault_account_id": "0",
        "asset_id": "ETH_TEST",
        "operator_token": OPERATOR_TOKEN,
        **changes,
    }
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({name: value for name, value in facts.items() if value is not None}))
