"""Step 9 at the engine: store what the co-signers are to be asked."""

from dataclasses import dataclass

from strongroom.custody.cosigner_engine import store
from strongroom.custody.cosigner_engine.domain.requests import (
    Errand,
    OriginalRequest,
    SigningRequest,
    digest_of,
    policy_rule_ref,
)
from strongroom.custody.cosigner_engine.operations.means import Means
from strongroom.kernel.call_context import CallContext
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId, TransactionId
from strongroom.runtime.db import insert_handoff, violated_constraint
from strongroom.runtime.rpc.call import Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What the vault asks for, every document in its signed bytes."""

    tenant_id: TenantId
    transaction_id: TransactionId
    attempt: int
    request: OriginalRequest
    intent: bytes
    payload: bytes
    decision: bytes
    verdict: bytes
    approvals: tuple[bytes, ...]


async def open_ceremony(*, means: Means, opening: Opening, context: CallContext, call: Call) -> SigningRequest:
    """Step 9 — store the signing request; the co-signers are asked at once. Idempotent by attempt.

    Raises:
        StrongroomError: ``DOCUMENT_MALFORMED``; ``STATUS_CONFLICT`` if this attempt was opened with other documents.
    """
    started_at_us = means.now_us()
    request = _request(means=means, opening=opening)
    errand = Errand(
        tenant_id=request.tenant_id,
        user_id=context.user_id,
        session_id=context.session_id,
        transaction_id=request.transaction_id.bytes,
        attempt=request.attempt,
        parents=call.parents,
        signing_request_id=request.id.bytes,
        started_at_us=started_at_us,
    )
    run = means.work.new(str(request.id), "run_ceremony", errand.encode(), carried=request)
    now = means.clock.now()
    insert = store.insert_signing_request(request=request, now=now)
    earlier = [store.supersede_earlier(request=request, now=now)] if request.attempt else []
    try:
        await means.work.commit(insert, *earlier, insert_handoff(call.received), then=[run])
    except StrongroomError as error:
        if violated_constraint(error) != store.ATTEMPT_KNOWN:
            raise
        return await _get_same(means=means, request=request, call=call)
    return request


def _request(*, means: Means, opening: Opening) -> SigningRequest:
    return SigningRequest(
        id=means.entropy.uuid4(),
        tenant_id=opening.tenant_id,
        transaction_id=opening.transaction_id,
        attempt=opening.attempt,
        policy_rule_ref=policy_rule_ref(opening.decision),
        request=opening.request,
        intent=opening.intent,
        payload=opening.payload,
        decision=opening.decision,
        verdict=opening.verdict,
        approvals=opening.approvals,
        digest=digest_of(intent=opening.intent, payload=opening.payload),
    )


async def _get_same(*, means: Means, request: SigningRequest, call: Call) -> SigningRequest:
    """The request that is stored, if it is the same; the repeated call is recorded."""
    stored = await store.find_signing_request(
        means.database,
        tenant_id=request.tenant_id,
        transaction_id=request.transaction_id,
        attempt=request.attempt,
    )
    if stored is None or (stored.digest, stored.decision, stored.verdict) != (
        request.digest,
        request.decision,
        request.verdict,
    ):
        raise StrongroomError(Code.STATUS_CONFLICT, "This attempt was opened with other documents.")
    await means.database.commit(insert_handoff(call.received))
    return stored
