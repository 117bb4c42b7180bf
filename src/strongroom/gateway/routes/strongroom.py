"""/v1/strongroom: what the Fireblocks API has no word for; and /v1/health."""

from litestar import get, post
from litestar.params import FromQuery, JSONBody

from strongroom.gateway.domain import shapes
from strongroom.gateway.operations import platform, tenants
from strongroom.gateway.routes.parameters import (
    DEFAULT_LIMIT,
    After,
    HttpRequest,
    TheCaller,
    ThePeers,
    check_names,
    page_size,
)


@post("/strongroom/document_sets", status_code=200, tags=["tenant"])
async def publish_document_set(
    peers: ThePeers, caller: TheCaller, data: JSONBody[shapes.NewDocumentSet]
) -> shapes.PublishedDocumentSet:
    """Publish a document set that its owners signed: genesis by the operator, a successor by an API user as well."""
    return await tenants.publish_document_set(peers=peers, caller=caller, wanted=data)


@get("/strongroom/document_set", tags=["tenant"])
async def get_document_set(peers: ThePeers, caller: TheCaller) -> shapes.DocumentSet:
    """The tenant's current document set with its owners' signatures."""
    return await tenants.get_document_set(peers=peers, caller=caller)


@post("/strongroom/keys", status_code=200, tags=["tenant"])
async def request_key(peers: ThePeers, caller: TheCaller, data: JSONBody[shapes.NewKey]) -> shapes.Key:
    """Start the key ceremony that the owners asked for."""
    return await tenants.request_key(peers=peers, caller=caller, wanted=data)


@get("/strongroom/key", tags=["tenant"])
async def get_key(peers: ThePeers, caller: TheCaller) -> shapes.Key:
    """The tenant's key with the co-signers' records: verify them, and derive every address yourself."""
    return await tenants.get_key(peers=peers, caller=caller)


@post("/strongroom/screening/lists", status_code=200, tags=["platform"])
async def import_list(
    peers: ThePeers, caller: TheCaller, data: JSONBody[shapes.NewScreeningList]
) -> shapes.ScreeningList:
    """Import a list of addresses in place of the one of that name; for the operator."""
    return await platform.import_list(peers=peers, caller=caller, wanted=data)


@get("/strongroom/screening/lists", tags=["platform"])
async def list_lists(
    request: HttpRequest, peers: ThePeers, limit: FromQuery[int] = DEFAULT_LIMIT, after: After = ""
) -> shapes.ScreeningLists:
    """Imported lists by name."""
    check_names(request, "limit", "after")
    return await platform.list_lists(peers=peers, page_size=page_size(limit), cursor=after)


@post("/strongroom/screening/parties", status_code=200, tags=["platform"])
async def import_parties(peers: ThePeers, caller: TheCaller, data: JSONBody[shapes.NewParties]) -> shapes.Parties:
    """Import who sends from a tenant's vault accounts and who receives at addresses; for the operator."""
    return await platform.import_parties(peers=peers, caller=caller, wanted=data)


@get("/strongroom/screening/parties", tags=["platform"])
async def list_parties(
    request: HttpRequest,
    peers: ThePeers,
    caller: TheCaller,
    limit: FromQuery[int] = DEFAULT_LIMIT,
    after: After = "",
) -> shapes.PartyList:
    """Registered parties by tenant, kind and place, without any person; for the operator."""
    check_names(request, "limit", "after")
    return await platform.list_parties(peers=peers, caller=caller, page_size=page_size(limit), cursor=after)


@get("/strongroom/cosigners", tags=["platform"])
async def list_cosigners(peers: ThePeers) -> shapes.Cosigners:
    """Which co-signers are connected."""
    return await platform.list_cosigners(peers=peers)


@get("/health", tags=["platform"], security=[])
async def get_health() -> shapes.Health:
    """The gateway answers; open to everyone."""
    return shapes.Health()
