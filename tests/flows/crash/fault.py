"""Where a process is to be killed or stopped: a file that the test writes and the process, at each place, reads.

Killing itself is what makes the place exact: nothing of the process runs between the commit and its end. A process may
be killed several times: before it ends it writes down what is left, and how far the next one need not count again.
"""

import json
import os
import signal
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Literal, final

FOLDER: Final = "STRONGROOM_TEST_FAULTS"
"""The environment variable that tells a started process where the file is."""
HURRY: Final = "STRONGROOM_TEST_HURRY"
"""The environment variable under which the platform process has the short limits of ``HURRIED_S``."""
HURRIED_S: Final = 1.5
"""A lease, and the limits of consent and of each round."""
When = Literal["before", "after"]
How = Literal["kill", "stop"]
_SIGNALS: Final[dict[How, signal.Signals]] = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Kill ``process`` right ``when`` it comes to ``place`` for the ``occurrence``-th time since this was written.

    Args:
        how: one that is stopped goes on from there when somebody lets it.
        passed: how often it came there already, with the processes that were killed meanwhile.
    """

    process: str
    place: str
    when: When
    occurrence: int = 1
    how: How = "kill"
    passed: int = 0

    def __str__(self) -> str:
        return f"{self.how} {self.process} {self.when} {self.place} ({self.occurrence})"


@final
class Faults:
    """The folder in which a test and the processes that it kills meet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._trace = folder / "trace"

    def arm(self, faults: Iterable[Fault]) -> None:
        """From now on, until each of them has happened."""
        by_process: defaultdict[str, list[Fault]] = defaultdict(list)
        for fault in faults:
            by_process[fault.process].append(fault)
        for process, its_own in by_process.items():
            self.arm_process(process, its_own)

    def arm_process(self, process: str, faults: Iterable[Fault]) -> None:
        """What one process still has before it."""
        draft = self.folder / f"draft.{process}"
        draft.write_text(json.dumps([asdict(fault) for fault in faults]))
        draft.replace(self._armed(process))

    def disarm(self) -> list[Fault]:
        """Forget what is armed; what had yet to happen."""
        left = self.left()
        for path in self.folder.glob("armed.*"):
            path.unlink()
        return left

    def left(self) -> list[Fault]:
        """What has yet to happen."""
        read = (self.read(path.name.partition(".")[2]) for path in sorted(self.folder.glob("armed.*")))
        return [replace(fault, passed=0) for _, faults in filter(None, read) for fault in faults]

    def read(self, process: str) -> tuple[int, list[Fault]] | None:
        """What a process has before it, and a number that changes whenever this is written."""
        try:
            with self._armed(process).open() as file:
                return os.fstat(file.fileno()).st_mtime_ns, [Fault(**one) for one in json.load(file)]
        except FileNotFoundError:
            return None

    def _armed(self, process: str) -> Path:
        return self.folder / f"armed.{process}"

    def begin_trace(self) -> None:
        """From now on every process writes down where it comes by."""
        self._trace.write_text("")

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
        self._passed: Counter[tuple[When, str]] = Counter()

    def reach(self, place: str) -> None:
        """Right before ``place``."""
        self._faults.write(self._process, place)
        self._die_if("before", place)

    def leave(self, place: str) -> None:
        """Right after it."""
        self._die_if("after", place)

    def _die_if(self, when: When, place: str) -> None:
        armed = self._faults.read(self._process)
        if armed is None:
            return
        number, faults = armed
        if number != self._armed:
            self._armed = number
            self._passed.clear()
        self._passed[when, place] += 1
        due = [one for one in faults if (one.when, one.place) == (when, place) and self._count(one) == one.occurrence]
        if due:
            if when == "before" and due[0].how == "kill":
                self._passed[when, place] -= 1  # what does not happen now comes again
            left = [replace(one, passed=self._count(one)) for one in faults if one not in due]
            self._faults.arm_process(self._process, left)  # first: the next process at this place shall live
            os.kill(os.getpid(), _SIGNALS[due[0].how])

    def _count(self, fault: Fault) -> int:
        return fault.passed + self._passed[fault.when, fault.place]
