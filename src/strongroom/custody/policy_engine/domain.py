"""Types and decisions of the policy engine; pure."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

import msgspec

from strongroom.kernel.digest import request_hash, sha256
from strongroom.kernel.documents.codec import Document, decode
from strongroom.kernel.documents.decision import Decision, Evaluation
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.documents.intent import Intent, PublicKey, derive_intent
from strongroom.kernel.documents.request import parse_transaction_request, verify_request
from strongroom.kernel.documents.verdict import open_verdict
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.policy import evaluate, facts_of

AUTO_APPROVER = "policy"
"""Who decides in ``approval_decisions`` when a rule allows without asking anyone."""


_ANY_KEY = PublicKey(
    key_id="",
    public_key=bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
    chain_code=bytes(32),
)
"""Stands for the tenant's key, which only vault and co-signers know: addresses derived from it are not looked at. Every
co-signer derives the whole intent again with the real one (trust.md 3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the manager asks: the original request, the intent and screening's verdict, as bytes."""

    tenant_id: str
    transaction_id: UUID
    attempt: int
    token: str
    uri: str
    body: bytes
    intent: bytes
    verdict: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was decided; ``decision`` is an encoded ``Signed``."""

    action: str
    rule_id: str
    rule_number: int
    decision: bytes


class Allowed(NamedTuple):
    """A question with its answer, for the call that admits it."""

    question: Question
    answer: Answer


class StepTimes(Document, frozen=True):
    """When steps 6 and 7 began (Unix microseconds) and how long they took (microseconds); under which handoffs."""

    tenant_id: str
    began_us: int
    evaluate_us: int
    approve_us: int
    parents: tuple[str, ...]


def decide(*, question: Question, document_set: DocumentSet, now_s: int) -> Decision:
    """The decision over a question.

    Args:
        now_s: Unix seconds.

    Raises:
        StrongroomError: ``INTENT_MISMATCH`` when intent, request and transaction do not belong together; ``TOKEN_*``
            for a request that its API user did not sign; ``REQUEST_EXPIRED``; ``SANCTIONED_ADDRESS`` and
            ``SCREENING_UNAVAILABLE`` for a verdict that does not let the payment pass.
    """
    intent = decode(question.intent, Intent)
    _check_request(question, intent, document_set)
    if now_s >= intent.not_after:
        raise StrongroomError(Code.REQUEST_EXPIRED)
    open_verdict(data=question.verdict, document_set=document_set, intent_hash=intent.hash(), now_s=now_s)
    return Decision(
        transaction_id=intent.transaction_id,
        intent_hash=intent.hash(),
        attempt=question.attempt,
        document_set_hash=document_set.hash(),
        verdict_hash=sha256(question.verdict),
        evaluation=evaluate(document_set.policy, facts_of(intent, document_set)),
        accumulators=(),
        decided_at=now_s,
    )


def explain(evaluation: Evaluation) -> str:
    """The deciding rule in words."""
    if evaluation.rule_number == 0:
        return f"no rule matched: {evaluation.action}"
    return f"rule {evaluation.rule_number} ({evaluation.rule_id}): {evaluation.action}"


def _check_request(question: Question, intent: Intent, document_set: DocumentSet) -> None:
    claims = verify_request(
        token=question.token,
        body=question.body,
        uri=question.uri,
        public_key_der=document_set.get_api_user(intent.initiator).public_key_der,
    )
    derived = derive_intent(
        request=parse_transaction_request(question.body),
        claims=claims,
        request_hash=request_hash(token=question.token, body=question.body),
        document_set=document_set,
        key=msgspec.structs.replace(_ANY_KEY, key_id=intent.key_id),
    )
    own = derived.destination_account is not None
    expected = msgspec.structs.replace(
        derived, sender=intent.sender, destination=intent.destination if own else derived.destination
    )
    if intent != expected or (question.transaction_id, question.tenant_id) != (intent.id, intent.tenant):
        raise StrongroomError(Code.INTENT_MISMATCH)
