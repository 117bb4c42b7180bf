"""The end of a request's lifetime."""

from uuid import UUID

from strongroom.custody.transaction_manager.domain.ending import TIMED_OUT
from strongroom.custody.transaction_manager.domain.errand import Errand
from strongroom.custody.transaction_manager.domain.status import BEFORE_SIGNED
from strongroom.custody.transaction_manager.operations.ports import Ports
from strongroom.custody.transaction_manager.operations.store_step import store_step
from strongroom.kernel.documents.codec import decode
from strongroom.runtime.work import WorkItem


async def expire(*, item: WorkItem, ports: Ports) -> None:
    """Close a transaction that is not signed when its not-after passes, whatever it waits for.

    Raises:
        StrongroomError: ``CLAIM_LOST`` when it moved meanwhile; it is then looked at again.
    """
    errand = decode(item.payload, Errand)
    transaction = await ports.live.read(tenant_id=errand.tenant, transaction_id=UUID(item.key))
    if transaction.status not in BEFORE_SIGNED or transaction.closing:
        await ports.work.commit(done=item)
        return
    await store_step(ports=ports, transaction=transaction, change=TIMED_OUT, errand=errand, done=item)
