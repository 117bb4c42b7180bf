"""Which handoffs were seen lately. The row in ``service_handoff_events`` is the second lock, across processes."""

from typing import Final, final

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock

_GENERATION_MAX: Final = 262_144


@final
class ReplayGuard:
    """Remembers every id for at least ``window_s`` in two generations, so that forgetting costs nothing.

    Args:
        window_s: for how long a handoff could be accepted at most.
        generation_max: ids per generation; beyond it calls are refused rather than forgotten.
    """

    def __init__(self, *, clock: Clock, window_s: float, generation_max: int = _GENERATION_MAX) -> None:
        self._clock = clock
        self._window_s = window_s
        self._max = generation_max
        self._started_s = clock.monotonic_s()
        self._current: set[str] = set()
        self._previous: set[str] = set()

    def admit(self, unique_id: str) -> None:
        """Remember an id; raises ``HANDOFF_REPLAYED`` if it is known, ``UNAVAILABLE`` if there is no room."""
        now_s = self._clock.monotonic_s()
        if now_s - self._started_s >= self._window_s:
            self._previous, self._current = self._current, set()
            self._started_s = now_s
        if unique_id in self._current or unique_id in self._previous:
            raise StrongroomError(Code.HANDOFF_REPLAYED)
        if len(self._current) >= self._max:
            raise StrongroomError(Code.UNAVAILABLE, "more calls than can be remembered")
        self._current.add(unique_id)
