"""A child process that leaves nothing behind: it dies with its parent, and what a crash left ends at the next start.

On Linux the kernel ends the child when the thread that started it ends (``PR_SET_PDEATHSIG``), so children are started
from the main thread. Elsewhere there is no such call: a child may outlive a killed parent until the next start finds
it through its pid file and stops it.
"""

import fcntl
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self, final

from strongroom.apps.embedded.launcher import KEEP
from strongroom.kernel.errors import Code, StrongroomError

_LAUNCHER = Path(__file__).with_name("launcher.py")
_POLL_S = 0.05
_GROUP_END_POLLS = 20
_LOG_LIMIT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the operating system, by number."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What to run and how to end it.

    ``death_signal`` is sent when the parent is gone, ``stop_signal`` by ``stop``; after ``grace_s`` seconds the whole
    process group is killed. The child sees ``environment`` and nothing else.
    """

    name: str
    arguments: tuple[str, ...]
    log_path: Path
    pid_path: Path
    directory: Path
    environment: Mapping[str, str]
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    death_signal: signal.Signals = signal.SIGTERM
    grace_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Identity:
    """One process for all time: numbers of processes are reused, a start time within one boot is not."""

    pid: int
    started: str
    program: str


def find_identity(pid: int, *, program: str) -> Identity | None:
    """The identity of the living process ``pid`` if it runs ``program``; None for a stranger, a zombie or nobody.

    Source: proc(5) ``/proc/<pid>/stat`` field 22 with the boot's id; ps(1) where there is no /proc.
    """
    return _identify_child(pid, program=program) if program in _read_command_line(pid) else None


def _identify_child(pid: int, *, program: str) -> Identity | None:
    """Without asking for its command line, which is empty for a moment while the kernel replaces the program."""
    started = _find_start_linux(pid) if sys.platform == "linux" else _find_start_elsewhere(pid)
    return None if started is None else Identity(pid, started, program)


def _find_start_linux(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()  # the name in brackets may hold spaces and brackets
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return None if fields[0] in "ZX" else f"{boot}/{fields[19]}"


def _find_start_elsewhere(pid: int) -> str | None:
    answer = subprocess.run(["/bin/ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip().replace(" ", "_") or None


def _read_command_line(pid: int) -> list[str]:
    if sys.platform != "linux":
        asked = ["/bin/ps", "-o", "args=", "-p", str(pid)]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


def lock_file(path: Path, *, what: str) -> IO[str]:
    """Opens and locks ``path`` until the file is closed or this process ends.

    Raises:
        StrongroomError: STATUS_CONFLICT, if another holder is alive.
    """
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise StrongroomError(
            Code.STATUS_CONFLICT, f"{what} is in use by another running Strongroom ({path})."
        ) from None
    return file


@final
class ManagedProcess:
    """One running child. Only ``start`` makes one; ``stop`` is final and may be called twice."""

    def __init__(self, *, command: Command, child: subprocess.Popen[bytes], pid_file: IO[str]) -> None:
        self.command = command
        self._child = child
        self._pid_file = pid_file

    @classmethod
    def start(cls, command: Command, *, before: Callable[[], None] | None = None) -> Self:
        """Starts the child in a session of its own, after ending what a killed parent may have left.

        Args:
            command: what to run.
            before: called when nothing of an earlier child is left and the pid file is locked.

        Raises:
            StrongroomError: STATUS_CONFLICT if another living parent holds its pid file.
        """
        if threading.current_thread() is not threading.main_thread():
            raise StrongroomError(Code.INTERNAL, "Children are started from the main thread: they die with its end.")
        pid_file = lock_file(command.pid_path, what=command.name)
        try:
            _stop_leftover(pid_file.read(), command)
            if before is not None:
                before()
            child = _spawn(command)
        except BaseException:
            pid_file.close()
            raise
        _write_identity(pid_file, _identify_child(child.pid, program=command.arguments[0]))
        return cls(command=command, child=child, pid_file=pid_file)

    @property
    def pid(self) -> int:
        """The child's process number, which is also its group's."""
        return self._child.pid

    def exit_code(self) -> int | None:
        """How the child ended (negative: by that signal); None while it runs."""
        return self._child.poll()

    def wait(self, *, timeout_s: float) -> int | None:
        """Waits for the end at most ``timeout_s`` seconds; the exit code, or None."""
        try:
            return self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def log_tail(self, *, lines: int = 5) -> str:
        """The last lines of the child's log, for an error message."""
        text = self.command.log_path.read_text(errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def ask_to_stop(self) -> None:
        """Sends the stop signal and returns at once."""
        if self.exit_code() is None:
            self._child.send_signal(self.command.stop_signal)

    def stop(self) -> None:
        """Asks, waits ``grace_s``, then kills the group; returns when nothing of it is left."""
        self.ask_to_stop()
        self.wait(timeout_s=self.command.grace_s)
        self.kill()

    def kill(self) -> None:
        """Kills the whole group at once and gives the pid file back."""
        _kill_group(self._child.pid)
        self._child.wait()
        _await_group_end(self._child.pid)
        if not self._pid_file.closed:
            self._pid_file.truncate(0)
            self._pid_file.close()


def run_to_end(
    arguments: tuple[str, ...], *, environment: Mapping[str, str], account: Account | None, directory: Path
) -> str:
    """Runs a short program under an account and returns what it printed.

    Raises:
        subprocess.CalledProcessError: if it fails; ``stdout`` has its words.
    """
    done = subprocess.run(
        _launch(arguments, account=account, death_signal=signal.SIGKILL),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=directory,
        env=dict(environment),
        check=True,
        text=True,
    )
    return done.stdout


def _launch(arguments: tuple[str, ...], *, account: Account | None, death_signal: signal.Signals) -> list[str]:
    chosen = account or Account(KEEP, KEEP)
    numbers = (int(death_signal), os.getpid(), chosen.uid, chosen.gid)
    return [sys.executable, "-I", "-S", str(_LAUNCHER), *map(str, numbers), *arguments]


def _spawn(command: Command) -> subprocess.Popen[bytes]:
    with _open_log(command.log_path) as log:
        return subprocess.Popen(
            _launch(command.arguments, account=command.account, death_signal=command.death_signal),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=command.directory,
            env=dict(command.environment),
            start_new_session=True,
        )


def _open_log(path: Path) -> IO[bytes]:
    if path.exists() and path.stat().st_size > _LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(".1.log"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600), "ab")


