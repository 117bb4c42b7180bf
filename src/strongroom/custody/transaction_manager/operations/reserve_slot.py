"""The manager's part of step 8."""

from collections.abc import Sequence
from dataclasses import dataclass

from strongroom.custody.transaction_manager.domain.slots import Fees, Lane, decide_lane_wait_ms, decide_payload
from strongroom.custody.transaction_manager.domain.status import Status
from strongroom.custody.transaction_manager.domain.steps import Step
from strongroom.custody.transaction_manager.domain.transaction import Change, Transaction
from strongroom.custody.transaction_manager.operations.ports import Ports, Received
from strongroom.custody.transaction_manager.operations.store_step import store_step
from strongroom.custody.transaction_manager.store import lanes
from strongroom.kernel.digest import sha256
from strongroom.kernel.errors import StrongroomError
from strongroom.runtime.rpc.context import acting


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """Either the payload, or when to ask again."""

    status: Status
    payload: bytes = b""
    retry_after_ms: int = 0


async def reserve_slot(
    *, transaction: Transaction, steps: Sequence[Step], received: Received, ports: Ports
) -> Reserved:
    """Step 8 — takes the sender's next nonce and fixes the payload, or lets the transaction wait in QUEUED without one.

    Whoever asks first once the lane is free goes next; the waits make that the oldest, as a rule. Strict order would
    let one transaction with a low fee cap hold up all others.

    Raises:
        StrongroomError: ``CLAIM_LOST`` or ``CONFLICT`` when another transaction took the lane in between.
    """
    lane = await lanes.find_lane(ports.database, transaction)
    if not lane.is_free:
        wait_ms = decide_lane_wait_ms(ahead=lane.ahead)
        return await _wait(transaction, received, ports, retry_after_ms=wait_ms)
    fees = await _ask_fees(transaction, received, ports)
    payload = fees and decide_payload(
        intent=transaction.parsed_intent(), intent_hash=sha256(transaction.intent), nonce=lane.next_nonce, fees=fees
    )
    if payload is None:
        return await _wait(transaction, received, ports, retry_after_ms=ports.fee_wait_ms)
    return await _take(transaction, lane, payload.encode(), steps, received, ports)


async def _take(
    transaction: Transaction, lane: Lane, payload: bytes, steps: Sequence[Step], received: Received, ports: Ports
) -> Reserved:
    queued = (Status.QUEUED,) if transaction.status is not Status.QUEUED else ()
    await store_step(
        ports=ports,
        transaction=transaction,
        change=Change(moves=(*queued, Status.PENDING_SIGNATURE), step="8", nonce=lane.next_nonce, payload=payload),
        steps=steps,
        handoff=received.handoff,
        statements=lanes.take_slot(transaction, lane, now=ports.clock.now()),
    )
    return Reserved(status=Status.PENDING_SIGNATURE, payload=payload)


async def _wait(transaction: Transaction, received: Received, ports: Ports, *, retry_after_ms: int) -> Reserved:
    if transaction.status is not Status.QUEUED:
        change = Change(moves=(Status.QUEUED,))
        await store_step(ports=ports, transaction=transaction, change=change, handoff=received.handoff)
    return Reserved(status=Status.QUEUED, retry_after_ms=retry_after_ms)


async def _ask_fees(transaction: Transaction, received: Received, ports: Ports) -> Fees | None:
    """None while the node cannot say: the transaction waits in QUEUED, visibly, instead of failing its caller."""
    metadata = acting(transaction_id=transaction.id, parents=received.parents, context=received.context)
    try:
        return await ports.peers.get_fees(
            chain_id=transaction.chain_id, transaction_id=transaction.id, metadata=metadata
        )
    except StrongroomError as error:
        if not error.retryable:
            raise
        return None
