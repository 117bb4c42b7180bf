"""A tool that is missing or too old is named in one line, before anything is made."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.generators import ROOT

SYSTEM = (
    "awk",
    "bash",
    "cat",
    "env",
    "find",
    "flock",
    "grep",
    "head",
    "mkdir",
    "rm",
    "sha256sum",
    "sort",
    "uname",
    "xargs",
)
PRESENT = {"cc": "1.0", "rustc": "1.88.0", "cargo": "1.88.0", "node": "20.0.0", "npm": "10.0.0"}
INPUTS = ("tools/bootstrap", "requirements/build.lock", "requirements/dev.lock", "package-lock.json", "pyproject.toml")


def write_program(path: Path, says: str) -> None:
    """A program that prints its version and refuses code."""
    path.write_text(f'#!/bin/sh\n[ "$1" = -c ] && exit 1\necho tool {says}\n')
    path.chmod(0o755)


def bootstrap(folder: Path, tools: dict[str, str], *, with_python: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a fresh checkout's bootstrap on a machine that has just these tools, by name and version."""
    programs = folder / "bin"
    programs.mkdir()
    for name in SYSTEM:
        (programs / name).symlink_to(shutil.which(name) or name)
    if with_python:
        (programs / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
    for name, version in tools.items():
        write_program(programs / name, version)
    for name in INPUTS:
        (folder / "checkout" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / "checkout" / name)
    (folder / "checkout/native/threshold").mkdir(parents=True)
    command = [folder / "checkout/tools/bootstrap", "product"]
    environment = {"PATH": str(programs), "HOME": os.environ.get("HOME", "/")}
    return subprocess.run(command, env=environment, check=False, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"rustc": "1.87.0"}, "rustc 1.88 or newer is needed, this is 1.87.0"),
        ({"rustc": None}, "rustc 1.88 or newer is needed and was not found"),
        ({"cargo": None}, "cargo 1.88 or newer is needed and was not found"),
        ({"node": "18.20.4"}, "Node 20 or newer is needed, this is 18.20.4"),
        ({"npm": None}, "npm 8 or newer is needed and was not found"),
        ({"cc": None}, "a C compiler (cc) is needed and was not found"),
    ],
)
def test_a_missing_or_old_tool_is_named_in_one_line(tmp_path: Path, change: dict[str, str | None], named: str) -> None:
    tools = {name: version for name, version in (PRESENT | change).items() if version is not None}
    ran = bootstrap(tmp_path, tools)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert ran.stderr.count("\n") == 1
    assert named in ran.stderr
    assert "install" in ran.stderr or "comes with" in ran.stderr
    assert not (tmp_path / "checkout/.venv").exists()


@pytest.mark.parametrize("version", [None, "3.9.2"])
def test_a_missing_or_old_python_is_named_in_one_line(tmp_path: Path, version: str | None) -> None:
    ran = bootstrap(tmp_path, PRESENT | ({"python3": version} if version else {}), with_python=False)
    assert (ran.returncode, ran.stderr.count("\n")) == (1, 1)
    assert "Python 3.11 or newer with venv is needed" in ran.stderr
    assert version is None or f"this is {version}" in ran.stderr
