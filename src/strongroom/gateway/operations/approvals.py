"""Approvals: what people are asked, and what they answer. Their signatures decide, not who carries them here."""

from strongroom.gateway.domain import shapes
from strongroom.gateway.domain.accounts import parse_transaction_id
from strongroom.gateway.domain.caller import Caller
from strongroom.gateway.domain.views import decode_text
from strongroom.gateway.peers import Peers


async def list_approvals(*, peers: Peers, caller: Caller, page_size: int, cursor: str) -> shapes.ApprovalStates:
    """A page of transactions that wait for approvals, oldest first."""
    return await peers.list_approvals(caller, page_size=page_size, cursor=cursor)


async def get_approval(*, peers: Peers, caller: Caller, transaction_id: str) -> shapes.ApprovalState:
    """What an approver has to see; ``TRANSACTION_UNKNOWN``, also before the policy was asked."""
    return await peers.get_approval(caller, parse_transaction_id(transaction_id))


async def submit_approval(
    *, peers: Peers, caller: Caller, transaction_id: str, wanted: shapes.NewApproval
) -> shapes.TakenApproval:
    """Hand in one person's answer.

    Raises:
        StrongroomError: ``TRANSACTION_UNKNOWN``, ``APPROVAL_INVALID``, ``STATUS_CONFLICT``, ``DOCUMENT_*``.
    """
    approval = decode_text(wanted.approval, name="approval")
    return await peers.submit_approval(caller, transaction_id=parse_transaction_id(transaction_id), approval=approval)