def _write_identity(pid_file: IO[str], identity: Identity | None) -> None:
    pid_file.seek(0)
    pid_file.truncate()
    if identity is not None:  # it may have ended already
        pid_file.write(f"{identity.pid} {identity.started} {identity.program}\n")
    pid_file.flush()


def parse_identity(text: str) -> Identity | None:
    """The identity that a pid file names; None for an empty or damaged file."""
    parts = text.rstrip("\n").split(" ", 2)
    if len(parts) != 3 or not parts[0].isdecimal():
        return None
    return Identity(int(parts[0]), parts[1], parts[2])


def _stop_leftover(pid_text: str, command: Command) -> None:
    """Ends the child of a parent that was killed, and only that: a reused number is left alone."""
    recorded = parse_identity(pid_text)
    if recorded is None or find_identity(recorded.pid, program=recorded.program) != recorded:
        return
    os.kill(recorded.pid, command.stop_signal)
    pause = threading.Event()
    for _ in range(int(command.grace_s / _POLL_S)):
        if find_identity(recorded.pid, program=recorded.program) != recorded:
            return
        pause.wait(_POLL_S)
    _kill_group(recorded.pid)


def _await_group_end(leader: int) -> None:
    """Waits for killed grandchildren; not for long, because where nobody reaps them they stay as zombies."""
    pause = threading.Event()
    for _ in range(_GROUP_END_POLLS):
        try:
            os.killpg(leader, 0)
        except (ProcessLookupError, PermissionError):
            return
        pause.wait(_POLL_S)


def _kill_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):  # nothing is left; macOS says EPERM for a group of zombies
        return
