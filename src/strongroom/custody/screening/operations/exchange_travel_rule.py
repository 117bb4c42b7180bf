"""Step 5c: the Travel Rule obligation, the exchange, and the signed verdict over 5b and 5c."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from strongroom.custody.screening.domain.exchanges import (
    Exchange,
    Question,
    derive_verification_id,
    find_gap,
    refusal,
    vault_account_of,
)
from strongroom.custody.screening.domain.verdicts import (
    UNHOSTED,
    AmlResult,
    Obligation,
    TravelRuleRecord,
    address_key,
    decide_obligation,
)
from strongroom.custody.screening.operations.means import Means
from strongroom.custody.screening.store import exchanges, parties, records
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.verdict import VERDICT_LIFETIME_S, AmlVerdict, TravelRuleOutcome, Verdict
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId
from strongroom.runtime.db import Statement, insert_handoff, violated_constraint
from strongroom.runtime.rpc.evidence import HandoffEvent

ONCE = "travel_rule_records_once"
NOT_REQUIRED = Exchange(outcome=TravelRuleOutcome.NOT_REQUIRED, counterparty="", simulated=False)


async def exchange_travel_rule(
    *, means: Means, screened: AmlResult | None, intent: Intent, attempt: int, received: HandoffEvent
) -> TravelRuleRecord:
    """Step 5c — compute the obligation, exchange if it is one, sign the verdict and store all of it once.

    That somebody is asked is stored before; a later attempt, or one after a crash, asks for the same verification.

    Args:
        screened: what step 5b stored in this process for the same transaction and attempt, which never changes; None
            has it read.

    Raises:
        StrongroomError: ``STATUS_CONFLICT`` when the same intent did not pass step 5b in this attempt;
            ``TRAVEL_RULE_PENDING`` with nothing decided while the other institution has not answered.
    """
    aml = screened or await records.find_result(means.database, intent=intent, attempt=attempt)
    if aml is None or aml.aml is not AmlVerdict.PASS or aml.intent_hash != intent.hash():
        raise StrongroomError(Code.STATUS_CONFLICT, "This intent has not passed step 5b in this attempt.")
    stored = await records.find_record(means.database, intent=intent, attempt=attempt)
    if stored is not None:
        await means.database.commit(insert_handoff(received))
        return stored
    met = await _meet(means, intent, received)
    exchange, now = met.exchange, means.clock.now()
    verdict = _verdict(aml=aml, exchange=exchange, intent=intent, attempt=attempt, now=now)
    record = TravelRuleRecord(
        intent_hash=aml.intent_hash,
        obligation=met.obligation,
        outcome=exchange.outcome,
        counterparty=exchange.counterparty,
        simulated=exchange.simulated,
        verification_id=exchange.verification_id,
        verdict=means.sign(TenantId(intent.tenant), verdict.encode()).encode(),
    )
    handoffs = () if met.is_begun_here else (insert_handoff(received),)
    return await _store(means=means, record=record, intent=intent, attempt=attempt, handoffs=handoffs, now=now)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Met:
    """What is asked of a payment, and how it was met; ``is_begun_here``: this call's handoff is stored already."""

    obligation: Obligation
    exchange: Exchange
    is_begun_here: bool = False


async def _meet(means: Means, intent: Intent, received: HandoffEvent) -> _Met:
    obligation = decide_obligation(intent, means.thresholds)
    if not obligation.required:
        return _Met(obligation=obligation, exchange=NOT_REQUIRED)
    if means.counterparty.is_simulated:
        question = Question(
            verification_id=derive_verification_id(intent),
            intent=intent,
            vasp_id="",
            originator=b"",
            beneficiary=b"",
            repeated=False,
        )
        return _Met(obligation=obligation, exchange=await means.counterparty.exchange(question))
    question = await _prepare(means, intent, received)
    if question is None:
        return _Met(obligation=UNHOSTED, exchange=NOT_REQUIRED)
    exchange = question if isinstance(question, Exchange) else await means.counterparty.exchange(question)
    reason = f"{obligation.reason}; {exchange.reason}" if exchange.reason else obligation.reason
    return _Met(
        obligation=Obligation(required=True, reason=reason),
        exchange=exchange,
        is_begun_here=isinstance(question, Question) and not question.repeated,
    )


async def _prepare(means: Means, intent: Intent, received: HandoffEvent) -> Question | Exchange | None:
    """The question, stored as asked; the refusal where it cannot be asked; None where nobody is there to be asked."""
    originator = await parties.find_originator(
        means.database, means.seal, tenant_id=intent.tenant, vault_account=vault_account_of(intent)
    )
    destination = await parties.find_destination(
        means.database,
        means.seal,
        tenant_id=intent.tenant,
        asset_id=intent.asset_id,
        address=address_key(intent.destination),
    )
    asked = await exchanges.find_exchange(means.database, tenant_id=intent.tenant, transaction_id=intent.id)
    gap = find_gap(intent=intent, originator=originator, destination=destination, asked=asked)
    if originator is None or destination is None or gap:
        return refusal(vasp_id="", reason=gap)
    if destination.vasp_id is None:
        return None
    verification_id = derive_verification_id(intent)
    if asked is None:
        begun = exchanges.insert_exchange(
            intent, verification_id=verification_id, vasp_id=destination.vasp_id, now=means.clock.now()
        )
        await means.database.commit(begun, insert_handoff(received))
    return Question(
        verification_id=verification_id,
        intent=intent,
        vasp_id=destination.vasp_id,
        originator=originator.persons,
        beneficiary=destination.persons,
        repeated=asked is not None,
    )


async def _store(
    *,
    means: Means,
    record: TravelRuleRecord,
    intent: Intent,
    attempt: int,
    handoffs: Sequence[Statement],
    now: datetime,
) -> TravelRuleRecord:
    try:
        await means.database.commit(records.insert_record(record, intent=intent, attempt=attempt, now=now), *handoffs)
    except StrongroomError as error:
        stored = await records.find_record(means.database, intent=intent, attempt=attempt)
        if violated_constraint(error) != ONCE or stored is None:
            raise
        return stored  # another call of the same attempt was quicker
    return record


def _verdict(*, aml: AmlResult, exchange: Exchange, intent: Intent, attempt: int, now: datetime) -> Verdict:
    expires_at = now + timedelta(seconds=VERDICT_LIFETIME_S)
    return Verdict(
        transaction_id=intent.transaction_id,
        intent_hash=aml.intent_hash,
        attempt=attempt,
        aml=aml.aml,
        aml_provider=aml.provider,
        evidence_hash=aml.evidence_hash,
        travel_rule=exchange.outcome,
        travel_rule_counterparty=exchange.counterparty,
        decided_at=int(now.timestamp()),
        expires_at=int(expires_at.timestamp()),
    )
