"""The workers of one process: run what its own commits made, what is due, and what was left behind."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, Protocol, final

import structlog

from strongroom.kernel.errors import StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.travel_rule.enclave.config import WorkSettings
from strongroom.travel_rule.enclave.domain.assessments import Kyt, Wco
from strongroom.travel_rule.enclave.domain.commands import Command
from strongroom.travel_rule.enclave.flow import RETRIES, RUNS, Run
from strongroom.travel_rule.enclave.operations import commands
from strongroom.travel_rule.enclave.operations.assess_kyt import run_kyt, take_due_kyt
from strongroom.travel_rule.enclave.operations.assess_wco import run_wco, take_due_wco
from strongroom.travel_rule.enclave.operations.means import Means
from strongroom.travel_rule.enclave.operations.own_keys import forget_unused_keys

_TIDY_S: Final = 60.0
_LOOK_S: Final = 1.0
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
        self._last_key = 0

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
        retry = RETRIES.get(command.kind)
        if retry is not None:
            await retry(means=means, command=command)
        elif command.attempt + 1 >= means.patience.callback_tries:
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
            await _attempt("keys_not_tidied", self._forget_keys(means))

    async def _forget_keys(self, means: Means) -> None:
        keep_s = self._settings.keep_unused_keys_s
        self._last_key = await forget_unused_keys(means=means, keep_s=keep_s, after=self._last_key)


@final
class Assessor:
    """Works on risk assessments: those that this process made, those that wait, and those left behind.

    Args:
        concurrency: how many at once.
        clock: time.
    """

    def __init__(self, *, concurrency: int, clock: Clock) -> None:
        self._concurrency = concurrency
        self._clock = clock
        self._running: set[asyncio.Task[None]] = set()
        self._loops: list[asyncio.Task[None]] = []
        self._means: Means | None = None

    def has_room(self) -> bool:
        """Whether an assessment that is made now may be leased to this process at once."""
        return self._means is not None and self._room() > 0

    def begin(self, row: Kyt | Wco) -> None:
        """Run one whose row is committed, if it is leased to this process."""
        means = self._means
        if means is None or row.lease.worker_id != means.screens.worker_id:
            return
        task = asyncio.create_task(_attempt("assessment_left", self._run(means, row)))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def start(self, means: Means) -> None:
        """Take what waits of the companies that are switched on, until ``stop``."""
        self._means = means
        screens, takes = means.screens, list[Take]()
        if screens.kyt is not None:
            takes.append(Take(rows=take_due_kyt, paused_s=screens.kyt.paused_s))
        if screens.wco is not None:
            takes.append(Take(rows=take_due_wco, paused_s=screens.wco.paused_s))
        self._loops = [asyncio.create_task(self._keep_taking(means, take)) for take in takes]

    async def stop(self) -> None:
        """Begin nothing more; what is under way is taken up by others when its lease is over."""
        self._means = None
        await _end([*self._loops, *self._running])

    async def _run(self, means: Means, row: Kyt | Wco) -> None:
        """One step, given up when its lease is over: another process may have the row by then."""
        left_s = means.screens.terms.lease_s - (self._clock.now() - row.lease.at).total_seconds()
        try:
            async with asyncio.timeout(left_s):
                await (run_kyt(means=means, kyt=row) if isinstance(row, Kyt) else run_wco(means=means, wco=row))
        except TimeoutError:
            _log.warning("assessment_lease_over", request_id=row.request_id)

    def _room(self) -> int:
        return self._concurrency - len(self._running)

    async def _keep_taking(self, means: Means, take: "Take") -> None:
        while True:
            if take.paused_s() <= 0:
                await _attempt("assessments_not_taken", self._take(means, take))
            await self._clock.sleep(min(means.screens.terms.poll_s / 2, _LOOK_S))

    async def _take(self, means: Means, take: "Take") -> None:
        if (limit := self._room()) > 0:
            for row in await take.rows(means=means, limit=limit):
                self.begin(row)


class TakeRows(Protocol):
    """Leases rows that wait."""

    def __call__(self, *, means: Means, limit: int) -> Awaitable[Sequence[Kyt | Wco]]:
        """At most ``limit`` of them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Take:
    """Where one company's assessments come from; nothing is taken while it is left alone for ``paused_s``."""

    rows: TakeRows
    paused_s: Callable[[], float]


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
