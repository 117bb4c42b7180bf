"""Phase one of step 10: everything is checked here again, and persisted before it is signed away."""

from dataclasses import dataclass, replace

from strongroom.custody.cosigner.domain.callback import Question
from strongroom.custody.cosigner.domain.digest import transaction_digest
from strongroom.custody.cosigner.domain.entries import Consented as ConsentedEntry
from strongroom.custody.cosigner.domain.limits import Spending, check_limits
from strongroom.custody.cosigner.domain.orders import SeekConsent
from strongroom.custody.cosigner.domain.reports import Consented, Finished, Report, Tombstoned
from strongroom.custody.cosigner.domain.slots import Slot, check_slot
from strongroom.custody.cosigner.operations.answer import check_alive, check_not_frozen, entomb, refuse
from strongroom.custody.cosigner.operations.ask_callback import Meant, prepare_callback
from strongroom.custody.cosigner.operations.context import Context, LiveConsent, public_key_of
from strongroom.custody.cosigner.operations.peers_allowed import check_peers
from strongroom.custody.cosigner.operations.recovery import check_share_usable
from strongroom.custody.cosigner.store import (
    KnownRequest,
    StoredKey,
    begins_lane,
    find_consent,
    find_external_id,
    find_lost_until,
    find_released,
    find_request,
    find_signature,
    find_slot,
    find_tombstone,
    has_document_set,
)
from strongroom.kernel.digest import request_hash, sha256
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.consent import Consent
from strongroom.kernel.documents.decision import Decision, Evaluation, open_decision
from strongroom.kernel.documents.document_set import Action, DocumentSet
from strongroom.kernel.documents.intent import Intent, derive_intent
from strongroom.kernel.documents.payload import Payload, check_payload
from strongroom.kernel.documents.request import parse_token as parse_request_token
from strongroom.kernel.documents.request import parse_transaction_request, verify_request
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.documents.verdict import open_verdict
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import derive_transaction_id
from strongroom.policy import check_approvals, evaluate, facts_of

