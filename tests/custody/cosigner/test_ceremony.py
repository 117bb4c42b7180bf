"""Phase two under attack: no wrong signature, and no ban for a fault of transport."""

import dataclasses
import os
import random
from collections.abc import Sequence

import msgspec

from strongroom.chains.evm.transaction import recover_sender
from strongroom.custody.cosigner.domain.orders import (
    Order,
    PeerMessage,
    StartCeremony,
    StartKeyCeremony,
)
from strongroom.custody.cosigner.domain.reports import (
    Consented,
    KeyRecorded,
    Report,
)
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code
from tests.custody.cosigner.ceremonies import (
    faults,
    flip,
    header,
    offer,
    sign_with,
    signatures,
)
from tests.custody.cosigner.test_signing import transaction_of
from tests.custody.cosigner.world import TENANT, Transfer, World
from tests.fakes.memory_engine import MemoryEngine


def check_harmless(transfer: Transfer, reports: Sequence[Report]) -> None:
    """Whatever came out is a right signature, and nobody was banned."""
    for signature in signatures(reports):
        assert recover_sender(transaction_of(transfer), signature) == transfer.intent.sender
    assert not any(fault.ban or fault.culprit for fault in faults(reports))


def test_flipped_bits_never_give_a_wrong_signature_nor_a_ban(world: World, engine: MemoryEngine) -> None:
    chosen = random.Random(7)  # noqa: S311 -- which bits to flip, repeatably
    transfer, nonce = world.transfer(), 0
    for _ in range(40):
        target = chosen.randrange(18)
        before = len(engine.sent)

        def tamper(message: PeerMessage, target: int = target, before: int = before) -> Sequence[PeerMessage]:
            if len(engine.sent) - before - 1 != target:
                return (message,)
            place = chosen.randrange(len(message.envelope) * 8)
            return (dataclasses.replace(message, envelope=flip(message.envelope, place)),)

        engine.tamper = tamper
        reports = engine.sign(transfer.order())
        check_harmless(transfer, reports)
        assert {fault.code for fault in faults(reports)} == {Code.MESSAGE_INVALID}
        if signatures(reports):
            offer(world, transfer, signatures(reports)[0])
            nonce += 1
            transfer = world.transfer(nonce=nonce, amount="0.01")
    assert nonce


def test_repeated_messages_change_nothing(world: World, engine: MemoryEngine) -> None:
    transfer, reports = sign_with(world, engine, lambda message: (message, message))
    assert len(signatures(reports)) == 3
    assert faults(reports) == []
    check_harmless(transfer, reports)


def test_of_two_messages_for_one_round_the_first_counts(world: World, engine: MemoryEngine) -> None:
    """Even when the sender signed both."""

    def equivocate(message: PeerMessage) -> Sequence[PeerMessage]:
        if (header(message).round, message.sender, message.receiver) != (1, 1, 3):
            return (message,)
        other = msgspec.structs.replace(header(message), ciphertext=bytes(64))
        data = world.contexts[1].sign(kind=Kind.CEREMONY_MESSAGE, tenant_id=TENANT, document=other)
        return (message, dataclasses.replace(message, envelope=data))

    _, reports = sign_with(world, engine, equivocate)
    assert len(signatures(reports)) == 3
    assert faults(reports) == []


def test_messages_to_the_wrong_receiver_are_refused(world: World, engine: MemoryEngine) -> None:
    def misdeliver(message: PeerMessage) -> Sequence[PeerMessage]:
        other = ({1, 2, 3} - {message.sender, message.receiver}).pop()
        return (dataclasses.replace(message, receiver=other), message)

    transfer, reports = sign_with(world, engine, misdeliver)
    check_harmless(transfer, reports)
    assert len(signatures(reports)) == 3
    assert {fault.code for fault in faults(reports)} == {Code.MESSAGE_INVALID}


def test_a_message_under_another_s_name_is_refused(world: World, engine: MemoryEngine) -> None:
    def rename(message: PeerMessage) -> Sequence[PeerMessage]:
        other = ({1, 2, 3} - {message.sender, message.receiver}).pop()
        return (dataclasses.replace(message, sender=other),)

    transfer, reports = sign_with(world, engine, rename)
    check_harmless(transfer, reports)
    assert signatures(reports) == []


