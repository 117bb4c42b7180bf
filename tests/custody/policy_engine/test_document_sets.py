"""Document sets: only what the owners signed, one line of versions, with every neighbour before it counts."""

import asyncio
from typing import Any

import msgspec
import pytest

from strongroom.client.owner import OwnerKey, sign_document_set
from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2 as pb
from strongroom.kernel.documents.document_set import ApiUser, Roster
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import Environment
from strongroom.runtime.clock import ManualClock
from tests.custody.policy_engine.world import World, ask, next_version
from tests.fixtures.platform import refused
from tests.fixtures.postgres import Databases
from tests.fixtures.tenant import OTHER_API_USER, TENANT, MadeTenant, allow_up_to


async def current(world: World, tenant_id: str = TENANT) -> bytes:
    return (await world.gateway.GetDocumentSet(pb.GetDocumentSetRequest(tenant_id=tenant_id))).document_set


async def test_genesis_reaches_every_neighbour_before_the_answer(world: World) -> None:
    tenant = world.tenant()
    signed = tenant.signed_document_set().encode()
    answer = await world.publish_bytes(signed)
    assert (answer.tenant_id, answer.version, answer.hash) == (TENANT, 1, tenant.document_set.hash())
    for neighbour in (world.around.auth, world.around.manager, world.around.vault, world.around.engine):
        assert neighbour.document_sets == [signed]
    assert await current(world) == signed


async def test_a_successor_follows_and_is_decided_by(world: World) -> None:
    first = world.tenant()
    await world.publish(first)
    assert (await world.evaluate(ask(first))).action == "ALLOW"
    second = next_version(first, policy=msgspec.structs.replace(first.document_set.policy, rules=()))
    assert (await world.publish(second)).version == 2
    assert await current(world) == second.signed_document_set().encode()
    assert (await world.evaluate(ask(second))).action == "BLOCK"
    assert len(world.around.vault.document_sets) == 2


async def test_an_unknown_tenant_has_none(world: World) -> None:
    assert await refused(current(world)) is Code.TENANT_UNKNOWN
    assert await refused(world.evaluate(ask(world.tenant()))) is Code.TENANT_UNKNOWN


def roster(tenant: MadeTenant, **changes: Any) -> Roster:
    return msgspec.structs.replace(tenant.document_set.roster, **changes)


async def test_what_the_owners_did_not_sign_is_refused_and_leaves_nothing(world: World) -> None:
    tenant = world.tenant()
    alice, bob = tenant.owners
    forged = (alice, OwnerKey.generate(bob.owner_id))
    document = tenant.document_set
    foreign = tenant.with_document_set(environment=Environment.LIVE)
    other_key = tenant.with_document_set(roster=roster(tenant, policy_engine_key=b"\x09" * 32))
    later = tenant.with_document_set(version=2, previous=b"\x01" * 32)
    for data, code in (
        (b"\xff", Code.DOCUMENT_MALFORMED),
        (sign_document_set(document, (alice,)).encode(), Code.DOCUMENT_QUORUM_MISSING),
        (sign_document_set(document, (alice, alice)).encode(), Code.DOCUMENT_QUORUM_MISSING),
        (sign_document_set(document, forged).encode(), Code.DOCUMENT_SIGNATURE_INVALID),
        (foreign.signed_document_set().encode(), Code.DOCUMENT_FOREIGN),
        (other_key.signed_document_set().encode(), Code.DOCUMENT_MALFORMED),
        (later.signed_document_set().encode(), Code.DOCUMENT_VERSION_INVALID),
    ):
        assert await refused(world.publish_bytes(data)) is code
    assert await world.count("document_sets") == await world.count("work") == 0
    assert world.around.auth.document_sets == []


async def test_a_fork_or_a_skip_is_refused(world: World) -> None:
    tenant = world.tenant()
    await world.publish(tenant)
    second = next_version(tenant)
    await world.publish(second)
    fork = next_version(tenant, request_lifetime_s=60)
    other_genesis = tenant.with_document_set(request_lifetime_s=60)
    skip = next_version(next_version(second))
    unlinked = next_version(second).with_document_set(previous=tenant.document_set.hash())
    for wrong in (fork, other_genesis, skip, unlinked):
        assert await refused(world.publish(wrong)) is Code.DOCUMENT_VERSION_INVALID
    assert await current(world) == second.signed_document_set().encode()


