"""The split of a transaction's time, held against a walk whose times are known."""

import tomllib
from importlib.resources import files

import msgspec
import pytest

from bench.split import STEPS, Step, Steps, split
from tests.bench.walks import SUBMITTED_AT_US, made_steps, made_walk


def test_the_steps_are_those_of_the_flow_up_to_the_broadcast() -> None:
    flow = tomllib.loads(files("strongroom.interfaces").joinpath("flow.toml").read_text())["step"]
    assert [*STEPS, "14"] == [step["number"] for step in flow if not step.get("optional")]


def test_a_walk_reaches_from_the_request_to_the_broadcast_and_to_the_node() -> None:
    walk = made_walk()
    assert walk.broadcast_ms == 3 * len(STEPS)
    assert walk.taken_ms == walk.broadcast_ms + 4


def test_each_step_and_the_gap_before_it_are_told_apart() -> None:
    parts = split([made_walk()])
    assert [part.step for part in parts] == [*STEPS, "node"]
    assert {(part.gap_ms, part.step_ms) for part in parts[:-1]} == {(1, 2)}
    assert (parts[-1].gap_ms, parts[-1].step_ms) == (0, 4)


def test_steps_and_gaps_add_up_to_the_whole() -> None:
    walk = made_walk()
    assert sum(part.gap_ms + part.step_ms for part in split([walk])) == walk.taken_ms


def test_three_signers_are_one_step_from_the_first_to_the_last() -> None:
    steps = made_steps()
    signing = next(step for step in steps if step.step == "10")
    late = Step(step="10", started_at_us=signing.started_at_us + 500, duration_us=2200)
    part = next(part for part in split([made_walk([*steps, late])]) if part.step == "10")
    assert part.step_ms == pytest.approx(2.7)


def test_a_step_that_begins_before_the_last_one_ended_has_a_gap_below_zero() -> None:
    steps = [
        Step(step="9", started_at_us=step.started_at_us - 1500, duration_us=3500) if step.step == "9" else step
        for step in made_steps()
    ]
    part = next(part for part in split([made_walk(steps)]) if part.step == "9")
    assert (part.gap_ms, part.step_ms) == (-0.5, 3.5)


def test_a_walk_without_one_of_its_steps_is_refused() -> None:
    with pytest.raises(ValueError, match="5b"):
        made_walk([step for step in made_steps() if step.step != "5b"])


def test_the_answer_of_the_rest_door_is_read() -> None:
    row = {
        "step": "5",
        "attempt": 0,
        "fromService": "gateway",
        "toService": "transaction_manager",
        "operation": "accept",
        "outcome": "DONE",
        "detail": "",
        "startedAtUs": SUBMITTED_AT_US,
        "durationUs": 250,
    }
    answer = {"id": "x", "status": "BROADCASTING", "reason": "", "steps": [row], "intent": "", "decision": ""}
    steps = msgspec.convert(answer, Steps)
    assert (steps.status, steps.steps[0].ended_at_us) == ("BROADCASTING", SUBMITTED_AT_US + 250)
