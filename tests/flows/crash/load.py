"""Random kills while payments are made: a seed says who is killed, in which order and after which pauses."""

import random
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.flows.crash.stack import COSIGNERS, Payment, Stack

_IN_FLIGHT = 6
_END_S = 900.0
"""How long one payment may take: on a busy machine little happens between two kills, and they go on until all ended."""
_SHORTEST_S, _LONGEST_S = 0.3, 4.0
# a node that is killed loses final blocks with the state it had not written, so here it ends as asked and comes back
_TARGETS = ("platform", "platform", *COSIGNERS, "postgres", "chain")


@dataclass(frozen=True, slots=True)
class Kill:
    """Wait that long, then kill ``target``; ``supervisor`` means everything at once."""

    pause_s: float
    target: str

    def __str__(self) -> str:
        return f"{self.target} after {self.pause_s:.2f} s"


def schedule(seed: int, *, with_supervisor: bool) -> Iterator[Kill]:
    """The kills of a seed, without end; the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311 - not a secret: a schedule that can be repeated
    targets = (*_TARGETS, "supervisor") if with_supervisor else _TARGETS
    while True:
        yield Kill(dice.uniform(_SHORTEST_S, _LONGEST_S), dice.choice(targets))


def pay_under_kills(
    stack: Stack, *, payments: int, seed: int, with_supervisor: bool, tell: Callable[[str], None]
) -> list[Payment]:
    """Ask for payments while the kills of a seed happen; answered once all of them have ended well."""
    kills = schedule(seed, with_supervisor=with_supervisor)
    with ThreadPoolExecutor(_IN_FLIGHT) as pool:
        asked = [pool.submit(_pay, stack) for _ in range(payments)]
        over = threading.Event()
        watcher = threading.Thread(target=lambda: ([one.exception() for one in asked], over.set()))
        watcher.start()
        for kill in kills:
            if over.wait(kill.pause_s):
                break
            done = sum(one.done() for one in asked)
            tell(f"{done} of {payments} paid; kill {kill}")
            _kill(stack, kill.target)
        watcher.join()
        return [one.result() for one in asked]


def _pay(stack: Stack) -> Payment:
    payment = stack.pay()
    stack.complete(payment, within_s=_END_S)
    return payment


def _kill(stack: Stack, target: str) -> None:
    if target == "supervisor":
        stack.kill_everything()
    else:
        stack.kill(target, signal.SIGINT if target == "chain" else signal.SIGKILL)
    stack.get(stack.payments[0])  # where a restart takes longer than a pause, nothing would ever be paid
