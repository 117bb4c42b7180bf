"""A process that is stopped (SIGSTOP) past every lease and limit and then goes on: each payment ends once.

Nobody sees that it does not run, and it does not see that it did not. It stops itself at an exact place, for longer
than the leases and the limits of a ceremony, which are short here.
"""

import os
import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.fixtures.embedded import FINAL, until
from tests.flows.crash.fault import HURRIED_S, Fault
from tests.flows.crash.stack import Payment, Stack, running_stack

STOPPED_S = 3 * HURRIED_S


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """With leases and limits of seconds."""
    with running_stack(hurried=True) as running:
        running.complete(running.pay())
        yield running


def is_stopped(pid: int) -> bool:
    return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] == "T"


@contextmanager
def stopped(stack: Stack, fault: Fault) -> Generator[Payment]:
    """A payment at whose place the process has stopped, until the end of the block."""
    stack.faults.arm([fault])
    payment, pid = stack.pay(), stack.embedded.pid(fault.process)
    try:
        until(lambda: is_stopped(pid), what=f"{fault.process} stops")
        yield payment
    finally:
        os.kill(pid, signal.SIGCONT)
        stack.faults.disarm()
    assert stack.embedded.pid(fault.process) == pid, "it has gone on, and was not replaced"


@pytest.mark.parametrize(
    "place",
    [
        "transaction_manager: update transactions, insert transaction_steps, finish screen, begin exchange_travel_rule",
        "cosigner_engine: insert signing_events, update signing_requests, finish run_ceremony, begin verify",
        "nodes: insert broadcast_outcomes, finish send",
    ],
)
def test_the_platform_stopped_with_an_answer_in_its_hand(stack: Stack, place: str) -> None:
    """It holds a claim and has asked; when it goes on, its own next look has taken the row again, or it may store."""
    with stopped(stack, Fault(process="platform", place=place, when="before", how="stop")) as payment:
        stack.pause(STOPPED_S)
    stack.check_all_paid([payment, stack.pay()])
    stack.audit()


@pytest.mark.parametrize(
    ("index", "place"), [(1, "order SeekConsent"), (2, "order PeerMessage"), (3, "journal released")]
)
def test_a_cosigner_stopped_past_the_limit_of_its_round(stack: Stack, place: str, index: int) -> None:
    """The others wait, give the ceremony up and begin another; the one that was away honours what it had promised."""
    fault = Fault(process=f"cosigner-{index}", place=place, when="before", how="stop")
    stack.faults.begin_trace()
    with stopped(stack, fault) as payment:
        stack.pause(STOPPED_S)
        found = stack.get(payment)
        assert found["status"] not in FINAL
        stack.audit()  # what is decided again keeps its slot
        assert stack.balance_of(payment) == 0
    stack.complete(payment)
    asked = [one for one in stack.faults.end_trace() if one == (f"cosigner-{index}", "order SeekConsent")]
    assert len(asked) > 1, "the time was over, and it was asked again"
    stack.complete(stack.pay())
    stack.audit()
