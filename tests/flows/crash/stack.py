"""A running Strongroom that is killed at places, paid through all the while, and audited afterwards."""

import asyncio
import itertools
import os
import signal
import sys
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Final, TypeVar, final

import asyncpg

from strongroom.apps.verify import Report, Sources, audit_custody
from strongroom.client import Strongroom, StrongroomError
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.db import DatabaseNames
from tests.fixtures.embedded import (
    FINAL,
    Embedded,
    Json,
    TimeOverError,
    data_folder,
    destination,
    living_in,
    new_address,
    until,
)
from tests.flows.crash.fault import FOLDER, HURRY, Fault, Faults

T = TypeVar("T")
COSIGNERS: Final = ("cosigner-1", "cosigner-2", "cosigner-3")
_ROOT: Final = Path(__file__).resolve().parents[3]
_END_S: Final = 120.0
_AFTERWARDS_S: Final = 2.0
Walk = list[tuple[str, str, int]]
"""Process, place and occurrence of everything that a payment comes by."""
_BY_THE_CLOCK: Final = ("lease work", "request_nonces", "observed_blocks", "postpone", "delete work")
"""Commits that a walk may have or not have, because a clock or a block makes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Something that was asked for, once: whatever happens, the receiver gets the amount once."""

    transaction_id: str
    receiver: str
    amount_units: int


