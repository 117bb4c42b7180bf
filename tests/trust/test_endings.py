"""The customer is told that a payment failed, and pays again, while the first can still land."""

import dataclasses
import json

from strongroom.client import ApiCredentials, Strongroom, StrongroomError, verify_tombstone
from strongroom.custody.cosigner.domain.orders import CloseRequest, HonourTombstone, Order
from strongroom.custody.cosigner.domain.reports import Honoured, Refused, Tombstoned
from strongroom.kernel.documents.consent import Tombstone
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code
from tests.custody.cosigner.opened import reason_of
from tests.custody.cosigner.world import TENANT, Transfer, api_key, request_body, request_token
from tests.trust.attacker import Attacker, foreign_rsa, fresh_id
from tests.trust.ceremonies import release, sign
from tests.trust.lying_gateway import lying_gateway
from tests.trust.matrix import CARRIERS, Attack, Party, expect, outsiders, tries
from tests.trust.world import TrustWorld

EVERYBODY = tuple(Party)
WITH_COSIGNERS = (Party.COSIGNER_1, Party.PROVIDER)
INVOICE = "invoice-7"


def believed_dead(world: TrustWorld, transfer: Transfer, shown: bytes) -> Code | None:
    """Why a client does not take a payment for dead; None if it does, and pays again."""
    intent = transfer.intent
    try:
        verify_tombstone(shown, transaction_id=str(intent.id), intent=intent.encode(), document_set=world.document_set)
    except StrongroomError as error:
        return error.code
    return None


def tombstone(attacker: Attacker, transfer: Transfer, *, index: int, claimed: int = 3) -> bytes:
    """A tombstone in a co-signer's name, signed with the best key that the attacker has."""
    document = Tombstone(
        transaction_id=transfer.intent.transaction_id,
        request_hash=transfer.request_hash,
        cosigner=claimed,
        reason="CANCELLED",
        at=attacker.world.now,
    )
    return attacker.sign_as_cosigner(index, Kind.TOMBSTONE, document)


def answered(world: TrustWorld, other: Transfer, *, to: bytes) -> Code | None:
    """Why a client does not take ``other`` for the payment that it asked for; None if it does."""
    claimed = str(other.intent.id)
    says = {
        "POST /transactions": {"id": claimed, "status": "CANCELLED"},
        f"GET /strongroom/transactions/{claimed}": {"id": claimed, "token": other.token},
    }
    credentials = ApiCredentials("api-1", api_key())
    with lying_gateway(says) as url, Strongroom(url, credentials=credentials) as client:
        try:
            client.create_transaction(json.loads(to), document_set=world.document_set)
        except StrongroomError as error:
            return error.code
    return None


def close_order(transfer: Transfer) -> CloseRequest:
    return CloseRequest(
        ceremony_id=b"",
        tenant_id=TENANT,
        request_hash=transfer.request_hash,
        transaction_id=transfer.intent.transaction_id,
        reason="CANCELLED",
    )


def refusals(attacker: Attacker, order: Order) -> set[str]:
    """The codes with which every honest co-signer refuses an order."""
    with attacker.world.nothing_promised(attacker.honest):
        reports = [attacker.world.cores[index].handle(order)[0] for index in attacker.honest]
    return {reason_of(attacker.world, report) for report in reports}


@tries(Attack.FALSE_END, expect(Code.EXTERNAL_ID_REUSED, *CARRIERS) | outsiders())
def test_a_released_payment_called_failed_and_asked_for_again(attacker: Attacker, code: Code) -> None:
    """The customer repeats it under the same externalTxId, as the rules say: the first is alive, so nobody signs."""
    world = attacker.world
    release(world, world.transfer(external_id=INVOICE).order())
    again = world.transfer(external_id=INVOICE, amount="1.4")
    assert attacker.ask(attacker.order(again)) == {code.name}


@tries(Attack.FALSE_END, expect(Code.EXTERNAL_ID_REUSED, *CARRIERS) | outsiders())
def test_a_signed_payment_called_reverted_and_asked_for_again(attacker: Attacker, code: Code) -> None:
    """By a node that lies, or by whoever passes on what nodes say."""
    world = attacker.world
    sign(world, world.transfer(external_id=INVOICE).order())
    again = world.transfer(external_id=INVOICE, amount="1.4", nonce=1)
    assert attacker.ask(attacker.order(again)) == {code.name}


@tries(Attack.FALSE_END, expect(Code.DOCUMENT_SIGNATURE_INVALID, *EVERYBODY))
def test_a_tombstone_that_cosigner_3_did_not_sign(attacker: Attacker, code: Code) -> None:
    transfer = attacker.world.transfer()
    assert believed_dead(attacker.world, transfer, tombstone(attacker, transfer, index=3)) is code


@tries(Attack.FALSE_END, expect(Code.DOCUMENT_SIGNATURE_INVALID, *EVERYBODY))
def test_a_tombstone_of_the_provider_s_cosigner(attacker: Attacker, code: Code) -> None:
    """It may have released before it signed: only the customer's own co-signer counts."""
    transfer = attacker.world.transfer()
    assert believed_dead(attacker.world, transfer, tombstone(attacker, transfer, index=1)) is code


@tries(Attack.FALSE_END, expect(Code.INTENT_MISMATCH, *EVERYBODY))
def test_the_true_tombstone_of_another_payment(attacker: Attacker, code: Code) -> None:
    world = attacker.world
    dead, alive = world.transfer(amount="1"), world.transfer()
    (report,) = world.cores[3].handle(close_order(dead))
    assert isinstance(report, Tombstoned)
    assert believed_dead(world, dead, report.document) is None
    assert believed_dead(world, alive, report.document) is code


