"""First match from the top; an unwritten last rule blocks everything (custody_api.md 4.3).

Every rule up to and including the deciding one is traced with every criterion, also those behind the first that failed:
the trace answers "why" without a second evaluation.
"""

from collections.abc import Iterable

from strongroom.kernel.documents.decision import Criterion, Evaluation, RuleTrace
from strongroom.kernel.documents.document_set import Action, Policy, PolicyRule
from strongroom.policy.facts import Facts


def evaluate(policy: Policy, facts: Facts) -> Evaluation:
    """What ``policy`` says of ``facts``: action, deciding rule and full trace. Deterministic to the byte."""
    trace: list[RuleTrace] = []
    for number, rule in enumerate(policy.rules, start=1):
        criteria = tuple(_criteria(rule, facts))
        matched = all(criterion.matched for criterion in criteria)
        trace.append(RuleTrace(rule_id=rule.id, number=number, matched=matched, criteria=criteria))
        if matched:
            return Evaluation(action=rule.action, rule_id=rule.id, rule_number=number, trace=tuple(trace))
    return Evaluation(action=Action.BLOCK, rule_id="", rule_number=0, trace=tuple(trace))


def _criteria(rule: PolicyRule, facts: Facts) -> Iterable[Criterion]:
    yield _initiator(rule, facts)
    yield _one_of("asset", rule.assets, (facts.asset_id,))
    yield _one_of("source", rule.sources, (facts.source_account,))
    yield _one_of("destination_kind", rule.destination_kinds, (facts.destination_kind,))
    yield _one_of("destination", rule.destinations, (facts.destination_id,))
    yield _amount(rule, facts)


def _initiator(rule: PolicyRule, facts: Facts) -> Criterion:
    """Users and groups are one criterion: being named or belonging to a named group is enough."""
    if rule.initiators is None and rule.initiator_groups is None:
        return _one_of("initiator", None, (facts.initiator,))
    groups = tuple(f"group:{group}" for group in facts.initiator_groups)
    wanted = (*(rule.initiators or ()), *(f"group:{group}" for group in rule.initiator_groups or ()))
    return _one_of("initiator", wanted, (facts.initiator, *groups))


def _one_of(name: str, wanted: tuple[str, ...] | None, observed: tuple[str, ...]) -> Criterion:
    matched = wanted is None or not set(wanted).isdisjoint(observed)
    return Criterion(
        name=name, wanted="*" if wanted is None else ", ".join(wanted), observed=", ".join(observed), matched=matched
    )


def _amount(rule: PolicyRule, facts: Facts) -> Criterion:
    low, high = rule.min_amount_units, rule.max_amount_units
    matched = (low is None or facts.amount_units >= low) and (high is None or facts.amount_units <= high)
    wanted = (
        "*" if low is None and high is None else f"{low if low is not None else 0}..{high if high is not None else ''}"
    )
    return Criterion(name="amount", wanted=wanted, observed=str(facts.amount_units), matched=matched)
