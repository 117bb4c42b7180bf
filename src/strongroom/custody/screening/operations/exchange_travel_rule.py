"""Step 5c: the Travel Rule obligation, the exchange, and the signed verdict over 5b and 5c."""

from collections.abc import Callable
from datetime import datetime, timedelta

from strongroom.custody.screening import store
from strongroom.custody.screening.domain import AmlResult, TravelRuleRecord, decide_obligation
from strongroom.custody.screening.providers.counterparty import Counterparty, Exchange
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.documents.verdict import VERDICT_LIFETIME_S, AmlVerdict, TravelRuleOutcome, Verdict
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import Database, insert_handoff, violated_constraint
from strongroom.runtime.rpc.evidence import HandoffEvent

ONCE = "travel_rule_records_once"
NOT_REQUIRED = Exchange(outcome=TravelRuleOutcome.NOT_REQUIRED, counterparty="", simulated=False)


async def exchange_travel_rule(
    *,
    database: Database,
    counterparty: Counterparty,
    sign: Callable[[bytes], Signed],
    thresholds: dict[str, int],
    screened: AmlResult | None,
    intent: Intent,
    attempt: int,
    received: HandoffEvent,
    now: datetime,
) -> TravelRuleRecord:
    """Step 5c — compute the obligation, exchange if it is one, sign the verdict and store all of it once.

    Args:
        screened: what step 5b stored in this process for the same transaction and attempt, which never changes; None
            has it read.

    Raises:
        StrongroomError: ``STATUS_CONFLICT`` when the same intent did not pass step 5b in this attempt.
    """
    aml = screened or await store.find_result(database, intent=intent, attempt=attempt)
    if aml is None or aml.aml is not AmlVerdict.PASS or aml.intent_hash != intent.hash():
        raise StrongroomError(Code.STATUS_CONFLICT, "This intent has not passed step 5b in this attempt.")
    stored = await store.find_record(database, intent=intent, attempt=attempt)
    if stored is not None:
        await database.commit(insert_handoff(received))
        return stored
    obligation = decide_obligation(intent, thresholds)
    exchange = await counterparty.exchange(intent) if obligation.required else NOT_REQUIRED
    verdict = sign(_verdict(aml=aml, exchange=exchange, intent=intent, attempt=attempt, now=now).encode())
    record = TravelRuleRecord(
        intent_hash=aml.intent_hash,
        obligation=obligation,
        outcome=exchange.outcome,
        counterparty=exchange.counterparty,
        simulated=exchange.simulated,
        verdict=verdict.encode(),
    )
    return await _store(database=database, record=record, intent=intent, attempt=attempt, received=received, now=now)


async def _store(
    *,
    database: Database,
    record: TravelRuleRecord,
    intent: Intent,
    attempt: int,
    received: HandoffEvent,
    now: datetime,
) -> TravelRuleRecord:
    try:
        await database.commit(
            store.insert_record(record, intent=intent, attempt=attempt, now=now), insert_handoff(received)
        )
    except StrongroomError as error:
        stored = await store.find_record(database, intent=intent, attempt=attempt)
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
