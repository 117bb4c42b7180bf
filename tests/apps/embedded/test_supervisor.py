import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from strongroom.apps.embedded.process import Command, ManagedProcess, find_identity
from strongroom.apps.embedded.supervisor import ChildSpec, Event, Happening, Supervisor
from strongroom.kernel.errors import Code, StrongroomError

SLEEP = "/bin/sleep"


def spec(folder: Path, name: str, *arguments: str, ready_timeout_s: float = 5.0) -> ChildSpec:
    command = Command(
        name=name,
        arguments=arguments or (SLEEP, "60"),
        log_path=folder / f"{name}.log",
        pid_path=folder / f"{name}.pid",
        directory=folder,
        environment={},
        grace_s=2.0,
    )
    return ChildSpec(
        name=name, start=lambda: ManagedProcess.start(command), is_ready=is_running, ready_timeout_s=ready_timeout_s
    )


async def is_running(process: ManagedProcess) -> bool:
    return process.exit_code() is None and find_identity(process.pid, program=SLEEP) is not None


async def never(_: ManagedProcess) -> bool:
    return False


class Log:
    """Keeps what a supervisor tells and wakes who waits for it."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.changed = asyncio.Event()

    def __call__(self, event: Event) -> None:
        self.events.append(event)
        self.changed.set()

    async def until(self, holds: Callable[[list[Event]], bool]) -> None:
        async with asyncio.timeout(20):
            while not holds(self.events):
                self.changed.clear()
                await self.changed.wait()

    def names(self, happening: Happening) -> list[str]:
        return [event.child for event in self.events if event.happening is happening]


def pid_of(folder: Path, name: str) -> int:
    return int((folder / f"{name}.pid").read_text().split()[0])


async def test_children_start_in_order_and_stop_in_reverse(tmp_path: Path) -> None:
    log = Log()
    supervisor = Supervisor(tmp_path, [spec(tmp_path, "a"), spec(tmp_path, "b")], on_event=log)
    running = asyncio.create_task(supervisor.run_until_stopped())
    await log.until(lambda events: Event(Happening.ALL_READY) in events)
    assert [(event.happening, event.child) for event in log.events[:4]] == [
        (Happening.STARTING, "a"),
        (Happening.READY, "a"),
        (Happening.STARTING, "b"),
        (Happening.READY, "b"),
    ]
    pids = [pid_of(tmp_path, name) for name in "ab"]
    supervisor.stop()
    await running
    assert log.names(Happening.STOPPING) == ["b", "a"]
    assert [find_identity(pid, program=SLEEP) for pid in pids] == [None, None]


async def test_sigterm_stops_everything(tmp_path: Path) -> None:
    log = Log()
    running = asyncio.create_task(Supervisor(tmp_path, [spec(tmp_path, "a")], on_event=log).run_until_stopped())
    await log.until(lambda events: Event(Happening.ALL_READY) in events)
    os.kill(os.getpid(), signal.SIGTERM)
    await running
    assert log.events[-1] == Event(Happening.STOPPED)


async def test_a_killed_child_is_restarted_and_the_others_are_left_alone(tmp_path: Path) -> None:
    log = Log()
    supervisor = Supervisor(tmp_path, [spec(tmp_path, "a"), spec(tmp_path, "b")], on_event=log)
    running = asyncio.create_task(supervisor.run_until_stopped())
    await log.until(lambda events: Event(Happening.ALL_READY) in events)
    killed, other = pid_of(tmp_path, "a"), pid_of(tmp_path, "b")
    os.kill(killed, signal.SIGKILL)
    await log.until(lambda _: log.names(Happening.READY) == ["a", "b", "a"])
    assert pid_of(tmp_path, "a") != killed
    assert pid_of(tmp_path, "b") == other
    supervisor.stop()
    await running


async def test_the_delay_before_a_restart_doubles(tmp_path: Path) -> None:
    log = Log()
    child = spec(tmp_path, "short", "/bin/sh", "-c", f"{SLEEP} 0.2; exit 3 {SLEEP}")

    async def at_once(process: ManagedProcess) -> bool:
        return process.exit_code() is None

    brief = ChildSpec(name="short", start=child.start, is_ready=at_once)
    supervisor = Supervisor(tmp_path, [brief], on_event=log)
    running = asyncio.create_task(supervisor.run_until_stopped())
    await log.until(lambda _: len(log.names(Happening.CRASHED)) == 3)
    details = [event.detail for event in log.events if event.happening is Happening.CRASHED]
    assert details == [f"ended with 3; again in {delay} s" for delay in ("0.5", "1", "2")]
    supervisor.stop()
    await running


async def test_a_child_that_fails_its_first_start_stops_the_rest_and_shows_its_log(tmp_path: Path) -> None:
    log = Log()
    children = [spec(tmp_path, "good"), spec(tmp_path, "bad", "/bin/sh", "-c", "echo out of paper; exit 4")]
    with pytest.raises(StrongroomError, match=r"bad ended with 4 .*\n.*out of paper") as failed:
        await Supervisor(tmp_path, children, on_event=log).run_until_stopped()
    assert failed.value.code is Code.UNAVAILABLE
    assert log.names(Happening.STOPPING) == ["bad", "good"]


async def test_a_child_that_never_gets_ready_is_reported(tmp_path: Path) -> None:
    slow = spec(tmp_path, "slow")
    child = ChildSpec(name="slow", start=slow.start, is_ready=never, ready_timeout_s=0.3)
    with pytest.raises(StrongroomError, match=r"slow did not get ready in 0\.3 s"):
        await Supervisor(tmp_path, [child]).run_until_stopped()


async def test_a_second_supervisor_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    log = Log()
    first = Supervisor(tmp_path, [spec(tmp_path, "a")], on_event=log)
    running = asyncio.create_task(first.run_until_stopped())
    await log.until(lambda events: Event(Happening.ALL_READY) in events)
    with pytest.raises(StrongroomError, match="in use by another running Strongroom") as refused:
        await Supervisor(tmp_path, [spec(tmp_path, "a")]).run_until_stopped()
    assert refused.value.code is Code.STATUS_CONFLICT
    assert not running.done()
    first.stop()
    await running


def test_a_killed_supervisor_leaves_no_orphan(tmp_path: Path) -> None:
    script = (
        "import asyncio\nfrom pathlib import Path\n"
        "from tests.apps.embedded.test_supervisor import spec\n"
        "from strongroom.apps.embedded.supervisor import Supervisor\n"
        f"folder = Path({str(tmp_path)!r})\n"
        "tell = lambda event: print(event.happening.name, flush=True)\n"
        "children = [spec(folder, 'a'), spec(folder, 'b')]\n"
        "async def main(): await Supervisor(folder, children, on_event=tell).run_until_stopped()\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        while parent.stdout.readline() not in ("ALL_READY\n", ""):
            pass
        pids = [pid_of(tmp_path, name) for name in "ab"]
        assert all(find_identity(pid, program=SLEEP) for pid in pids)
        parent.kill()
        parent.wait()
    for _ in range(100):
        if not any(find_identity(pid, program=SLEEP) for pid in pids):
            break
        threading.Event().wait(0.05)
    assert [find_identity(pid, program=SLEEP) for pid in pids] == [None, None]
