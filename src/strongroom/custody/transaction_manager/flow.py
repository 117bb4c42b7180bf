"""Which operation makes which durable call: steps 5a to 6, each begun by the commit of the one before, and the end."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol
from uuid import UUID

from strongroom.custody.transaction_manager.operations.check_balance import check_balance
from strongroom.custody.transaction_manager.operations.close import close, close_approval, watch_slot
from strongroom.custody.transaction_manager.operations.evaluate import evaluate
from strongroom.custody.transaction_manager.operations.exchange_travel_rule import exchange_travel_rule
from strongroom.custody.transaction_manager.operations.expire import expire
from strongroom.custody.transaction_manager.operations.ports import Ports
from strongroom.custody.transaction_manager.operations.record_close import WATCH_SLOT
from strongroom.custody.transaction_manager.operations.report_transfer import report_transfer
from strongroom.custody.transaction_manager.operations.screen import screen
from strongroom.custody.transaction_manager.operations.store_step import CLOSE, CLOSE_APPROVAL, EXPIRE, REPORT_TRANSFER
from strongroom.runtime.work import WorkItem


class Call(Protocol):
    """An operation that makes one durable call."""

    def __call__(self, *, item: WorkItem, ports: Ports) -> Awaitable[None]:
        """Make it."""
        ...


CALLS: Mapping[str, Call] = {
    "check_balance": check_balance,
    "screen": screen,
    "exchange_travel_rule": exchange_travel_rule,
    "evaluate": evaluate,
    EXPIRE: expire,
    CLOSE: close,
    CLOSE_APPROVAL: close_approval,
    WATCH_SLOT: watch_slot,
    REPORT_TRANSFER: report_transfer,
}


def register(ports: Ports) -> None:
    """Tell the worker who makes the manager's calls."""
    for name, call in CALLS.items():
        ports.work.register(name, _handler(call, ports))


def _handler(call: Call, ports: Ports) -> Callable[[WorkItem], Awaitable[None]]:
    async def handle(item: WorkItem) -> None:
        try:
            await call(item=item, ports=ports)
        except BaseException:
            ports.live.drop(UUID(item.key))  # the next try begins with the row as it is
            raise

    return handle
