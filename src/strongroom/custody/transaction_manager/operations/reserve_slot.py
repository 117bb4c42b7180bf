"""The manager's part of step 8."""

from collections.abc import Sequence
from dataclasses import dataclass

from strongroom.custody.transaction_manager.domain.slots import Fees, decide_lane_wait_ms, decide_payload
from strongroom.custody.transaction_manager.domain.status import Status
from strongroom.custody.transaction_manager.domain.steps import Step
from strongroom.custody.transaction_manager.domain.transaction import Change, Transaction
from strongroom.custody.transaction_manager.operations.ports import Ports, Received
from strongroom.custody.transaction_manager.operations.store_step import store_step
from strongroom.custody.transaction_manager.store import lanes
from strongroom.kernel.digest import sha256
from strongroom.kernel.errors import StrongroomError
from strongroom.runtime.db import Statement
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

    The oldest that waits for the lane goes next; one that waits for a lower base fee holds up nobody. In a new attempt
    nonce and payload are those of the first.

    Raises:
        StrongroomError: ``CLAIM_LOST`` or ``CONFLICT`` when another transaction took the lane in between.
    """
    if transaction.payload is not None:
        return await _keep(transaction, transaction.payload, steps, received, ports)
    lane = await lanes.find_lane(ports.database, transaction)
    wait_ms = decide_lane_wait_ms(lane=lane, now=ports.clock.now())
    if wait_ms:
        return await _wait(transaction, received, ports, retry_after_ms=wait_ms, by_fee=False)
    fees = await _ask_fees(transaction, received, ports)
    payload = fees and decide_payload(
        intent=transaction.parsed_intent(), intent_hash=sha256(transaction.intent), nonce=lane.next_nonce, fees=fees
    )
    if fees is None or payload is None:
        return await _wait(transaction, received, ports, retry_after_ms=ports.fee_wait_ms, by_fee=True)
    taking = lanes.take_slot(transaction, lane, since_block=fees.block_number, now=ports.clock.now())
    change = _admitted(transaction, nonce=lane.next_nonce, payload=payload.encode())
    return await _store(transaction, change, payload.encode(), steps, received, ports, statements=taking)


async def _keep(
    transaction: Transaction, payload: bytes, steps: Sequence[Step], received: Received, ports: Ports
) -> Reserved:
    return await _store(transaction, _admitted(transaction), payload, steps, received, ports)


def _admitted(transaction: Transaction, *, nonce: int | None = None, payload: bytes | None = None) -> Change:
    queued = (Status.QUEUED,) if transaction.status is not Status.QUEUED else ()
    return Change(moves=(*queued, Status.PENDING_SIGNATURE), step="8", nonce=nonce, payload=payload, held_by_fee=False)


async def _store(
    transaction: Transaction,
    change: Change,
    payload: bytes,
    steps: Sequence[Step],
    received: Received,
    ports: Ports,
    *,
    statements: Sequence[Statement] = (),
) -> Reserved:
    await store_step(
        ports=ports,
        transaction=transaction,
        change=change,
        steps=steps,
        handoff=received.handoff,
        statements=statements,
    )
    return Reserved(status=Status.PENDING_SIGNATURE, payload=payload)


async def _wait(
    transaction: Transaction, received: Received, ports: Ports, *, retry_after_ms: int, by_fee: bool
) -> Reserved:
    if transaction.status is not Status.QUEUED or transaction.held_by_fee is not by_fee:
        moves = (Status.QUEUED,) if transaction.status is not Status.QUEUED else ()
        change = Change(moves=moves, held_by_fee=by_fee)
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
