"""The policy engine's signed decision: rule, trace, and what it was made on (trust.md 3)."""

from strongroom.kernel.documents.codec import Document, decode
from strongroom.kernel.documents.document_set import Action, DocumentSet, tenant_of
from strongroom.kernel.documents.signing import Kind, Role, Signed, open_signed


class Criterion(Document, frozen=True):
    """One criterion of one rule: its name, what the rule wants, what was observed, whether they agree."""

    name: str
    wanted: str
    observed: str
    matched: bool


class RuleTrace(Document, frozen=True):
    """One rule looked at: every criterion, also those after the first that failed."""

    rule_id: str
    number: int
    matched: bool
    criteria: tuple[Criterion, ...]


class Evaluation(Document, frozen=True):
    """What the evaluator says: the action, the deciding rule (0 is the unwritten last rule) and the full trace."""

    action: Action
    rule_id: str
    rule_number: int
    trace: tuple[RuleTrace, ...]


class Decision(Document, frozen=True):
    """The decision over one intent in one attempt. ``accumulators`` are the engine's word (trust.md 3)."""

    transaction_id: bytes
    intent_hash: bytes
    attempt: int
    document_set_hash: bytes
    verdict_hash: bytes
    evaluation: Evaluation
    accumulators: tuple[tuple[str, int], ...]
    decided_at: int


def open_decision(*, data: bytes, document_set: DocumentSet) -> Decision:
    """The decision in ``data`` if the roster's policy engine signed it; its content is the caller's to judge.

    Args:
        data: an encoded ``Signed`` of kind ``decision``.

    Raises:
        StrongroomError: ``DOCUMENT_*``.
    """
    payload = open_signed(
        signed=decode(data, Signed),
        kind=Kind.DECISION,
        environment=document_set.environment,
        tenant_id=tenant_of(document_set),
        public_key=document_set.roster.policy_engine_key,
        role=Role.POLICY_ENGINE,
        signer="policy_engine",
    )
    return decode(payload, Decision)