@final
class Stack:
    """The platform under test, and the tenant who pays through it.

    Args:
        folder: the data folder; a stack that was killed is started again over it.
        faults: where processes learn at which place they die.
        hurried: leases and limits of ceremonies are seconds instead of half a minute (``HURRIED_S``).
    """

    def __init__(self, folder: Path, faults: Faults, *, hurried: bool = False) -> None:
        self._folder, self.faults, self._hurried = folder, faults, hurried
        self._numbers = itertools.count(1)
        self.payments: list[Payment] = []
        self._killed: dict[str, Sequence[Fault]] = {}
        self.recoveries_s: defaultdict[str, list[float]] = defaultdict(list)
        self.embedded = self._start()

    def _start(self) -> Embedded:
        told = [f"{FOLDER}={self.faults.folder}", f"PYTHONPATH={_ROOT}"]
        if self._hurried:
            told.append(f"{HURRY}=1")
        program = ("/usr/bin/env", *told, sys.executable, "-m", "tests.flows.crash.up")
        return Embedded.start(self._folder, program=program)

    def kill_everything(self) -> None:
        """Kill the supervisor: nobody may be left, and a new one must find everything again."""
        began_s = now_s()
        self.embedded.kill()
        self.embedded = self._start()
        self.recoveries_s["supervisor"].append(now_s() - began_s)

    def pay(self) -> Payment:
        """Ask for a payment, again and again until somebody has taken it, always under one externalTxId."""
        number, receiver = next(self._numbers), new_address()
        units = 10**15 + number
        body = self.embedded.body(
            destination=destination(receiver), amount=f"0.{units:018d}", externalTxId=f"crash-{number}"
        )
        taken = self._ask(lambda client: client.request("POST", "/transactions", body=body))
        payment = Payment(transaction_id=str(taken["id"]), receiver=receiver, amount_units=units)
        self.payments.append(payment)
        return payment

    def get(self, payment: Payment) -> Json:
        """The transaction as a user sees it, as soon as anybody answers."""
        return self._ask(lambda client: client.request("GET", f"/transactions/{payment.transaction_id}"))

    def _ask(self, question: Callable[[Strongroom], T]) -> T:
        def ask() -> T | None:
            try:
                with self.embedded.client() as client:
                    return question(client)
            except StrongroomError as error:
                if not error.retryable:
                    raise
                return None

        return until(ask, what="somebody answers", timeout_s=_END_S)

    def complete(self, payment: Payment, *, within_s: float = _END_S) -> None:
        """Wait until it is COMPLETED, and the receiver has exactly the amount."""
        done = until(lambda: self._ended(payment), what=f"{payment} ends", timeout_s=within_s)
        assert done["status"] == "COMPLETED", done
        assert self.balance_of(payment) == payment.amount_units

    def balance_of(self, payment: Payment) -> int:
        """What its receiver has, as soon as the node answers, which may just be killed."""

        def ask() -> tuple[int] | None:
            try:
                return (self.embedded.chain_balance(payment.receiver),)
            except (OSError, HTTPException):
                return None

        return until(ask, what="the node answers", timeout_s=_END_S)[0]

    def _ended(self, payment: Payment) -> Json | None:
        found = self.get(payment)
        return found if found["status"] in FINAL else None

    def trace(self) -> Walk:
        """One undisturbed payment: what it comes by, and what comes a moment after its end."""
        self.faults.begin_trace()
        self.complete(self.pay())
        self.pause(_AFTERWARDS_S / 8)
        passed: Counter[tuple[str, str]] = Counter()
        walk: Walk = []
        for process, place in self.faults.end_trace():
            passed[process, place] += 1
            if not any(words in place for words in _BY_THE_CLOCK):
                walk.append((process, place, passed[process, place]))
        return walk

    def pay_through(self, faults: Sequence[Fault]) -> list[Fault]:
        """A payment during which processes are killed at places; it must end all the same.

        Returns:
            The faults that it did not come by.
        """
        self.faults.arm(faults)
        payment = self.pay()
        self._killed[payment.transaction_id] = faults
        try:
            self.complete(payment)
        except AssertionError as error:
            killed = ", ".join(str(fault) for fault in faults if fault not in self.faults.left())
            raise AssertionError(f"{killed}: {error}") from error
        with suppress(TimeOverError):
            until(lambda: not self.faults.left(), what="the last kill", timeout_s=_AFTERWARDS_S)
        return self.faults.disarm()

    def pause(self, seconds_s: float) -> None:
        """Let everything go on by itself."""
        threading.Event().wait(seconds_s)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Kill a process, and wait until the supervisor has started another."""
        before, began_s = self.embedded.pid(name), now_s()
        os.kill(before, number)
        until(lambda: self._is_new(name, before), what=f"{name} is back")
        self.recoveries_s[f"{name}, until started again"].append(now_s() - began_s)

    def _is_new(self, name: str, before: int) -> bool:
        try:
            return self.embedded.pid(name) != before
        except (IndexError, ValueError, FileNotFoundError):  # its pid file is just being written
            return False

    def audit(self) -> Report:
        """Everything against everything; nothing may be found."""
        report = asyncio.run(audit_custody(Sources.of_data_dir(self._folder)))
        found = {
            one.name: [f"{it.about}: {it.what}{self._of_kills(it.about)}" for it in one.findings]
            for one in report.outcomes
            if not one.holds
        }
        assert not found, found
        assert not [one.name for one in report.outcomes if one.left_out]
        assert report.read["transactions"] == len(self.payments), "one transaction for each payment"
        return report

    def _of_kills(self, about: str) -> str:
        killed = self._killed.get(about, ())
        return f" ({', '.join(map(str, killed))})" if killed else ""

    def check_all_paid(self, payments: Iterable[Payment]) -> None:
        """Every payment has ended well, and its receiver has been paid once."""
        for payment in payments:
            self.complete(payment)

    async def connect_as_administrator(self, service: str) -> "asyncpg.Connection[asyncpg.Record]":
        """A connection that no grant binds."""
        dsn = str(self.embedded.settings["admin_dsn"])
        return await asyncpg.connect(dsn, database=DatabaseNames("sandbox", service).database)

    def close(self) -> None:
        """Stop it, which must leave nothing."""
        self.embedded.stop()


@contextmanager
def running_stack(*, hurried: bool = False) -> Generator[Stack]:
    """A stack of one's own."""
    with data_folder() as folder:
        faults = Faults(folder.parent / "faults")
        faults.folder.mkdir()
        stack = Stack(folder, faults, hurried=hurried)
        try:
            yield stack
        except BaseException:
            stack.embedded.kill()
            raise
        stack.close()
        assert living_in(folder) == {}


def now_s() -> float:
    """A stopwatch."""
    return SystemClock().monotonic_s()
