"""What the hub does by the clock."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, final

import structlog

from strongroom.kernel.errors import StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database
from strongroom.travel_rule.hub.config import HubConfig
from strongroom.travel_rule.hub.operations.health import look_after_health
from strongroom.travel_rule.hub.operations.relay import Relay, store_passages
from strongroom.travel_rule.hub.operations.retention import forget_passages

_STORE_EVERY_S: Final = 0.2
_FORGET_EVERY_S: Final = 600.0
_log = structlog.stdlib.get_logger(__name__)


@final
class Jobs:
    """Reads the directory, looks after the enclaves' health, stores and forgets what passed, each at its own pace."""

    def __init__(self, *, relay: Relay, database: Database, config: HubConfig, clock: Clock) -> None:
        self._relay, self._database, self._config, self._clock = relay, database, config, clock
        self._tasks: list[asyncio.Task[None]] = []
        self._storing = asyncio.Lock()

    async def start(self) -> None:
        """Read the directory, then go on in the background; raises when the database does not answer."""
        await self._read()
        paces = (
            (self._read, self._config.directory_s),
            (self._look, self._config.health_s),
            (self._store, _STORE_EVERY_S),
            (self._forget, _FORGET_EVERY_S),
        )
        self._tasks = [asyncio.create_task(self._repeat(job, every_s)) for job, every_s in paces]

    async def stop(self) -> None:
        """End them; what passed last is stored."""
        async with self._storing:  # a commit that was cut short may have happened, and would be made again
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._attempt(self._store)

    async def _repeat(self, job: Callable[[], Awaitable[None]], every_s: float) -> None:
        while True:
            await self._attempt(job)
            await self._clock.sleep(every_s)

    async def _attempt(self, job: Callable[[], Awaitable[None]]) -> None:
        """What fails now is done the next time: messages are carried meanwhile, by the directory read last."""
        try:
            await job()
        except StrongroomError as error:
            _log.warning("job_failed", job=job.__name__, code=error.code.name)
        except Exception as error:  # noqa: BLE001 - a job that ended would never run again
            _log.error("job_failed", job=job.__name__, exc_info=error)

    async def _read(self) -> None:
        await self._relay.directory.read(self._database)

    async def _look(self) -> None:
        await look_after_health(
            directory=self._relay.directory, enclaves=self._relay.enclaves, database=self._database, clock=self._clock
        )

    async def _store(self) -> None:
        async with self._storing:
            await store_passages(relay=self._relay, database=self._database)

    async def _forget(self) -> None:
        keep = timedelta(days=self._config.keep_passages_days)
        await forget_passages(database=self._database, clock=self._clock, keep=keep)
