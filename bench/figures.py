"""What many measurements come to, what was wanted, and whether it was met. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How measurements of one thing lie; the unit is theirs."""

    count: int
    p50: float
    p95: float
    p99: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> Self:
        """The spread of at least one sample."""
        return cls(
            count=len(samples), p50=percentile(samples, 50), p95=percentile(samples, 95), p99=percentile(samples, 99)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a closed loop came to: ``in_flight`` at a time, each followed at once by the next."""

    in_flight: int
    latency_ms: Spread
    per_second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A bound; ``at_most`` says on which side of it the figure should be."""

    bound: float
    at_most: bool

    def is_met_by(self, value: float) -> bool:
        """Whether the figure is on the right side; the bound itself is."""
        return value <= self.bound if self.at_most else value >= self.bound

    def __str__(self) -> str:
        """For the table."""
        return f"{'≤' if self.at_most else '≥'} {self.bound:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table. ``value`` is None where this machine cannot tell."""

    group: str
    name: str
    value: float | None
    unit: str
    note: str = ""
    target: Target | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the target is met; None without a target or without a value."""
        return None if self.target is None or self.value is None else self.target.is_met_by(self.value)


def percentile(samples: Sequence[float], percent: float) -> float:
    """The value below which ``percent`` of the samples lie, between neighbours in proportion (Hyndman and Fan, type 7).

    Raises:
        ValueError: without samples, or outside 0 to 100.
    """
    if not samples or not 0 <= percent <= 100:
        raise ValueError("a percentile from 0 to 100 of at least one sample")
    ordered = sorted(samples)
    position = (len(ordered) - 1) * percent / 100
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def middle(loads: Sequence[Load]) -> Load:
    """Several runs of the same load as one: the median of each figure, because the machine is not always the same."""
    first = loads[0]
    if any(load.in_flight != first.in_flight for load in loads):
        raise ValueError("runs of different loads have no middle")
    latency = Spread(
        count=sum(load.latency_ms.count for load in loads),
        p50=percentile([load.latency_ms.p50 for load in loads], 50),
        p95=percentile([load.latency_ms.p95 for load in loads], 50),
        p99=percentile([load.latency_ms.p99 for load in loads], 50),
    )
    return Load(
        in_flight=first.in_flight,
        latency_ms=latency,
        per_second=percentile([load.per_second for load in loads], 50),
    )
