"""What the figures were made on, and how much of its memory the product's processes hold (told by Linux alone)."""

import os
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_KIB = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The machine and what the code was built with."""

    cores: int
    processor: str
    system: str
    python: str
    rustc: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.cores} cores ({self.processor}), {self.system}, Python {self.python}, {self.rustc}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """Of a tree of processes: resident pages, and resident pages with shared ones divided among those that share."""

    processes: int
    resident_bytes: int
    proportional_bytes: int


def read_machine() -> Machine:
    """This machine."""
    return Machine(
        cores=os.cpu_count() or 1,
        processor=_processor(),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        rustc=_rustc(),
    )


def read_memory(root: int) -> Memory | None:
    """What the Python processes under the process ``root``, itself included, hold now; None where /proc is absent."""
    if not (_PROC / "self" / "smaps_rollup").exists():
        return None
    processes = [pid for pid in _descendants(root) if _runs_python(pid)]
    held = [(_field(pid, "status", "VmRSS"), _field(pid, "smaps_rollup", "Pss")) for pid in processes]
    return Memory(
        processes=len(processes),
        resident_bytes=sum(resident for resident, _ in held),
        proportional_bytes=sum(proportional for _, proportional in held),
    )


def _descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for folder in _PROC.glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()  # the name may hold spaces and brackets
        except OSError:  # it ended meanwhile
            continue
        children.setdefault(int(fields[1]), []).append(int(folder.name))
    found = [root]
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def _runs_python(pid: int) -> bool:
    try:
        return (_PROC / str(pid) / "exe").readlink().name.startswith("python")
    except OSError:
        return False


def _field(pid: int, file: str, name: str) -> int:
    """A field in kB, as bytes; 0 when the process ended or is not ours to read."""
    try:
        lines = (_PROC / str(pid) / file).read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * _KIB for line in lines if line.startswith(f"{name}:")), 0)


def _processor() -> str:
    try:
        lines = (_PROC / "cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or "unknown processor")


def _rustc() -> str:
    try:
        return subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "rustc not found"
