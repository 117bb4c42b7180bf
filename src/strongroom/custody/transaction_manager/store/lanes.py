"""The tables nonce_lanes and spend_slots: one live transaction a lane, one owner a slot."""

from datetime import datetime

from strongroom.custody.transaction_manager.domain.slots import Lane
from strongroom.custody.transaction_manager.domain.transaction import Transaction
from strongroom.runtime.db import Database, Statement


async def find_lane(database: Database, transaction: Transaction) -> Lane:
    """The lane of the transaction's sender; one that was never used begins at nonce 0."""
    row = await database.fetchrow(
        """select lane.next_nonce, lane.live_transaction, lane.version, (
            select count(*) from transactions
            where tenant_id = $3 and chain_id = $1 and sender = $2 and status = 'QUEUED'
                and (created_at, id) < ($4, $5)) as ahead
        from nonce_lanes as lane where lane.chain_id = $1 and lane.sender = $2 and lane.tenant_id = $3""",
        transaction.chain_id,
        transaction.sender,
        transaction.tenant_id,
        transaction.created_at,
        transaction.id,
    )
    return Lane(**dict(row)) if row else Lane()


def take_slot(transaction: Transaction, lane: Lane, *, now: datetime) -> tuple[Statement, Statement]:
    """Take the lane's next nonce, if nobody has since it was read; ``CLAIM_LOST`` or ``CONFLICT`` otherwise."""
    return (_open_lane(transaction) if lane.version is None else _take_lane(transaction, lane)), Statement(
        """insert into spend_slots (chain_id, sender, nonce, tenant_id, transaction_id, state, reserved_at)
        values ($1, $2, $3, $4, $5, 'LIVE', $6)""",
        (transaction.chain_id, transaction.sender, lane.next_nonce, transaction.tenant_id, transaction.id, now),
    )


def pass_lane_on(transaction: Transaction) -> tuple[Statement, Statement]:
    """The broadcast was recorded: the nonce is spent for this transaction and the lane goes on to the next."""
    return _leave_lane(transaction, step=1), _mark_slot(transaction, state="BROADCAST")


def free_slot(transaction: Transaction) -> tuple[Statement, Statement]:
    """The transaction ended before it was signed: its nonce goes to the lane's next one."""
    return _leave_lane(transaction, step=0), _mark_slot(transaction, state="FREED")


def consume_slot(transaction: Transaction) -> Statement:
    """The nonce was consumed on chain, at finality."""
    return _mark_slot(transaction, state="CONSUMED")


def _open_lane(transaction: Transaction) -> Statement:
    return Statement(
        """insert into nonce_lanes (chain_id, sender, tenant_id, next_nonce, live_transaction)
        values ($1, $2, $3, 0, $4) on conflict (chain_id, sender) do nothing""",
        (transaction.chain_id, transaction.sender, transaction.tenant_id, transaction.id),
        guard=True,
    )


def _take_lane(transaction: Transaction, lane: Lane) -> Statement:
    return Statement(
        """update nonce_lanes set live_transaction = $4, version = version + 1
        where chain_id = $1 and sender = $2 and tenant_id = $3 and version = $5 and live_transaction is null""",
        (transaction.chain_id, transaction.sender, transaction.tenant_id, transaction.id, lane.version),
        guard=True,
    )


def _leave_lane(transaction: Transaction, *, step: int) -> Statement:
    return Statement(
        """update nonce_lanes set live_transaction = null, next_nonce = next_nonce + $5, version = version + 1
        where chain_id = $1 and sender = $2 and tenant_id = $3 and live_transaction = $4""",
        (transaction.chain_id, transaction.sender, transaction.tenant_id, transaction.id, step),
        guard=True,
    )


def _mark_slot(transaction: Transaction, *, state: str) -> Statement:
    return Statement(
        "update spend_slots set state = $3 where tenant_id = $1 and transaction_id = $2",
        (transaction.tenant_id, transaction.id, state),
        guard=True,
    )
