"""The point of no return: restarts, release against tombstone, adoption."""

import dataclasses
import os
from collections.abc import Sequence

import pytest

from strongroom.chains.evm.transaction import recover_sender
from strongroom.custody.cosigner.domain.orders import (
    AbortCeremony,
    CloseRequest,
    OfferSignature,
    PeerMessage,
    StartCeremony,
)
from strongroom.custody.cosigner.domain.reports import (
    Adopted,
    Consented,
    Finished,
    Tombstoned,
)
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.consent import Adopted as AdoptedDocument
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code
from tests.custody.cosigner.ceremonies import (
    close,
    faults,
    flip,
    header,
    offer,
    other_lane,
    sign_with,
    signatures,
    transaction_digest_of,
)
from tests.custody.cosigner.opened import opened, reason_of, tombstone_of
from tests.custody.cosigner.test_signing import transaction_of
from tests.custody.cosigner.world import TENANT, World
from tests.fakes.memory_engine import MemoryEngine, unchanged


@pytest.mark.parametrize("round_number", [1, 2, 3])
def test_a_restarted_cosigner_forgets_and_the_same_digest_is_signed_anew(
    world: World, engine: MemoryEngine, round_number: int
) -> None:
    transfer = world.transfer()

    def kill(message: PeerMessage) -> Sequence[PeerMessage]:
        if (header(message).round, message.sender, message.receiver) == (round_number, 3, 2):
            world.restart(3)
        return (message,)

    engine.tamper = kill
    order = transfer.order()
    reports = engine.sign(order)
    assert len(signatures(reports)) == (2 if round_number == 3 else 0)
    engine.tamper = unchanged
    for core in world.cores.values():
        core.handle(AbortCeremony(ceremony_id=order.ceremony_id, reason="a co-signer is gone"))
    again = engine.sign(transfer.order())
    if round_number < 3:
        assert len(set(signatures(again))) == 1
        assert len(signatures(again)) == 3
    else:
        assert [type(report) for report in again] == [Finished, Finished, Consented]


def test_a_consent_of_before_the_restart_begins_nothing(world: World, engine: MemoryEngine) -> None:
    order = world.transfer().order()
    consents = [report.document for report in engine.seek(order).values() if isinstance(report, Consented)]
    world.restart(3)
    start = StartCeremony(ceremony_id=order.ceremony_id, consents=tuple(consents))
    (fault,) = faults(world.cores[3].handle(start))
    assert fault.code is Code.NOT_NOW


def test_a_consent_begins_one_ceremony_only(world: World, engine: MemoryEngine) -> None:
    order = world.transfer().order()
    consents = [report.document for report in engine.seek(order).values() if isinstance(report, Consented)]
    assert len(signatures(engine.start(order.ceremony_id, consents))) == 3
    assert {fault.code for fault in faults(engine.start(order.ceremony_id, consents))} == {Code.NOT_NOW}


def test_a_newer_consent_takes_the_place_of_an_older_one(world: World, engine: MemoryEngine) -> None:
    transfer = world.transfer()
    older, newer = transfer.order(), transfer.order(attempt=1)
    first = [report.document for report in engine.seek(older).values() if isinstance(report, Consented)]
    second = [report.document for report in engine.seek(newer).values() if isinstance(report, Consented)]
    assert {fault.code for fault in faults(engine.start(older.ceremony_id, first))} == {Code.NOT_NOW}
    assert len(signatures(engine.start(newer.ceremony_id, second))) == 3


def test_a_newer_consent_ends_the_ceremony_that_runs(world: World, engine: MemoryEngine) -> None:
    transfer = world.transfer()
    held: list[PeerMessage] = []

    def hold(message: PeerMessage) -> Sequence[PeerMessage]:
        held.append(message)
        return ()

    engine.tamper = hold
    assert engine.sign(transfer.order()) == []
    engine.tamper = unchanged
    consents = engine.seek(transfer.order(attempt=1))
    assert {type(report) for report in consents.values()} == {Consented}
    answers = [world.cores[message.receiver].handle(message) for message in held]
    assert answers == [()] * 6


def test_consents_to_something_else_begin_nothing(world: World, engine: MemoryEngine) -> None:
    transfer = world.transfer()
    order, other = transfer.order(), transfer.order(attempt=1)
    consents = [report.document for report in engine.seek(order).values() if isinstance(report, Consented)]
    mixed = engine.seek(other)[1]
    assert isinstance(mixed, Consented)
    for changed in (
        (mixed.document, *consents[1:]),
        (consents[1], *consents[1:]),
        (consents[0], consents[2], consents[1]),
        tuple(consents[:2]),
    ):
        fresh = transfer.order()
        own = world.cores[3].handle(fresh)[0]
        assert isinstance(own, Consented)
        start = StartCeremony(ceremony_id=fresh.ceremony_id, consents=(*changed[:2], own.document))
        (fault,) = faults(world.cores[3].handle(start))
        assert fault.code in (Code.MESSAGE_INVALID, Code.DOCUMENT_SIGNATURE_INVALID)


