"""The door that co-signers dial: who may connect, what is routed, and what one of them cannot do to the others."""

import asyncio

import pytest

from strongroom.custody.cosigner_engine.providers.links import Links
from strongroom.interfaces.cosigner_engine.v1 import cosigner_engine_pb2 as pb
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.runtime.clock import SystemClock
from strongroom.runtime.rpc.access import Access, AccessRule
from strongroom.runtime.rpc.handoff import HandoffVerifier
from tests.custody.cosigner_engine.scripted import Answer, Cosigner, silent
from tests.custody.cosigner_engine.world import World, new_authority

LINK = "cosigner_engine.v1.CosignerLink"


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"certified": "secure_vault"}, "PERMISSION_DENIED"),
        ({"certified": "cosigner-2"}, "INVALID_ARGUMENT"),
        ({"greeting": pb.Greeting(index=2, wire_version=3)}, "INVALID_ARGUMENT"),
        ({"greeting": pb.Greeting(index=1, wire_version=9)}, "INVALID_ARGUMENT"),
        ({"authority": new_authority()}, "UNAVAILABLE"),
    ],
)
async def test_only_a_certified_co_signer_of_this_version_connects(
    world: World, settings: dict[str, object], status: str
) -> None:
    cosigner = world.cosigner(1)
    for name, value in settings.items():
        setattr(cosigner, name, value)
    await cosigner.connect()

    async def refused() -> bool:
        return cosigner.ended is not None

    await world.until(refused)
    assert cosigner.ended is not None
    assert cosigner.ended.code().name == status
    assert not await world.are_connected(1)


async def test_a_second_stream_replaces_the_first(world: World) -> None:
    await world.connect()
    first = world.cosigners[1]
    second = await world.cosigner(1).connect()

    async def replaced() -> bool:
        return first.ended is not None

    await world.until(replaced)
    assert await world.are_connected(1, 2, 3)
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    assert "seek_consent" in second.names()
    assert first.names() == []


async def test_a_ceremony_outlives_the_replacement_of_a_stream(world: World) -> None:
    await world.connect()
    first = world.cosigners[1]
    first.answers["peer_message"] = silent
    opening = await world.open()

    async def amid() -> bool:
        return "peer_message" in first.names()

    await world.until(amid)
    await world.cosigner(1).connect()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    assert (1, "FAULT") in await world.events(opening.transaction_id)


async def test_who_is_connected_is_shown_with_when_it_was_seen(world: World) -> None:
    await world.connect(2)
    answer = await world.as_("gateway").ListCosigners(pb.ListCosignersRequest())
    shown = [(one.index, one.connected, one.seen_at_ms > 0) for one in answer.cosigners]
    assert shown == [(1, False, False), (2, True, True), (3, False, False)]
    await world.cosigners[2].leave()

    async def gone() -> bool:
        return not await world.are_connected(2)

    await world.until(gone)


@pytest.mark.parametrize("what", ["as-another", "to-itself", "to-nobody", "too-long"])
async def test_what_is_not_to_be_routed_is_a_fault_of_its_sender(world: World, what: str) -> None:
    await world.connect()
    world.cosigners[2].answers["start_ceremony"] = _misroute(what)
    opening = await world.open()
    await world.until_event(opening.transaction_id, 2, "FAULT")
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    envelopes = [order.peer_message.envelope for order in world.cosigners[3].orders if order.HasField("peer_message")]
    assert all(len(envelope) == 64 for envelope in envelopes)


async def test_messages_outside_of_a_running_ceremony_are_dropped(world: World) -> None:
    await world.connect()
    stray = world.cosigners[1].message(b"\x07" * 32, to=2, number=1)
    late = pb.CosignerReport(ceremony_id=b"\x07" * 32, consent=b"late")
    for report in (stray, late):
        await world.cosigners[1].outgoing.put(report)
    world.cosigners[1].answers["seek_consent"] = _talk_too_early
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    routed = [order for order in world.cosigners[2].orders if order.HasField("peer_message")]
    assert b"early" not in {order.peer_message.envelope for order in routed}
    assert all(order.ceremony_id != b"\x07" * 32 for order in routed)


async def test_a_sealed_message_arrives_as_it_was_sent(world: World) -> None:
    await world.connect(message_bytes=55_000)
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    from_one = [
        order.peer_message.envelope
        for order in world.cosigners[2].orders
        if order.HasField("peer_message") and order.peer_message.from_index == 1
    ]
    assert from_one == [bytes([1, 2, number]).ljust(55_000, b"\x00") for number in range(4)]


