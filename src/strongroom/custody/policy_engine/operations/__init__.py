"""The use cases of the policy engine, one file a verb."""

from strongroom.custody.policy_engine.operations.admit import admit
from strongroom.custody.policy_engine.operations.approvals import Approvals
from strongroom.custody.policy_engine.operations.close_approval import Closing, close_approval
from strongroom.custody.policy_engine.operations.document_sets import DocumentSets
from strongroom.custody.policy_engine.operations.evaluate import Evaluator

__all__ = ["Approvals", "Closing", "DocumentSets", "Evaluator", "admit", "close_approval"]