ID_BYTES = 32
CLOCK_SKEW_S = 30
"""How far in the future a request's ``iat`` may lie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    order: SeekConsent
    document_set: DocumentSet
    key: StoredKey
    request_hash: bytes
    transaction_id: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    intent: Intent
    payload: Payload
    digest: bytes
    external_id: str | None
    evaluation: Evaluation | None


def seek_consent(*, context: Context, order: SeekConsent) -> Report | Question:
    """Step 10 — consent: the signed word that this co-signer will sign this digest, or a signed no.

    A consent, a tombstone or the finished signature; NOT_NOW for everything else, without a trace. Or what the callback
    handler has to be asked first: the order is then sought again, with every check, once it has answered.
    """
    hashed = request_hash(token=order.token, body=order.body)
    transaction = derive_transaction_id(
        environment=context.environment, tenant_id=order.tenant_id, request_hash=hashed
    ).bytes
    try:
        document_set = context.get_document_set(order.tenant_id)
        check_not_frozen(context=context, tenant_id=order.tenant_id)
        key = context.get_key(document_set)
        asked = _Asked(order=order, document_set=document_set, key=key, request_hash=hashed, transaction_id=transaction)
        return _find_earlier_answer(context, asked) or _answer(context, asked)
    except StrongroomError as error:
        return refuse(
            context=context,
            tenant_id=order.tenant_id,
            ceremony_id=order.ceremony_id,
            request_hash=hashed,
            transaction_id=transaction,
            attempt=order.attempt,
            error=error,
        )


def _find_earlier_answer(context: Context, asked: _Asked) -> Report | None:
    """What was answered for ever, or to the very same order; a ceremony id is used once."""
    order = asked.order
    tombstone = find_tombstone(context.journal.db, request_hash=asked.request_hash)
    if tombstone is not None:
        return Tombstoned(ceremony_id=order.ceremony_id, document=tombstone)
    check_alive(context=context, request_hash=asked.request_hash)
    live = context.memory.live.get(order.ceremony_id)
    if live is not None and live.order == replace(order, handoff=""):
        return Consented(ceremony_id=order.ceremony_id, document=live.document)
    if len(order.ceremony_id) != ID_BYTES or find_consent(context.journal.db, ceremony_id=order.ceremony_id):
        raise StrongroomError(Code.NOT_NOW, "A ceremony id is 32 bytes and used once: choose another one.")
    return None


def _answer(context: Context, asked: _Asked) -> Report | Question:
    known = find_request(context.journal.db, request_hash=asked.request_hash)
    released = find_released(context.journal.db, request_hash=asked.request_hash)
    if known is not None and released is not None:
        plan = _repeat(asked, known)
        signature = find_signature(context.journal.db, request_hash=asked.request_hash)
        if signature is not None:
            return Finished(
                ceremony_id=asked.order.ceremony_id, signature=signature.signature, statement=signature.statement
            )
    else:
        check_share_usable(context=context, key=asked.key)
        _check_version(context, asked)
        plan = _derive(context, asked)
        reason = _find_end(context, plan)
        if reason is not None:
            return _entomb(context, asked, reason)
        _check_documents(context, asked, plan)
        _check_own_limits(context, asked, plan)
    _check_place(context, asked, plan)
    check_peers(context=context, document_set=asked.document_set, key_id=asked.key.key_id, epoch=asked.key.epoch)
    question = None if released is not None else _prepare_callback(context, asked, plan)
    return question or _consent(context, asked, plan)


def _prepare_callback(context: Context, asked: _Asked, plan: _Plan) -> Question | None:
    """Last of all checks: the handler is asked about nothing that is refused anyway."""
    if context.handler is None:
        return None
    meant = Meant(
        intent=plan.intent,
        payload=plan.payload,
        digest=plan.digest,
        document_set=asked.document_set,
        external_id=plan.external_id,
    )
    return prepare_callback(context=context, handler=context.handler, meant=meant)


def _repeat(asked: _Asked, known: KnownRequest) -> _Plan:
    """The same intent and payload as released: time, limits and versions are not checked again (trust.md 5).

    By the same key: a digest does not name its sender, and another tenant's key would sign it for another purse.
    """
    again = (asked.order.tenant_id, asked.key.key_id, sha256(asked.order.intent), sha256(asked.order.payload))
    if again != (known.tenant, known.key_id, known.intent_hash, known.payload_hash):
        raise StrongroomError(Code.INTENT_MISMATCH, "Another digest of this request was released.")
    intent, payload = decode(asked.order.intent, Intent), decode(asked.order.payload, Payload)
    return _Plan(intent=intent, payload=payload, digest=known.digest, external_id=None, evaluation=None)


def _check_version(context: Context, asked: _Asked) -> None:
    """Whether it was decided on our document set: on one that we do not know, we may be behind (trust.md 1)."""
    meant = decode(decode(asked.order.decision, Signed).payload, Decision).document_set_hash
    if meant == asked.document_set.hash():
        return
    if has_document_set(context.journal.db, tenant=asked.order.tenant_id, set_hash=meant):
        raise StrongroomError(Code.DOCUMENT_VERSION_INVALID, "The decision was made on an earlier document set.")
    raise StrongroomError(Code.NOT_NOW, "The decision was made on a document set that is not installed here.")


def _derive(context: Context, asked: _Asked) -> _Plan:
    """Request and intent again, from the initiator's signature down; the digest from them alone."""
    order, document_set = asked.order, asked.document_set
    unverified, _, _ = parse_request_token(order.token)
    claims = verify_request(
        token=order.token,
        body=order.body,
        uri=order.uri,
        public_key_der=document_set.get_api_user(unverified.sub).public_key_der,
    )
    if claims.iat > context.now_s() + CLOCK_SKEW_S:
        raise StrongroomError(Code.TOKEN_FROM_FUTURE)
    lost_until = find_lost_until(context.journal.db, tenant=order.tenant_id)
    if lost_until is not None and claims.iat <= lost_until + CLOCK_SKEW_S:  # it may have been taken that early
        raise StrongroomError(Code.JOURNAL_ROLLED_BACK, "The request was issued before our journal was lost.")
    request = parse_transaction_request(order.body)
    intent = derive_intent(
        request=request,
        claims=claims,
        request_hash=asked.request_hash,
        document_set=document_set,
        key=public_key_of(asked.key),
    )
    if intent.encode() != order.intent:
        raise StrongroomError(Code.INTENT_MISMATCH, "The request means another intent under this document set.")
    payload = decode(order.payload, Payload)
    check_payload(payload=payload, intent=intent)
    digest = transaction_digest(intent=intent, payload=payload)
    return _Plan(
        intent=intent,
        payload=payload,
        digest=digest,
        external_id=request.external_id,
        evaluation=evaluate(document_set.policy, facts_of(intent, document_set)),
    )


def _find_end(context: Context, plan: _Plan) -> Code | None:
    """Why this request can never be signed; None if it can."""
    if context.now_s() >= plan.intent.not_after:
        return Code.REQUEST_EXPIRED
    blocked = plan.evaluation is None or plan.evaluation.action is Action.BLOCK
    return Code.POLICY_BLOCKED if blocked else None


def _entomb(context: Context, asked: _Asked, reason: Code) -> Tombstoned:
    return entomb(
        context=context,
        tenant_id=asked.order.tenant_id,
        ceremony_id=asked.order.ceremony_id,
        request_hash=asked.request_hash,
        transaction_id=asked.transaction_id,
        reason=reason.name,
    )


