"""Whatever is reported in whatever order: legal arrows, final ends, lanes without gaps, repetitions without effect."""

import asyncio
import itertools
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from strongroom.custody.transaction_manager.domain.status import ARROWS, TERMINAL, Status
from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.transaction_manager.world import World, refused

T = TypeVar("T")
ORDER = ["5", "5a", "5b", "5c", "6", "7", "8", "9", "10", "11", "12", "13", "14"]
REPORTED = [("6", "7"), ("8",), ("9",), ("10",), ("11",), ("12",), ("13",)]
OUTCOMES = ["OK", "OK", "OK", "OK", "OK", "POLICY_BLOCKED", "TOMBSTONED", "NOT_NOW", "INTERNAL"]
ACCOUNTS = itertools.cycle(range(80))


class Machine(RuleBasedStateMachine):
    """Two transactions of one sender, and services that report what they like."""

    world: ClassVar[World]
    loop: ClassVar[asyncio.AbstractEventLoop]

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []

    def run_(self, action: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(action, self.loop).result(30)

    @initialize()
    def create(self) -> None:
        account = {"type": "VAULT_ACCOUNT", "id": str(next(ACCOUNTS))}
        self.ids = [self.run_(self.world.create(source=account, amount="0.1")) for _ in range(2)]
        self.run_(self.world.settle())

    @rule(which=st.integers(0, 1), steps=st.sampled_from(REPORTED), outcome=st.sampled_from(OUTCOMES))
    def report(self, which: int, steps: tuple[str, ...], outcome: str) -> None:
        before = self.state(which)
        try:
            answer = self.run_(self.world.report(self.ids[which], *steps, outcome=outcome))
        except StrongroomError as error:
            if error.code not in (Code.STATUS_CONFLICT, Code.REQUEST_INVALID):
                raise
            assert self.state(which) == before
            return
        after = Status(self.state(which)["status"])
        assert answer.ended if after in TERMINAL else after is Status.CANCELLING or not answer.ended
        if ORDER.index(steps[-1]) <= ORDER.index(before["step"]) or Status(before["status"]) in TERMINAL:
            assert self.state(which) == before

    @rule(which=st.integers(0, 1), count=st.sampled_from((1, 3, 8)))
    def advance(self, which: int, count: int) -> None:
        """The steps that are due, so that runs get far."""
        for _ in range(count):
            state = self.state(which)
            due = next((steps for steps in REPORTED if ORDER.index(steps[-1]) > ORDER.index(state["step"])), None)
            if due is None or Status(state["status"]) in {*TERMINAL, Status.CANCELLING}:
                return
            self.run_(self.world.report(self.ids[which], *due))

    @rule(which=st.integers(0, 1))
    def cancel(self, which: int) -> None:
        before = self.state(which)
        late = Status(before["status"]) in {*TERMINAL, Status.SIGNED, Status.BROADCASTING, Status.CONFIRMING}
        if late and before["status"] != "CANCELLED":
            assert self.run_(refused(self.world.cancel(self.ids[which]))) is Code.STATUS_CONFLICT
            assert self.state(which) == before
        else:
            assert self.run_(self.world.cancel(self.ids[which])) in ("CANCELLING", "CANCELLED")

    @rule(closers=st.sampled_from([(), (1,), (1, 2, 3)]))
    def answer_the_orders_to_close(self, closers: tuple[int, ...]) -> None:
        self.world.neighbours.closers = closers
        self.run_(self.world.settle())

    @rule(which=st.integers(0, 1), depth=st.integers(0, 3), succeeded=st.booleans(), ours=st.booleans())
    def confirm(self, which: int, depth: int, *, succeeded: bool, ours: bool) -> None:
        before = self.state(which)
        try:
            self.run_(self.world.confirm(self.ids[which], depth=depth, succeeded=succeeded, ours=ours))
        except StrongroomError as error:
            if error.code is not Code.STATUS_CONFLICT:
                raise
            assert before["status"] not in ("BROADCASTING", "CONFIRMING")
            assert not before["freed"]
            assert self.state(which) == before

    @rule(which=st.integers(0, 1))
    def do_it_all_again(self, which: int) -> None:
        """Every report that was recorded comes once more, the last one first."""
        before = self.state(which)
        at = ORDER.index(before["step"])
        for steps in reversed([one for one in REPORTED if ORDER.index(one[-1]) <= at]):
            if steps == ("6", "7") and before["decision"] is None:
                continue  # it ended there, so there is nothing to repeat
            self.run_(self.world.report(self.ids[which], *steps))
        assert self.state(which) == before

    @invariant()
    def only_legal_arrows(self) -> None:
        for transaction_id in self.ids:
            history = [Status(name) for name in self.run_(self.world.history(transaction_id))]
            assert history[0] is Status.SUBMITTED
            assert all(after in ARROWS[before] for before, after in itertools.pairwise(history))

    @invariant()
    def steps_are_the_flow_without_gaps(self) -> None:
        for which in range(len(self.ids)):
            rows = self.run_(
                self.world.rows(
                    "select step from transaction_steps where transaction_id = $1 order by id", self.ids[which]
                )
            )
            walked = list(dict.fromkeys(row["step"] for row in rows))[4:]
            assert walked == [step for step in ORDER if step in walked]
            assert "12" in walked or "13" not in walked

    @invariant()
    def a_lane_has_one_live_transaction_and_no_gap(self) -> None:
        rows = self.run_(
            self.world.rows(
                """select slot.nonce, slot.state, lane.next_nonce, lane.live_transaction from spend_slots as slot
                join nonce_lanes as lane using (chain_id, sender) where slot.transaction_id = any($1)
                    and slot.state <> 'FREED' order by slot.nonce""",
                self.ids,
            )
        )
        assert [row["nonce"] for row in rows] == list(range(len(rows)))
        live = [row for row in rows if row["state"] == "LIVE"]
        assert len(live) <= 1
        for row in rows:
            assert (row["live_transaction"] is not None) == bool(live)
            assert row["next_nonce"] == len(rows) - len(live)

    def state(self, which: int) -> dict[str, Any]:
        (row,) = self.run_(
            self.world.rows(
                "select status, sub_status, step, freed, decision, version from transactions where id = $1",
                self.ids[which],
            )
        )
        return dict(row)


async def test_reports_in_any_order_keep_every_rule(world: World) -> None:
    Machine.world, Machine.loop = world, asyncio.get_running_loop()
    quick = settings(
        max_examples=20,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        database=None,
    )
    await asyncio.to_thread(run_state_machine_as_test, Machine, settings=quick)
    (row,) = await world.rows("select count(*) as n from transaction_steps where step = '9'")
    assert row["n"] > 0, "no run came as far as a ceremony, so nothing was shown"
