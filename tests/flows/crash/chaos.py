"""The long form: ``python -m tests.flows.crash.chaos --minutes N --seed S`` (``make chaos-custody``).

First kills before and after every place of a payment, in an order that the seed shuffles, for half of the time; then
rounds of many payments under random kills, the supervisor's too. An audit follows every payment of the first part and
every round of the second. With the same seed the same kills are made in the same order after the same pauses; what they
meet is what is under way on that machine at that moment.
"""

import sys
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Annotated

from cyclopts import App, Parameter
from cyclopts.validators import Number

from strongroom.runtime.entropy import SystemEntropy
from tests.flows.crash.fault import Fault
from tests.flows.crash.load import pay_under_kills
from tests.flows.crash.stack import COSIGNERS, Stack, now_s, running_stack
from tests.flows.crash.sweep import KILLS, spread, walk_courses

PAYMENTS = 200
app = App(name="chaos", help="Kill custody's processes for some minutes, and audit what is left.", version_flags=[])


@dataclass(slots=True)
class Clock:
    """How long it has run, and whether its time is over."""

    minutes: int
    began_s: float = field(default_factory=now_s)

    @property
    def spent_s(self) -> float:
        return now_s() - self.began_s

    def is_over(self, *, share: float = 1.0) -> bool:
        return self.spent_s > share * self.minutes * 60

    def tell(self, line: str) -> None:
        sys.stdout.write(f"[{self.spent_s:7.1f} s] {line}\n")
        sys.stdout.flush()


@app.default
def chaos(
    *,
    minutes: Annotated[int, Parameter(help="How long; what has begun is finished.")] = 10,
    seed: Annotated[int | None, Parameter(help="Repeats the kills of an earlier run.")] = None,
    payments: Annotated[int, Parameter(help="Of each round.", validator=Number(gte=1))] = PAYMENTS,
) -> None:
    """Run until the time is over; any payment that does not end once, or any finding, ends it with an error."""
    chosen = int.from_bytes(SystemEntropy().token(4), "big") if seed is None else seed
    clock = Clock(minutes)
    clock.tell(f"seed {chosen}: repeat it with {_command(minutes, chosen, payments)}")
    with running_stack() as stack:
        stack.complete(stack.pay())
        kills = _sweep(stack, clock, chosen)
        rounds = _rounds(stack, clock, chosen, payments)
        clock.tell(f"{len(stack.payments)} payments, each paid once; {kills} kills at places, {rounds} rounds")
        for what, taken_s in sorted(stack.recoveries_s.items()):
            middle, longest = sorted(taken_s)[len(taken_s) // 2], max(taken_s)
            clock.tell(f"recovery, {what}: {len(taken_s)} times, median {middle:.2f} s, longest {longest:.2f} s")


def _command(minutes: int, seed: int, payments: int) -> str:
    number = "" if payments == PAYMENTS else f" PAYMENTS={payments}"
    return f"make chaos-custody MINUTES={minutes} SEED={seed}{number}"


def shuffled(faults: tuple[Fault, ...], *, seed: int) -> list[Fault]:
    """In an order of the seed, in which a place more or less changes nothing between the others."""
    return sorted(faults, key=lambda fault: sha256(f"{seed} {fault}".encode()).digest())


def _sweep(stack: Stack, clock: Clock, seed: int) -> int:
    course = walk_courses(stack, processes=("platform", *COSIGNERS))
    faults = shuffled(course.faults, seed=seed)
    kills = 0
    for group in spread(faults, kills=KILLS):
        if clock.is_over(share=0.5):
            clock.tell(f"half of the time is over after {kills} kills at {len(faults)} places")
            return kills
        clock.tell("; ".join(map(str, group)))
        kills += len(group) - len(stack.pay_through(group))
        stack.audit()
    return kills


def _rounds(stack: Stack, clock: Clock, seed: int, payments: int) -> int:
    number = 0
    while not clock.is_over() or number == 0:
        clock.tell(f"round {number + 1}: {payments} payments, kills of seed {seed + number}")
        pay_under_kills(stack, payments=payments, seed=seed + number, with_supervisor=True, tell=clock.tell)
        report = stack.audit()
        clock.tell(f"audited: {report.read['transactions']} transactions, {report.read['handoffs']} handoffs")
        number += 1
    return number


if __name__ == "__main__":
    app()