def _check_documents(context: Context, asked: _Asked, plan: _Plan) -> None:
    """The verdict passes and has not lapsed; the decision is about all of this and is our own evaluation.

    Where the rule asks people, their approvals are checked here again.
    """
    order, document_set, intent_hash = asked.order, asked.document_set, plan.intent.hash()
    verdict = open_verdict(
        data=order.verdict, document_set=document_set, intent_hash=intent_hash, now_s=context.now_s()
    )
    decision = open_decision(data=order.decision, document_set=document_set)
    if decision.document_set_hash != document_set.hash():
        raise StrongroomError(Code.DOCUMENT_VERSION_INVALID, "The decision was made on another document set.")
    about = (decision.transaction_id, decision.intent_hash, decision.attempt, decision.verdict_hash)
    expected = (asked.transaction_id, intent_hash, order.attempt, sha256(order.verdict))
    if about != expected or verdict.transaction_id != asked.transaction_id:
        raise StrongroomError(Code.DECISION_MISMATCH, "The decision is not about this attempt.")
    if decision.evaluation != plan.evaluation:
        raise StrongroomError(Code.DECISION_MISMATCH)
    check_approvals(
        evaluation=decision.evaluation,
        approvals=order.approvals,
        intent=plan.intent,
        document_set=document_set,
        now_s=context.now_s(),
    )


def _check_own_limits(context: Context, asked: _Asked, plan: _Plan) -> None:
    intent, payload = plan.intent, plan.payload
    spent = context.memory.window.total(
        tenant=intent.tenant, asset_id=intent.asset_id, now=context.now_s(), without=asked.request_hash
    )
    check_limits(
        limits=context.limits,
        asset_id=intent.asset_id,
        amount_units=intent.amount_units,
        fee_units=payload.gas_limit * payload.max_fee_per_gas,
        spent_units=spent,
    )


def _check_place(context: Context, asked: _Asked, plan: _Plan) -> None:
    """One transaction per externalTxId, one per slot, one slot per transaction."""
    db, intent, nonce = context.journal.db, plan.intent, plan.payload.nonce
    if plan.external_id is not None:
        holder = find_external_id(db, tenant=intent.tenant, external_id=plan.external_id)
        if holder is not None and holder != asked.request_hash:
            raise StrongroomError(Code.EXTERNAL_ID_REUSED)
    check_slot(
        wanted=Slot(
            chain_id=intent.chain_id,
            sender=intent.sender,
            nonce=nonce,
            request_hash=asked.request_hash,
            digest=plan.digest,
            finished=False,
        ),
        held=find_slot(db, place=(intent.chain_id, intent.sender, nonce)),
        before=find_slot(db, place=(intent.chain_id, intent.sender, nonce - 1)),
        own=find_slot(db, request_hash=asked.request_hash),
        begins_lane=begins_lane(db, tenant=intent.tenant, place=(intent.chain_id, intent.sender, nonce)),
    )


def _consent(context: Context, asked: _Asked, plan: _Plan) -> Consented:
    order, intent = asked.order, plan.intent
    consent = Consent(
        transaction_id=asked.transaction_id,
        attempt=order.attempt,
        ceremony_id=order.ceremony_id,
        request_hash=asked.request_hash,
        intent_hash=intent.hash(),
        payload_hash=sha256(order.payload),
        decision_hash=sha256(order.decision),
        document_set_hash=asked.document_set.hash(),
        key_id=asked.key.key_id,
        epoch=asked.key.epoch,
        path=intent.path,
        digest=plan.digest,
        cosigner=context.index,
        nonce=context.entropy.token(ID_BYTES),
        journal_head=context.journal.head,
        at=context.now_s(),
    )
    document = context.sign(kind=Kind.CONSENT, tenant_id=order.tenant_id, document=consent)
    context.journal.append(_entry(asked, plan, consent, document))
    context.memory.window.add(_spending(intent, consent))
    context.memory.remember(LiveConsent(order=replace(order, handoff=""), consent=consent, document=document))
    return Consented(ceremony_id=order.ceremony_id, document=document)


def _entry(asked: _Asked, plan: _Plan, consent: Consent, document: bytes) -> ConsentedEntry:
    intent = plan.intent
    return ConsentedEntry(
        tenant=intent.tenant,
        ceremony_id=consent.ceremony_id,
        request_hash=consent.request_hash,
        transaction_id=consent.transaction_id,
        external_id=plan.external_id,
        chain_id=intent.chain_id,
        sender=intent.sender,
        nonce=plan.payload.nonce,
        digest=plan.digest,
        intent_hash=consent.intent_hash,
        payload_hash=consent.payload_hash,
        asset_id=intent.asset_id,
        amount_units=intent.amount_units,
        key_id=consent.key_id,
        path=consent.path,
        consent=document,
        handoff_hash=sha256(asked.order.handoff.encode()),
        at=consent.at,
    )


def _spending(intent: Intent, consent: Consent) -> Spending:
    return Spending(
        tenant=intent.tenant,
        request_hash=consent.request_hash,
        asset_id=intent.asset_id,
        amount_units=intent.amount_units,
        at=consent.at,
    )
