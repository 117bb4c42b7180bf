"""/v1/strongroom: approvals, and what a client needs to judge a transaction itself."""

from litestar import get, post
from litestar.params import FromPath, FromQuery, JSONBody

from strongroom.gateway.domain import shapes
from strongroom.gateway.operations import approvals, transactions
from strongroom.gateway.routes.parameters import (
    DEFAULT_LIMIT,
    After,
    HttpRequest,
    TheCaller,
    ThePeers,
    check_names,
    page_size,
)


@get("/strongroom/approvals", tags=["approvals"])
async def list_approvals(
    request: HttpRequest,
    peers: ThePeers,
    caller: TheCaller,
    limit: FromQuery[int] = DEFAULT_LIMIT,
    after: After = "",
) -> shapes.ApprovalStates:
    """Transactions that wait for approvals, oldest first."""
    check_names(request, "limit", "after")
    return await approvals.list_approvals(peers=peers, caller=caller, page_size=page_size(limit), cursor=after)


@get("/strongroom/transactions/{tx_id:str}", tags=["approvals"])
async def get_detail(peers: ThePeers, caller: TheCaller, tx_id: FromPath[str]) -> shapes.Detail:
    """A transaction's intent, signed decision, ending and tombstone: judge it yourself."""
    return await transactions.get_detail(peers=peers, caller=caller, transaction_id=tx_id)


@get("/strongroom/transactions/{tx_id:str}/approval", tags=["approvals"])
async def get_approval(peers: ThePeers, caller: TheCaller, tx_id: FromPath[str]) -> shapes.ApprovalState:
    """What an approver has to see, why, who agreed so far, and until when others may."""
    return await approvals.get_approval(peers=peers, caller=caller, transaction_id=tx_id)


@post("/strongroom/transactions/{tx_id:str}/approvals", status_code=200, tags=["approvals"])
async def submit_approval(
    peers: ThePeers, caller: TheCaller, tx_id: FromPath[str], data: JSONBody[shapes.NewApproval]
) -> shapes.TakenApproval:
    """Hand in one person's APPROVE or REJECT, signed by that person's device key. One REJECT ends the transaction."""
    return await approvals.submit_approval(peers=peers, caller=caller, transaction_id=tx_id, wanted=data)
