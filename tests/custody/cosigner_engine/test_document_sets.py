"""Published document sets reach every co-signer that lacks them, in order, whenever it connects."""

from typing import Any

import msgspec
import pytest

from strongroom.client.owner import sign_document_set
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.kernel.documents.document_set import DocumentSet
from strongroom.kernel.errors import Code, StrongroomError
from tests.custody.cosigner_engine.scripted import once, refuse_with
from tests.custody.cosigner_engine.world import World
from tests.fixtures.tenant import TENANT


def following(document_set: DocumentSet, **changes: Any) -> DocumentSet:
    return msgspec.structs.replace(
        document_set, version=document_set.version + 1, previous=document_set.hash(), **changes
    )


def chain(world: World, length: int) -> list[DocumentSet]:
    made = [world.around.tenant.document_set]
    while len(made) < length:
        made.append(following(made[-1], request_lifetime_s=3600 + len(made)))
    return made


def signed(world: World, document_set: DocumentSet) -> bytes:
    return sign_document_set(document_set, world.around.tenant.owners).encode()


def greeting(index: int, document_set: DocumentSet) -> pb.Greeting:
    head = pb.DocumentSetHead(tenant_id=TENANT, version=document_set.version, hash=document_set.hash())
    return pb.Greeting(index=index, wire_version=3, document_sets=[head])


async def until_installed(world: World, index: int, versions: list[int]) -> None:
    async def installed() -> bool:
        return world.cosigners[index].installed == versions

    await world.until(installed)


async def test_a_co_signer_gets_at_once_what_is_published_and_all_it_missed_when_it_returns(world: World) -> None:
    first, second, third = chain(world, 3)
    await world.publish(signed(world, first))
    for index in (1, 3):
        await world.cosigner(index, greeting=greeting(index, first)).connect()
    await world.until(lambda: world.are_connected(1, 3))
    await world.publish(signed(world, second))
    await world.publish(signed(world, third))
    await world.publish(signed(world, third))
    await until_installed(world, 1, [2, 3])
    await until_installed(world, 3, [2, 3])
    await world.cosigner(2, greeting=greeting(2, first)).connect()
    await until_installed(world, 2, [2, 3])
    await world.cosigner(1, greeting=greeting(1, second)).connect()
    await until_installed(world, 1, [3])
    assert world.cosigners[2].names() == ["install_document_set"] * 2


async def test_a_tenant_that_a_co_signer_does_not_serve_is_none_of_its_business(world: World) -> None:
    await world.connect(1)
    first, second = chain(world, 2)
    await world.publish(signed(world, first))
    await world.publish(signed(world, second))
    assert world.cosigners[1].orders == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ("gap", Code.DOCUMENT_VERSION_INVALID),
        ("fork", Code.DOCUMENT_VERSION_INVALID),
        ("rollback", Code.DOCUMENT_VERSION_INVALID),
        ("quorum", Code.DOCUMENT_QUORUM_MISSING),
        ("tenant", Code.DOCUMENT_VERSION_INVALID),
    ],
)
async def test_what_does_not_follow_is_not_taken_over(world: World, wrong: str, code: Code) -> None:
    first, second, third = chain(world, 3)
    await world.publish(signed(world, first))
    owners = world.around.tenant.owners
    bad = {
        "gap": signed(world, third),
        "fork": signed(world, following(third)),
        "rollback": signed(world, msgspec.structs.replace(first, request_lifetime_s=77)),
        "quorum": sign_document_set(second, owners[:1]).encode(),
        "tenant": signed(world, msgspec.structs.replace(second, tenant="other")),
    }[wrong]
    with pytest.raises(StrongroomError) as caught:
        await world.publish(bad)
    assert caught.value.code is code
    await world.publish(signed(world, second))


async def test_a_co_signer_that_is_behind_gets_what_it_lacks_before_it_is_asked_again(world: World) -> None:
    """The version was stored by another process of the engine: this one had nobody to give it to."""
    first, second = chain(world, 2)
    await world.connect(1, 2)
    late = await world.cosigner(3, greeting=greeting(3, first)).connect()
    await world.until(lambda: world.are_connected(1, 2, 3))
    for version in (first, second):
        await world.database.fetch(
            "insert into document_sets (tenant_id, version, hash, document, created_at) values ($1, $2, $3, $4, now())",
            TENANT,
            version.version,
            version.hash(),
            signed(world, version),
        )
    late.answers["seek_consent"] = once(refuse_with("NOT_NOW"))
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    assert late.installed == [2]
