"""What every durable call of the manager begins with."""

from dataclasses import dataclass
from datetime import datetime
from typing import final
from uuid import UUID

from strongroom.custody.transaction_manager.domain.ending import TIMED_OUT
from strongroom.custody.transaction_manager.domain.errand import Errand
from strongroom.custody.transaction_manager.domain.status import BEFORE_SIGNED
from strongroom.custody.transaction_manager.domain.steps import OK, Step, own_step
from strongroom.custody.transaction_manager.domain.transaction import Transaction
from strongroom.custody.transaction_manager.operations.ports import Ports
from strongroom.custody.transaction_manager.operations.store_step import store_step
from strongroom.kernel.documents.codec import decode
from strongroom.runtime.rpc.context import Metadata, acting
from strongroom.runtime.work import WorkItem


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A call that is due: its transaction, what it acts for, and since when it runs."""

    transaction: Transaction
    errand: Errand
    metadata: Metadata
    started_at: datetime
    started_s: float

    def step(self, number: str, *, ports: Ports, outcome: str = OK, detail: str = "") -> Step:
        """The step as it is now, with the time that it took."""
        return own_step(
            number,
            started_at=self.started_at,
            duration_us=round((ports.clock.monotonic_s() - self.started_s) * 1_000_000),
            attempt=self.transaction.attempt,
            outcome=outcome,
            detail=detail,
        )

    def next_call(self, operation: str, *, ports: Ports) -> WorkItem:
        """The work row of the call that follows, under the same handoff."""
        transaction = self.transaction
        return ports.work.new(str(transaction.id), operation, self.errand.encode(), attempt=transaction.attempt)


async def open_errand(*, item: WorkItem, after: str, ports: Ports) -> Opened | None:
    """The call if it is still due after that step; else it is closed here, as is a transaction whose time is over."""
    started_at, started_s = ports.clock.now(), ports.clock.monotonic_s()
    errand = decode(item.payload, Errand)
    transaction_id = UUID(item.key)
    transaction = ports.live.find(tenant_id=errand.tenant, transaction_id=transaction_id)
    if transaction is None or not _is_due(transaction, item, after):
        transaction = await ports.live.read(tenant_id=errand.tenant, transaction_id=transaction_id)
    if not _is_due(transaction, item, after):
        await ports.work.commit(done=item)
        return None
    if started_at >= transaction.not_after:
        await store_step(ports=ports, transaction=transaction, change=TIMED_OUT, errand=errand, done=item)
        return None
    metadata = acting(transaction_id=transaction.id, parents=errand.parents, context=errand.context)
    return Opened(transaction=transaction, errand=errand, metadata=metadata, started_at=started_at, started_s=started_s)


def _is_due(transaction: Transaction, item: WorkItem, after: str) -> bool:
    return (
        transaction.status in BEFORE_SIGNED
        and not transaction.closing
        and transaction.step == after
        and transaction.attempt == item.attempt
    )
