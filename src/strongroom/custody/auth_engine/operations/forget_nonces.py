"""Forgetting nonces that protect nothing any longer."""

from datetime import datetime

from strongroom.custody.auth_engine import store
from strongroom.runtime.db import Database


async def forget_nonces(*, database: Database, now: datetime) -> int:
    """Delete the nonces of requests whose tokens have expired; answers how many."""
    (count,) = await database.commit(store.delete_nonces(before=now))
    return count