def test_swapped_ciphertexts_of_one_sender_are_refused(world: World, engine: MemoryEngine) -> None:
    held: dict[tuple[int, int], PeerMessage] = {}

    def swap(message: PeerMessage) -> Sequence[PeerMessage]:
        place = (message.sender, header(message).round)
        first = held.setdefault(place, message)
        if first is message:
            return ()
        return (
            dataclasses.replace(message, receiver=first.receiver),
            dataclasses.replace(first, receiver=message.receiver),
        )

    transfer, reports = sign_with(world, engine, swap)
    check_harmless(transfer, reports)
    assert signatures(reports) == []
    assert faults(reports)


def test_messages_of_another_ceremony_are_refused(world: World, engine: MemoryEngine) -> None:
    first = world.transfer()
    engine.sign(first.order())
    old = {(message.sender, message.receiver, header(message).round): message for message in engine.sent}

    def replay(message: PeerMessage) -> Sequence[PeerMessage]:
        stale = old[message.sender, message.receiver, header(message).round]
        return (dataclasses.replace(stale, ceremony_id=message.ceremony_id), stale, message)

    second = world.transfer(nonce=1)
    engine.tamper = replay
    reports = engine.sign(second.order())
    assert len(signatures(reports)) == 3
    assert {fault.code for fault in faults(reports)} == {Code.MESSAGE_INVALID}
    assert not any(fault.ban for fault in faults(reports))


def test_key_messages_that_come_before_the_order_are_held(keyless: World) -> None:
    order = StartKeyCeremony(ceremony_id=os.urandom(32), tenant_id=TENANT, key_request=keyless.key_request())
    engine = MemoryEngine(cores=keyless.cores)
    assert engine.run({1: order, 2: order}) == []
    assert [type(report) for report in engine.run({3: order})] == [KeyRecorded] * 3


def test_messages_that_come_early_by_one_round_are_held(world: World, engine: MemoryEngine) -> None:
    """Co-signer 3 is told last: what its peers send before waits for it."""
    order = world.transfer().order()
    consents = [report.document for report in engine.seek(order).values() if isinstance(report, Consented)]
    start = StartCeremony(ceremony_id=order.ceremony_id, consents=tuple(consents))
    reports = engine.run({1: start, 2: start})
    assert reports == []
    assert len(signatures(engine.run({3: start}))) == 3


def test_a_message_two_rounds_ahead_or_unknown_is_refused(world: World, engine: MemoryEngine) -> None:
    late: list[PeerMessage] = []

    def hold_first_rounds(message: PeerMessage) -> Sequence[PeerMessage]:
        if message.receiver == 3 and header(message).round < 3:
            late.append(message)
            return ()
        return (message,)

    _, reports = sign_with(world, engine, hold_first_rounds)
    assert reports == []
    third = msgspec.structs.replace(header(late[0]), round=3)
    forged = world.contexts[late[0].sender].sign(kind=Kind.CEREMONY_MESSAGE, tenant_id=TENANT, document=third)
    answer = world.cores[3].handle(dataclasses.replace(late[0], envelope=forged))
    assert [fault.code for fault in faults(answer)] == [Code.MESSAGE_INVALID]
    assert world.cores[3].handle(dataclasses.replace(late[0], ceremony_id=os.urandom(32))) == ()


def test_an_authentic_message_that_does_not_open_ends_the_ceremony_without_a_ban(
    world: World, engine: MemoryEngine
) -> None:
    def reseal(message: PeerMessage) -> Sequence[PeerMessage]:
        if (message.sender, message.receiver) != (1, 3):
            return (message,)
        garbled = msgspec.structs.replace(header(message), ciphertext=bytes(64))
        context = world.contexts[1]
        data = context.sign(kind=Kind.CEREMONY_MESSAGE, tenant_id=TENANT, document=garbled)
        return (dataclasses.replace(message, envelope=data),)

    _, reports = sign_with(world, engine, reseal)
    assert signatures(reports) == []
    (fault,) = faults(reports)
    assert (fault.culprit, fault.code, fault.ban) == (1, Code.MESSAGE_INVALID, False)


def test_a_message_for_no_ceremony_is_dropped(world: World) -> None:
    message: Order = PeerMessage(ceremony_id=bytes(32), sender=1, receiver=3, envelope=b"x")
    assert world.cores[3].handle(message) == ()
