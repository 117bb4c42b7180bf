"""Cancelling a transaction."""

from typing import Final
from uuid import UUID

from strongroom.custody.transaction_manager.domain.ending import decide_ending
from strongroom.custody.transaction_manager.domain.errand import Errand
from strongroom.custody.transaction_manager.domain.status import BEFORE_SIGNED, Status
from strongroom.custody.transaction_manager.operations.ports import Ports, Received
from strongroom.custody.transaction_manager.operations.store_step import store_step
from strongroom.kernel.errors import Code, StrongroomError

_TRIES: Final = 5


async def cancel(*, tenant_id: str, transaction_id: UUID, by: str, received: Received, ports: Ports) -> Status:
    """Close a transaction that is not signed yet; one that is closing or cancelled already is answered alike.

    Args:
        tenant_id: whose it is.
        transaction_id: which one.
        by: who asked, for people.
        received: the call, whose handoff is recorded.
        ports: as ever.

    Raises:
        StrongroomError: ``TRANSACTION_UNKNOWN``; ``STATUS_CONFLICT`` once it is signed or has ended otherwise.
    """
    errand = Errand.of(
        environment=ports.environment, tenant_id=tenant_id, parents=received.parents, context=received.context
    )
    change = decide_ending(outcome=Code.CANCELLED_BY_USER.name, reason=f"Cancelled by {by}." if by else "", step=None)
    for _ in range(_TRIES):
        transaction = await ports.live.read(tenant_id=tenant_id, transaction_id=transaction_id)
        if transaction.status in (Status.CANCELLING, Status.CANCELLED):
            return transaction.status
        if transaction.status not in BEFORE_SIGNED:
            raise StrongroomError(Code.STATUS_CONFLICT, "It is too late to cancel this transaction.")
        try:
            await store_step(
                ports=ports, transaction=transaction, change=change, errand=errand, handoff=received.handoff
            )
        except StrongroomError as error:
            if error.code is not Code.CLAIM_LOST:
                raise
        else:
            return Status.CANCELLING
    raise StrongroomError(Code.CLAIM_LOST)
