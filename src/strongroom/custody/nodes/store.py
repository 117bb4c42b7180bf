"""Every statement of the nodes service."""

from datetime import datetime
from uuid import UUID

from strongroom.chains.evm.broadcast import SendAnswer
from strongroom.chains.evm.observed import Block
from strongroom.custody.nodes.domain import Broadcast, Watch
from strongroom.runtime.db import Database, Row, Statement


def insert_attempt(broadcast: Broadcast, *, now: datetime) -> Statement:
    """The row of step 13."""
    return Statement(
        """insert into broadcast_attempts (tenant_id, transaction_id, attempt, chain_id, sender, nonce, digest,
            raw_transaction, tx_hash, attempted_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        (
            broadcast.tenant_id,
            broadcast.transaction_id,
            broadcast.attempt,
            broadcast.chain_id,
            broadcast.sender,
            broadcast.nonce,
            broadcast.digest,
            broadcast.raw_transaction,
            broadcast.tx_hash,
            now,
        ),
    )


def insert_watch(watch: Watch) -> Statement:
    """What is to be looked for."""
    return Statement(
        """insert into watches (tenant_id, transaction_id, attempt, chain_id, since_block, parents)
        values ($1, $2, $3, $4, $5, $6)""",
        (
            watch.broadcast.tenant_id,
            watch.broadcast.transaction_id,
            watch.broadcast.attempt,
            watch.broadcast.chain_id,
            watch.since_block,
            list(watch.parents),
        ),
    )


async def find_broadcast(database: Database, *, tenant_id: str, transaction_id: UUID, attempt: int) -> Watch | None:
    """The broadcast of one attempt, with its watch."""
    row = await database.fetchrow(
        """select a.tenant_id, a.transaction_id, a.attempt, a.chain_id, a.sender, a.nonce, a.digest, a.raw_transaction,
            w.since_block, w.parents,
            exists (select 1 from broadcast_outcomes as o
                where (o.tenant_id, o.transaction_id, o.attempt) = (a.tenant_id, a.transaction_id, a.attempt)) as sent
        from broadcast_attempts a join watches w using (tenant_id, transaction_id, attempt)
        where a.tenant_id = $1 and a.transaction_id = $2 and a.attempt = $3""",
        tenant_id,
        transaction_id,
        attempt,
    )
    return None if row is None else _watch(row)


async def list_watches(database: Database, *, chain_id: int) -> tuple[Watch, ...]:
    """Every open watch of a chain."""
    rows = await database.fetch(
        """select a.tenant_id, a.transaction_id, a.attempt, a.chain_id, a.sender, a.nonce, a.digest, a.raw_transaction,
            w.since_block, w.parents,
            exists (select 1 from broadcast_outcomes as o
                where (o.tenant_id, o.transaction_id, o.attempt) = (a.tenant_id, a.transaction_id, a.attempt)) as sent
        from watches w join broadcast_attempts a using (tenant_id, transaction_id, attempt)
        where w.chain_id = $1 and w.closed_at is null""",
        chain_id,
    )
    return tuple(_watch(row) for row in rows)


def close_watch(broadcast: Broadcast, *, now: datetime) -> Statement:
    """Nothing more is to be seen of it; touches no row when it is closed already."""
    return Statement(
        """update watches set closed_at = $1
        where tenant_id = $2 and transaction_id = $3 and attempt = $4 and closed_at is null""",
        (now, broadcast.tenant_id, broadcast.transaction_id, broadcast.attempt),
    )


def insert_outcome(broadcast: Broadcast, answer: SendAnswer, *, now: datetime) -> Statement:
    """What a node answered."""
    return Statement(
        """insert into broadcast_outcomes (tenant_id, transaction_id, attempt, outcome, message, answered_at)
        values ($1, $2, $3, $4, $5, $6)""",
        (broadcast.tenant_id, broadcast.transaction_id, broadcast.attempt, answer.outcome.value, answer.message, now),
    )


def insert_block(chain_id: int, block: Block, *, now: datetime) -> Statement:
    """A block that holds a transaction of ours; seen again, it stays as it is."""
    return Statement(
        """insert into observed_blocks (chain_id, block_hash, number, parent_hash, observed_at)
        values ($1, $2, $3, $4, $5) on conflict (chain_id, block_hash) do nothing""",
        (chain_id, block.block_hash, block.number, block.parent_hash, now),
    )


def _watch(row: Row) -> Watch:
    broadcast = Broadcast(
        tenant_id=row["tenant_id"],
        transaction_id=row["transaction_id"],
        attempt=row["attempt"],
        chain_id=row["chain_id"],
        sender=row["sender"],
        nonce=row["nonce"],
        digest=row["digest"],
        raw_transaction=row["raw_transaction"],
    )
    return Watch(broadcast=broadcast, since_block=row["since_block"], parents=tuple(row["parents"]), sent=row["sent"])
