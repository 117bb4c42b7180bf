"""What screening is told of a transfer that data was exchanged for, so that the other institution hears of it."""

from uuid import UUID

from strongroom.custody.transaction_manager.domain.errand import Errand
from strongroom.custody.transaction_manager.domain.reporting import failure_of
from strongroom.custody.transaction_manager.operations.ports import Ports
from strongroom.kernel.documents.codec import decode
from strongroom.runtime.rpc.context import acting
from strongroom.runtime.work import WorkItem


async def report_transfer(*, item: WorkItem, ports: Ports) -> None:
    """Tell the hash of the transfer and, if it has failed for good, that it has.

    Raises:
        StrongroomError: ``TRAVEL_RULE_PENDING`` and other refusals; the call is made again until screening has it.
    """
    errand = decode(item.payload, Errand)
    transaction = await ports.live.read(tenant_id=errand.tenant, transaction_id=UUID(item.key))
    await ports.peers.report_transfer(
        transaction=transaction,
        failure=failure_of(transaction),
        metadata=acting(transaction_id=transaction.id, parents=errand.parents, context=errand.context),
    )
    await ports.work.commit(done=item)
