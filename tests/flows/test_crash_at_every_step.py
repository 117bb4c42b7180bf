"""Killed at every step, and anywhere: every payment ends once, and an auditor of its own code finds nothing.

What each test kills it kills while a payment is on its way; afterwards the receiver has exactly the amount, and
databases, chain and journals are compared (`strongroom verify custody`). A longer form of it is `make chaos-custody`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.embedded import FINAL, run_strongroom, until
from tests.flows.crash.chaos import shuffled
from tests.flows.crash.fault import Fault
from tests.flows.crash.load import pay_under_kills, schedule
from tests.flows.crash.stack import COSIGNERS, Stack, running_stack
from tests.flows.crash.sweep import Course, Swept, in_turn, owner_of, pay_through_all, walk_courses

SEED = 4
LOAD = 200
SERVICES = {
    "auth_engine",
    "transaction_manager",
    "screening",
    "policy_engine",
    "secure_vault",
    "cosigner_engine",
    "nodes",
}
pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """One for this file: what a kill breaks, the next payment shows."""
    with running_stack() as running:
        running.complete(running.pay())  # opens the lane of its address, which is done once
        yield running


def test_the_platform_killed_before_and_after_every_commit(stack: Stack) -> None:
    course = walk_courses(stack, processes=["platform"])
    services = {service for _, service in map(owner_of, course.faults)}
    assert services >= SERVICES, "every service that stores anything of a payment"
    assert len(course.always) > 25
    pay_through_all(stack, course, course.faults).check(course, at_most_missed=2)


def test_a_cosigner_killed_around_every_order_and_entry(stack: Stack) -> None:
    course = walk_courses(stack, processes=COSIGNERS)
    places = {place for _, place, _ in course.always}
    assert {"journal consented", "journal released", "journal finished", "order SeekConsent"} <= places
    pay_through_all(stack, course, in_turn(course)).check(course, at_most_missed=3)


def test_postgres_killed_while_payments_are_made(stack: Stack) -> None:
    payments = [stack.pay() for _ in range(4)]
    stack.kill("postgres")
    payments += [stack.pay() for _ in range(2)]
    stack.kill("postgres")
    stack.check_all_paid(payments)
    stack.audit()


def test_a_node_that_is_killed_loses_blocks_and_the_payment_is_sent_again(stack: Stack) -> None:
    """Its state on disk is some seconds old: what came after is a reorganisation, and no final block may be in it."""
    state = stack.embedded.data_dir / "chain" / "state.json"
    written = state.stat().st_mtime_ns
    until(lambda: state.stat().st_mtime_ns != written, what="the chain's state is written")
    payment = stack.pay()
    until(lambda: stack.get(payment)["status"] in {"CONFIRMING", *FINAL}, what="it is on chain")
    before = stack.embedded.chain_balance(payment.receiver)
    stack.kill("chain")
    until(lambda: chain_answers(stack), what="the node is back")
    assert (before, stack.embedded.chain_balance(payment.receiver)) == (payment.amount_units, 0)
    assert stack.get(payment)["status"] not in FINAL
    stack.complete(payment)
    stack.audit()


def chain_answers(stack: Stack) -> bool:
    try:
        return bool(stack.embedded.chain("eth_chainId"))
    except OSError:
        return False


def test_the_supervisor_killed_takes_everything_with_it_and_everything_comes_back(stack: Stack) -> None:
    payments = [stack.pay() for _ in range(3)]
    stack.kill_everything()  # waits until no process is left
    stack.check_all_paid(payments)
    stack.audit()


def test_random_kills_under_load(stack: Stack) -> None:
    told: list[str] = []
    try:
        assert len(pay_under_kills(stack, payments=LOAD, seed=SEED, with_supervisor=False, tell=told.append)) == LOAD
        stack.audit()
    except AssertionError as error:
        raise AssertionError(f"seed {SEED}, {told}: {error}") from error


def test_a_seed_repeats_its_kills() -> None:
    def first(seed: int) -> list[str]:
        kills = schedule(seed, with_supervisor=True)
        return [str(next(kills)) for _ in range(50)]

    assert first(SEED) == first(SEED) != first(SEED + 1)


def test_a_place_or_a_service_that_was_never_reached_is_noticed() -> None:
    nodes, screening = (
        Fault(process="platform", place=f"{name}: insert", when="after") for name in ("nodes", "screening")
    )
    course = Course(faults=(nodes, screening), always=frozenset({("platform", "nodes: insert", 1)}))
    Swept(hit=course.faults, missed=()).check(course, at_most_missed=0)
    with pytest.raises(AssertionError, match="never reached: kill platform after nodes"):
        Swept(hit=(screening,), missed=(nodes,)).check(course, at_most_missed=0)
    with pytest.raises(AssertionError, match="every process and service"):
        Swept(hit=(nodes,), missed=(screening,)).check(course, at_most_missed=1)


def test_a_seed_repeats_its_order_of_places_whatever_else_there_is() -> None:
    faults = tuple(Fault(process="platform", place=f"place {number}", when="after") for number in range(20))
    order = shuffled(faults, seed=SEED)
    assert order != shuffled(faults, seed=SEED + 1)
    assert shuffled(faults[::-1][1:], seed=SEED) == [fault for fault in order if fault != faults[-1]]


def test_the_command_says_what_the_auditor_found(stack: Stack, tmp_path: Path) -> None:
    stack.complete(stack.pay())
    ran = run_strongroom("verify", "custody", "--data", str(stack.embedded.data_dir))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "Every check holds." in ran.stdout
    assert f"read: {len(stack.payments)} transactions" in ran.stdout
    nowhere = run_strongroom("verify", "custody", "--data", str(tmp_path))
    assert nowhere.returncode == 3
    assert f"No Strongroom runs in {tmp_path}" in nowhere.stderr
    settings = stack.embedded.settings
    url = f"postgresql://sandbox_auditor:{settings['auditor_password']}@{settings['database_address']}"
    (chain,) = settings["chains"].items()
    elsewhere = ("verify", "custody", "--database-url", url, "--rpc-url", "=".join(chain))
    assert "left out: No co-signer's home was given." in run_strongroom(*elsewhere).stdout
    homes = [f"--cosigner-home={index}={stack.embedded.data_dir / f'cosigner-{index}'}" for index in (1, 2, 3)]
    assert "left out" not in run_strongroom(*elsewhere, *homes).stdout
    wrong = run_strongroom("verify", "custody", "--database-url", url, "--rpc-url", f"1={chain[1]}")
    assert wrong.returncode == 3, os.linesep.join((wrong.stdout, wrong.stderr))


async def test_what_somebody_changed_in_a_database_is_found(stack: Stack) -> None:
    """By the owner of the database, past every trigger; afterwards it is undone."""
    payment = stack.pay()
    stack.complete(payment)
    connection = await stack.connect_as_administrator("transaction_manager")
    try:
        await connection.execute("set session_replication_role = replica")
        await connection.execute("alter table transactions disable trigger transactions_guard")
        change = "update transactions set amount_units = amount_units + $2 where id = $1"
        await connection.execute(change, payment.transaction_id, 1)
        ran = run_strongroom("verify", "custody", "--data", str(stack.embedded.data_dir))
        await connection.execute(change, payment.transaction_id, -1)
        await connection.execute("alter table transactions enable always trigger transactions_guard")
    finally:
        await connection.close()
    assert ran.returncode == 1
    assert f"{payment.transaction_id}: amount is {payment.amount_units + 1}" in ran.stdout
    assert f"{payment.transaction_id}: amount on chain is {payment.amount_units}" in ran.stdout
