"""Kills before and after every place of a payment: several in one payment, far apart, and missed ones once more.

What a payment comes by differs a little from one to the next: a block may come before anybody looked, so that the first
sight on chain is the final one too and both are one commit. Therefore several payments are traced, each begun at
another moment between two blocks, and a place that a payment did not come by gets another payment.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tests.flows.crash.fault import Fault, When
from tests.flows.crash.stack import Stack, Walk

WALKS = 5
TRIES = 6
UNSURE_TRIES = 3
"""For a place that not every payment comes by."""
KILLS = 3
"""In one payment, at first; a fault that was missed has a payment for itself."""
_BLOCK_S = 1.0
_BOTH: tuple[When, When] = ("before", "after")


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What undisturbed payments come by.

    Args:
        faults: a kill before and one after each place, in the order of the walks.
        always: the places, with process and occurrence, that every one of them came by.
    """

    faults: tuple[Fault, ...]
    always: frozenset[tuple[str, str, int]]

    def is_sure(self, fault: Fault) -> bool:
        """Whether it is at a place of every payment."""
        return (fault.process, fault.place, fault.occurrence) in self.always


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What became of the faults of a course: those that killed, and those that no payment came by in all its tries."""

    hit: tuple[Fault, ...]
    missed: tuple[Fault, ...]

    def check(self, course: Course, *, at_most_missed: int) -> None:
        """Nearly all places of every payment must have been hit, before or after, in every process and service."""
        never = [fault for fault in self.missed if course.is_sure(fault)]
        assert len(never) <= at_most_missed, f"never reached: {', '.join(map(str, never))}"
        owners = {owner_of(fault) for fault in course.faults}
        assert owners == {owner_of(fault) for fault in self.hit}, "every process and service was killed"


def owner_of(fault: Fault) -> tuple[str, str]:
    """The process, and in the platform the service whose commit it is."""
    return fault.process, fault.place.partition(":")[0] if ":" in fault.place else ""


def walk_courses(stack: Stack, *, processes: Iterable[str], walks: int = WALKS) -> Course:
    """Trace payments that begin at different moments between two blocks."""
    wanted = frozenset(processes)
    traced: list[Walk] = []
    for number in range(walks):
        stack.pause(number * _BLOCK_S / walks)
        traced.append([one for one in stack.trace() if one[0] in wanted])
    always = set(traced[0]).intersection(*traced)
    places = dict.fromkeys(one for walk in traced for one in walk)
    faults = tuple(
        Fault(process=process, place=place, when=when, occurrence=occurrence)
        for process, place, occurrence in places
        for when in _BOTH
    )
    return Course(faults=faults, always=frozenset(always))


def pay_through_all(stack: Stack, course: Course, faults: Sequence[Fault]) -> Swept:
    """Payments until each fault has happened in one of them, or was missed too often; audited."""
    dice = random.Random(len(faults))  # noqa: S311 - not a secret: where between two blocks a payment begins
    hit: list[Fault] = []
    missed = list(faults)
    for tried in range(TRIES):
        waiting = [fault for fault in missed if tried < UNSURE_TRIES or course.is_sure(fault)]
        for group in spread(waiting, kills=KILLS if tried == 0 else 1):
            stack.pause(dice.random() * _BLOCK_S * (tried > 0))
            left = stack.pay_through(group)
            hit += [fault for fault in group if fault not in left]
        if waiting:
            stack.audit()
        missed = [fault for fault in missed if fault not in hit]
    return Swept(hit=tuple(hit), missed=tuple(missed))


def spread(faults: Sequence[Fault], *, kills: int) -> list[list[Fault]]:
    """Groups of at most so many, each of faults that lie far apart in the course."""
    groups = -(-len(faults) // kills)
    return [list(faults[first::groups]) for first in range(groups)]


def in_turn(course: Course) -> list[Fault]:
    """Each place in each process once: before it in one of them, after it in the next, and so on.

    Their code is one, so that together they are killed before and after every place.
    """
    processes = sorted({fault.process for fault in course.faults})
    places = list(dict.fromkeys((fault.place, fault.occurrence) for fault in course.faults))

    def is_its_turn(fault: Fault) -> bool:
        turn = processes.index(fault.process) + places.index((fault.place, fault.occurrence))
        return fault.when == _BOTH[turn % 2]

    return [fault for fault in course.faults if is_its_turn(fault)]
