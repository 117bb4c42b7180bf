"""Deposit addresses that are not ours, and strangers at the key ceremony."""

import dataclasses
from collections.abc import Generator, Sequence
from pathlib import Path

import msgspec
import pytest

from strongroom.client import ApiCredentials, Strongroom, StrongroomError, open_documents
from strongroom.custody.cosigner.domain.ceremony import Envelope
from strongroom.custody.cosigner.domain.orders import PeerMessage, StartKeyCeremony
from strongroom.custody.cosigner.domain.reports import Failed, KeyRecorded
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.intent import PublicKey
from strongroom.kernel.documents.keys import KeyRecord, KeyRequest, verify_key_records
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code
from tests.custody.cosigner.world import TENANT
from tests.custody.secure_vault.signing import WholeKey
from tests.fakes.memory_engine import MemoryEngine
from tests.trust.attacker import Attacker, fresh_id
from tests.trust.matrix import CARRIERS, Attack, Party, expect, tries
from tests.trust.test_payments import THIEF
from tests.trust.world import OWNERS, TrustWorld

THIEFS_KEY = WholeKey().public


def records(attacker: Attacker, key: PublicKey) -> tuple[bytes, ...]:
    """Records of a key of the attacker's own; those of honest co-signers it can only forge."""
    true = [context.get_key(attacker.world.document_set).record for context in attacker.world.contexts.values()]
    opened = [decode(decode(record, Signed).payload, KeyRecord) for record in true]
    changed = [
        msgspec.structs.replace(record, public_key=key.public_key, chain_code=key.chain_code) for record in opened
    ]
    return tuple(
        attacker.sign_as_cosigner(index, Kind.KEY_RECORD, record) for index, record in enumerate(changed, start=1)
    )


def refusal_of_records(world: TrustWorld, shown: tuple[bytes, ...]) -> Code | None:
    """Why a client does not believe key records; None if it does."""
    asked = world.contexts[3].get_key(world.document_set).request_hash
    try:
        verify_key_records(records=shown, document_set=world.document_set, key_request_hash=asked, epoch=1)
    except StrongroomError as error:
        return error.code
    return None


@tries(Attack.ADDRESS, expect(Code.SIGNATURE_INVALID, *CARRIERS))
def test_the_thief_s_address_beside_the_true_key(attacker: Attacker, code: Code) -> None:
    """The client derives the address itself."""
    client = Strongroom("http://127.0.0.1:1/v1", credentials=ApiCredentials.generate("api-1"))
    with client, pytest.raises(StrongroomError) as caught:
        client.verified_address(attacker.world.public_key(), coin_type=60, vault_account="0", claimed=THIEF)
    assert caught.value.code is code


@tries(Attack.ADDRESS, expect(Code.DOCUMENT_SIGNATURE_INVALID, *CARRIERS, Party.COSIGNER_1))
def test_records_of_the_thief_s_key(attacker: Attacker, code: Code) -> None:
    assert refusal_of_records(attacker.world, records(attacker, THIEFS_KEY)) is code


@tries(Attack.ADDRESS, expect(Code.SIGNATURE_INVALID, Party.COSIGNER_1, Party.PROVIDER))
def test_a_record_of_the_thief_s_key_among_true_ones(attacker: Attacker, code: Code) -> None:
    forged, honest = records(attacker, THIEFS_KEY), attacker.world.contexts
    shown = tuple(
        forged[index - 1]
        if index in attacker.holds.cosigners
        else honest[index].get_key(attacker.world.document_set).record
        for index in (1, 2, 3)
    )
    assert refusal_of_records(attacker.world, shown) is code


@tries(Attack.ADDRESS, expect(Code.DOCUMENT_VERSION_INVALID, *CARRIERS))
def test_a_whole_document_set_of_the_thief_s(attacker: Attacker, code: Code) -> None:
    """Owners, co-signers and key made up together fit each other: only the owners' hash tells."""
    world = attacker.world
    key = attacker.own_key
    owner = msgspec.structs.replace(
        world.document_set.owners.members[0], public_key=key.public_key().public_bytes_raw()
    )
    invented = msgspec.structs.replace(
        world.document_set, owners=msgspec.structs.replace(world.document_set.owners, threshold=1, members=(owner,))
    )
    signed = decode(world.signed_by(Kind.DOCUMENT_SET, invented, {owner.id: key}), Signed)
    with pytest.raises(StrongroomError) as caught:
        open_documents(signed, pinned_hash=world.document_set.hash())
    assert caught.value.code is code


@pytest.fixture
def keyless(tmp_path: Path) -> Generator[TrustWorld]:
    """The tenant before its key ceremony."""
    folder = tmp_path / "keyless"
    folder.mkdir()
    made = TrustWorld(folder)
    yield made
    made.close()


@tries(Attack.IDENTITY, expect(Code.MESSAGE_INVALID, *CARRIERS[:-1], Party.COSIGNER_1))
def test_a_stranger_in_a_cosigner_s_place(attacker: Attacker, code: Code, keyless: TrustWorld) -> None:
    """With the best certificate, but without the identity that the owners signed."""

    def pose(message: PeerMessage) -> Sequence[PeerMessage]:
        if message.sender != 2:
            return (message,)
        envelope = decode(decode(message.envelope, Signed).payload, Envelope)
        own = keyless.signed(Kind.CEREMONY_MESSAGE, envelope, key=attacker.own_key, signer="cosigner-2")
        return (dataclasses.replace(message, envelope=own),)

    engine = MemoryEngine(cores=keyless.cores, tamper=pose)
    reports = engine.generate_key(tenant_id=TENANT, key_request=keyless.key_request())
    assert {report.code for report in reports if isinstance(report, Failed)} == {code}
    assert not any(isinstance(report, KeyRecorded) for report in reports)


@tries(Attack.IDENTITY, expect(Code.DOCUMENT_SIGNATURE_INVALID, Party.PROVIDER))
def test_a_key_made_without_the_customer_s_cosigner(attacker: Attacker, code: Code) -> None:
    """The third record is by an identity that the owners did not sign: no client takes the key."""
    assert refusal_of_records(attacker.world, records(attacker, THIEFS_KEY)) is code


@tries(Attack.IDENTITY, expect(Code.DOCUMENT_SIGNATURE_INVALID, *CARRIERS))
def test_a_key_that_the_owners_did_not_ask_for(attacker: Attacker, code: Code) -> None:
    world = attacker.world
    asked = decode(decode(world.key_request(), Signed).payload, KeyRequest)
    forged = world.signed_by(Kind.KEY_REQUEST, asked, dict.fromkeys(OWNERS[:2], attacker.own_key))
    order = StartKeyCeremony(ceremony_id=fresh_id(), tenant_id=TENANT, key_request=forged)
    with world.nothing_promised(attacker.honest):
        reports = [world.cores[index].handle(order)[0] for index in attacker.honest]
    assert {report.code for report in reports if isinstance(report, Failed)} == {code}
