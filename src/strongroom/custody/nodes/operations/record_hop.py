"""A question that another service asks about a transaction is a hop of it."""

from strongroom.runtime.db import Database, insert_handoff
from strongroom.runtime.rpc.call import Call


async def record_hop(*, database: Database, call: Call) -> None:
    """Store the handoff of a question; one of the doors, which names no transaction, leaves no row."""
    if call.transaction_id is not None:
        await database.commit(insert_handoff(call.received))
