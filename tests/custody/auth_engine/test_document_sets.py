"""Document sets become certificates: issued, rotated, revoked, and nobody else's."""

import asyncio

import asyncpg
import pytest

from strongroom.client.credentials import ApiCredentials
from strongroom.interfaces.auth_engine.v1 import auth_engine_pb2 as pb
from strongroom.kernel.errors import Code
from strongroom.kernel.ids import Environment, TenantId
from strongroom.runtime.clock import ManualClock
from tests.custody.auth_engine.world import World, api_user, successor, with_users
from tests.fixtures.platform import refused
from tests.fixtures.tenant import API_USER, OTHER_API_USER, TENANT, make_tenant

ROTATED = ApiCredentials.from_pem(API_USER.api_key, OTHER_API_USER.private_key_pem())


async def test_a_version_is_applied_once(world: World) -> None:
    tenant = make_tenant()
    await world.apply(tenant)
    once = await world.counts()
    await world.apply(tenant)
    assert await world.counts() == once
    assert (once["document_sets"], once["api_users"], once["certificates"]) == (1, 1, 1)
    assert (await world.authenticate(tenant)).tenant_id == TENANT


async def test_a_key_that_was_rotated_no_longer_counts(world: World) -> None:
    first = make_tenant()
    await world.apply(first)
    await world.authenticate(first)
    second = with_users(successor(first), api_user(ROTATED))
    await world.apply(second)
    assert await refused(world.authenticate(first)) is Code.TOKEN_SIGNATURE_INVALID
    assert (await world.authenticate(second, credentials=ROTATED)).api_user_id == API_USER.api_key
    rows = await world.database.fetch(
        "select valid_from_version, revoked_by_version from certificates order by valid_from_version"
    )
    assert [tuple(row) for row in rows] == [(1, 2), (2, None)]


async def test_an_api_user_that_was_removed_is_unknown_and_may_come_back(world: World) -> None:
    first = make_tenant()
    await world.apply(first)
    second = with_users(successor(first))
    await world.apply(second)
    assert await refused(world.authenticate(first)) is Code.API_USER_UNKNOWN
    third = with_users(successor(second), api_user(API_USER))
    await world.apply(third)
    assert (await world.authenticate(third)).api_user_id == API_USER.api_key


async def test_a_key_may_move_between_api_users_of_one_tenant(world: World) -> None:
    first = make_tenant()
    await world.apply(first)
    renamed = ApiCredentials.from_pem("sandbox-renamed", API_USER.private_key_pem())
    second = with_users(successor(first), api_user(renamed))
    await world.apply(second)
    assert (await world.authenticate(second, credentials=renamed)).api_user_id == "sandbox-renamed"
    assert await refused(world.authenticate(second)) is Code.API_USER_UNKNOWN


async def test_a_process_that_missed_a_version_learns_of_it_at_the_next_commit(
    world: World, clock: ManualClock
) -> None:
    first = make_tenant()
    await world.apply(first)
    await world.authenticate(first)  # now its certificate is kept in memory
    other = World(world.database, clock)
    await other.stage.start()
    await other.apply(with_users(successor(first), api_user(ROTATED)))
    assert await refused(world.authenticate(first)) is Code.TOKEN_SIGNATURE_INVALID
    assert (await world.counts())["auth_tokens"] == 1
    await other.stage.stop()


async def test_keys_and_ids_of_another_tenant_are_refused(world: World) -> None:
    await world.apply(make_tenant())
    stranger = make_tenant(tenant=TenantId("other"))
    before = await world.counts()
    for user in (api_user(API_USER, name="another-id"), api_user(OTHER_API_USER, name=API_USER.api_key)):
        assert await refused(world.apply(with_users(stranger, user))) is Code.KEY_REGISTERED_TWICE
    assert await world.counts() == before
    await world.apply(with_users(stranger, api_user(OTHER_API_USER)))


async def test_of_two_tenants_with_one_key_at_once_one_gets_it(world: World) -> None:
    tenants = [make_tenant(tenant=TenantId(name)) for name in ("one", "two")]
    results = await asyncio.gather(
        *(world.apply(with_users(tenant, api_user(API_USER, name=tenant.document_set.tenant))) for tenant in tenants),
        return_exceptions=True,
    )
    codes = [getattr(result, "code", None) for result in results]
    assert sorted(codes, key=str) in ([Code.KEY_REGISTERED_TWICE, None], [None, Code.KEY_REGISTERED_TWICE])
    assert (await world.counts())["document_sets"] == 1


async def test_documents_of_another_environment_are_refused(world: World) -> None:
    live = make_tenant(environment=Environment.LIVE)
    assert await refused(world.apply(live)) is Code.DOCUMENT_FOREIGN
    foreign = with_users(make_tenant(), api_user(API_USER, name="live-1"))
    assert await refused(world.apply(foreign)) is Code.DOCUMENT_FOREIGN
    assert not any((await world.counts()).values())


async def test_an_api_key_may_name_this_environment(world: World) -> None:
    named = ApiCredentials.from_pem("sandbox-7a1f", API_USER.private_key_pem())
    tenant = with_users(make_tenant(), api_user(named))
    await world.apply(tenant)
    assert (await world.authenticate(tenant, credentials=named)).api_user_id == "sandbox-7a1f"


async def test_a_version_that_does_not_follow_or_is_not_signed_is_refused(world: World) -> None:
    first = make_tenant()
    await world.apply(first)
    later = successor(first).with_document_set(version=3)
    assert await refused(world.apply(later)) is Code.DOCUMENT_VERSION_INVALID
    usurper = make_tenant()  # the same tenant's name, other owners
    assert await refused(world.apply(successor(usurper))) is Code.DOCUMENT_VERSION_INVALID
    forged = successor(first)
    signed = usurper.with_document_set(
        version=2, previous=first.document_set.hash(), owners=usurper.document_set.owners
    ).signed_document_set()
    request = pb.ApplyDocumentSetRequest(document_set=signed.encode())
    assert await refused(world.policy_engine.ApplyDocumentSet(request)) is Code.DOCUMENT_SIGNATURE_INVALID
    await world.apply(forged)


async def test_only_the_policy_engine_hands_out_versions(world: World) -> None:
    request = pb.ApplyDocumentSetRequest(document_set=make_tenant().signed_document_set().encode())
    assert await refused(world.gateway.ApplyDocumentSet(request)) is Code.CALLER_NOT_ALLOWED


async def test_history_cannot_be_changed_by_the_service(world: World) -> None:
    tenant = make_tenant()
    await world.apply(tenant)
    await world.authenticate(tenant)
    await world.apply(with_users(successor(tenant)))
    for sql in (
        "update auth_tokens set expires_at = issued_at + interval '1 year'",
        "delete from auth_tokens",
        "update api_users set tenant_id = 'other'",
        "delete from registered_keys",
        "update document_sets set signed = ''",
        "update certificates set public_key_der = ''",
        "update certificates set revoked_at = null, revoked_by_version = null",
        "delete from certificates",
        "truncate auth_tokens",
    ):
        with pytest.raises(asyncpg.PostgresError):
            await world.database.fetch(sql)
