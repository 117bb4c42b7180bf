"""What concerns every tenant: screening lists, parties of transfers, and co-signers."""

from strongroom.gateway.domain import shapes
from strongroom.gateway.domain.caller import Caller
from strongroom.gateway.domain.views import decode_text
from strongroom.gateway.peers import Peers


async def import_list(*, peers: Peers, caller: Caller, wanted: shapes.NewScreeningList) -> shapes.ScreeningList:
    """Replace a screening list; for the operator alone."""
    caller.check_operator()
    return await peers.import_list(name=wanted.name, content=decode_text(wanted.content, name="content"))


async def list_lists(*, peers: Peers, page_size: int, cursor: str) -> shapes.ScreeningLists:
    """A page of imported lists."""
    return await peers.list_lists(page_size=page_size, cursor=cursor)


async def import_parties(*, peers: Peers, caller: Caller, wanted: shapes.NewParties) -> shapes.Parties:
    """Replace the parties of a tenant; for the operator alone."""
    caller.check_operator()
    return await peers.import_parties(content=decode_text(wanted.content, name="content"))


async def list_parties(*, peers: Peers, caller: Caller, page_size: int, cursor: str) -> shapes.PartyList:
    """A page of parties of every tenant; for the operator alone."""
    caller.check_operator()
    return await peers.list_parties(page_size=page_size, cursor=cursor)


async def list_cosigners(*, peers: Peers) -> shapes.Cosigners:
    """Which co-signers are connected."""
    return await peers.list_cosigners()
