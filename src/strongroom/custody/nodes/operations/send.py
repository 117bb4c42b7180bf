"""What follows step 13's commit: report it, then hand the bytes to a node."""

from uuid import UUID

import structlog

from strongroom.custody.nodes import store
from strongroom.custody.nodes.config import NodesConfig
from strongroom.custody.nodes.domain import SETTLED, SentWatch
from strongroom.custody.nodes.operations.chains import Chains
from strongroom.custody.nodes.peers import Peers
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database
from strongroom.runtime.work import Work, WorkItem

_log = structlog.stdlib.get_logger(__name__)


async def send(
    *, database: Database, work: Work, clock: Clock, chains: Chains, peers: Peers, config: NodesConfig, item: WorkItem
) -> None:
    """Report step 13, then send; made again until a node took the bytes, or says that only the chain can tell.

    Raises:
        StrongroomError: ``NODE_UNAVAILABLE``: made again.
    """
    began, began_s = clock.now(), clock.monotonic_s()
    watch = item.carried if isinstance(item.carried, SentWatch) else await _read_watch(database, item)
    chain = await chains.get(watch.target.chain_id)
    duration_us = round((clock.monotonic_s() - began_s) * 1_000_000)
    goes_on = await peers.record_broadcast(watch.target, began=began, duration_us=duration_us, parents=watch.parents)
    if not goes_on:  # never to be sent, so there is nothing to watch for
        await work.commit(store.close_watch(watch.target, now=clock.now()), done=item)
        return
    answer = await chain.node.send_raw(watch.target.raw_transaction)
    outcome = store.insert_outcome(watch.target, answer, now=clock.now())
    if answer.outcome in SETTLED:
        await work.commit(outcome, done=item)
        return
    _log.error("node_refused", transaction_id=item.key, outcome=answer.outcome.value, message=answer.message)
    await database.commit(outcome)
    delay_s = min(config.refused_retry_s * 2 ** min(item.tries, 10), config.unseen_resend_s)
    await work.postpone(item, delay_s, answer.outcome.value)


async def _read_watch(database: Database, item: WorkItem) -> SentWatch:
    watch = await store.find_broadcast(
        database, tenant_id=item.payload.decode(), transaction_id=UUID(item.key), attempt=item.attempt
    )
    if watch is None:
        raise StrongroomError(Code.STATE_DAMAGED, "A call to send without its attempt.")
    return watch
