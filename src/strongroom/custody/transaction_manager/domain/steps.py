"""The fourteen steps as the manager sees them: their order, their arrows, and who may report which.

``interfaces/flow.toml`` is the source; a test holds the two together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from strongroom.kernel.errors import Code, StrongroomError

OK = "OK"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRule:
    """One step.

    Args:
        tail: who makes the call.
        heads: who receives it; step 10 has three.
        operation: as flow.toml names it.
        reporter: who reports it by ``RecordStep``; None for what the manager records by itself.
        may_end: whether a report may end the transaction here.
        optional: whether it is only a part of the step before it in the table, and reported with that one.
    """

    tail: str
    heads: tuple[str, ...]
    operation: str
    reporter: str | None = None
    may_end: bool = False
    optional: bool = False


_COSIGNERS = ("cosigner_1", "cosigner_2", "cosigner_3")

STEPS: Mapping[str, StepRule] = {
    "1": StepRule(tail="user", heads=("gateway",), operation="create_transaction"),
    "2": StepRule(tail="gateway", heads=("auth_engine",), operation="issue_token"),
    "3": StepRule(tail="gateway", heads=("auth_engine",), operation="look_up_certificate"),
    "4": StepRule(tail="gateway", heads=("auth_engine",), operation="verify_request"),
    "5": StepRule(tail="gateway", heads=("transaction_manager",), operation="accept"),
    "5a": StepRule(tail="transaction_manager", heads=("balances",), operation="check", may_end=True),
    "5b": StepRule(tail="transaction_manager", heads=("screening",), operation="screen", may_end=True),
    "5c": StepRule(tail="transaction_manager", heads=("screening",), operation="exchange_travel_rule", may_end=True),
    "6": StepRule(
        tail="transaction_manager",
        heads=("policy_engine",),
        operation="evaluate",
        reporter="policy_engine",
        may_end=True,
    ),
    "7": StepRule(
        tail="policy_engine",
        heads=("policy_engine",),
        operation="collect_approval",
        reporter="policy_engine",
        may_end=True,
    ),
    "8": StepRule(
        tail="policy_engine", heads=("secure_vault",), operation="admit", reporter="secure_vault", may_end=True
    ),
    "9": StepRule(
        tail="secure_vault",
        heads=("cosigner_engine",),
        operation="open_ceremony",
        reporter="cosigner_engine",
        may_end=True,
    ),
    "10": StepRule(
        tail="cosigner_engine", heads=_COSIGNERS, operation="take_part", reporter="cosigner_engine", may_end=True
    ),
    "10a": StepRule(
        tail="cosigner_3",
        heads=("callback_handler",),
        operation="ask_callback",
        reporter="cosigner_engine",
        may_end=True,
        optional=True,
    ),
    "11": StepRule(
        tail="cosigner_engine", heads=("auth_engine",), operation="verify_partials", reporter="cosigner_engine"
    ),
    "12": StepRule(tail="cosigner_engine", heads=("secure_vault",), operation="assemble", reporter="secure_vault"),
    "13": StepRule(tail="secure_vault", heads=("nodes",), operation="broadcast", reporter="nodes"),
    "14": StepRule(tail="nodes", heads=("blockchain",), operation="confirm", reporter="nodes", may_end=True),
}
_REQUIRED = [number for number, rule in STEPS.items() if not rule.optional]
_ORDER = {number: position for position, number in enumerate(_REQUIRED)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One arrow that was walked; ``outcome`` is OK or the name of the code that ended it."""

    step: str
    attempt: int
    from_service: str
    to_service: str
    operation: str
    outcome: str
    detail: str
    started_at: datetime
    duration_us: int


class Standing(Enum):
    """Where a report stands against the transaction's progress."""

    DUE = "DUE"
    REPEATED = "REPEATED"


def decide_standing(*, progress: str, reported: Sequence[Step]) -> Standing:
    """Whether a report is due or a repetition; a repetition changes nothing.

    A service reports before it calls the next one, so a step that comes too early is never a race: it is an alarm,
    and not retryable.

    Args:
        progress: the last step recorded.

    Raises:
        StrongroomError: ``STATUS_CONFLICT`` for a step out of order.
    """
    positions = sorted({_ORDER[step.step] for step in reported if step.step in _ORDER})
    if positions[-1] <= _ORDER[progress]:
        return Standing.REPEATED
    if positions != list(range(_ORDER[progress] + 1, positions[-1] + 1)):
        raise StrongroomError(Code.STATUS_CONFLICT, f"Step {reported[0].step} is not due after step {progress}.")
    return Standing.DUE


def check_report(*, reported: Sequence[Step], reporter: str, outcome: str) -> None:
    """Check that the arrows are those of the flow, that all of each step are there, and who reports them.

    Raises:
        StrongroomError: ``REQUEST_INVALID``, ``CALLER_NOT_ALLOWED``, ``STATUS_CONFLICT`` for an end where none may be.
    """
    if not reported:
        raise StrongroomError(Code.REQUEST_INVALID, "A report names a step.")
    for step in reported:
        rule = STEPS.get(step.step)
        if rule is None or step.step == "14":
            raise StrongroomError(Code.REQUEST_INVALID, f"{step.step[:8]!r} is not a step to be recorded.")
        if rule.reporter != reporter:
            raise StrongroomError(Code.CALLER_NOT_ALLOWED, f"{reporter} does not report step {step.step}.")
        if (step.from_service, step.operation) != (rule.tail, rule.operation) or step.to_service not in rule.heads:
            raise StrongroomError(Code.REQUEST_INVALID, f"That is not the arrow of step {step.step}.")
    last = STEPS[reported[-1].step]
    if last.optional:
        raise StrongroomError(
            Code.REQUEST_INVALID, f"Step {reported[-1].step} is reported with the step it is part of."
        )
    if outcome != OK and not last.may_end:
        raise StrongroomError(Code.STATUS_CONFLICT, f"No transaction ends in step {reported[-1].step}.")
    if outcome == OK:
        _check_complete(reported)


def _check_complete(reported: Sequence[Step]) -> None:
    for number in {step.step for step in reported}:
        heads = sorted(step.to_service for step in reported if step.step == number)
        if heads != sorted(STEPS[number].heads):
            raise StrongroomError(Code.REQUEST_INVALID, f"Step {number} has {len(STEPS[number].heads)} arrows.")


def own_step(
    number: str, *, started_at: datetime, duration_us: int, attempt: int = 0, outcome: str = OK, detail: str = ""
) -> Step:
    """A step that the manager records by itself, with the arrow of the flow."""
    rule = STEPS[number]
    return Step(
        step=number,
        attempt=attempt,
        from_service=rule.tail,
        to_service=rule.heads[0],
        operation=rule.operation,
        outcome=outcome,
        detail=detail,
        started_at=started_at,
        duration_us=duration_us,
    )
