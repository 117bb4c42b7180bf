"""The tables nonce_lanes and spend_slots: one live transaction a lane, one owner a slot."""

from datetime import datetime

from strongroom.custody.transaction_manager.domain.slots import COUNTED_PLACES, Lane
from strongroom.custody.transaction_manager.domain.transaction import Transaction
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import Database, Statement


async def find_lane(database: Database, transaction: Transaction) -> Lane:
    """The lane of the transaction's sender; one that was never used begins at nonce 0.

    Those ahead are counted only as far as it makes a difference, so that a long queue stays cheap to stand in.
    """
    row = await database.fetchrow(
        """select lane.next_nonce, lane.live_transaction, lane.version, lane.changed_at, (
            select count(*) from (
                select from transactions
                where chain_id = $1 and sender = $2 and status = 'QUEUED' and not held_by_fee
                    and (created_at, id) < ($4, $5) limit $6) as older) as ahead
        from nonce_lanes as lane where lane.chain_id = $1 and lane.sender = $2 and lane.tenant_id = $3""",
        transaction.chain_id,
        transaction.sender,
        transaction.tenant_id,
        transaction.created_at,
        transaction.id,
        COUNTED_PLACES,
    )
    return Lane(**dict(row)) if row else Lane()


def take_slot(transaction: Transaction, lane: Lane, *, since_block: int, now: datetime) -> tuple[Statement, Statement]:
    """Take the lane's next nonce, if nobody has since it was read; ``CLAIM_LOST`` or ``CONFLICT`` otherwise."""
    taken = _open_lane(transaction, now=now) if lane.version is None else _take_lane(transaction, lane, now=now)
    return taken, Statement(
        """insert into spend_slots (chain_id, sender, nonce, tenant_id, transaction_id, state, reserved_at, since_block)
        values ($1, $2, $3, $4, $5, 'LIVE', $6, $7)""",
        (
            transaction.chain_id,
            transaction.sender,
            lane.next_nonce,
            transaction.tenant_id,
            transaction.id,
            now,
            since_block,
        ),
    )


async def get_since_block(database: Database, transaction: Transaction) -> int:
    """The newest block when the transaction's slot was taken; ``STATE_DAMAGED`` if it has none."""
    found = await database.fetchval(
        "select since_block from spend_slots where tenant_id = $1 and transaction_id = $2",
        transaction.tenant_id,
        transaction.id,
    )
    if found is None:
        raise StrongroomError(Code.STATE_DAMAGED, "A transaction with a nonce has no slot.")
    return int(found)


def pass_lane_on(transaction: Transaction, *, now: datetime) -> tuple[Statement, Statement]:
    """It is signed, so the nonce is this transaction's for ever: the lane goes on to the next one."""
    return _leave_lane(transaction, step=1, now=now), _mark_slot(transaction, state="SIGNED")


def free_slot(transaction: Transaction, *, now: datetime) -> tuple[Statement, Statement]:
    """The transaction was closed before it was signed: its nonce goes to the lane's next one."""
    return _leave_lane(transaction, step=0, now=now), _mark_slot(transaction, state="FREED")


def consume_slot(transaction: Transaction) -> Statement:
    """The nonce was consumed on chain, at finality."""
    return _mark_slot(transaction, state="CONSUMED")


def skip_freed_nonce(transaction: Transaction, *, now: datetime) -> Statement:
    """The nonce of a slot that was freed is consumed: nobody is to get it, unless somebody has it already."""
    return Statement(
        """update nonce_lanes set next_nonce = next_nonce + 1, changed_at = $4, version = version + 1
        where chain_id = $1 and sender = $2 and tenant_id = $3 and live_transaction is null
            and next_nonce = (select nonce from spend_slots where tenant_id = $3 and transaction_id = $5)""",
        (transaction.chain_id, transaction.sender, transaction.tenant_id, now, transaction.id),
    )


def _open_lane(transaction: Transaction, *, now: datetime) -> Statement:
    return Statement(
        """insert into nonce_lanes (chain_id, sender, tenant_id, next_nonce, live_transaction, changed_at)
        values ($1, $2, $3, 0, $4, $5) on conflict (chain_id, sender) do nothing""",
        (transaction.chain_id, transaction.sender, transaction.tenant_id, transaction.id, now),
        guard=True,
    )


def _take_lane(transaction: Transaction, lane: Lane, *, now: datetime) -> Statement:
    return Statement(
        """update nonce_lanes set live_transaction = $4, changed_at = $6, version = version + 1
        where chain_id = $1 and sender = $2 and tenant_id = $3 and version = $5 and live_transaction is null""",
        (transaction.chain_id, transaction.sender, transaction.tenant_id, transaction.id, lane.version, now),
        guard=True,
    )


def _leave_lane(transaction: Transaction, *, step: int, now: datetime) -> Statement:
    return Statement(
        """update nonce_lanes set live_transaction = null, next_nonce = next_nonce + $5, changed_at = $6,
            version = version + 1
        where chain_id = $1 and sender = $2 and tenant_id = $3 and live_transaction = $4""",
        (transaction.chain_id, transaction.sender, transaction.tenant_id, transaction.id, step, now),
        guard=True,
    )


def _mark_slot(transaction: Transaction, *, state: str) -> Statement:
    return Statement(
        "update spend_slots set state = $3 where tenant_id = $1 and transaction_id = $2",
        (transaction.tenant_id, transaction.id, state),
        guard=True,
    )
