"""The bare processes sign for real, and end with their driver."""

import os
import tempfile
from pathlib import Path

from bench.machine import read_machine, read_memory
from bench.processes import open_bare


def living_parties(folder: Path) -> list[int]:
    """The processes that were started with this folder."""
    commands = {path: path.parent.name for path in Path("/proc").glob("[0-9]*/cmdline")}
    return [int(pid) for path, pid in commands.items() if str(folder).encode() in read_or_nothing(path)]


def read_or_nothing(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


async def test_three_processes_sign_and_end() -> None:
    with tempfile.TemporaryDirectory(prefix="b-") as name:  # short: the path of a socket has a limit
        async with open_bare(Path(name), kinds=("2-of-3",)) as bare:
            load = await bare.measure("2-of-3", in_flight=4, count=9)
            during = len(living_parties(Path(name)))
        assert (load.in_flight, load.latency_ms.count, during) == (4, 9, 3)
        assert load.per_second > 0
        assert living_parties(Path(name)) == []


def test_the_machine_and_this_process_can_be_read() -> None:
    assert read_machine().cores >= 1
    memory = read_memory(os.getpid())
    assert memory is None or memory.resident_bytes >= memory.proportional_bytes > 0
