"""Step 13: store the attempt, then let it be sent."""

from strongroom.custody.nodes import store
from strongroom.custody.nodes.domain import Broadcast, SentWatch, check_broadcast
from strongroom.custody.nodes.operations.chains import Chains
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database, insert_handoff, violated_constraint
from strongroom.runtime.rpc.call import Call
from strongroom.runtime.work import Work

ONCE = frozenset({"broadcast_attempts_once", "broadcast_attempts_slot"})
SEND = "send"


async def broadcast_transaction(
    *, database: Database, work: Work, clock: Clock, chains: Chains, broadcast: Broadcast, call: Call
) -> None:
    """Step 13 — store the attempt, what to watch for, and the call that sends it, in one commit. Idempotent.

    Raises:
        StrongroomError: ``INTENT_MISMATCH`` for raw bytes that are not what the caller says; ``SLOT_TAKEN`` when
            another transaction was broadcast with this nonce; ``NODE_UNAVAILABLE`` with nothing stored.
    """
    check_broadcast(broadcast)
    since_block = await (await chains.get(broadcast.chain_id)).head()
    key, now = str(broadcast.transaction_id), clock.now()
    watch = SentWatch(target=broadcast, since_block=since_block, parents=call.parents, attempted_at=now)
    try:
        await work.commit(
            store.insert_attempt(broadcast, now=now),
            store.insert_watch(watch),
            insert_handoff(call.received),
            then=[work.new(key, SEND, broadcast.tenant_id.encode(), attempt=broadcast.attempt, carried=watch)],
        )
    except StrongroomError as error:
        if violated_constraint(error) not in ONCE:
            raise
        await _repeat(database=database, broadcast=broadcast, call=call)


async def _repeat(*, database: Database, broadcast: Broadcast, call: Call) -> None:
    stored = await store.find_broadcast(
        database,
        tenant_id=broadcast.tenant_id,
        transaction_id=broadcast.transaction_id,
        attempt=broadcast.attempt,
    )
    if stored is None or stored.target != broadcast:
        raise StrongroomError(Code.SLOT_TAKEN, "Another transaction was broadcast from this slot or attempt.")
    await database.commit(insert_handoff(call.received))
