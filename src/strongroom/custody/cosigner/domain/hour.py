"""What was written in the last hour, of entries that somebody else can cause at will."""

from collections import deque
from collections.abc import Iterable
from typing import Final, final

HOUR_S: Final = 3600


@final
class HourWindow:
    """The entries of one sort in any hour, as many as are of interest.

    Args:
        times: of the newest in the journal, oldest first; Unix seconds.
        most: how many may be written in an hour.
    """

    def __init__(self, times: Iterable[int], *, most: int) -> None:
        self._most = most
        self._times = deque(times, maxlen=most)

    def has_room(self, now: int) -> bool:
        """Whether another one may be written."""
        while self._times and self._times[0] <= now - HOUR_S:
            self._times.popleft()
        return len(self._times) < self._most

    def written(self, now: int) -> None:
        """One was written."""
        self._times.append(now)
