"""The use cases of the policy engine, one file a verb."""

from strongroom.custody.policy_engine.operations.admit import admit
from strongroom.custody.policy_engine.operations.approvals import Approvals
from strongroom.custody.policy_engine.operations.document_sets import DocumentSets
from strongroom.custody.policy_engine.operations.evaluate import Evaluator

__all__ = ["Approvals", "DocumentSets", "Evaluator", "admit"]
