"""Asking a peer for a step."""

from collections.abc import Awaitable
from typing import TypeVar

from strongroom.custody.transaction_manager.domain.ending import decide_ending, is_for_good
from strongroom.custody.transaction_manager.operations.open_errand import Opened
from strongroom.custody.transaction_manager.operations.ports import Ports
from strongroom.custody.transaction_manager.operations.store_step import store_step
from strongroom.kernel.errors import StrongroomError
from strongroom.runtime.work import WorkItem

T = TypeVar("T")


async def ask(answer: Awaitable[T], *, step: str, opened: Opened, item: WorkItem, ports: Ports) -> T | None:
    """What the peer answers; None when it refuses for good, which ends the transaction in this step.

    Raises:
        StrongroomError: passing refusals; the call is then made again.
    """
    try:
        return await answer
    except StrongroomError as error:
        if not is_for_good(error.code):
            raise
        outcome = error.code.name
        await store_step(
            ports=ports,
            transaction=opened.transaction,
            change=decide_ending(outcome=outcome, reason=error.detail, step=step),
            errand=opened.errand,
            steps=[opened.step(step, ports=ports, outcome=outcome, detail=error.detail)],
            done=item,
        )
        return None
