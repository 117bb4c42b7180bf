"""Keys: only on the owners' word, once, and never two for one request without all three knowing."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from strongroom.custody.cosigner.domain.ceremony import Envelope
from strongroom.custody.cosigner.domain.orders import PeerMessage, StartKeyCeremony
from strongroom.custody.cosigner.domain.reports import Failed, KeyRecorded, Report
from strongroom.custody.cosigner.operations.activate import activate, apply_document_set
from strongroom.custody.cosigner.operations.tell import tell_address
from strongroom.custody.cosigner.store import Journal, get_share_blob
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import Action, PolicyRule
from strongroom.kernel.documents.intent import address_at
from strongroom.kernel.documents.keys import KeyRequest
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.threshold.backend import ThresholdError
from tests.custody.cosigner.world import OPERATORS, TENANT, World
from tests.fakes.memory_engine import MemoryEngine

Ask = tuple[int, str]


def header(message: PeerMessage) -> Envelope:
    return decode(decode(message.envelope, Signed).payload, Envelope)


def codes(reports: Sequence[Report]) -> set[Code]:
    return {report.code for report in reports if isinstance(report, Failed)}


def request_of(world: World) -> KeyRequest:
    return decode(decode(world.key_request(), Signed).payload, KeyRequest)


def refused(world: World, key_request: bytes) -> set[Code]:
    before = world.contexts[3].journal.sequence
    reports = MemoryEngine(cores=world.cores).generate_key(tenant_id=TENANT, key_request=key_request)
    assert world.contexts[3].journal.sequence == before
    assert not any(isinstance(report, KeyRecorded) for report in reports)
    return codes(reports)


def test_a_request_that_the_owners_did_not_sign_is_refused(world: World) -> None:
    stranger = Ed25519PrivateKey.generate()
    forged = world.signed(Kind.KEY_REQUEST, request_of(world), key=stranger, signer="owner")
    assert refused(world, forged) == {Code.DOCUMENT_SIGNATURE_INVALID}


def test_a_request_for_another_quorum_or_key_is_refused(world: World) -> None:
    for changes in ({"threshold": 2}, {"key_id": "acme/sandbox/ecdsa-2"}, {"epoch": 0}):
        request = msgspec.structs.replace(request_of(world), **changes)
        assert refused(world, world.owner_signed(Kind.KEY_REQUEST, request)) == {Code.DOCUMENT_MALFORMED}


def test_a_request_under_another_document_set_or_too_late_is_refused(world: World) -> None:
    assert refused(world, world.key_request(document_set_hash=bytes(32))) == {Code.DOCUMENT_VERSION_INVALID}
    late = world.key_request()
    world.clock.advance(3600)
    assert refused(world, late) == {Code.REQUEST_EXPIRED}


def test_a_second_request_for_the_key_is_refused(world: World) -> None:
    assert refused(world, world.key_request()) == {Code.KEY_EXISTS}


def test_the_same_request_again_gives_the_same_records(keyless: World) -> None:
    engine, request = MemoryEngine(cores=keyless.cores), keyless.key_request()
    first = engine.generate_key(tenant_id=TENANT, key_request=request)
    keyless.restart(2)
    sent = len(engine.sent)
    again = engine.generate_key(tenant_id=TENANT, key_request=request)
    documents = [
        {report.document for report in reports if isinstance(report, KeyRecorded)} for reports in (first, again)
    ]
    assert documents[0] == documents[1]
    assert len(documents[0]) == 3
    assert len(engine.sent) - sent == 6


def test_a_key_that_one_cosigner_lost_is_made_anew_for_the_same_request(keyless: World) -> None:
    request = keyless.key_request()

    def lose_last(message: PeerMessage) -> Sequence[PeerMessage]:
        return () if (header(message).round, message.receiver) == (7, 2) else (message,)

    engine = MemoryEngine(cores=keyless.cores, tamper=lose_last)
    first = engine.generate_key(tenant_id=TENANT, key_request=request)
    assert [type(report) for report in first] == [KeyRecorded] * 2
    lost = keyless.public_key()
    engine.tamper = lambda message: (message,)
    again = engine.generate_key(tenant_id=TENANT, key_request=request)
    assert [type(report) for report in again] == [KeyRecorded] * 3
    assert keyless.public_key() != lost


def test_a_key_in_use_is_never_replaced(keyless: World) -> None:
    request = keyless.key_request()
    engine = MemoryEngine(cores=keyless.cores)
    engine.generate_key(tenant_id=TENANT, key_request=request)
    engine.sign(keyless.transfer().order())
    keyless.parties[2].path.unlink()
    keyless.restart(2)
    activate(context=keyless.contexts[2], data=keyless.genesis, operator=OPERATORS[2])
    used = keyless.public_key()
    assert Code.KEY_EXISTS in codes(engine.generate_key(tenant_id=TENANT, key_request=request))
    assert keyless.public_key() == used


def test_tampered_key_messages_make_no_key_and_ban_nobody(keyless: World) -> None:
    for round_number in (0, 2, 4, 6):

        def flip(message: PeerMessage, wanted: int = round_number) -> Sequence[PeerMessage]:
            if (header(message).round, message.sender, message.receiver) != (wanted, 1, 3):
                return (message,)
            middle = len(message.envelope) // 2
            changed = bytes([message.envelope[middle] ^ 1])
            envelope = message.envelope[:middle] + changed + message.envelope[middle + 1 :]
            return (dataclasses.replace(message, envelope=envelope),)

        engine = MemoryEngine(cores=keyless.cores, tamper=flip)
        reports = engine.generate_key(tenant_id=TENANT, key_request=keyless.key_request())
        assert codes(reports) == {Code.MESSAGE_INVALID}
        assert not any(isinstance(report, KeyRecorded) for report in reports)
        assert not any(isinstance(report, Failed) and report.ban for report in reports)


def test_a_peer_that_asks_for_another_key_ends_the_ceremony(keyless: World) -> None:
    ceremony_id = os.urandom(32)
    orders = {
        index: StartKeyCeremony(ceremony_id=ceremony_id, tenant_id=TENANT, key_request=keyless.key_request())
        for index in (1, 2, 3)
    }
    assert codes(MemoryEngine(cores=keyless.cores).run(orders)) == {Code.NOT_NOW}


def test_a_key_ceremony_id_is_used_once(keyless: World) -> None:
    engine, request, ceremony_id = MemoryEngine(cores=keyless.cores), keyless.key_request(), os.urandom(32)
    engine.tamper = lambda _: ()
    engine.generate_key(tenant_id=TENANT, key_request=request, ceremony_id=ceremony_id)
    for core in keyless.cores.values():
        core.forget(ceremony_id)
    assert codes(engine.generate_key(tenant_id=TENANT, key_request=request, ceremony_id=ceremony_id)) == {Code.NOT_NOW}


def test_the_sealed_share_opens_only_for_its_own_cosigner(world: World) -> None:
    key = world.contexts[1].get_key(world.document_set)
    assert world.contexts[1].get_share(key=key, path="m/44/60/0/0/0").party == 1
    other = world.contexts[2]
    data = other.sealing_data(tenant_id=TENANT, key_id=key.key_id, epoch=key.epoch)
    blob = get_share_blob(world.contexts[1].journal.db, key=key)
    with pytest.raises(ThresholdError, match="wrong key, wrong associated data"):
        other.backend.unseal(key=other.sealing_key, associated_data=data, blob=blob)


def test_an_address_follows_from_the_cosigner_s_own_record(world: World) -> None:
    told = tell_address(context=world.contexts[3], tenant_id=TENANT, account=7, coin_type=60)
    assert told == (address_at(world.public_key(), "m/44/60/7/0/0"), "m/44/60/7/0/0")
    with pytest.raises(StrongroomError, match="no signed range"):
        tell_address(context=world.contexts[3], tenant_id=TENANT, account=100, coin_type=60)


def test_a_genesis_that_does_not_list_us_is_refused(world: World, tmp_path: Path) -> None:
    context = dataclasses.replace(world.contexts[3], index=2, journal=Journal(tmp_path / "new.sqlite"))
    with pytest.raises(StrongroomError, match="lists other keys"):
        activate(context=context, data=world.genesis, operator=OPERATORS[2])
    context = dataclasses.replace(context, index=3)
    with pytest.raises(StrongroomError, match="as our operator"):
        activate(context=context, data=world.genesis, operator="someone")
    assert context.journal.sequence == 0
    context.journal.close()


def test_a_second_genesis_is_refused_and_a_successor_needs_the_current_owners(world: World) -> None:
    context = world.contexts[3]
    with pytest.raises(StrongroomError, match="already"):
        activate(context=context, data=world.genesis, operator="customer")
    rules = (PolicyRule(id="none", name="none", action=Action.BLOCK),)
    following = world.make_document_set(rules=rules, version=2, previous=world.document_set.hash())
    stranger = world.signed(Kind.DOCUMENT_SET, following, key=Ed25519PrivateKey.generate(), signer="owner")
    with pytest.raises(StrongroomError, match="does not verify"):
        apply_document_set(context=context, data=stranger, operator="customer")
    data = world.owner_signed(Kind.DOCUMENT_SET, following)
    assert apply_document_set(context=context, data=data, operator="customer").version == 2
    with pytest.raises(StrongroomError, match="does not follow"):
        apply_document_set(context=context, data=data, operator="customer")
