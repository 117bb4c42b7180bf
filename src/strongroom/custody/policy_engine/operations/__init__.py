"""The use cases of the policy engine, one file a verb."""

from strongroom.custody.policy_engine.operations.admit import admit
from strongroom.custody.policy_engine.operations.document_sets import DocumentSets
from strongroom.custody.policy_engine.operations.evaluate import evaluate_transaction

__all__ = ["DocumentSets", "admit", "evaluate_transaction"]
