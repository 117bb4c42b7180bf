"""The end of a transaction, as the manager tells it: nobody is asked about it any more."""

from dataclasses import dataclass
from uuid import UUID

from strongroom.custody.policy_engine import store
from strongroom.custody.policy_engine.domain import ENGINE, Event, Reply, State, decide_close
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database, insert_handoff, violated_constraint
from strongroom.runtime.rpc.call import Call

_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Which transaction ended, in which attempt, and why, for people."""

    tenant_id: str
    transaction_id: UUID
    attempt: int
    reason: str


async def close_approval(*, closing: Closing, call: Call, database: Database, clock: Clock) -> None:
    """Close what waits for people, and what a question that is still under way would ask; idempotent.

    Raises:
        StrongroomError: ``REQUEST_INVALID`` without a reason; ``CLAIM_LOST`` when others are always faster.
    """
    if not closing.reason:
        raise StrongroomError(Code.REQUEST_INVALID, "A request for approvals is closed with a reason.")
    for _ in range(_TRIES):
        events = await store.list_events(database, transaction_id=closing.transaction_id)
        attempt = decide_close(events, attempt=closing.attempt)
        stored = [insert_handoff(call.received)]
        if attempt is not None:
            event = Event(
                number=len(events),
                attempt=attempt,
                approver=ENGINE,
                answer=Reply.CLOSED,
                state=State.CLOSED,
                reason=closing.reason,
            )
            stored.append(
                store.insert_close(
                    event, tenant_id=closing.tenant_id, transaction_id=closing.transaction_id, now=clock.now()
                )
            )
        try:
            await database.commit(*stored)
        except StrongroomError as error:
            if violated_constraint(error) != store.IN_TURN:
                raise
        else:
            return
    raise StrongroomError(Code.CLAIM_LOST)
