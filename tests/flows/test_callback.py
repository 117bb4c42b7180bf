"""Step 10a over the wire: co-signer 3's own process asks a handler in a process of its own, and obeys it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from strongroom.client import Strongroom
from tests.fixtures.embedded import (
    Embedded,
    Json,
    data_folder,
    destination,
    ended,
    get,
    new_address,
    run_cosigner,
    run_strongroom,
    steps_of,
    until,
)
from tests.fixtures.travel_rule_network import free_port

PROGRAM = (sys.executable, "-m", "strongroom.vendors.callback_handler.simulator")
AMOUNT_WEI = 25 * 10**16


@dataclass
class Handler:
    """The customer's handler, with a key pair of its own."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[str] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        arguments = ("--key", self.folder / "handler.pem", "--cosigner-key", self.folder / "cosigner.pem")
        self.process = subprocess.Popen(
            (*PROGRAM, *map(str, arguments), "--port", str(self.port)), stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == self.url

    def stop(self) -> None:
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.communicate(timeout=30)
            self.process = None

    def tell(self, action: str) -> None:
        httpx.post(f"{self.url}/told", json={"action": action, "reason": "said the test"}, trust_env=False)

    def questions_about(self, transaction_id: str) -> list[Json]:
        asked = httpx.get(f"{self.url}/questions", trust_env=False).json()
        return [question for question in asked if question["txId"] == transaction_id]


@dataclass
class Bank:
    """A Strongroom whose customer has a handler."""

    embedded: Embedded
    client: Strongroom
    handler: Handler

    @property
    def home(self) -> str:
        return str(self.embedded.data_dir / "cosigner-3")

    def restart_cosigner(self) -> None:
        """It reads its settings when it starts; the supervisor starts it again."""
        before = self.embedded.pid("cosigner-3")
        os.kill(before, signal.SIGTERM)
        until(lambda: self._has_new_cosigner(before), what="co-signer 3 is started again")

    def _has_new_cosigner(self, before: int) -> bool:
        path = self.embedded.data_dir / "cosigner-3.pid"
        words = path.read_text().split() if path.exists() else []
        return bool(words) and int(words[0]) != before

    async def invocations(self, transaction_id: str) -> list[tuple[int, str, str]]:
        rows = await self.embedded.rows(
            "cosigner_engine",
            "select cosigner, request_id, answer from callback_invocations where transaction_id = $1 order by id",
            UUID(transaction_id),
        )
        return [(row["cosigner"], row["request_id"], row["answer"]) for row in rows]

    def callback_steps(self, transaction_id: str) -> list[tuple[str, str, str, str]]:
        return [
            (step["fromService"], step["toService"], step["operation"], step["outcome"])
            for step in steps_of(self.client, transaction_id)
            if step["step"] == "10a"
        ]


@pytest.fixture(scope="module")
def bank() -> Iterator[Bank]:
    with data_folder() as folder:
        embedded = Embedded.start(folder)
        handler = Handler(folder.parent)
        try:
            with embedded.client() as client:
                made = Bank(embedded, client, handler)
                set_up(made)
                yield made
        except BaseException:
            embedded.kill()
            raise
        finally:
            handler.stop()
        embedded.stop()


def set_up(bank: Bank) -> None:
    """As a newcomer would: keys exchanged, the handler started, the URL set."""
    folder = bank.handler.folder
    printed = run_cosigner("callback", "key", "--home", bank.home)
    (folder / "cosigner.pem").write_text(printed.stdout)
    bank.handler.start()
    arguments = ("--url", bank.handler.url, "--handler-key", str(folder / "handler.pub.pem"), "--retry-s", "0.2")
    ran = run_cosigner("callback", "set", "--home", bank.home, *arguments)
    assert (ran.returncode, "is asked before every consent" in ran.stdout) == (0, True), ran.stderr
    bank.restart_cosigner()


async def test_an_approved_payment_completes_and_shows_who_approved(bank: Bank) -> None:
    payee = new_address()
    transaction = ended(bank.client, bank.embedded.send(bank.client, destination=destination(payee)))
    assert transaction["status"] == "COMPLETED"
    assert bank.embedded.chain_balance(payee) == AMOUNT_WEI
    (question,) = bank.handler.questions_about(transaction["id"])
    assert (question["destAddress"].lower(), question["amountStr"]) == (payee, "0.25")
    assert bank.callback_steps(transaction["id"]) == [("cosigner_3", "callback_handler", "ask_callback", "OK")]
    assert await bank.invocations(transaction["id"]) == [(3, question["requestId"], "APPROVE")]


async def test_a_rejected_payment_has_a_tombstone_that_the_command_line_verifies(bank: Bank) -> None:
    bank.handler.tell("REJECT")
    payee = new_address()
    transaction = ended(bank.client, bank.embedded.send(bank.client, destination=destination(payee)))
    bank.handler.tell("APPROVE")
    assert (transaction["status"], transaction["subStatus"]) == ("CANCELLED", "REJECTED_BY_USER")
    assert bank.embedded.chain_balance(payee) == 0
    (arrow,) = bank.callback_steps(transaction["id"])
    assert arrow[-1] == "CALLBACK_REJECTED"
    assert [answer for _, _, answer in await bank.invocations(transaction["id"])] == ["REJECT"]
    shown = bank.embedded.command("tx", "get", transaction["id"])
    assert "co-signer 3's tombstone (CALLBACK_REJECTED) was verified here" in " ".join(shown.stdout.split())


def test_while_the_handler_is_down_nothing_moves_and_afterwards_it_goes_on(bank: Bank) -> None:
    bank.handler.stop()
    payee = new_address()
    transaction_id = bank.embedded.send(bank.client, destination=destination(payee))
    request_id = until(lambda: first_question(bank, transaction_id), what="co-signer 3 has tried to ask")
    assert get(bank.client, transaction_id)["status"] == "PENDING_SIGNATURE"
    assert bank.embedded.chain_balance(payee) == 0
    bank.restart_cosigner()
    bank.handler.start()
    assert ended(bank.client, transaction_id)["status"] == "COMPLETED"
    assert bank.embedded.chain_balance(payee) == AMOUNT_WEI
    questions = bank.handler.questions_about(transaction_id)
    assert {question["requestId"] for question in questions} == {request_id}
    answers = asyncio.run(bank.invocations(transaction_id))
    assert (answers[-1], {answer for *_, answer in answers}) == ((3, request_id, "APPROVE"), {"NONE", "APPROVE"})


def first_question(bank: Bank, transaction_id: str) -> str | None:
    """The id of the question that the engine was told of, once there was no answer to it."""
    found = asyncio.run(bank.invocations(transaction_id))
    return found[0][1] if found else None


def test_the_auditor_finds_nothing(bank: Bank) -> None:
    ran = run_strongroom("verify", "custody", "--data", str(bank.embedded.data_dir))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "callback" in ran.stdout


def test_a_handler_that_was_taken_away_is_not_asked(bank: Bank) -> None:
    ran = run_cosigner("callback", "remove", "--home", bank.home)
    assert "nobody is asked" in ran.stdout
    bank.restart_cosigner()
    transaction = ended(bank.client, bank.embedded.send(bank.client))
    assert transaction["status"] == "COMPLETED"
    assert bank.callback_steps(transaction["id"]) == []
    assert bank.handler.questions_about(transaction["id"]) == []
