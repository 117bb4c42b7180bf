"""The long form: ``python -m tests.flows.crash.chaos --minutes N --seed S`` (``make chaos-custody``).

First a kill before and after every place of a payment, in an order that the seed shuffles, for half of the time; then
rounds of many payments under random kills, the supervisor's too. An audit follows every place and every round.
"""

import random
import sys
from dataclasses import dataclass, field
from typing import Annotated

from cyclopts import App, Parameter

from strongroom.runtime.entropy import SystemEntropy
from tests.flows.crash.load import pay_under_kills
from tests.flows.crash.stack import COSIGNERS, Stack, faults_of, now_s, running_stack

PAYMENTS = 200
"""Of each round under random kills."""
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
) -> None:
    """Run until the time is over; any payment that does not end once, or any finding, ends it with an error."""
    chosen = int.from_bytes(SystemEntropy().token(4), "big") if seed is None else seed
    clock = Clock(minutes)
    clock.tell(f"seed {chosen}: repeat it with make chaos-custody MINUTES={minutes} SEED={chosen}")
    with running_stack() as stack:
        stack.complete(stack.pay())
        places = _sweep(stack, clock, chosen)
        rounds = _rounds(stack, clock, chosen)
        clock.tell(f"{len(stack.payments)} payments, each paid once; {places} places, {rounds} rounds of {PAYMENTS}")
        for what, taken_s in sorted(stack.recoveries_s.items()):
            middle, longest = sorted(taken_s)[len(taken_s) // 2], max(taken_s)
            clock.tell(f"recovery, {what}: {len(taken_s)} times, median {middle:.2f} s, longest {longest:.2f} s")


def _sweep(stack: Stack, clock: Clock, seed: int) -> int:
    faults = faults_of(stack.trace(), processes=("platform", *COSIGNERS))
    random.Random(seed).shuffle(faults)  # noqa: S311 - not a secret: an order that can be repeated
    for number, fault in enumerate(faults, 1):
        if clock.is_over(share=0.5):
            clock.tell(f"half of the time is over after {number - 1} of {len(faults)} places")
            return number - 1
        clock.tell(f"place {number} of {len(faults)}: kill {fault}")
        stack.pay_through(fault)
        stack.audit()
    return len(faults)


def _rounds(stack: Stack, clock: Clock, seed: int) -> int:
    number = 0
    while not clock.is_over() or number == 0:
        clock.tell(f"round {number + 1}: {PAYMENTS} payments, kills of seed {seed + number}")
        pay_under_kills(stack, payments=PAYMENTS, seed=seed + number, with_supervisor=True, tell=clock.tell)
        report = stack.audit()
        clock.tell(f"audited: {report.read['transactions']} transactions, {report.read['handoffs']} handoffs")
        number += 1
    return number


if __name__ == "__main__":
    app()
