"""How much a caller may send: a token bucket for each."""

import math
from dataclasses import dataclass
from typing import final


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left.

    Args:
        limit: what a full bucket holds: requests, or bytes.
        remaining: what may be sent at once.
        window_s: seconds until an empty bucket is full again.
        retry_after_s: seconds until anything may be sent again; 0 for at once.
    """

    limit: int
    remaining: int
    window_s: int
    retry_after_s: int


@final
class TokenBuckets:
    """One bucket for each caller that was let in; strangers have none, so they fill no memory.

    Args:
        per_s: how much flows in each second.
        burst: how much a bucket holds.
        debt: how far it may fall below empty, where an amount is known only once it was sent.
    """

    def __init__(self, *, per_s: int, burst: int, debt: int = 0) -> None:
        self._per_s, self._burst, self._debt = per_s, burst, debt
        self._levels: dict[str, tuple[float, float]] = {}

    def look(self, name: str, *, now_s: float) -> Allowance:
        """What that caller may send now."""
        return self._allowance(self._level(name, now_s))

    def take(self, name: str, *, now_s: float, amount: int = 1) -> Allowance:
        """Count what was sent, and no more than the bucket holds with its debt."""
        level = max(-float(self._debt), self._level(name, now_s) - amount)
        self._levels[name] = (level, now_s)
        return self._allowance(level)

    def _level(self, name: str, now_s: float) -> float:
        level, at_s = self._levels.get(name, (float(self._burst), now_s))
        return min(float(self._burst), level + (now_s - at_s) * self._per_s)

    def _allowance(self, level: float) -> Allowance:
        return Allowance(
            limit=self._burst,
            remaining=max(0, int(level)),
            window_s=math.ceil(self._burst / self._per_s),
            retry_after_s=0 if level >= 1 else math.ceil((1 - level) / self._per_s),
        )
