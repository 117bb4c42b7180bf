"""The replay guard: sealed messages that came."""

from datetime import datetime

import sqlalchemy as sa

from strongroom.kernel.errors import Code, StrongroomError
from strongroom.travel_rule.enclave.store.engine import Transaction
from strongroom.travel_rule.enclave.store.schema import x_messages

_INSERT = sa.insert(x_messages)
_FORGET = sa.delete(x_messages).where(x_messages.c.seen_at < sa.bindparam("before"))


async def remember_message(tx: Transaction, message_id: str, *, now: datetime) -> None:
    """Remember a message in the same commit as its effect.

    Raises:
        StrongroomError: ``HANDOFF_REPLAYED`` when it was seen before; the transaction is lost then.
    """
    try:
        await tx.insert(_INSERT, {"message_id": message_id, "seen_at": now})
    except StrongroomError as error:
        if error.code is Code.CONFLICT:
            raise StrongroomError(Code.HANDOFF_REPLAYED, "This message was seen before.") from error
        raise


async def forget_messages(tx: Transaction, *, before: datetime) -> int:
    """Drop what came before that time, when such a message would be refused as stale; answers how many."""
    return await tx.change(_FORGET, {"before": before})
