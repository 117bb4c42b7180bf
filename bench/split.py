"""Where the time of a transaction goes, from the steps that the product itself recorded. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import msgspec

from bench.figures import percentile

STEPS = ("1", "2", "3", "4", "5", "5a", "5b", "5c", "6", "7", "8", "9", "10", "11", "12", "13")
"""From the request to the broadcast, in the order of the flow."""


class Step(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A recorded step; step 10 has one row for each co-signer."""

    step: str
    started_at_us: int
    duration_us: int

    @property
    def ended_at_us(self) -> int:
        """Unix microseconds."""
        return self.started_at_us + self.duration_us


class Steps(msgspec.Struct, frozen=True):
    """The answer of GET /v1/transactions/{id}/steps, as far as it is needed."""

    status: str
    steps: list[Step]


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """One transaction that reached a node; Unix microseconds.

    Args:
        submitted_at_us: when the client began to send the request.
        taken_at_us: when the node had taken the signed transaction.
        spans: by step, when it began and ended.
    """

    submitted_at_us: int
    taken_at_us: int
    spans: Mapping[str, tuple[int, int]]

    @classmethod
    def of(cls, steps: Sequence[Step], *, submitted_at_us: int, taken_at_us: int) -> Self:
        """From its recorded steps.

        Raises:
            ValueError: a step up to the broadcast is missing.
        """
        spans: dict[str, tuple[int, int]] = {}
        for name in STEPS:
            rows = [step for step in steps if step.step == name]
            if not rows:
                raise ValueError(f"no step {name} was recorded")
            spans[name] = min(row.started_at_us for row in rows), max(row.ended_at_us for row in rows)
        return cls(submitted_at_us=submitted_at_us, taken_at_us=taken_at_us, spans=spans)

    @property
    def broadcast_ms(self) -> float:
        """From the client's request to the end of step 13 as recorded, which is just before the bytes go to a node."""
        return (self.spans[STEPS[-1]][1] - self.submitted_at_us) / 1000

    @property
    def taken_ms(self) -> float:
        """From the client's request until a node had taken the bytes."""
        return (self.taken_at_us - self.submitted_at_us) / 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A step's median milliseconds, and those between the end of all before it and its beginning.

    A step that begins before the ones before it end, as a later service reports while an earlier one still commits,
    has a gap below zero.
    """

    step: str
    gap_ms: float
    step_ms: float


def split(walks: Sequence[Walked]) -> tuple[Part, ...]:
    """Each step's part in the medians; the last, ``node``, is from step 13 until a node had taken the bytes."""
    gaps: dict[str, list[float]] = {}
    lengths: dict[str, list[float]] = {}
    for walk in walks:
        reached_us = walk.submitted_at_us
        after_us = max(ended_us for _, ended_us in walk.spans.values())
        for name, (began_us, ended_us) in {**walk.spans, "node": (after_us, walk.taken_at_us)}.items():
            gaps.setdefault(name, []).append((began_us - reached_us) / 1000)
            lengths.setdefault(name, []).append((ended_us - began_us) / 1000)
            reached_us = max(reached_us, ended_us)
    return tuple(
        Part(step=name, gap_ms=percentile(gaps[name], 50), step_ms=percentile(lengths[name], 50)) for name in gaps
    )
