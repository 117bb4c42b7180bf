"""What a tenant's owners sign: document sets and key requests; what follows from them."""

from strongroom.gateway.domain import shapes
from strongroom.gateway.domain.caller import Caller
from strongroom.gateway.domain.views import decode_text, encode_text, show_asset
from strongroom.gateway.peers import Peers
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import parse_document_set
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError


async def publish_document_set(
    *, peers: Peers, caller: Caller, wanted: shapes.NewDocumentSet
) -> shapes.PublishedDocumentSet:
    """Publish a version: any tenant's by the operator, a successor by an API user of the tenant. The owners decide.

    Raises:
        StrongroomError: ``DOCUMENT_*``, ``KEY_REGISTERED_TWICE``.
    """
    document_set = decode_text(wanted.document_set, name="documentSet")
    if not caller.is_operator and decode(document_set, Signed).tenant != caller.tenant_id:
        raise StrongroomError(Code.DOCUMENT_FOREIGN)
    return await peers.publish_document_set(document_set)


async def get_document_set(*, peers: Peers, caller: Caller) -> shapes.DocumentSet:
    """The current version with its owners' signatures."""
    return shapes.DocumentSet(document_set=encode_text(await peers.get_document_set(caller)))


async def list_assets(*, peers: Peers, caller: Caller) -> list[shapes.SupportedAsset]:
    """The tenant's signed asset list."""
    signed = decode(await peers.get_document_set(caller), Signed)
    document_set = parse_document_set(signed.payload)
    return [show_asset(asset, document_set) for asset in document_set.assets]


async def request_key(*, peers: Peers, caller: Caller, wanted: shapes.NewKey) -> shapes.Key:
    """Start the key ceremony that the owners asked for."""
    return await peers.request_key(caller, decode_text(wanted.key_request, name="keyRequest"))


async def get_key(*, peers: Peers, caller: Caller) -> shapes.Key:
    """The tenant's key, with the co-signers' records of it; ``KEY_UNKNOWN``."""
    return await peers.get_key(caller)
