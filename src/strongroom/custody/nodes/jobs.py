"""The door of time: looks at every chain again and again."""

import asyncio
from typing import final

import structlog

from strongroom.custody.nodes.operations import Observer
from strongroom.kernel.errors import StrongroomError
from strongroom.runtime.clock import Clock

_log = structlog.stdlib.get_logger(__name__)


@final
class Watchers:
    """One task for each chain."""

    def __init__(self, observers: tuple[Observer, ...], *, clock: Clock, poll_s: float) -> None:
        self._observers, self._clock, self._poll_s = observers, clock, poll_s
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to look."""
        self._tasks = [asyncio.create_task(self._watch(observer)) for observer in self._observers]

    async def stop(self) -> None:
        """End."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _watch(self, observer: Observer) -> None:
        while True:
            try:
                await observer.observe()
            except StrongroomError as error:
                _log.warning("observation_failed", code=error.code.name, detail=error.detail)
            except Exception as error:  # noqa: BLE001 - whatever happened, the chain is looked at again
                _log.error("observation_failed", exc_info=error)
            await self._clock.sleep(self._poll_s)