async def test_a_successor_is_signed_by_the_current_owners_not_by_its_own(world: World) -> None:
    tenant = world.tenant()
    await world.publish(tenant)
    mallory = (OwnerKey.generate("mallory"), OwnerKey.generate("mona"))
    owners = msgspec.structs.replace(tenant.document_set.owners, members=tuple(owner.member() for owner in mallory))
    coup = next_version(tenant, owners=owners).document_set
    assert await refused(world.publish_bytes(sign_document_set(coup, mallory).encode())) is Code.DOCUMENT_QUORUM_MISSING
    await world.publish_bytes(sign_document_set(coup, tenant.owners).encode())


async def test_two_successors_at_once_have_one_winner(world: World) -> None:
    tenant = world.tenant()
    await world.publish(tenant)
    rivals = [next_version(tenant, request_lifetime_s=60 + number) for number in range(4)]
    outcomes = await asyncio.gather(*(world.publish(rival) for rival in rivals), return_exceptions=True)
    lost = [outcome for outcome in outcomes if isinstance(outcome, StrongroomError)]
    assert [error.code for error in lost] == [Code.DOCUMENT_VERSION_INVALID] * 3
    assert await world.count("document_sets") == 2


async def test_publishing_again_is_no_second_version_and_no_second_push(world: World) -> None:
    tenant = world.tenant()
    first, second, third = await asyncio.gather(*(world.publish(tenant) for _ in range(3)))
    assert first == second == third == await world.publish(tenant)
    assert await world.count("document_sets") == 1
    assert len(world.around.manager.document_sets) == 1


async def test_the_push_is_made_again_until_each_neighbour_took_it(world: World) -> None:
    around = world.around
    for neighbour in (around.auth, around.manager, around.vault, around.engine):
        neighbour.failures += [StrongroomError(Code.UNAVAILABLE), StrongroomError(Code.INTERNAL)]
    publishing = asyncio.create_task(world.publish(world.tenant()))
    for _ in range(400):
        if publishing.done():
            break
        world.clock.advance(2)
        await asyncio.sleep(0.005)
    assert (await publishing).version == 1
    assert around.auth.failures == around.manager.failures == around.vault.failures == around.engine.failures == []
    assert len(around.engine.document_sets) == 1
    assert await world.count("document_set_deliveries") == 1


async def test_a_push_that_did_not_end_is_waited_for_by_the_next_publication(
    databases: Databases, clock: ManualClock
) -> None:
    world = await World.open(databases, clock, publish_timeout_s=0.05)
    tenant = world.tenant()
    world.around.vault.failures.append(StrongroomError(Code.UNAVAILABLE))
    assert await refused(world.publish(tenant)) is Code.UNAVAILABLE
    assert (await world.count("document_sets"), await world.count("document_set_deliveries")) == (1, 0)
    await world.stage.stop()
    clock.advance(60)
    after = await world.successor()
    assert (await after.publish(tenant)).version == 1
    assert world.around.vault.failures == []
    assert len(world.around.vault.document_sets) == 1
    await after.stage.stop()


async def test_an_api_user_belongs_to_one_tenant_for_ever(world: World) -> None:
    ours = world.tenant()
    await world.publish(ours)
    (api_user,) = ours.document_set.roster.api_users
    fresh = OTHER_API_USER.public_key_der()
    for stolen in (
        api_user,
        ApiUser(id=api_user.id, name="same id", public_key_der=fresh),
        ApiUser(id="another-id", name="same key", public_key_der=api_user.public_key_der),
    ):
        theirs = world.tenant("rival")
        theirs = theirs.with_document_set(roster=roster(theirs, api_users=(stolen,)))
        assert await refused(world.publish(theirs)) is Code.KEY_REGISTERED_TWICE
    rotated = ApiUser(id=api_user.id, name="new key", public_key_der=fresh)
    await world.publish(next_version(ours, roster=roster(ours, api_users=(rotated,))))
    assert await world.count("document_sets") == 2


async def test_a_version_published_elsewhere_is_decided_by_at_once(world: World) -> None:
    first = world.tenant()
    await world.publish(first)
    assert (await world.evaluate(ask(first))).rule_id == "small"
    elsewhere = await world.successor()
    await elsewhere.publish(next_version(first, policy=msgspec.structs.replace(first.document_set.policy, rules=())))
    await elsewhere.stage.stop()
    assert (await world.evaluate(ask(first))).rule_number == 0
    assert await world.count("approval_requests") == 2


@pytest.mark.parametrize("table", ["document_sets", "document_set_deliveries", "api_registrations"])
async def test_what_was_published_cannot_be_changed(world: World, table: str) -> None:
    await world.publish(world.tenant(rules=(allow_up_to(5),)))
    for change in ("update {} set tenant_id = 'x'", "delete from {}", "truncate {}"):
        with pytest.raises(Exception, match="permission denied"):
            async with world.database.transaction() as tx:
                await tx.execute(change.format(table))
