"""What an authenticated request leaves behind. Bad requests are in tests/gateway/test_authentication.py."""

import asyncio

from strongroom.kernel.ids import Environment, TenantId, derive_transaction_id
from strongroom.runtime.clock import ManualClock
from tests.custody.auth_engine.world import World
from tests.fixtures.tenant import API_USER, TENANT, make_tenant


async def test_one_commit_leaves_the_token_its_nonce_and_the_handoff(world: World) -> None:
    tenant = make_tenant()
    await world.apply(tenant)
    answer = await world.authenticate(tenant)
    token = await world.database.fetchrow(
        "select id, tenant_id, api_user_id, certificate_version, request_hash, handoff_id from auth_tokens"
    )
    assert token is not None
    assert (str(token["id"]), token["tenant_id"], token["api_user_id"]) == (
        answer.access_token_id,
        TENANT,
        API_USER.api_key,
    )
    assert (token["certificate_version"], token["request_hash"]) == (1, answer.request_hash)
    assert answer.expires_at == 1_800_000_000 + 6 * 3600
    assert len(answer.step_us) == 3
    handoff = await world.database.fetchrow(
        "select handoff_id, transaction_id, from_service from service_handoff_events where method like '%Authenticate'"
    )
    assert handoff is not None
    expected = derive_transaction_id(
        environment=Environment.SANDBOX, tenant_id=TenantId(TENANT), request_hash=answer.request_hash
    )
    assert tuple(handoff) == (token["handoff_id"], expected, "gateway")


async def test_a_request_that_is_no_transaction_names_none(world: World) -> None:
    tenant = make_tenant()
    await world.apply(tenant)
    await world.authenticate(tenant, uri="/v1/vault/accounts")
    row = await world.database.fetchrow(
        "select transaction_id from service_handoff_events where method like '%Authenticate'"
    )
    assert row is not None
    assert row["transaction_id"] is None


async def test_a_reading_request_leaves_its_nonce_alone(world: World) -> None:
    tenant = make_tenant()
    await world.apply(tenant)
    answer = await world.authenticate(tenant, method="GET")
    counts = await world.counts()
    assert (answer.access_token_id, counts["auth_tokens"], counts["request_nonces"]) == ("", 0, 1)


async def test_nonces_are_forgotten_when_their_requests_are_over(world: World, clock: ManualClock) -> None:
    tenant = make_tenant()
    await world.apply(tenant)
    await world.authenticate(tenant)
    clock.advance(60)
    await asyncio.sleep(0.05)
    assert (await world.counts())["request_nonces"] == 1  # within the skew of another process's clock
    clock.advance(60)
    while (await world.counts())["request_nonces"]:  # noqa: ASYNC110 - a database row sets no event
        await asyncio.sleep(0.01)
    assert (await world.counts())["auth_tokens"] == 1
