"""A made walk through all steps up to the broadcast: each takes 2 ms, 1 ms after the one before."""

from bench.split import STEPS, Step, Walked

SUBMITTED_AT_US = 1_800_000_000_000_000
TAKEN_AFTER_US = 4000


def made_steps() -> list[Step]:
    return [
        Step(step=name, started_at_us=SUBMITTED_AT_US + 1000 + 3000 * place, duration_us=2000)
        for place, name in enumerate(STEPS)
    ]


def made_walk(steps: list[Step] | None = None) -> Walked:
    broadcast_at_us = made_steps()[-1].ended_at_us
    return Walked.of(
        made_steps() if steps is None else steps,
        submitted_at_us=SUBMITTED_AT_US,
        taken_at_us=broadcast_at_us + TAKEN_AFTER_US,
    )
