"""The worker of one process: runs commands that its own commits made, those that are due, and those left behind."""

import asyncio
from collections.abc import Awaitable, Mapping
from datetime import timedelta
from typing import Final, final

import structlog

from strongroom.kernel.errors import StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.travel_rule.enclave.config import WorkSettings
from strongroom.travel_rule.enclave.domain.commands import Command
from strongroom.travel_rule.enclave.flow import RUNS, Run
from strongroom.travel_rule.enclave.operations import commands
from strongroom.travel_rule.enclave.operations.means import Means

_TIDY_S: Final = 60.0
_log = structlog.stdlib.get_logger(__name__)


@final
class Worker:
    """Runs commands.

    Args:
        settings: how many at once, and for how long they are leased.
        clock: time.
        runs: what does each kind of command.
    """

    def __init__(self, settings: WorkSettings, *, clock: Clock, runs: Mapping[str, Run] = RUNS) -> None:
        self._settings = settings
        self._clock = clock
        self._runs = runs
        self._slots = asyncio.Semaphore(settings.concurrency)
        self._running: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._means: Means | None = None

    def has_room(self) -> bool:
        """Whether a command that is made now may be leased to this process at once."""
        return self._means is not None and self._room() > 0

    def begin(self, command: Command, carried: object = None) -> None:
        """Run a command whose row is committed and leased to this process."""
        task = asyncio.create_task(self._run(command, carried))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def start(self, means: Means) -> None:
        """Take commands until ``stop``."""
        self._means = means
        self._loops = [asyncio.create_task(self._keep_taking(means)), asyncio.create_task(self._keep_tidy(means))]

    async def stop(self, *, grace_s: float = 10.0) -> None:
        """Begin nothing more and wait that long; what still runs is taken up by others when its lease is over."""
        self._means = None
        await _end(self._loops)
        if self._running:
            await asyncio.wait(self._running, timeout=grace_s)
        await _end(list(self._running))

    def _room(self) -> int:
        return 2 * self._settings.concurrency - len(self._running)

    async def _run(self, command: Command, carried: object) -> None:
        async with self._slots:
            means, run = self._means, self._runs.get(command.kind)
            if means is None or run is None or self._is_over(command):
                return
            try:
                await run(means=means, command=command, carried=carried)
            except StrongroomError as error:
                _log.warning("command_failed", kind=command.kind, command_id=command.id, code=error.code.name)
                await _attempt("command_not_postponed", self._again(means, command))
            except Exception as error:  # noqa: BLE001 - whatever happened, the command is run again
                _log.error("command_failed", kind=command.kind, command_id=command.id, exc_info=error)
                await _attempt("command_not_postponed", self._again(means, command))

    def _is_over(self, command: Command) -> bool:
        """Whether it waited here so long that another process may have it by now."""
        taken_at = command.fetched_at or command.created_at
        return self._clock.now() - taken_at >= timedelta(seconds=self._settings.lease_s)

    async def _again(self, means: Means, command: Command) -> None:
        if command.attempt + 1 >= means.patience.callback_tries:
            await commands.give_up(means=means, command=command)
        else:
            await commands.postpone(means=means, command=command)

    async def _keep_taking(self, means: Means) -> None:
        while True:
            await _attempt("commands_not_taken", self._take(means))
            await self._clock.sleep(self._settings.poll_s)

    async def _take(self, means: Means) -> None:
        while (limit := self._room()) > 0:
            taken = await commands.take_due(means=means, limit=limit, lease_s=self._settings.lease_s)
            for command in taken:
                self.begin(command)
            if len(taken) < limit:
                return

    async def _keep_tidy(self, means: Means) -> None:
        while True:
            await self._clock.sleep(_TIDY_S)
            await _attempt("not_tidied", commands.tidy(means=means, keep_done_s=self._settings.keep_done_s))


async def _attempt(event: str, action: Awaitable[None]) -> None:
    """Do it or log why not: it is done again by the next round, or when a lease is over."""
    try:
        await action
    except StrongroomError as error:
        _log.warning(event, code=error.code.name)
    except Exception as error:  # noqa: BLE001 - the loops outlive every failure
        _log.error(event, exc_info=error)


async def _end(tasks: "list[asyncio.Task[None]]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
