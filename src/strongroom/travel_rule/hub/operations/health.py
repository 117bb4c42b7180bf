"""Ask every enclave whether it is up."""

import asyncio
from typing import Final

from strongroom.runtime.clock import Clock
from strongroom.runtime.db import Database
from strongroom.travel_rule.hub.domain import Health, can_be_asked
from strongroom.travel_rule.hub.operations.directory import Directory
from strongroom.travel_rule.hub.peers import Enclaves
from strongroom.travel_rule.hub.store import put_health
from strongroom.travel_rule.messages import VaspRecord

_AT_ONCE: Final = 32


async def look_after_health(*, directory: Directory, enclaves: Enclaves, database: Database, clock: Clock) -> None:
    """Ask all that can be asked, some at a time, and store what was found."""
    places, now = asyncio.Semaphore(_AT_ONCE), clock.now()

    async def look(record: VaspRecord) -> tuple[str, Health]:
        async with places:
            is_up = can_be_asked(record, now=now) and await enclaves.is_up(record)
        return record.vasp_id, Health.UP if is_up else Health.DOWN

    found = await asyncio.gather(*(look(member.record) for member in directory.members()))
    if found:
        await put_health(database, dict(found), now=now)
