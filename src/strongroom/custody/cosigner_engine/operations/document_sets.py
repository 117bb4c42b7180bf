"""The tenants' document sets: kept in order, and given to every co-signer that does not have them (trust.md 1)."""

import structlog

from strongroom.custody.cosigner_engine import store
from strongroom.custody.cosigner_engine.domain.reports import MEMBERS
from strongroom.custody.cosigner_engine.operations.means import Means
from strongroom.custody.cosigner_engine.providers import orders
from strongroom.custody.cosigner_engine.providers.links import Link
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import parse_document_set, verify_document_set
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.db import insert_handoff, violated_constraint
from strongroom.runtime.rpc.evidence import HandoffEvent

_log = structlog.stdlib.get_logger(__name__)


async def apply_document_set(*, means: Means, data: bytes, received: HandoffEvent) -> None:
    """Store the next version, and give it to the co-signers that are connected. Idempotent by version.

    Args:
        data: an encoded ``Signed`` of kind document-set; each co-signer verifies it for itself.

    Raises:
        StrongroomError: ``DOCUMENT_*``.
    """
    signed = decode(data, Signed)
    known = await store.find_document_set(means.database, tenant=signed.tenant)
    current = None if known is None else parse_document_set(decode(known, Signed).payload)
    if known is not None and decode(known, Signed).payload == signed.payload:
        await means.database.commit(insert_handoff(received))
        return
    document_set = verify_document_set(signed=signed, current=current)
    if document_set.environment != means.environment:
        raise StrongroomError(Code.DOCUMENT_FOREIGN)
    insert = store.insert_document_set(document_set=document_set, document=data, now=means.clock.now())
    try:
        await means.database.commit(insert, insert_handoff(received))
    except StrongroomError as error:
        if violated_constraint(error) != store.VERSION_KNOWN:
            raise
        raise StrongroomError(Code.UNAVAILABLE, "Another process has stored this version: ask again.") from None
    await deliver_to_all(means=means, tenant=document_set.tenant)


async def deliver_to_all(*, means: Means, tenant: str) -> None:
    """Give whoever is connected what it lacks of a tenant's document sets."""
    for index in MEMBERS:
        link = means.links.find(index)
        if link is not None and tenant in link.versions:
            await _deliver(means=means, link=link, tenant=tenant)


async def deliver_all(*, means: Means, link: Link) -> None:
    """Give a co-signer that has connected what it lacks of all tenants' document sets."""
    for tenant in list(link.versions):
        await _deliver(means=means, link=link, tenant=tenant)


async def _deliver(*, means: Means, link: Link, tenant: str) -> None:
    """In order, each once on this stream; a co-signer that refuses one refuses those after it."""
    following = await store.list_document_sets(means.database, tenant=tenant, after=link.versions[tenant])
    for version, document in following:
        if version <= link.versions[tenant]:
            continue
        link.versions[tenant] = version
        under = orders.Under(transaction_id=None, parents=())
        order = means.links.orders.write(
            orders.install_document_set(document), ceremony_id=sha256(document), to=link.index, under=under
        )
        try:
            await link.put(order)
        except StrongroomError as error:
            _log.warning("document_set_not_delivered", cosigner=link.index, version=version, code=error.code.name)
            return
