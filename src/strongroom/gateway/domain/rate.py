"""How often an API user may ask: a token bucket for each."""

import math
from dataclasses import dataclass
from typing import final


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left.

    Args:
        limit: requests that a full bucket holds.
        remaining: requests that may be sent at once.
        window_s: seconds until an empty bucket is full again.
        retry_after_s: seconds until the next request may be sent; 0 for at once.
    """

    limit: int
    remaining: int
    window_s: int
    retry_after_s: int


@final
class TokenBuckets:
    """One bucket for each API user that was let in; strangers have none, so they fill no memory.

    Args:
        per_s: how many requests flow in each second.
        burst: how many a bucket holds.
    """

    def __init__(self, *, per_s: int, burst: int) -> None:
        self._per_s, self._burst = per_s, burst
        self._levels: dict[str, tuple[float, float]] = {}

    def look(self, name: str, *, now_s: float) -> Allowance:
        """What that API user may send now."""
        return self._allowance(self._level(name, now_s))

    def take(self, name: str, *, now_s: float) -> Allowance:
        """Count one request; the bucket does not fall below empty."""
        level = max(0.0, self._level(name, now_s) - 1)
        self._levels[name] = (level, now_s)
        return self._allowance(level)

    def _level(self, name: str, now_s: float) -> float:
        level, at_s = self._levels.get(name, (float(self._burst), now_s))
        return min(float(self._burst), level + (now_s - at_s) * self._per_s)

    def _allowance(self, level: float) -> Allowance:
        return Allowance(
            limit=self._burst,
            remaining=int(level),
            window_s=math.ceil(self._burst / self._per_s),
            retry_after_s=0 if level >= 1 else math.ceil((1 - level) / self._per_s),
        )
