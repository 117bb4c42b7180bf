"""Watching a digest that was released and shall not land."""

from strongroom.custody.nodes import store
from strongroom.custody.nodes.domain import Watch
from strongroom.custody.nodes.operations.chains import Chains
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import Database, insert_handoff
from strongroom.runtime.rpc.call import Call


async def watch_slot(*, database: Database, chains: Chains, watch: Watch, call: Call) -> None:
    """Store what to look for; whatever consumes the nonce is then reported as step 14. Idempotent.

    Raises:
        StrongroomError: ``ASSET_UNKNOWN`` when no node is configured for the chain, ``NODE_UNAVAILABLE``;
            ``REQUEST_INVALID`` for an impossible slot; ``SLOT_TAKEN`` when the transaction's watch is another.
    """
    target = watch.target
    if len(target.digest) != 32 or target.nonce < 0 or watch.since_block < 0:
        raise StrongroomError(Code.REQUEST_INVALID, "A slot is a nonce from 0, with a digest of 32 bytes.")
    await chains.get(target.chain_id)
    (inserted, _) = await database.commit(store.insert_slot_watch(watch), insert_handoff(call.received))
    if inserted:
        return
    stored = await store.find_slot_watch(database, tenant_id=target.tenant_id, transaction_id=target.transaction_id)
    if stored is None or stored.target != target:
        raise StrongroomError(Code.SLOT_TAKEN, "Another digest of this transaction is watched.")
