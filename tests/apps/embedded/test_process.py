import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from strongroom.apps.embedded.process import Command, Identity, ManagedProcess, find_identity, parse_identity
from strongroom.kernel.errors import Code, StrongroomError

SLEEP = "/bin/sleep"


def command(folder: Path, *arguments: str, grace_s: float = 5.0) -> Command:
    return Command(
        name="child",
        arguments=arguments or (SLEEP, "60"),
        log_path=folder / "child.log",
        pid_path=folder / "pid",
        directory=folder,
        environment={"LC_ALL": "C"},
        grace_s=grace_s,
    )


def settled(pid: int) -> Identity:
    """The identity of a process just started: its command line is empty until the kernel has replaced the program."""
    for _ in range(200):
        if (found := find_identity(pid, program=SLEEP)) is not None:
            return found
        threading.Event().wait(0.02)
    raise AssertionError(pid)


def is_alive(pid: int) -> bool:
    return find_identity(pid, program=SLEEP) is not None


def test_a_child_runs_until_it_is_stopped(tmp_path: Path) -> None:
    child = ManagedProcess.start(command(tmp_path))
    assert child.exit_code() is None
    child.stop()
    assert child.exit_code() == -signal.SIGTERM
    child.stop()


def test_a_child_that_ignores_the_request_is_killed_with_its_own_children(tmp_path: Path) -> None:
    script = f"trap '' TERM; {SLEEP} 60 & echo $!; wait; {SLEEP} 60"
    child = ManagedProcess.start(command(tmp_path, "/bin/sh", "-c", script, grace_s=0.2))
    while not (printed := child.log_tail()):
        assert child.wait(timeout_s=0.02) is None
    grandchild = int(printed)
    settled(grandchild)
    child.stop()
    assert child.exit_code() == -signal.SIGKILL
    assert not is_alive(grandchild)


def test_output_goes_to_the_log_and_the_environment_is_the_given_one(tmp_path: Path) -> None:
    child = ManagedProcess.start(command(tmp_path, "/usr/bin/env"))
    assert child.wait(timeout_s=5) == 0
    assert child.log_tail() == "LC_ALL=C"
    child.stop()


def test_a_second_parent_is_refused_while_the_first_lives(tmp_path: Path) -> None:
    child = ManagedProcess.start(command(tmp_path))
    with pytest.raises(StrongroomError) as refused:
        ManagedProcess.start(command(tmp_path))
    assert refused.value.code is Code.STATUS_CONFLICT
    assert child.exit_code() is None
    child.stop()
    again = ManagedProcess.start(command(tmp_path))
    again.stop()


def test_what_a_killed_parent_left_is_ended_at_the_next_start(tmp_path: Path) -> None:
    with subprocess.Popen([SLEEP, "60"], start_new_session=True) as left:
        found = settled(left.pid)
        (tmp_path / "pid").write_text(f"{found.pid} {found.started} {found.program}\n")
        child = ManagedProcess.start(command(tmp_path))
        assert left.wait(5) == -signal.SIGTERM
        assert child.exit_code() is None
        child.stop()


@pytest.mark.parametrize("text", ["{pid} another-boot/1 /bin/sleep\n", "{pid}\n", "{pid} \n", "garbage", "-1 x y", ""])
def test_a_stranger_with_a_reused_number_is_left_alone(tmp_path: Path, text: str) -> None:
    with subprocess.Popen([SLEEP, "60"], start_new_session=True) as stranger:
        (tmp_path / "pid").write_text(text.format(pid=stranger.pid))
        child = ManagedProcess.start(command(tmp_path))
        assert stranger.poll() is None
        child.stop()
        assert stranger.poll() is None
        stranger.kill()


def test_a_process_of_another_program_is_a_stranger() -> None:
    assert find_identity(os.getpid(), program=SLEEP) is None
    assert find_identity(2**22 + 1, program=SLEEP) is None


def test_a_pid_file_names_one_identity_or_none() -> None:
    parsed = parse_identity("12 boot/3 /opt/a program\n")
    assert parsed is not None
    assert (parsed.pid, parsed.started, parsed.program) == (12, "boot/3", "/opt/a program")
    assert parse_identity("twelve boot/3 /bin/x") is None


def test_a_child_is_not_started_from_a_passing_thread(tmp_path: Path) -> None:
    failures: list[StrongroomError] = []

    def start() -> None:
        try:
            ManagedProcess.start(command(tmp_path))
        except StrongroomError as error:
            failures.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert [failure.code for failure in failures] == [Code.INTERNAL]


def test_a_child_dies_with_its_killed_parent(tmp_path: Path) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\n"
        "from tests.apps.embedded.test_process import command\n"
        "from strongroom.apps.embedded.process import ManagedProcess\n"
        f"print(ManagedProcess.start(command(Path({str(tmp_path)!r}))).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        settled(pid)
        parent.kill()
        parent.wait()
        for _ in range(100):
            if not is_alive(pid):
                break
            threading.Event().wait(0.05)
        assert not is_alive(pid)
