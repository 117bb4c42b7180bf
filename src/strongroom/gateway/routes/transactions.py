"""/v1/transactions."""

from typing import Annotated

from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, QueryParameter

from strongroom.gateway.domain import shapes
from strongroom.gateway.operations import transactions
from strongroom.gateway.peers import TransactionFilter
from strongroom.gateway.routes.described import TransferOperation
from strongroom.gateway.routes.parameters import (
    DEFAULT_LIMIT,
    HttpRequest,
    TheCaller,
    ThePeers,
    check_names,
    milliseconds,
    page_size,
    replay_headers,
)
from strongroom.kernel.errors import Code, StrongroomError

_FILTERS = ("before", "after", "status", "orderBy", "sort", "limit", "sourceType", "sourceId", "next")


@post("/transactions", status_code=200, tags=["transactions"], operation_class=TransferOperation)
async def create_transaction(peers: ThePeers, caller: TheCaller) -> Response[shapes.Created]:
    """Send a transfer from a vault account.

    The body goes to transaction_manager and every co-signer to the byte. An Idempotency-Key header of at most 40
    characters makes the same request get the same answer.
    """
    created, replayed = await transactions.create_transaction(peers=peers, caller=caller)
    return Response(created, headers=replay_headers(replayed=replayed))


@get("/transactions", tags=["transactions"])
async def list_transactions(  # noqa: PLR0913 - one for each query parameter of the SDK
    *,
    request: HttpRequest,
    peers: ThePeers,
    caller: TheCaller,
    before: FromQuery[str] = "",
    after: FromQuery[str] = "",
    status: FromQuery[str] = "",
    limit: FromQuery[int] = DEFAULT_LIMIT,
    sort: FromQuery[str] = "DESC",
    order_by: Annotated[str, QueryParameter(name="orderBy")] = "createdAt",
    source_type: Annotated[str, QueryParameter(name="sourceType")] = "VAULT_ACCOUNT",
    source_id: Annotated[str, QueryParameter(name="sourceId")] = "",
    cursor: Annotated[str, QueryParameter(name="next", description="The next-page header of the page before.")] = "",
) -> Response[list[shapes.Transaction]]:
    """Transactions by time, newest first; the next-page header holds the cursor of the next page."""
    check_names(request, *_FILTERS)
    if (order_by, sort.upper(), source_type) != ("createdAt", "DESC", "VAULT_ACCOUNT"):
        raise StrongroomError(Code.REQUEST_INVALID, "Sorted by createdAt DESC, from vault accounts, and no other way.")
    wanted = TransactionFilter(
        status=status,
        before_ms=milliseconds(before, name="before"),
        after_ms=milliseconds(after, name="after"),
        source_account=source_id,
        page_size=page_size(limit),
        cursor=cursor,
    )
    found, next_cursor = await transactions.list_transactions(peers=peers, caller=caller, wanted=wanted)
    return Response(found, headers={"next-page": next_cursor} if next_cursor else {})


@get("/transactions/{tx_id:str}", tags=["transactions"])
async def get_transaction(peers: ThePeers, caller: TheCaller, tx_id: FromPath[str]) -> shapes.Transaction:
    """One transaction."""
    transaction, _ = await transactions.get_transaction(peers=peers, caller=caller, transaction_id=tx_id)
    return transaction


@get("/transactions/external_tx_id/{external_id:str}", tags=["transactions"])
async def get_transaction_by_external_id(
    peers: ThePeers, caller: TheCaller, external_id: FromPath[str]
) -> shapes.Transaction:
    """The transaction of an externalTxId."""
    return await transactions.find_by_external_id(peers=peers, caller=caller, external_id=external_id)


@get("/transactions/{tx_id:str}/steps", tags=["transactions"])
async def get_steps(peers: ThePeers, caller: TheCaller, tx_id: FromPath[str]) -> shapes.Steps:
    """What was done for a transaction so far: the arrows of the fourteen steps, in order."""
    _, steps = await transactions.get_transaction(peers=peers, caller=caller, transaction_id=tx_id)
    return steps


@post("/transactions/{tx_id:str}/cancel", status_code=200, tags=["transactions"])
async def cancel_transaction(peers: ThePeers, caller: TheCaller, tx_id: FromPath[str]) -> shapes.Cancelled:
    """Cancel a transaction that is not signed yet.

    It is CANCELLING until co-signer 3 has signed that it never will be; if it lands first it is COMPLETED.
    """
    return await transactions.cancel_transaction(peers=peers, caller=caller, transaction_id=tx_id)
