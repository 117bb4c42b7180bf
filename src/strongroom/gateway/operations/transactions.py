"""Transactions: sent, fetched and listed."""

from strongroom.gateway.domain import shapes
from strongroom.gateway.domain.accounts import parse_account_id, parse_external_id, parse_transaction_id
from strongroom.gateway.domain.caller import Caller
from strongroom.gateway.peers import Peers, TransactionFilter


async def create_transaction(*, peers: Peers, caller: Caller) -> tuple[shapes.Created, bool]:
    """Step 1 — hand an authenticated request to the manager, to the byte, with the time it came.

    Returns:
        The answer, and whether it answers an earlier request again.
    """
    return await peers.create_transaction(caller)


async def get_transaction(
    *, peers: Peers, caller: Caller, transaction_id: str
) -> tuple[shapes.Transaction, shapes.Steps]:
    """One transaction and what was done; ``TRANSACTION_UNKNOWN``."""
    return await peers.get_transaction(caller, transaction_id=parse_transaction_id(transaction_id))


async def find_by_external_id(*, peers: Peers, caller: Caller, external_id: str) -> shapes.Transaction:
    """The transaction of an externalTxId; ``TRANSACTION_UNKNOWN``."""
    transaction, _ = await peers.get_transaction(caller, external_id=parse_external_id(external_id))
    return transaction


async def list_transactions(
    *, peers: Peers, caller: Caller, wanted: TransactionFilter
) -> tuple[list[shapes.Transaction], str]:
    """A page, newest first, and the cursor of the next, empty at the end."""
    if wanted.source_account:
        parse_account_id(wanted.source_account)
    return await peers.list_transactions(caller, wanted)


async def get_detail(*, peers: Peers, caller: Caller, transaction_id: str) -> shapes.Detail:
    """What a client needs to judge a transaction itself; ``TRANSACTION_UNKNOWN``."""
    return await peers.get_detail(caller, parse_transaction_id(transaction_id))


async def cancel_transaction(*, peers: Peers, caller: Caller, transaction_id: str) -> shapes.Cancelled:
    """Have a transaction closed; ``TRANSACTION_UNKNOWN``, ``STATUS_CONFLICT`` once it is signed."""
    await peers.cancel_transaction(caller, parse_transaction_id(transaction_id))
    return shapes.Cancelled()
