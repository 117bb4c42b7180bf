"""The worker of one process: makes the calls that its commits made due, and those that others left behind."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Final, TypeAlias, final

import structlog

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database, Statement
from strongroom.runtime.work import rows
from strongroom.runtime.work.item import Place, WorkItem

Handler: TypeAlias = Callable[[WorkItem], Awaitable[None]]
"""Makes one call: asks, decides, then ``Work.commit(..., done=item)`` or ``Work.postpone(item, ...)``."""

KEEP_FINISHED_S: Final = 30 * 86_400.0
"""Thirty days: far longer than a request lives (a day unless its tenant says otherwise), or than a caller repeats."""
_BACK_OFF_S = 0.2
_BACK_OFF_MAX_S = 30.0
_ERROR_LENGTH = 500  # of what is kept in the row; the whole of it is in the log
_FORGET_EVERY_S = 60.0
_FORGOTTEN_AT_ONCE = 500
_log = structlog.stdlib.get_logger(__name__)


@final
class Work:
    """Durable calls of one service in one process.

    Args:
        database: the service's.
        clock: for due times and leases; the processes of a service must agree within a fraction of ``lease_s``.
        worker_id: unlike that of any other living process. When it is the same after a restart, calls under way at a
            crash are resumed at once instead of at the end of their lease.
        lease_s: after that long without renewal another worker may take a row.
        poll_s: how often to look for rows of others, postponed and abandoned ones; own rows start at once.
        concurrency: how many handlers run at the same time; as many more wait their turn, the rest is left to others.
        keep_finished_s: after that long the row of a call that is over is forgotten (``forget_finished``).
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Clock,
        worker_id: str,
        lease_s: float = 30.0,
        poll_s: float = 0.5,
        concurrency: int = 64,
        keep_finished_s: float = KEEP_FINISHED_S,
    ) -> None:
        self._database = database
        self._clock = clock
        self._worker_id = worker_id
        self._lease_s = lease_s
        self._poll_s = poll_s
        self._concurrency = concurrency
        self._keep_finished_s = keep_finished_s
        self._handlers: dict[str, Handler] = {}
        self._held: dict[Place, WorkItem] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._polling: asyncio.Task[None] | None = None
        self._renewing: asyncio.Task[None] | None = None
        self._forgetting: asyncio.Task[None] | None = None
        self._slots = asyncio.Semaphore(concurrency)
        self._claiming = asyncio.Lock()
        self._wake = asyncio.Event()
        self._backlog = False
        self._accepting = False

    def register(self, operation: str, handler: Handler) -> None:
        """Say who makes the calls of that operation; before ``start``."""
        assert operation not in self._handlers, f"{operation} has a handler already"
        self._handlers[operation] = handler

    def new(
        self,
        key: str,
        operation: str,
        payload: bytes = b"",
        *,
        attempt: int = 0,
        due_in_s: float = 0.0,
        carried: object = None,
    ) -> WorkItem:
        """A call to be made, for ``commit(then=[...])``; leased to this process when it is due and there is room.

        ``carried`` spares its handler a read of rows of the same commit that never change.

        Raises:
            KeyError: no handler is registered for the operation.
        """
        self._handlers[operation]  # nobody would ever take its row
        now = self._clock.now()
        ours = due_in_s <= 0 and self._accepting and self._room() > 0
        return WorkItem(
            key=key,
            operation=operation,
            attempt=attempt,
            payload=payload,
            due_at=now + timedelta(seconds=max(due_in_s, 0)),
            lease_until=now + timedelta(seconds=self._lease_s) if ours else None,
            carried=carried,
        )

    def withdraw(self, key: str, operation: str, *, attempt: int = 0) -> Statement:
        """Close a call that nobody needs any more, as a statement of the commit that makes it needless.

        Whoever is making it at that moment loses its claim.
        """
        return rows.withdraw_item((key, operation, attempt), now=self._clock.now())

    async def commit(
        self, *statements: Statement, done: WorkItem | None = None, then: Sequence[WorkItem] = ()
    ) -> list[int]:
        """Store the statements, the end of ``done`` and the rows of ``then`` in one commit; then start ``then``.

        An item of ``then`` whose row exists already is left alone: whoever inserted it makes the call.

        Returns:
            The rows touched by each of ``statements``.

        Raises:
            StrongroomError: ``CLAIM_LOST`` when ``done`` or a guarded statement is no longer ours; nothing is stored.
                Otherwise as ``Database.commit``.
        """
        now = self._clock.now()
        closing = [rows.finish_item(done, worker_id=self._worker_id, now=now)] if done else []
        opening = [rows.insert_item(item, worker_id=self._worker_id, now=now) for item in then]
        counts = await self._database.commit(*statements, *closing, *opening)
        if done:
            self._let_go(done)
        for item, inserted in zip(then, counts[len(statements) + len(closing) :], strict=True):
            if inserted:
                self._begin(item)
        return counts[: len(statements)]

    async def postpone(self, item: WorkItem, delay_s: float, error: str | None = None) -> None:
        """Make the call again later, in any process; nothing happens when the item is no longer ours.

        Args:
            item: as given to the handler.
            delay_s: from now.
            error: why it failed, without secrets; None when it only has to wait, which is no failed try.
        """
        due_at = self._clock.now() + timedelta(seconds=delay_s)
        text = error and error[:_ERROR_LENGTH]
        await self._database.commit(rows.postpone_item(item, worker_id=self._worker_id, due_at=due_at, error=text))
        self._let_go(item)
        self._wake_in(delay_s)

    async def start(self) -> None:
        """Take up what an earlier process of the same ``worker_id`` left, then look for due rows until ``stop``."""
        await self._database.commit(rows.release_all(worker_id=self._worker_id))
        self._accepting = True
        self._polling = asyncio.create_task(self._keep_polling())
        self._renewing = asyncio.create_task(self._keep_leases())
        self._forgetting = asyncio.create_task(self._keep_forgetting())

    async def stop(self, *, grace_s: float = 10.0) -> None:
        """Begin nothing more, wait that long for running handlers, cancel the rest and give all rows back."""
        self._accepting = False
        await _end([task for task in (self._polling, self._forgetting) if task])
        if self._running:
            await asyncio.wait(self._running, timeout=grace_s)
        await _end([*self._running, *([self._renewing] if self._renewing else [])])
        self._held.clear()
        await _attempt("work_release_failed", self._database.commit(rows.release_all(worker_id=self._worker_id)))

    async def forget_finished(self) -> int:
        """Forget some rows of calls that have been over for ``keep_finished_s``, those that were over first.

        Nothing reads such a row. What the call did stands in tables of the service, in the commit that ended the row,
        and those tables, with the handoffs, are what an auditor reads. The row's one use is that the same place,
        inserted again, begins nothing: a question repeated after so long has its call made again, which handlers bear
        as they bear a crash between call and commit. Until no call of its key is left to be made, a row stays.

        Returns:
            How many; a few hundred at most, so that no commit waits for it. A started worker repeats it by itself.
        """
        before = self._clock.now() - timedelta(seconds=self._keep_finished_s)
        return (await self._database.commit(rows.delete_finished(before=before, limit=_FORGOTTEN_AT_ONCE)))[0]

    async def drain(self) -> None:
        """Wait until this process runs nothing and no row is due: for tests and for tools that end; after ``start``."""
        assert self._accepting, "only a started worker makes calls"
        while await self._claim() or self._running:
            if self._running:
                await asyncio.wait(self._running)

    def _room(self) -> int:
        return 2 * self._concurrency - len(self._held)

    def _begin(self, item: WorkItem) -> None:
        if item.lease_until is None:  # later, or somebody else's
            self._wake_in((item.due_at - self._clock.now()).total_seconds())
            return
        self._held[item.place] = item
        # a context of its own: the call that made this due is over, and its deadline and handoff with it
        task = asyncio.create_task(self._run(item), context=contextvars.Context())
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def _let_go(self, item: WorkItem) -> None:
        held = self._held.get(item.place)
        if held is not None and held.version == item.version:
            del self._held[item.place]
        if self._backlog and self._room() > self._concurrency:
            self._wake.set()

    def _wake_in(self, delay_s: float) -> None:
        """Look at once when a row is due before the next poll; only a hint, in real time."""
        if delay_s < self._poll_s:
            asyncio.get_running_loop().call_later(max(delay_s, 0), self._wake.set)

    async def _run(self, item: WorkItem) -> None:
        try:
            async with self._slots:
                if not self._accepting:
                    return  # stop gives the row back
                error = await self._handle(item)
            if self._held.get(item.place) is item:  # neither stored nor postponed
                delay_s = min(_BACK_OFF_S * 2 ** min(item.tries, 10), _BACK_OFF_MAX_S)
                await _attempt("work_postpone_failed", self.postpone(item, delay_s, error))
        finally:
            self._let_go(item)  # whatever ended it: a lease that is not renewed expires, and the row is taken again

    async def _handle(self, item: WorkItem) -> str:
        """Call the handler; answers what went wrong if it did not store or postpone the item."""
        try:
            await self._handlers[item.operation](item)
        except StrongroomError as error:
            if error.code is not Code.CLAIM_LOST:
                level = _log.info if error.retryable else _log.error
                level("work_failed", code=error.code.name, detail=error.detail, tries=item.tries, **_name(item))
            return f"{error.code.name}: {error.detail}"
        except Exception as error:  # noqa: BLE001 - whatever happened, the call is made again
            _log.error("work_failed", tries=item.tries, exc_info=error, **_name(item))
            return type(error).__name__  # its text may hold anything
        if self._held.get(item.place) is item:
            _log.error("work_not_stored", **_name(item))
        return "The handler ended without storing or postponing."

    async def _claim(self) -> int:
        async with self._claiming:
            return await self._claim_alone()

    async def _claim_alone(self) -> int:
        limit = self._room()
        claimed: list[WorkItem] = []
        if limit > 0:
            now = self._clock.now()
            claimed = await rows.claim_due(
                self._database,
                worker_id=self._worker_id,
                operations=list(self._handlers),
                now=now,
                lease_until=now + timedelta(seconds=self._lease_s),
                limit=limit,
            )
        self._backlog = len(claimed) == max(limit, 0)
        for item in claimed:
            self._begin(item)
        return len(claimed)

    async def _keep_polling(self) -> None:
        while True:
            self._wake.clear()
            await _attempt("work_poll_failed", self._claim())
            await self._pause()

    async def _pause(self) -> None:
        waits = [asyncio.create_task(self._wake.wait()), asyncio.create_task(self._clock.sleep(self._poll_s))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _end(waits)

    async def _keep_forgetting(self) -> None:
        while True:
            await self._clock.sleep(_FORGET_EVERY_S)
            await _attempt("work_forget_failed", self._forget_all())

    async def _forget_all(self) -> None:
        while await self.forget_finished() == _FORGOTTEN_AT_ONCE:
            pass

    async def _keep_leases(self) -> None:
        while True:
            await self._clock.sleep(self._lease_s / 3)
            if not self._held:
                continue
            until = self._clock.now() + timedelta(seconds=self._lease_s)
            renewal = rows.renew_leases(self._held.values(), worker_id=self._worker_id, lease_until=until)
            await _attempt("work_renewal_failed", self._database.commit(renewal))


def _name(item: WorkItem) -> dict[str, object]:
    return {"key": item.key, "operation": item.operation, "attempt": item.attempt}


async def _attempt(event: str, action: Awaitable[object]) -> None:
    """Do it or log why not: what fails here is tried again later, by a poll or when a lease is over."""
    try:
        await action
    except StrongroomError as error:
        _log.warning(event, code=error.code.name, detail=error.detail)
    except Exception as error:  # noqa: BLE001 - the loops of a worker outlive every failure
        _log.error(event, exc_info=error)


async def _end(tasks: Sequence[asyncio.Task[object]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