async def test_every_order_carries_a_handoff_for_the_co_signer_it_goes_to(world: World) -> None:
    await world.connect()
    opening = await world.open()
    await world.until_status(opening.transaction_id, "ASSEMBLED")
    orders = [order for order in world.cosigners[3].orders if not order.HasField("peer_message")]
    verifier = HandoffVerifier(
        service="cosigner-3",
        trust_root=world.around.authority.trust_root(),
        access=Access(
            {
                f"{LINK}/{name}": AccessRule(frozenset({"cosigner_engine"}), transaction=True)
                for name in ("SeekConsent", "StartCeremony")
            }
        ),
        clock=SystemClock(),
    )
    for order, name in zip(orders, ("seek_consent", "start_ceremony"), strict=True):
        body = getattr(order, name)
        handoff = verifier.verify(
            token=order.handoff,
            chain=(order.handoff_chain[0], order.handoff_chain[1]),
            method=f"{LINK}/{type(body).__name__}",
            request=body.SerializeToString(deterministic=True),
        )
        assert str(handoff.transaction_id) == opening.transaction_id
        assert len(handoff.parents) == 1


async def test_a_co_signer_that_does_not_read_loses_its_stream(world: World) -> None:
    links = Links(orders=world.orders(), clock=SystemClock(), ahead=4, drain_timeout_s=0.05)
    link, other = links.attach(2), links.attach(3)
    for _ in range(4):
        await link.put(pb.EngineOrder())
    with pytest.raises(StrongroomError) as caught:
        await link.put(pb.EngineOrder())
    assert caught.value.code is Code.COSIGNER_ABSENT
    assert not link.is_open
    assert other.is_open


async def test_a_key_is_generated_reported_and_asked_for_once(world: World) -> None:
    await world.connect()
    request = await world.generate_key()
    await world.until_idle()
    await world.as_("secure_vault").GenerateKey(request)
    await world.until_idle()
    (recorded,) = world.around.vault.recorded
    kinds = [decode(record, Signed).kind for record in recorded.key_records]
    signers = [decode(record, Signed).signatures[0].signer for record in recorded.key_records]
    assert kinds == [Kind.KEY_RECORD] * 3
    assert signers == ["cosigner-1", "cosigner-2", "cosigner-3"]
    assert recorded.key_id == request.key_id
    assert world.cosigners[1].names() == ["start_key_ceremony"]
    assert world.cosigners[1].orders[0].start_key_ceremony.key_request == request.key_request


@pytest.mark.parametrize(("code", "final"), [("REQUEST_EXPIRED", True), ("CEREMONY_FAILED", False)])
async def test_a_key_ceremony_is_repeated_unless_the_request_itself_is_refused(
    world: World, code: str, *, final: bool
) -> None:
    await world.connect()
    world.cosigners[2].answers["start_key_ceremony"] = _fault_once(code)
    await world.generate_key()
    await world.until_idle()
    (recorded,) = world.around.vault.recorded
    assert len(recorded.key_records) == (0 if final else 3)
    assert (code in recorded.reason) is final
    assert world.cosigners[1].names()[:2] == ["start_key_ceremony", "abort"]


async def test_a_key_ceremony_waits_for_an_absent_co_signer(world: World) -> None:
    await world.connect(1, 3)
    await world.generate_key()
    await asyncio.sleep(0.2)
    assert world.around.vault.recorded == []
    await world.connect(2)
    await world.until_idle()
    assert len(world.around.vault.recorded[0].key_records) == 3


def _misroute(what: str) -> Answer:
    def answer(cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
        del cosigner.answers["start_ceremony"]
        sender, receiver, size = {
            "as-another": (1, 3, 64),
            "to-itself": (2, 2, 64),
            "to-nobody": (2, 4, 64),
            "too-long": (2, 3, (1 << 20) + 1),
        }[what]
        message = pb.PeerMessage(from_index=sender, to_index=receiver, envelope=b"\xee" * size)
        return [pb.CosignerReport(ceremony_id=order.ceremony_id, peer_message=message)]

    return answer


def _talk_too_early(cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
    message = pb.PeerMessage(from_index=1, to_index=2, envelope=b"early")
    return [
        pb.CosignerReport(ceremony_id=order.ceremony_id, peer_message=message),
        *cosigner.consent(order),
    ]


def _fault_once(code: str) -> Answer:
    def answer(cosigner: Cosigner, order: pb.EngineOrder) -> list[pb.CosignerReport]:
        del cosigner.answers["start_key_ceremony"]
        return [pb.CosignerReport(ceremony_id=order.ceremony_id, fault=pb.Fault(code=code, detail="no"))]

    return answer
