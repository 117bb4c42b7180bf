"""Where a process is to be killed: a file that the test writes and the process, at each of its places, reads.

Killing itself is what makes the place exact: nothing of the process runs between the commit and its end.
"""

import json
import os
import signal
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal, final

FOLDER: Final = "STRONGROOM_TEST_FAULTS"
"""The environment variable that tells a started process where the file is."""
When = Literal["before", "after"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Kill ``process`` right ``when`` it comes to ``place`` for the ``occurrence``-th time since this was written."""

    process: str
    place: str
    when: When
    occurrence: int = 1

    def __str__(self) -> str:
        return f"{self.process} {self.when} {self.place} ({self.occurrence})"


@final
class Faults:
    """The folder in which a test and the processes that it kills meet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._fault, self._trace = folder / "fault", folder / "trace"

    def arm(self, fault: Fault) -> None:
        """From now on, until it has happened."""
        draft = self.folder / "draft"
        draft.write_text(json.dumps(asdict(fault)))
        draft.replace(self._fault)

    def disarm(self) -> None:
        self._fault.unlink(missing_ok=True)

    def is_armed(self) -> bool:
        """Whether the fault has yet to happen."""
        return self._fault.exists()

    def read(self) -> tuple[int, Fault] | None:
        """The fault, and a number that another one would not have."""
        try:
            with self._fault.open() as file:
                return os.fstat(file.fileno()).st_ino, Fault(**json.load(file))
        except FileNotFoundError:
            return None

    def begin_trace(self) -> None:
        """From now on every process writes down where it comes by."""
        self._trace.touch()

    def end_trace(self) -> list[tuple[str, str]]:
        """Process and place of everything that was written down, in order."""
        lines = self._trace.read_text().splitlines()
        self._trace.unlink()
        return [(process, place) for process, _, place in (line.partition("\t") for line in lines)]

    def write(self, process: str, place: str) -> None:
        """One line of the trace, if there is one."""
        if self._trace.exists():
            with self._trace.open("a") as file:
                file.write(f"{process}\t{place}\n")


@final
class Places:
    """The side of the process: where it is, and whether it dies there."""

    def __init__(self, process: str) -> None:
        self._process = process
        self._faults = Faults(Path(os.environ[FOLDER]))
        self._armed = 0
        self._passed: Counter[str] = Counter()

    def reach(self, place: str) -> None:
        """Right before ``place``."""
        self._faults.write(self._process, place)
        self._die_if("before", place)

    def leave(self, place: str) -> None:
        """Right after it."""
        self._die_if("after", place)

    def _die_if(self, when: When, place: str) -> None:
        armed = self._faults.read()
        if armed is None:
            return
        number, fault = armed
        if number != self._armed:
            self._armed = number
            self._passed.clear()
        if (fault.process, fault.when, fault.place) != (self._process, when, place):
            return
        self._passed[place] += 1
        if self._passed[place] == fault.occurrence:
            self._faults.disarm()  # first: the next process at this place shall live
            os.kill(os.getpid(), signal.SIGKILL)
