"""Step 5b: is the destination on a list."""

from datetime import datetime

from strongroom.custody.screening.domain.verdicts import AmlResult, address_key, decide_aml
from strongroom.custody.screening.store import records
from strongroom.kernel.documents.intent import Intent
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import Database, insert_handoff, violated_constraint
from strongroom.runtime.rpc.evidence import HandoffEvent

ONCE = "aml_screening_results_once"


async def screen(
    *, database: Database, intent: Intent, attempt: int, received: HandoffEvent, now: datetime
) -> AmlResult:
    """Step 5b — screen the destination and store the result once; the same question gets the same answer.

    Raises:
        StrongroomError: ``SCREENING_UNAVAILABLE`` with nothing stored when no list is imported; ``INTENT_MISMATCH``
            when this attempt was screened for another intent.
    """
    lists = await records.list_heads(database, address=address_key(intent.destination))
    result = decide_aml(intent_hash=intent.hash(), lists=lists)
    try:
        await database.commit(
            records.insert_result(result, intent=intent, attempt=attempt, now=now), insert_handoff(received)
        )
    except StrongroomError as error:
        if violated_constraint(error) != ONCE:
            raise
    else:
        return result
    return await _repeat(database=database, intent=intent, attempt=attempt, received=received)


async def _repeat(*, database: Database, intent: Intent, attempt: int, received: HandoffEvent) -> AmlResult:
    stored = await records.find_result(database, intent=intent, attempt=attempt)
    if stored is None or stored.intent_hash != intent.hash():
        raise StrongroomError(Code.INTENT_MISMATCH, "This attempt was screened for another intent.")
    await database.commit(insert_handoff(received))
    return stored
