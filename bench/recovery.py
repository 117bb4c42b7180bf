"""How long the product is away when a process of it is killed (kill -9): until the next payment is COMPLETED.

The payment is asked for the moment after the kill, again and again under one externalTxId until somebody takes it, and
its status is read until it is final; so a time holds the restart, the connections that are made again, the whole walk
and the blocks of finality. Beside them stands a payment that nothing disturbs. In a round each process is killed once
and the supervisor last: the next one has forgotten who crashed, so that nobody is started later for having crashed
before. A killed supervisor is started again at once, as an init system would.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bench.product import Product, Running, start_product
from strongroom.client import Strongroom, StrongroomError
from strongroom.runtime.entropy import SystemEntropy

T = TypeVar("T")
NOTHING = "nothing"
SUPERVISOR = "supervisor"
TARGETS = (NOTHING, "platform", "cosigner-1", "cosigner-3", "postgres", "chain", SUPERVISOR)
"""What is killed, in the order of a round. Co-signer 1 is the provider's, 3 the customer's."""
ENDED = frozenset({"COMPLETED", "FAILED", "REJECTED", "BLOCKED", "CANCELLED"})
_TIMEOUT_S = 180.0
_POLL_S = 0.02
_AMOUNT = "0.001"
_RECEIVER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """After a kill of ``target``, from the kill until the next payment was COMPLETED; one time for each round."""

    target: str
    taken_s: tuple[float, ...]


def measure_recoveries(folder: Path, *, rounds: int, tell: Callable[[str], None]) -> tuple[Recovery, ...]:
    """Start a product of its own below ``folder`` and kill everything in it, once a round.

    Raises:
        RuntimeError: a payment ended otherwise.
        TimeoutError: a payment did not end in three minutes.
    """
    taken_s: dict[str, list[float]] = {target: [] for target in TARGETS}
    with _running(folder) as victim:
        victim.pay()  # opens the lane of its address, which is done once
        for number in range(rounds):
            for target in TARGETS:
                taken_s[target].append(victim.recover_from(target))
                tell(f"recovery {number + 1} of {rounds}: {target} killed, paid after {taken_s[target][-1]:.2f} s")
    return tuple(Recovery(target=target, taken_s=tuple(taken)) for target, taken in taken_s.items())


class _Victim:
    """A product whose processes are killed, and a user who pays through it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: Running = start_product(folder)
        self._account = self._product.open_accounts(1)[0]

    @property
    def _product(self) -> Product:
        return self._running.product

    def recover_from(self, target: str) -> float:
        """Kill, pay; seconds from the kill until the payment was COMPLETED."""
        if target == "chain":
            self._wait_for_state()
        began_s = time.perf_counter()
        if target == SUPERVISOR:
            os.kill(self._product.pid, signal.SIGKILL)
            self._running.process.kill()
            self._running = start_product(self._folder)
        elif target != NOTHING:
            os.kill(self._read_pid(target), signal.SIGKILL)
        self.pay()
        return time.perf_counter() - began_s

    def pay(self) -> None:
        """One payment until it is COMPLETED; whoever does not answer is asked again."""
        body = {
            "operation": "TRANSFER",
            "assetId": self._product.facts.asset_id,
            "source": {"type": "VAULT_ACCOUNT", "id": self._account},
            "destination": {"type": "ONE_TIME_ADDRESS", "oneTimeAddress": {"address": _RECEIVER}},
            "amount": _AMOUNT,
            "feeLevel": "MEDIUM",
            "externalTxId": f"recovery-{SystemEntropy().token(8).hex()}",
        }
        taken = self._ask(lambda client: client.request("POST", "/transactions", body=body))
        path = f"/transactions/{taken['id']}"

        def read(client: Strongroom) -> dict[str, Any] | None:
            found = client.request("GET", path)
            return found if found["status"] in ENDED else None

        ended = self._ask(read)
        if ended["status"] != "COMPLETED":
            raise RuntimeError(f"the payment after a kill ended {ended['status']} ({ended['subStatus']})")

    def _ask(self, question: Callable[[Strongroom], T | None]) -> T:
        """The first answer that is one."""

        def ask() -> T | None:
            try:
                with Strongroom(self._product.facts.base_url, credentials=self._product.credentials) as client:
                    return question(client)
            except StrongroomError as error:
                if not error.retryable:
                    raise
                return None

        return _until(ask)

    def _wait_for_state(self) -> None:
        """Until Anvil has written its state: what it forgets at its end shall be no final block."""
        state = Path(self._product.facts.data_dir) / "chain" / "state.json"
        before = state.stat().st_mtime_ns if state.exists() else 0
        _until(lambda: (state.exists() and state.stat().st_mtime_ns != before) or None)

    def _read_pid(self, target: str) -> int:
        data_dir = Path(self._product.facts.data_dir)
        single = data_dir / f"{target}.pid"
        path = single if single.exists() else data_dir / target / "pid"

        def read() -> int | None:
            words = path.read_text().split()  # empty while it is written
            return int(words[0]) if words else None

        return _until(read)

    def close(self) -> None:
        """End it and delete its state."""
        self._running.close()


@contextmanager
def _running(folder: Path) -> Generator[_Victim]:
    victim = _Victim(folder)
    try:
        yield victim
    finally:
        victim.close()


def _until(question: Callable[[], T | None]) -> T:
    pause, deadline_s = threading.Event(), time.perf_counter() + _TIMEOUT_S
    while time.perf_counter() < deadline_s:
        answer = question()
        if answer is not None:
            return answer
        pause.wait(_POLL_S)
    raise TimeoutError(f"not in {_TIMEOUT_S:g} s")
