"""Every statement of the nodes service."""

from datetime import datetime
from uuid import UUID

from strongroom.chains.evm.broadcast import SendAnswer
from strongroom.chains.evm.observed import Block
from strongroom.custody.nodes.domain import Broadcast, SentWatch, Target, Watch
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


def insert_watch(watch: SentWatch) -> Statement:
    """What is to be looked for: from the block on where an earlier digest of the same slot began to be, if one was."""
    target = watch.target
    return Statement(
        """insert into watches (tenant_id, transaction_id, attempt, chain_id, since_block, parents)
        values ($1, $2, $3, $4, least($5, (
            select min(older.since_block) from slot_watches as older
            where older.chain_id = $4 and older.sender = $7 and older.nonce = $8)), $6)""",
        (
            target.tenant_id,
            target.transaction_id,
            target.attempt,
            target.chain_id,
            watch.since_block,
            list(watch.parents),
            target.sender,
            target.nonce,
        ),
    )


def insert_slot_watch(watch: Watch) -> Statement:
    """A released digest to be looked for; the same again touches no row."""
    target = watch.target
    return Statement(
        """insert into slot_watches (tenant_id, transaction_id, chain_id, sender, nonce, digest, since_block, parents)
        values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict on constraint slot_watches_once do nothing""",
        (
            target.tenant_id,
            target.transaction_id,
            target.chain_id,
            target.sender,
            target.nonce,
            target.digest,
            watch.since_block,
            list(watch.parents),
        ),
    )


async def find_slot_watch(database: Database, *, tenant_id: str, transaction_id: UUID) -> Watch | None:
    """The watch of a transaction's released digest, open or closed."""
    row = await database.fetchrow(
        """select tenant_id, transaction_id, chain_id, sender, nonce, digest, since_block, parents from slot_watches
        where tenant_id = $1 and transaction_id = $2""",
        tenant_id,
        transaction_id,
    )
    return None if row is None else _slot_watch(row)


async def find_broadcast(database: Database, *, tenant_id: str, transaction_id: UUID, attempt: int) -> SentWatch | None:
    """The broadcast of one attempt, with its watch."""
    row = await database.fetchrow(
        """select a.tenant_id, a.transaction_id, a.attempt, a.chain_id, a.sender, a.nonce, a.digest, a.raw_transaction,
            a.attempted_at, w.since_block, w.parents, w.alerted_at is not null as alerted,
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
    """Every open watch of a chain: of what was broadcast, and of what was released and shall not land."""
    rows = await database.fetch(
        """select a.tenant_id, a.transaction_id, a.attempt, a.chain_id, a.sender, a.nonce, a.digest, a.raw_transaction,
            a.attempted_at, w.since_block, w.parents, w.alerted_at is not null as alerted,
            exists (select 1 from broadcast_outcomes as o
                where (o.tenant_id, o.transaction_id, o.attempt) = (a.tenant_id, a.transaction_id, a.attempt)) as sent
        from watches w join broadcast_attempts a using (tenant_id, transaction_id, attempt)
        where w.chain_id = $1 and w.closed_at is null
        union all
        select tenant_id, transaction_id, null, chain_id, sender, nonce, digest, null, null, since_block, parents,
            false, false
        from slot_watches where chain_id = $1 and closed_at is null""",
        chain_id,
    )
    return tuple(_slot_watch(row) if row["attempt"] is None else _watch(row) for row in rows)


def close_watch(target: Target, *, now: datetime) -> Statement:
    """Nothing more is to be seen of it; touches no row when it is closed already."""
    if isinstance(target, Broadcast):
        return Statement(
            """update watches set closed_at = $1
            where tenant_id = $2 and transaction_id = $3 and attempt = $4 and closed_at is null""",
            (now, target.tenant_id, target.transaction_id, target.attempt),
        )
    return Statement(
        "update slot_watches set closed_at = $1 where tenant_id = $2 and transaction_id = $3 and closed_at is null",
        (now, target.tenant_id, target.transaction_id),
    )


def mark_alerted(broadcast: Broadcast, *, now: datetime) -> Statement:
    """People are told that it is stuck; touches no row when they were told before."""
    return Statement(
        """update watches set alerted_at = $1
        where tenant_id = $2 and transaction_id = $3 and attempt = $4 and alerted_at is null""",
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


def _watch(row: Row) -> SentWatch:
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
    return SentWatch(
        target=broadcast,
        since_block=row["since_block"],
        parents=tuple(row["parents"]),
        attempted_at=row["attempted_at"],
        sent=row["sent"],
        alerted=row["alerted"],
    )


def _slot_watch(row: Row) -> Watch:
    target = Target(
        tenant_id=row["tenant_id"],
        transaction_id=row["transaction_id"],
        chain_id=row["chain_id"],
        sender=row["sender"],
        nonce=row["nonce"],
        digest=row["digest"],
    )
    return Watch(target=target, since_block=row["since_block"], parents=tuple(row["parents"]))