def test_after_release_there_is_no_tombstone(world: World, engine: MemoryEngine) -> None:
    transfer, reports = sign_with(world, engine, lambda message: () if header(message).round == 3 else (message,))
    assert reports == []
    for report in close(world, transfer).values():
        assert reason_of(world, report) == "DIGEST_RELEASED"
    assert len(signatures(engine.sign(transfer.order()))) == 3


def test_after_a_tombstone_there_is_no_release(world: World, engine: MemoryEngine) -> None:
    transfer = world.transfer()
    rounds: list[int] = []

    def close_in_between(message: PeerMessage) -> Sequence[PeerMessage]:
        rounds.append(header(message).round)
        if rounds.count(2) == 1 and header(message).round == 2:
            close(world, transfer)
        return (message,)

    engine.tamper = close_in_between
    reports = engine.sign(transfer.order())
    assert signatures(reports) == []
    assert 3 not in rounds
    for report in close(world, transfer).values():
        assert tombstone_of(world, report).reason == "CANCELLED"
    engine.tamper = unchanged
    assert all(isinstance(report, Tombstoned) for report in engine.sign(transfer.order()))
    assert len(signatures(engine.sign(world.transfer(amount="2").order()))) == 3


def test_a_tombstone_of_another_process_stops_the_release(world: World, engine: MemoryEngine) -> None:
    """The check is made in the commit of RELEASED, not before it."""
    transfer = world.transfer()
    other = world.second_process(3)

    def entomb(message: PeerMessage) -> Sequence[PeerMessage]:
        if header(message).round == 2 and message.receiver == 3 and not done:
            done.append(True)
            intent = transfer.intent
            other.handle(
                CloseRequest(
                    ceremony_id=b"",
                    tenant_id=TENANT,
                    request_hash=transfer.request_hash,
                    transaction_id=intent.transaction_id,
                    reason="CANCELLED",
                )
            )
        return (message,)

    done: list[bool] = []
    engine.tamper = entomb
    reports = engine.sign(transfer.order())
    assert signatures(reports) == []
    assert Code.TOMBSTONED in {fault.code for fault in faults(reports)}


def test_a_close_order_for_another_transaction_is_refused(world: World) -> None:
    order = CloseRequest(
        ceremony_id=b"", tenant_id=TENANT, request_hash=bytes(32), transaction_id=bytes(16), reason="x"
    )
    assert reason_of(world, world.cores[3].handle(order)[0]) == "INTENT_MISMATCH"


def test_a_finished_signature_is_adopted_after_release_only(world: World, engine: MemoryEngine) -> None:
    transfer = world.transfer()

    def lose_last(message: PeerMessage) -> Sequence[PeerMessage]:
        return () if header(message).round == 3 and message.receiver == 3 else (message,)

    engine.tamper = lose_last
    reports = engine.sign(transfer.order())
    first = signatures(reports)[0]
    digest = transaction_digest_of(transfer)
    order = OfferSignature(ceremony_id=os.urandom(32), tenant_id=TENANT, digest=digest, signature=first)
    spoilt = dataclasses.replace(order, signature=flip(first, 9))
    assert reason_of(world, world.cores[3].handle(spoilt)[0]) == "SIGNATURE_INVALID"
    assert reason_of(world, world.cores[3].handle(dataclasses.replace(order, digest=bytes(32)))[0]) == "NOT_NOW"
    (adopted,) = world.cores[3].handle(order)
    assert isinstance(adopted, Adopted)
    statement = opened(world, adopted.document, Kind.ADOPTED, AdoptedDocument)
    assert (statement.digest, statement.result_hash, statement.cosigner) == (digest, sha256(first), 3)
    sequence = world.contexts[3].journal.sequence
    assert world.cores[3].handle(order) == (adopted,)
    assert world.contexts[3].journal.sequence == sequence
    engine.tamper = unchanged
    assert [type(report) for report in engine.sign(transfer.order())] == [Finished] * 3
    assert len(signatures(engine.sign(world.transfer(nonce=1).order()))) == 3


def test_a_signature_for_a_digest_that_was_not_released_is_not_adopted(world: World, engine: MemoryEngine) -> None:
    transfer = world.transfer()
    engine.seek(transfer.order())
    order = OfferSignature(
        ceremony_id=b"", tenant_id=TENANT, digest=transaction_digest_of(transfer), signature=bytes(65)
    )
    assert reason_of(world, world.cores[3].handle(order)[0]) == "NOT_NOW"


def test_two_accounts_that_pay_alike_have_one_digest_and_two_signatures(world: World, engine: MemoryEngine) -> None:
    transfers = [other_lane(world, account) for account in (0, 1)]
    made = [signatures(engine.sign(transfer.order())) for transfer in transfers]
    assert transaction_digest_of(transfers[0]) == transaction_digest_of(transfers[1])
    for transfer, three in zip(transfers, made, strict=True):
        assert len(three) == 3
        assert recover_sender(transaction_of(transfer), three[0]) == transfer.intent.sender
        assert {type(report) for report in offer(world, transfer, three[0]).values()} == {Adopted}
