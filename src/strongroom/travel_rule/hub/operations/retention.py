"""Forget what passed long ago."""

from datetime import timedelta
from typing import Final

import structlog

from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database
from strongroom.travel_rule.hub.store import forget_old_passages

_BATCH: Final = 1_000
_PAUSE_S: Final = 0.05
_log = structlog.stdlib.get_logger(__name__)


async def forget_passages(*, database: Database, clock: Clock, keep: timedelta, batch: int = _BATCH) -> int:
    """Delete metadata of messages that passed longer ago than ``keep``; answers of how many.

    Few to a commit, and a pause after each: messages that pass meanwhile are stored beside it. What is cut short goes
    on with the next call. The database keeps the last day whatever is asked.

    Raises:
        StrongroomError: ``UNAVAILABLE``.
    """
    before, total = clock.now() - keep, 0
    while done := await forget_old_passages(database, before=before, most=batch):
        total += done
        _log.info("passages_forgotten", total=total, before=before.isoformat(timespec="seconds"))
        if done < batch:
            break
        await clock.sleep(_PAUSE_S)
    return total
