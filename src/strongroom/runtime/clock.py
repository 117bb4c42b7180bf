"""Time as a port: services ask a ``Clock``, so that tests can move it."""

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol, final


class Clock(Protocol):
    """What time it is, and waiting."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds since an arbitrary moment; never goes back."""
        ...

    async def sleep(self, seconds_s: float) -> None:
        """Wait that many seconds."""
        ...


@final
class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic_s(self) -> float:
        """Seconds since an arbitrary moment; never goes back."""
        return time.monotonic()

    async def sleep(self, seconds_s: float) -> None:
        """Wait that many seconds of real time."""
        await asyncio.sleep(seconds_s)


@final
class ManualClock:
    """A clock that stands still until ``advance`` moves it; sleepers wake when their moment is passed.

    Args:
        start: the first answer of ``now``; must be aware.
    """

    def __init__(self, start: datetime = datetime(2030, 1, 1, tzinfo=UTC)) -> None:
        if start.tzinfo is None:
            raise ValueError("the start must carry a time zone")
        self._start = start.astimezone(UTC)
        self._elapsed_s = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """The start plus everything it was advanced by."""
        return self._start + timedelta(seconds=self._elapsed_s)

    def monotonic_s(self) -> float:
        """Seconds it was advanced by."""
        return self._elapsed_s

    async def sleep(self, seconds_s: float) -> None:
        """Wait until ``advance`` has passed that moment."""
        if seconds_s <= 0:
            await asyncio.sleep(0)
            return
        awake = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed_s + seconds_s, next(self._order), awake))
        await awake

    def advance(self, seconds_s: float) -> None:
        """Move on, and wake whoever slept until then."""
        if seconds_s < 0:
            raise ValueError("time does not go back")
        self._elapsed_s += seconds_s
        while self._sleepers and self._sleepers[0][0] <= self._elapsed_s:
            _, _, awake = heapq.heappop(self._sleepers)
            if not awake.done():
                awake.set_result(None)
