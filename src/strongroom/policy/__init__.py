"""The rule evaluator: pure, shared by policy_engine and by every co-signer, so that a decision can be made twice."""

from strongroom.policy.evaluate import evaluate
from strongroom.policy.facts import Facts, facts_of

__all__ = ["Facts", "evaluate", "facts_of"]
