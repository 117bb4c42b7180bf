"""Step 14."""

from contextlib import suppress
from typing import Final
from uuid import UUID

from strongroom.custody.transaction_manager.domain.confirmation import Observation, decide_confirmation
from strongroom.custody.transaction_manager.domain.errand import Errand
from strongroom.custody.transaction_manager.domain.status import TERMINAL, Status
from strongroom.custody.transaction_manager.domain.steps import OK, Step, own_step
from strongroom.custody.transaction_manager.domain.transaction import Change, Transaction
from strongroom.custody.transaction_manager.operations.ports import Ports, Received
from strongroom.custody.transaction_manager.operations.store_step import store_step
from strongroom.custody.transaction_manager.store import lanes
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import Statement

_TRIES: Final = 3


async def confirm(
    *, tenant_id: str, transaction_id: UUID, seen: Observation, received: Received, ports: Ports
) -> Status:
    """Step 14 — what nodes saw on chain: the hash once, the block as it is now, and the end at the depth of finality.

    Returns:
        The status after it.

    Raises:
        StrongroomError: ``TRANSACTION_UNKNOWN``; ``STATUS_CONFLICT`` for one that is on no chain yet.
    """
    for _ in range(_TRIES):
        transaction, change = await _decide(tenant_id, transaction_id, seen, ports)
        if change is None:
            return transaction.status
        try:
            await _store(transaction, change, seen, received, ports)
        except StrongroomError as error:
            if error.code is not Code.CLAIM_LOST:
                raise
        else:
            return change.moves[-1] if change.moves else transaction.status
    raise StrongroomError(Code.CLAIM_LOST)


async def _decide(
    tenant_id: str, transaction_id: UUID, seen: Observation, ports: Ports
) -> tuple[Transaction, Change | None]:
    """From what is remembered only if it leads to a commit."""
    kept = ports.live.find(tenant_id=tenant_id, transaction_id=transaction_id)
    with suppress(StrongroomError):
        change = kept and decide_confirmation(transaction=kept, seen=seen)
        if kept is not None and change is not None:
            return kept, change
    transaction = await ports.live.read(tenant_id=tenant_id, transaction_id=transaction_id)
    return transaction, decide_confirmation(transaction=transaction, seen=seen)


async def _store(transaction: Transaction, change: Change, seen: Observation, received: Received, ports: Ports) -> None:
    ended = bool(change.moves) and change.moves[-1] in TERMINAL
    await store_step(
        ports=ports,
        transaction=transaction,
        change=change,
        errand=Errand.of(
            environment=transaction.environment,
            tenant_id=transaction.tenant_id,
            parents=received.parents,
            context=received.context,
        ),
        steps=[_step(transaction, seen, ports)] if change.step == "14" != transaction.step else (),
        handoff=received.handoff,
        statements=[_consume(transaction, ports)] if ended else (),
    )


def _consume(transaction: Transaction, ports: Ports) -> Statement:
    if transaction.freed:
        return lanes.skip_freed_nonce(transaction, now=ports.clock.now())
    return lanes.consume_slot(transaction)


def _step(transaction: Transaction, seen: Observation, ports: Ports) -> Step:
    """From the report of the broadcast, which was the last change, to the first sight on chain."""
    duration = ports.clock.now() - transaction.updated_at
    return own_step(
        "14",
        started_at=transaction.updated_at,
        duration_us=max(round(duration.total_seconds() * 1_000_000), 0),
        attempt=transaction.attempt,
        outcome=OK,
        detail=f"Seen in block {seen.block_number} as {seen.tx_hash}.",
    )
