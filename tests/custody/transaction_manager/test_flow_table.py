"""The manager's own table of the steps is that of interfaces/flow.toml, and its operations say which step they do."""

import tomllib
from importlib.resources import files

from strongroom.custody.transaction_manager.domain.status import ARROWS, TERMINAL, Status, public_status
from strongroom.custody.transaction_manager.domain.steps import STEPS
from strongroom.custody.transaction_manager.flow import CALLS
from strongroom.custody.transaction_manager.operations.accept import accept
from strongroom.custody.transaction_manager.operations.confirm import confirm
from strongroom.custody.transaction_manager.operations.reserve_slot import reserve_slot

FLOW = tomllib.loads(files("strongroom.interfaces").joinpath("flow.toml").read_text())["step"]


def test_the_steps_are_those_of_the_flow() -> None:
    assert [step["number"] for step in FLOW] == list(STEPS)
    for step in FLOW:
        rule = STEPS[step["number"]]
        tail, head = step["arrow"]
        assert (rule.tail, rule.operation) == (tail, step["operation"])
        assert {one.rpartition("_")[0] if head == "cosigner" else one for one in rule.heads} == {head}
        assert rule.may_end == bool(step["ends"])
        assert rule.optional == step.get("optional", False)


def test_every_status_of_the_flow_is_one_and_every_end_is_final() -> None:
    for step in FLOW:
        assert not step["status"] or step["status"] in Status.__members__
        assert {Status(name) for name in step["ends"]} <= TERMINAL


def test_there_are_sixteen_public_statuses_and_every_one_has_its_arrows() -> None:
    assert len({public_status(status) for status in Status}) == 16
    assert set(ARROWS) == set(Status)
    assert all(not ARROWS[status] for status in TERMINAL)


def test_operations_name_their_step() -> None:
    named = {accept: "5", confirm: "14", reserve_slot: "8"}
    named |= dict(zip(list(CALLS.values())[:4], ("5a", "5b", "5c", "6"), strict=True))
    for operation, number in named.items():
        assert (operation.__doc__ or "").startswith(f"Step {number} — ")
