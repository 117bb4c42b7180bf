"""ApplyDocumentSet: the manager believes owners, not the service that brings the document."""

import asyncio
from dataclasses import replace

from strongroom.custody.transaction_manager.store.documents import DocumentSets
from strongroom.interfaces.transaction_manager.v1 import transaction_manager_pb2 as pb
from strongroom.kernel.documents.document_set import Owners
from strongroom.kernel.documents.signing import Signed
from strongroom.kernel.errors import Code
from strongroom.kernel.ids import Environment
from tests.custody.transaction_manager.world import World, refused
from tests.fixtures.tenant import MadeTenant, make_tenant


async def _apply(world: World, signed: Signed) -> None:
    request = pb.ApplyDocumentSetRequest(document_set=signed.encode())
    await world.as_("policy_engine").ApplyDocumentSet(request)


def _next(tenant: MadeTenant, **changes: object) -> MadeTenant:
    current = tenant.document_set
    return tenant.with_document_set(version=current.version + 1, previous=current.hash(), **changes)


async def _versions(world: World) -> list[int]:
    rows = await world.rows("select version from document_sets where tenant_id = 'acme' order by version")
    return [row["version"] for row in rows]


async def test_the_same_version_again_does_nothing_and_the_next_is_taken_over(world: World) -> None:
    genesis, second = world.tenant.signed_document_set(), _next(world.tenant).signed_document_set()
    await _apply(world, genesis)
    await _apply(world, second)
    await _apply(world, genesis)
    await asyncio.gather(*(_apply(world, second) for _ in range(4)))
    assert await _versions(world) == [1, 2]


async def test_a_version_that_is_no_longer_kept_is_read_again(world: World) -> None:
    await _apply(world, _next(world.tenant).signed_document_set())
    documents = DocumentSets(world.database, kept=1)
    for version in (1, 2, 1, 2):
        assert (await documents.get(tenant_id="acme", version=version)).version == version


async def test_what_the_current_owners_did_not_sign_is_refused(world: World) -> None:
    tenant = world.tenant
    thief = make_tenant()
    new_owners = Owners(threshold=2, members=tuple(owner.member() for owner in thief.owners))
    stolen = replace(_next(tenant, owners=new_owners), owners=thief.owners)
    one_signature = replace(_next(tenant), owners=tenant.owners[:1])
    gap = tenant.with_document_set(version=3, previous=tenant.document_set.hash())
    fork = _next(tenant.with_document_set(request_lifetime_s=60))
    foreign = make_tenant(environment=Environment.LIVE)
    for made, codes in (
        (stolen, {Code.DOCUMENT_QUORUM_MISSING, Code.DOCUMENT_SIGNATURE_INVALID}),
        (one_signature, {Code.DOCUMENT_QUORUM_MISSING}),
        (gap, {Code.DOCUMENT_VERSION_INVALID}),
        (fork, {Code.DOCUMENT_VERSION_INVALID}),
        (thief, {Code.DOCUMENT_VERSION_INVALID}),
        (foreign, {Code.DOCUMENT_FOREIGN}),
    ):
        assert await refused(_apply(world, made.signed_document_set())) in codes
    assert await _versions(world) == [1]


async def test_a_new_version_is_used_at_once(world: World) -> None:
    assert (
        await refused(world.submit(source={"type": "VAULT_ACCOUNT", "id": "0"}, assetId="OTHER")) is Code.ASSET_UNKNOWN
    )
    await _apply(world, _next(world.tenant, assets=()).signed_document_set())
    assert await refused(world.submit()) is Code.ASSET_UNKNOWN
