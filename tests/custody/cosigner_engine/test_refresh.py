"""The second phase of a refresh: ordered until all three use the new share, and the vault hears of it only then."""

import asyncio

from strongroom.client.owner import sign_key_request
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.kernel.documents.intent import default_key_id
from strongroom.kernel.ids import Environment
from tests.custody.cosigner_engine.scripted import Cosigner, fault, once, silent
from tests.custody.cosigner_engine.world import World
from tests.fixtures.tenant import TENANT


async def ask(world: World, *, epoch: int) -> pb.GenerateKeyRequest:
    tenant = world.around.tenant
    signed = sign_key_request(tenant.document_set, tenant.owners, ports=tenant.ports, epoch=epoch)
    request = pb.GenerateKeyRequest(
        tenant_id=TENANT,
        key_id=default_key_id(environment=Environment.SANDBOX, tenant_id=TENANT),
        key_request=signed.encode(),
    )
    await world.as_("secure_vault").GenerateKey(request)
    return request


def activations(cosigner: Cosigner) -> list[pb.ActivateKey]:
    return [order.activate_key for order in cosigner.orders if order.WhichOneof("order") == "activate_key"]


async def test_a_refresh_is_activated_with_the_three_records_before_it_is_reported(world: World) -> None:
    await world.connect()
    world.cosigners[2].answers["activate_key"] = silent
    request = await ask(world, epoch=2)
    await asyncio.sleep(0.3)
    assert world.around.vault.recorded == []
    del world.cosigners[2].answers["activate_key"]
    await world.until_idle()
    (recorded,) = world.around.vault.recorded
    (order, *_) = activations(world.cosigners[1])
    assert (order.tenant_id, order.key_id) == (TENANT, request.key_id)
    assert tuple(order.key_records) == tuple(recorded.key_records)
    assert len(order.key_records) == 3
    assert recorded.key_request_hash


async def test_an_activation_is_ordered_again_until_all_three_have_it(world: World) -> None:
    await world.connect()
    world.cosigners[1].answers["activate_key"] = once(fault)
    world.cosigners[3].answers["activate_key"] = once(silent)
    await ask(world, epoch=2)
    await world.until_idle()
    assert len(world.around.vault.recorded) == 1
    assert all(len(activations(world.cosigners[index])) >= 2 for index in (1, 2, 3))


async def test_an_activation_waits_for_an_absent_co_signer(world: World) -> None:
    await world.connect()
    world.cosigners[2].answers["activate_key"] = silent
    await ask(world, epoch=2)
    await asyncio.sleep(0.2)
    await world.cosigners[2].leave()
    await asyncio.sleep(0.2)
    assert world.around.vault.recorded == []
    await world.connect(2)
    await world.until_idle()
    assert len(world.around.vault.recorded) == 1


async def test_a_new_key_needs_no_second_phase(world: World) -> None:
    await world.connect()
    await ask(world, epoch=1)
    await world.until_idle()
    assert len(world.around.vault.recorded) == 1
    assert activations(world.cosigners[1]) == []