@tries(Attack.FALSE_END, expect(Code.INTENT_MISMATCH, *EVERYBODY))
def test_the_id_of_a_dead_payment_as_the_answer_to_a_new_one(attacker: Attacker, code: Code) -> None:
    """All that is shown of it is true, and it is dead; the new one is on its way."""
    world = attacker.world
    dead = world.transfer(amount="1", external_id=INVOICE)
    assert isinstance(world.cores[3].handle(close_order(dead))[0], Tombstoned)
    assert answered(world, dead, to=request_body(amount="1.4", external_id=INVOICE)) is code


@tries(Attack.FALSE_END, expect(Code.INTENT_MISMATCH, *EVERYBODY))
def test_the_id_of_an_equal_payment_that_is_dead(attacker: Attacker, code: Code) -> None:
    """Without an externalTxId equal bodies are two payments; with one, co-signers keep the second from being paid."""
    world = attacker.world
    dead, named = world.transfer(), world.transfer(external_id=INVOICE)
    assert answered(world, dead, to=dead.body) is code
    assert answered(world, named, to=named.body) is None


@tries(Attack.FALSE_END, expect(Code.INTENT_MISMATCH, *EVERYBODY))
def test_the_id_of_a_payment_that_nobody_asked_for(attacker: Attacker, code: Code) -> None:
    """Co-signer 3 closes whatever it is told to close, so its tombstone proves no request."""
    world = attacker.world
    asked = world.transfer(external_id=INVOICE)
    forged = request_token(body=asked.body, iat=world.now - 1, key=foreign_rsa())
    invented = dataclasses.replace(asked, token=forged)
    (report,) = world.cores[3].handle(close_order(invented))
    assert isinstance(report, Tombstoned)
    assert believed_dead(world, invented, report.document) is None
    assert answered(world, invented, to=asked.body) is code


@tries(Attack.FALSE_END, expect(Code.DIGEST_RELEASED, *CARRIERS, Party.COSIGNER_1))
def test_a_tombstone_asked_of_those_who_have_released(attacker: Attacker, code: Code) -> None:
    world = attacker.world
    transfer = world.transfer()
    release(world, transfer.order())
    assert refusals(attacker, close_order(transfer)) == {code.name}


@tries(Attack.FALSE_END, expect(Code.TOMBSTONED, *CARRIERS))
def test_a_dead_payment_brought_back(attacker: Attacker, code: Code) -> None:
    """The customer has paid again since."""
    world = attacker.world
    transfer = world.transfer(external_id=INVOICE)
    for core in world.cores.values():
        assert isinstance(core.handle(close_order(transfer))[0], Tombstoned)
    sign(world, world.transfer(external_id=INVOICE, amount="1.4").order())
    order = dataclasses.replace(attacker.order(transfer, payload={"nonce": 1}), ceremony_id=fresh_id())
    with world.nothing_promised(attacker.honest):
        reports = [world.cores[index].handle(order)[0] for index in attacker.honest]
    assert all(isinstance(report, Tombstoned) for report in reports), code


@tries(Attack.HELD_BACK, expect(Code.DIGEST_RELEASED, *WITH_COSIGNERS))
def test_shares_collected_and_the_own_held_back(attacker: Attacker, code: Code) -> None:
    """It can finish the signature alone whenever it likes, so nobody says that the payment is dead."""
    world = attacker.world
    transfer = world.transfer(external_id=INVOICE)
    release(world, transfer.order(), collector=1)
    assert refusals(attacker, close_order(transfer)) == {code.name}
    assert believed_dead(world, transfer, tombstone(attacker, transfer, index=1, claimed=1)) is not None


@tries(Attack.HELD_BACK, expect(Code.EXTERNAL_ID_REUSED, *WITH_COSIGNERS))
def test_a_tombstone_over_collected_shares(attacker: Attacker, code: Code) -> None:
    """The others honour it, which frees the slot; the externalTxId stays taken, since the signature may exist."""
    world = attacker.world
    transfer = world.transfer(external_id=INVOICE)
    release(world, transfer.order(), collector=1)
    shown = tombstone(attacker, transfer, index=1, claimed=1)
    order = HonourTombstone(ceremony_id=b"", tenant_id=TENANT, signer=1, tombstone=shown)
    for index in attacker.honest:
        assert isinstance(world.cores[index].handle(order)[0], Honoured)
    again = world.transfer(external_id=INVOICE, amount="1.4")
    assert attacker.ask(attacker.order(again)) == {code.name}


@tries(Attack.HELD_BACK, expect(Code.DOCUMENT_SIGNATURE_INVALID, *CARRIERS[:-1]))
def test_a_tombstone_in_a_peer_s_name_to_free_a_slot(attacker: Attacker, code: Code) -> None:
    """Nothing is freed on the platform's word."""
    world = attacker.world
    transfer = world.transfer()
    release(world, transfer.order())
    forged = tombstone(attacker, transfer, index=1, claimed=1)
    for index in (2, 3):
        order = HonourTombstone(ceremony_id=b"", tenant_id=TENANT, signer=1, tombstone=forged)
        (report,) = world.cores[index].handle(order)
        assert isinstance(report, Refused)
        assert reason_of(world, report) == code.name
        world.check_alarm(index, request_hash=transfer.request_hash, reason=code.name)
