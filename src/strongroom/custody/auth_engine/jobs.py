"""What the auth engine does as time passes."""

import asyncio
from contextlib import suppress
from typing import Final, final

import structlog

from strongroom.custody.auth_engine.operations import forget_nonces
from strongroom.kernel.errors import StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database

INTERVAL_S: Final = 60.0
_log = structlog.stdlib.get_logger(__name__)


@final
class NonceSweep:
    """Forgets expired nonces once a minute, from ``start`` to ``stop``."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """End."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            await self._clock.sleep(INTERVAL_S)
            try:
                await forget_nonces(database=self._database, now=self._clock.now())
            except StrongroomError as error:
                _log.warning("nonces_not_forgotten", code=error.code.name)
