"""The order to the co-signers to close a request, and what is watched when they came too late (trust.md 5)."""

from uuid import UUID

from strongroom.custody.transaction_manager.domain.errand import Closing, Ended, Errand
from strongroom.custody.transaction_manager.domain.slots import released_digest
from strongroom.custody.transaction_manager.operations.ports import Ports
from strongroom.custody.transaction_manager.store import lanes
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.payload import Payload
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.rpc.context import acting
from strongroom.runtime.work import WorkItem


async def close(*, item: WorkItem, ports: Ports) -> None:
    """Have cosigner_engine order the co-signers to close the request; it reports what they say by ``RecordClose``.

    Raises:
        StrongroomError: whatever the engine refuses; the call is made again until it is stored there.
    """
    closing = decode(item.payload, Closing)
    errand = closing.errand
    transaction = await ports.live.read(tenant_id=errand.tenant, transaction_id=UUID(item.key))
    if transaction.closing:
        await ports.peers.close_transaction(
            transaction=transaction,
            cause=closing.cause,
            metadata=acting(transaction_id=transaction.id, parents=errand.parents, context=errand.context),
        )
    await ports.work.commit(done=item)


async def close_approval(*, item: WorkItem, ports: Ports) -> None:
    """Have policy_engine ask nobody any more about a transaction that ended, or that was signed in an earlier attempt.

    Raises:
        StrongroomError: whatever the policy engine refuses; the call is made again until it is stored there.
    """
    ended = decode(item.payload, Ended)
    errand, transaction_id = ended.errand, UUID(item.key)
    await ports.peers.close_approval(
        tenant_id=errand.tenant,
        transaction_id=transaction_id,
        attempt=ended.attempt,
        reason=ended.reason,
        metadata=acting(transaction_id=transaction_id, parents=errand.parents, context=errand.context),
    )
    await ports.work.commit(done=item)


async def watch_slot(*, item: WorkItem, ports: Ports) -> None:
    """Have nodes watch a slot that was freed although its digest was released; it reports what consumes the nonce.

    Raises:
        StrongroomError: passing refusals; the call is then made again. ``STATE_DAMAGED``.
    """
    errand = decode(item.payload, Errand)
    transaction = await ports.live.read(tenant_id=errand.tenant, transaction_id=UUID(item.key))
    if transaction.closing:
        if transaction.payload is None:
            raise StrongroomError(Code.STATE_DAMAGED, "A slot without a payload.")
        payload = decode(transaction.payload, Payload)
        await ports.peers.watch_slot(
            transaction=transaction,
            nonce=payload.nonce,
            digest=released_digest(intent=transaction.parsed_intent(), payload=payload),
            since_block=await lanes.get_since_block(ports.database, transaction),
            metadata=acting(transaction_id=transaction.id, parents=errand.parents, context=errand.context),
        )
    await ports.work.commit(done=item)
