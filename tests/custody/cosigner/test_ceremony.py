"""Phase two under attack: no wrong signature, no ban for a fault of transport, no way around the point of no return."""

import dataclasses
import os
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec
import pytest

from strongroom.chains.evm.transaction import recover_sender
from strongroom.custody.cosigner.domain.ceremony import Envelope
from strongroom.custody.cosigner.domain.digest import transaction_digest
from strongroom.custody.cosigner.domain.orders import (
    AbortCeremony,
    CloseRequest,
    OfferSignature,
    Order,
    PeerMessage,
    StartCeremony,
    StartKeyCeremony,
)
from strongroom.custody.cosigner.domain.reports import (
    Adopted,
    Consented,
    Failed,
    Finished,
    KeyRecorded,
    Outgoing,
    Report,
    Signed,
    Tombstoned,
)
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.consent import Adopted as AdoptedDocument
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.documents.signing import Signed as SignedDocument
from strongroom.kernel.errors import Code
from strongroom.threshold.backend import KeyShare, SealingKey, Session, ThresholdError
from strongroom.threshold.ecdsa import Dkls23
from tests.custody.cosigner.opened import opened, reason_of, tombstone_of
from tests.custody.cosigner.test_signing import transaction_of
from tests.custody.cosigner.world import TENANT, Transfer, World
from tests.fakes.memory_engine import MemoryEngine, Tamper, unchanged

ResultT = TypeVar("ResultT")


def header(message: PeerMessage) -> Envelope:
    return decode(decode(message.envelope, SignedDocument).payload, Envelope)


