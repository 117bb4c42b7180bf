"""A new attempt: the same intent, nonce and payload, decided again (trust.md 5)."""

from collections.abc import Sequence

from strongroom.custody.transaction_manager.domain.ending import TIMED_OUT, decide_ending
from strongroom.custody.transaction_manager.domain.errand import Errand
from strongroom.custody.transaction_manager.domain.status import Status
from strongroom.custody.transaction_manager.domain.steps import Step
from strongroom.custody.transaction_manager.domain.transaction import Change, Transaction, decide_attempt_wait_s
from strongroom.custody.transaction_manager.operations.ports import Ports
from strongroom.custody.transaction_manager.operations.store_step import store_step
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.documents.intent import PublicKey, derive_intent
from strongroom.kernel.documents.request import parse_token, parse_transaction_request, verify_request
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.rpc.context import acting
from strongroom.runtime.rpc.evidence import HandoffEvent
from strongroom.runtime.work import WorkItem


async def begin_attempt(
    *,
    transaction: Transaction,
    reason: str,
    errand: Errand,
    ports: Ports,
    steps: Sequence[Step] = (),
    handoff: HandoffEvent | None = None,
    done: WorkItem | None = None,
) -> Change:
    """Go back to step 5b, or end as outdated where the tenant's documents now give another intent.

    The first new attempt begins at once, each further one later than the one before.

    Returns:
        What was stored.

    Raises:
        StrongroomError: ``CLAIM_LOST`` when somebody else was first; passing refusals of secure_vault.
    """
    document_set = await ports.documents.get(tenant_id=transaction.tenant_id, version=transaction.current_version)
    metadata = acting(parents=errand.parents, context=errand.context)
    key = await ports.peers.get_key(document_set=document_set, metadata=metadata)
    change = _decide(transaction, reason, document_set, key)
    if ports.clock.now() >= transaction.not_after:
        change = TIMED_OUT
    await store_step(
        ports=ports,
        transaction=transaction,
        change=change,
        errand=errand,
        steps=steps,
        handoff=handoff,
        done=done,
        then=[_screening(transaction, errand, ports)] if change.attempt is not None else [],
    )
    return change


def _screening(transaction: Transaction, errand: Errand, ports: Ports) -> WorkItem:
    return ports.work.new(
        str(transaction.id),
        "screen",
        errand.encode(),
        attempt=transaction.attempt + 1,
        due_in_s=decide_attempt_wait_s(begun=transaction.attempt),
    )


def _decide(transaction: Transaction, reason: str, document_set: DocumentSet, key: PublicKey) -> Change:
    if not _is_still_meant(transaction, document_set, key):
        return decide_ending(outcome=Code.TRANSACTION_OUTDATED.name, reason="", step=None)
    moves = () if transaction.status is Status.PENDING_AML_SCREENING else (Status.PENDING_AML_SCREENING,)
    return Change(
        moves=moves,
        reason=reason or Code.ATTEMPT_OUTDATED.meaning.text,
        step="5a",
        attempt=transaction.attempt + 1,
        held_by_fee=False,
    )


def _is_still_meant(transaction: Transaction, document_set: DocumentSet, key: PublicKey) -> bool:
    """Whether the original request still gives the same intent, byte for byte."""
    request = transaction.request
    try:
        user = document_set.get_api_user(parse_token(request.token)[0].sub)
        claims = verify_request(
            token=request.token, body=request.body, uri=request.uri, public_key_der=user.public_key_der
        )
        intent = derive_intent(
            request=parse_transaction_request(request.body),
            claims=claims,
            request_hash=transaction.request_hash,
            document_set=document_set,
            key=key,
        )
    except StrongroomError:
        return False  # what made it valid is no longer in the documents
    return intent.encode() == transaction.intent
