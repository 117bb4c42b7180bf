"""Keeps a list of children running: starts them in order, restarts those that crash, stops them in reverse order.

One supervisor owns a data folder at a time. Whatever happens to it, its children end: asked when it is asked to stop,
by the kernel when it is killed (`process`).
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import IO, final

from strongroom.apps.embedded.process import ManagedProcess, lock_file
from strongroom.kernel.errors import Code, StrongroomError

_POLL_S = 0.05
_FIRST_DELAY_S = 0.5
_LONGEST_DELAY_S = 30.0
_STEADY_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """One child: how to start it and how to know that it is ready.

    ``start`` returns at once and is called again for every restart; ``is_ready`` gets the process it returned and is
    asked until it says yes, at most ``ready_timeout_s`` seconds.
    """

    name: str
    start: Callable[[], ManagedProcess]
    is_ready: Callable[[ManagedProcess], Awaitable[bool]]
    ready_timeout_s: float = 60.0


class Happening(Enum):
    """What a supervisor reports."""

    STARTING = "starting"
    READY = "ready"
    ALL_READY = "all ready"
    CRASHED = "crashed"
    STOPPING = "stopping"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to ``child`` (empty: to the whole); ``detail`` is for people."""

    happening: Happening
    child: str = ""
    detail: str = ""


@dataclass(slots=True)
class _Child:
    """A child's present process, and how long to wait before the next one."""

    spec: ChildSpec
    process: ManagedProcess
    delay_s: float = _FIRST_DELAY_S
    ready_since_s: float = field(default=0.0)


@final
class Supervisor:
    """Runs children over one data folder.

    Args:
        data_dir: locked from the start of ``run_until_stopped`` to its end; made if absent.
        children: in the order of starting.
        on_event: told everything, in the event loop; must return at once.
        held: the caller's own ``lock_folder``, under which it has prepared the folder; it stays the caller's.
    """

    def __init__(
        self,
        data_dir: Path,
        children: Sequence[ChildSpec],
        *,
        on_event: Callable[[Event], None] = lambda _: None,
        held: IO[str] | None = None,
    ) -> None:
        self._data_dir = data_dir
        self._held = held
        self._specs = tuple(children)
        self._tell = on_event
        self._stop_asked = asyncio.Event()
        self._running: list[_Child] = []

    def stop(self) -> None:
        """Asks ``run_until_stopped`` to end; returns at once."""
        self._stop_asked.set()

    async def run_until_stopped(self) -> None:
        """Starts everything, keeps it running, and stops it at SIGINT, SIGTERM or ``stop``. Call it in the main thread.

        Raises:
            StrongroomError: STATUS_CONFLICT if another supervisor has the folder; UNAVAILABLE if a child does not
                get ready at its first start (what was started is stopped again).
        """
        lock = lock_folder(self._data_dir) if self._held is None else nullcontext()
        with lock:
            await self._run()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        for asked in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(asked, self.stop)
        try:
            await self._start_all()
            await self._watch()
        finally:
            await self._stop_all()
            for asked in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(asked)

    async def _start_all(self) -> None:
        for spec in self._specs:
            if self._stop_asked.is_set():
                return
            self._tell(Event(Happening.STARTING, spec.name))
            child = _Child(spec, spec.start())
            self._running.append(child)
            await self._await_first_ready(child)
        if not self._stop_asked.is_set():
            self._tell(Event(Happening.ALL_READY))

    async def _await_first_ready(self, child: _Child) -> None:
        if await self._await_ready(child) or self._stop_asked.is_set():
            return
        code = child.process.exit_code()
        how = f"did not get ready in {child.spec.ready_timeout_s:g} s" if code is None else f"ended with {code}"
        log = child.process.command.log_path
        raise StrongroomError(Code.UNAVAILABLE, f"{child.spec.name} {how} ({log}):\n{child.process.log_tail()}")

    async def _await_ready(self, child: _Child) -> bool:
        """Whether it got ready; False as well when it ended, or when we are asked to stop."""
        try:
            async with asyncio.timeout(child.spec.ready_timeout_s):
                while not await child.spec.is_ready(child.process):
                    if child.process.exit_code() is not None or await self._pause(_POLL_S):
                        return False
        except TimeoutError:
            return False
        child.ready_since_s = asyncio.get_running_loop().time()
        self._tell(Event(Happening.READY, child.spec.name, f"process {child.process.pid}"))
        return True

    async def _pause(self, seconds_s: float) -> bool:
        """Waits; whether we were asked to stop meanwhile."""
        try:
            async with asyncio.timeout(seconds_s):
                await self._stop_asked.wait()
        except TimeoutError:
            return False
        return True

    async def _watch(self) -> None:
        async with asyncio.TaskGroup() as group:
            for child in self._running:
                group.create_task(self._keep(child))

    async def _keep(self, child: _Child) -> None:
        """Restarts one child whenever it ends or does not get ready again; returns when we are asked to stop."""
        while not await self._pause(_POLL_S):
            code = child.process.exit_code()
            if code is None:
                continue
            self._calm_down(child)
            self._tell(Event(Happening.CRASHED, child.spec.name, f"ended with {code}; again in {child.delay_s:g} s"))
            await self._restart(child)

    def _calm_down(self, child: _Child) -> None:
        """A child that ran well for a while starts again with the shortest delay."""
        if child.ready_since_s and asyncio.get_running_loop().time() - child.ready_since_s > _STEADY_S:
            child.delay_s = _FIRST_DELAY_S

    async def _restart(self, child: _Child) -> None:
        child.process.kill()
        child.ready_since_s = 0.0
        if await self._pause(child.delay_s):
            return
        child.delay_s = min(2 * child.delay_s, _LONGEST_DELAY_S)
        self._tell(Event(Happening.STARTING, child.spec.name))
        try:
            child.process = child.spec.start()
        except StrongroomError as error:
            self._tell(Event(Happening.CRASHED, child.spec.name, error.detail))
            return
        if not await self._await_ready(child) and not self._stop_asked.is_set():
            child.process.kill()  # the next round sees the end and waits longer

    async def _stop_all(self) -> None:
        """In reverse order, each only when the one after it is gone; a child that ignores the request is killed."""
        for child in reversed(self._running):
            self._tell(Event(Happening.STOPPING, child.spec.name))
            child.process.ask_to_stop()
            await _await_end(child.process)
            child.process.kill()
        self._running.clear()
        self._tell(Event(Happening.STOPPED))


async def _await_end(process: ManagedProcess) -> None:
    for _ in range(int(process.command.grace_s / _POLL_S)):
        if process.exit_code() is not None:
            return
        await asyncio.sleep(_POLL_S)


def lock_folder(data_dir: Path) -> IO[str]:
    """Have a data folder, made if absent, to oneself until the file is closed or this process ends.

    Raises:
        StrongroomError: STATUS_CONFLICT if another has it.
    """
    data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
    return lock_file(data_dir / "lock", what=f"The data folder {data_dir}")
