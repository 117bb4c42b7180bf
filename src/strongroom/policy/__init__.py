"""The rule evaluator: pure, shared by policy_engine and by every co-signer, so that a decision can be made twice."""

from strongroom.policy.approvals import approvers_of, askable, check_approvals, suffices
from strongroom.policy.evaluate import evaluate
from strongroom.policy.facts import Facts, facts_of

__all__ = ["Facts", "approvers_of", "askable", "check_approvals", "evaluate", "facts_of", "suffices"]
