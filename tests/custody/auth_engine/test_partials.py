"""Step 11: statements that belong together, and every way in which they do not."""

from typing import Any
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from strongroom.interfaces.auth_engine.v1 import auth_engine_pb2 as pb
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.consent import Adopted, Partial, cosigner_name
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TenantId
from tests.custody.auth_engine.world import World
from tests.fixtures.platform import on_behalf, refused
from tests.fixtures.tenant import TENANT, MadeTenant, make_tenant

TRANSACTION = UUID("7a1f9a32-6c2b-8c9a-9d7e-0d0f5f4c1b11")
DIGEST, RESULT, CEREMONY = sha256(b"digest"), sha256(b"result"), sha256(b"ceremony")


def message(sender: int, receiver: int) -> bytes:
    return sha256(f"{sender} to {receiver}".encode())


def partial(index: int, **changes: Any) -> Partial:
    others = [peer for peer in (1, 2, 3) if peer != index]
    made = Partial(
        transaction_id=TRANSACTION.bytes,
        ceremony_id=CEREMONY,
        digest=DIGEST,
        cosigner=index,
        sent=tuple((peer, message(index, peer)) for peer in others),
        received=tuple((peer, message(peer, index)) for peer in others),
        result_hash=RESULT,
    )
    return msgspec.structs.replace(made, **changes)


def adopted(index: int, **changes: Any) -> Adopted:
    made = Adopted(transaction_id=TRANSACTION.bytes, digest=DIGEST, cosigner=index, result_hash=RESULT)
    return msgspec.structs.replace(made, **changes)


@pytest.fixture
async def tenant(world: World) -> MadeTenant:
    made = make_tenant()
    await world.apply(made)
    return made


def signed(
    tenant: MadeTenant, statement: Partial | Adopted, *, index: int, key: Ed25519PrivateKey | None = None
) -> bytes:
    kind = Kind.PARTIAL if isinstance(statement, Partial) else Kind.ADOPTED
    signing = key or tenant.cosigners[index - 1].signing
    return tenant.sign(kind, statement.encode(), key=signing, signer=cosigner_name(index)).encode()


def all_signed(tenant: MadeTenant, *statements: Partial | Adopted) -> list[bytes]:
    return [signed(tenant, statement, index=index) for index, statement in enumerate(statements, start=1)]


async def verify(world: World, partials: list[bytes], **changes: Any) -> bytes:
    fields: dict[str, Any] = {"transaction_id": str(TRANSACTION), "tenant_id": TENANT, "digest": DIGEST} | changes
    request = pb.VerifyPartialsRequest(partials=partials, **fields)
    return (await world.engine.VerifyPartials(request, metadata=on_behalf(TRANSACTION))).result_hash


async def test_three_that_agree_have_one_result_and_leave_one_handoff(world: World, tenant: MadeTenant) -> None:
    before = await world.counts()
    assert await verify(world, all_signed(tenant, partial(1), partial(2), partial(3))) == RESULT
    assert await world.counts() == before
    (row,) = await world.database.fetch(
        "select from_service, transaction_id from service_handoff_events where transaction_id is not null"
    )
    assert tuple(row) == ("cosigner_engine", TRANSACTION)


async def test_who_adopted_the_signature_took_no_part_in_the_ceremony(world: World, tenant: MadeTenant) -> None:
    for statements in (
        (adopted(1), partial(2), partial(3)),
        (partial(1), adopted(2), adopted(3)),
        (adopted(1), adopted(2), adopted(3)),
    ):
        assert await verify(world, all_signed(tenant, *statements)) == RESULT


OTHER = sha256(b"other")
DIFFERENT: list[tuple[Partial | Adopted, str]] = [
    (partial(2, digest=OTHER), "another digest"),
    (partial(2, result_hash=OTHER), "different signatures"),
    (partial(2, ceremony_id=OTHER), "different ceremonies"),
    (partial(2, transaction_id=b"\x01" * 16), "another transaction"),
    (partial(2, cosigner=1), "speaks as 1"),
    (partial(2, sent=((1, OTHER), (3, message(2, 3)))), "co-signer 2 sent is not what co-signer 1 received"),
    (partial(2, received=((1, message(1, 2)), (3, OTHER))), "co-signer 3 sent is not what co-signer 2 received"),
    (partial(2, sent=()), "does not name each peer"),
    (partial(2, received=((1, message(1, 2)),)), "does not name each peer"),
    (partial(2, sent=((1, message(2, 1)), (2, OTHER))), "does not name each peer"),
    (partial(2, sent=((1, message(2, 1)), (3, message(2, 3)), (3, OTHER))), "does not name each peer"),
    (adopted(2, digest=OTHER), "another digest"),
    (adopted(2, result_hash=OTHER), "different signatures"),
]


async def test_a_statement_that_does_not_fit_is_a_mismatch(world: World, tenant: MadeTenant) -> None:
    for statement, words in DIFFERENT:
        with pytest.raises(StrongroomError, match=words) as caught:
            await verify(world, all_signed(tenant, partial(1), statement, partial(3)))
        assert caught.value.code is Code.PARTIALS_MISMATCH


async def test_identities_and_quorum(world: World, tenant: MadeTenant) -> None:
    good = all_signed(tenant, partial(1), partial(2), partial(3))
    stranger = signed(tenant, partial(2), index=2, key=Ed25519PrivateKey.generate())
    consent = tenant.sign(Kind.CONSENT, partial(2).encode(), key=tenant.cosigners[1].signing, signer="cosigner-2")
    other = make_tenant(tenant=TenantId("other"))
    foreign = other.sign(Kind.PARTIAL, partial(2).encode(), key=tenant.cosigners[1].signing, signer="cosigner-2")
    for partials in (
        good[:2],
        [*good, good[2]],
        [good[0], good[0], good[2]],
        [good[1], good[0], good[2]],
        [good[0], stranger, good[2]],
        [good[0], consent.encode(), good[2]],
        [good[0], foreign.encode(), good[2]],
        [good[0], b"nonsense", good[2]],
    ):
        assert await refused(verify(world, partials)) is Code.PARTIALS_MISMATCH
    assert await refused(verify(world, good, digest=OTHER)) is Code.PARTIALS_MISMATCH
    assert await refused(verify(world, good, tenant_id="nobody")) is Code.TENANT_UNKNOWN
    assert await verify(world, good) == RESULT