def flip(data: bytes, place: int) -> bytes:
    return data[: place // 8] + bytes([data[place // 8] ^ (1 << place % 8)]) + data[place // 8 + 1 :]


def signatures(reports: Sequence[Report]) -> list[bytes]:
    return [report.signature for report in reports if isinstance(report, Signed | Finished)]


def faults(reports: Sequence[Report]) -> list[Failed]:
    return [report for report in reports if isinstance(report, Failed)]


def check_harmless(transfer: Transfer, reports: Sequence[Report]) -> None:
    """Whatever came out is a right signature, and nobody was banned."""
    for signature in signatures(reports):
        assert recover_sender(transaction_of(transfer), signature) == transfer.intent.sender
    assert not any(fault.ban or fault.culprit for fault in faults(reports))


def sign_with(world: World, engine: MemoryEngine, tamper: Tamper) -> tuple[Transfer, list[Report]]:
    transfer = world.transfer()
    engine.tamper = tamper
    reports = engine.sign(transfer.order())
    engine.tamper = unchanged
    return transfer, reports


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


def offer(world: World, transfer: Transfer, signature: bytes) -> dict[int, Report]:
    order = OfferSignature(
        ceremony_id=b"", tenant_id=TENANT, digest=transaction_digest_of(transfer), signature=signature
    )
    return {index: core.handle(order)[0] for index, core in world.cores.items()}


def close(world: World, transfer: Transfer) -> dict[int, Report]:
    intent = transfer.intent
    order = CloseRequest(
        ceremony_id=b"",
        tenant_id=TENANT,
        request_hash=transfer.request_hash,
        transaction_id=intent.transaction_id,
        reason="CANCELLED",
    )
    return {index: core.handle(order)[0] for index, core in world.cores.items()}


def test_repeated_messages_change_nothing(world: World, engine: MemoryEngine) -> None:
    transfer, reports = sign_with(world, engine, lambda message: (message, message))
    assert len(signatures(reports)) == 3
    assert faults(reports) == []
    check_harmless(transfer, reports)


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


@dataclass
class CheatingSession:
    """Spoils what it sends in one round, inside the authenticated channel."""

    session: Session[bytes]
    spoilt_round: int
    spoil: Callable[[bytes], bytes]

    @property
    def round(self) -> int:
        return self.session.round

    def step(self, messages: dict[int, bytes] | None = None) -> dict[int, bytes] | bytes:
        outcome = self.session.step(messages)
        if isinstance(outcome, dict) and self.session.round == self.spoilt_round:
            return {peer: self.spoil(message) for peer, message in outcome.items()}
        return outcome


@dataclass
class CheatingShare:
    share: KeyShare
    spoilt_round: int
    spoil: Callable[[bytes], bytes]
    party: int = 0
    threshold: int = 3
    parties: int = 3
    public_key: bytes = b""
    chain_code: bytes = b""
    transcript_hash: bytes = b""

    def derive(self, *, path: str) -> "CheatingShare":
        return CheatingShare(self.share.derive(path=path), self.spoilt_round, self.spoil)

    def seal(self, *, key: SealingKey, associated_data: bytes) -> bytes:
        return self.share.seal(key=key, associated_data=associated_data)

    def sign(self, *, signers: Sequence[int], digest: bytes, sign_id: bytes) -> CheatingSession:
        session = self.share.sign(signers=signers, digest=digest, sign_id=sign_id)
        return CheatingSession(session, self.spoilt_round, self.spoil)


@dataclass
class CheatingBackend:
    """DKLs23 by a party that does not follow the protocol."""

    spoilt_round: int
    spoil: Callable[[bytes], bytes]

    def generate(self, *, threshold: int, parties: int, party: int, session_id: bytes) -> Session[KeyShare]:
        return Dkls23().generate(threshold=threshold, parties=parties, party=party, session_id=session_id)

    def unseal(self, *, key: SealingKey, associated_data: bytes, blob: bytes) -> KeyShare:
        share = Dkls23().unseal(key=key, associated_data=associated_data, blob=blob)
        return CheatingShare(share, self.spoilt_round, self.spoil)

    def verify(self, *, public_key: bytes, digest: bytes, signature: bytes) -> bool:
        return Dkls23().verify(public_key=public_key, digest=digest, signature=signature)


def spoil_late(message: bytes) -> bytes:
    return flip(message, len(message) * 8 - 50)


def test_a_cheating_peer_is_banned_for_ever_before_the_answer(world: World, engine: MemoryEngine) -> None:
    world.restart(2, backend=CheatingBackend(2, spoil_late))
    transfer = world.transfer()
    reports = engine.sign(transfer.order())
    assert signatures(reports) == []
    bans = [fault for fault in faults(reports) if fault.ban]
    assert bans
    assert {fault.culprit for fault in bans} == {2}
    world.restart(2)
    world.restart(3)
    refused = world.cores[3].handle(transfer.order())
    assert reason_of(world, refused[0]) == "COSIGNER_BANNED"


def test_a_ban_stops_what_runs_beside(world: World, engine: MemoryEngine) -> None:
    """Another request of the same quorum consented before the ban cannot begin after it."""
    world.restart(2, backend=CheatingBackend(2, spoil_late))
    cheated, waiting = world.transfer(), other_lane(world)
    order = waiting.order()
    consents = [report.document for report in engine.seek(order).values() if isinstance(report, Consented)]
    assert len(consents) == 3
    assert any(fault.ban for fault in faults(engine.sign(cheated.order())))
    start = StartCeremony(ceremony_id=order.ceremony_id, consents=tuple(consents))
    (fault,) = faults(world.cores[3].handle(start))
    assert fault.code in (Code.NOT_NOW, Code.COSIGNER_BANNED)


def other_lane(world: World, account: int = 1) -> Transfer:
    """A transfer of another vault account, which has slots of its own."""
    source = f'"VAULT_ACCOUNT", "id": "{account}"'.encode()
    return world.transfer_of(world.transfer().body.replace(b'"VAULT_ACCOUNT", "id": "0"', source))


def test_two_accounts_that_pay_alike_have_one_digest_and_two_signatures(world: World, engine: MemoryEngine) -> None:
    transfers = [other_lane(world, account) for account in (0, 1)]
    made = [signatures(engine.sign(transfer.order())) for transfer in transfers]
    assert transaction_digest_of(transfers[0]) == transaction_digest_of(transfers[1])
    for transfer, three in zip(transfers, made, strict=True):
        assert len(three) == 3
        assert recover_sender(transaction_of(transfer), three[0]) == transfer.intent.sender
        assert {type(report) for report in offer(world, transfer, three[0]).values()} == {Adopted}


def test_a_failure_that_names_nobody_is_counted_and_freezes(world: World, engine: MemoryEngine) -> None:
    world.restart(2, backend=CheatingBackend(3, spoil_late))
    for account in range(6):
        reports = engine.sign(other_lane(world, account).order())
        assert [(fault.culprit, fault.ban) for fault in faults(reports)] == [(0, False)] * 2
    assert reason_of(world, world.cores[3].handle(other_lane(world, 7).order())[0]) == "CEREMONY_FAILED"


def test_a_truncated_message_of_a_peer_names_it_without_a_ban(world: World, engine: MemoryEngine) -> None:
    world.restart(2, backend=CheatingBackend(1, lambda message: message[:-1]))
    reports = engine.sign(world.transfer().order())
    named = [fault for fault in faults(reports) if fault.culprit == 2]
    assert named
    assert not any(fault.ban for fault in named)


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
        assert reason_of(world, report) == "STATUS_CONFLICT"
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


def transaction_digest_of(transfer: Transfer) -> bytes:
    return transaction_digest(intent=transfer.intent, payload=transfer.payload)


def test_a_message_for_no_ceremony_is_dropped(world: World) -> None:
    message: Order = PeerMessage(ceremony_id=bytes(32), sender=1, receiver=3, envelope=b"x")
    assert world.cores[3].handle(message) == ()


def test_what_leaves_is_sealed(world: World, engine: MemoryEngine) -> None:
    """The engine sees no plain protocol message: each begins with the extension's magic byte and version."""
    plain: list[bytes] = []
    world.restart(1, backend=CheatingBackend(2, lambda message: plain.append(message) or message))
    assert len(signatures(engine.sign(world.transfer().order()))) == 3
    assert plain
    assert not any(message[22:60] in sent.envelope for message in plain for sent in engine.sent)
    assert all(isinstance(report, Outgoing) is False for report in engine.sent)


def test_a_share_that_does_not_open_is_our_own_fault(world: World, engine: MemoryEngine) -> None:
    class Damaged(CheatingBackend):
        def unseal(self, *, key: SealingKey, associated_data: bytes, blob: bytes) -> KeyShare:
            return super().unseal(key=key, associated_data=associated_data + b"x", blob=blob)

    world.restart(3, backend=Damaged(0, lambda message: message))
    reports = engine.sign(world.transfer().order())
    own = [fault for fault in faults(reports) if fault.code is Code.STATE_DAMAGED]
    assert len(own) == 1
    assert (own[0].culprit, own[0].ban) == (0, False)
    with pytest.raises(ThresholdError):
        world.contexts[3].get_share(
            key=world.contexts[3].get_key(world.document_set), path=world.transfer().intent.path
        )
