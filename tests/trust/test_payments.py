"""Money that nobody asked to move, that goes elsewhere, or that goes twice."""

import dataclasses
from collections.abc import Callable

import pytest

from strongroom.kernel.errors import Code
from tests.custody.cosigner.world import ETHER, PAYEE, request_body, request_token
from tests.trust.attacker import Attacker, foreign_rsa, fresh_id
from tests.trust.ceremonies import release, sign
from tests.trust.matrix import CARRIERS, Attack, Party, expect, outsiders, tries, tries_each
from tests.trust.world import TrustWorld

THIEF = "0x00000000219ab540356cBB839Cbe05303d7705Fa"
TOKEN = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
WITH_COSIGNERS = (Party.COSIGNER_1, Party.PROVIDER)
CHANGES: dict[Attack, dict[str, object]] = {
    Attack.DESTINATION: {"destination": THIEF},
    Attack.AMOUNT: {"amount_units": 2 * ETHER},
    Attack.CONTRACT: {"token_contract": TOKEN},
    Attack.DECIMALS: {"decimals": 6},
    Attack.CHAIN: {"chain_id": 1},
}
FEE = {"max_fee_per_gas": 10**13}
"""Ten times what the asset allows."""


@tries(Attack.UNASKED, expect(Code.TOKEN_SIGNATURE_INVALID, *CARRIERS) | outsiders())
def test_a_request_that_the_api_user_did_not_sign(attacker: Attacker, code: Code) -> None:
    body = request_body(amount="1").replace(PAYEE.encode(), THIEF.encode())
    token = request_token(body=body, iat=attacker.world.now, key=foreign_rsa())
    assert attacker.ask(attacker.order(attacker.world.transfer(), token=token, body=body)) == {code.name}


@tries(Attack.UNASKED, expect(Code.TOKEN_URI_MISMATCH, *CARRIERS) | outsiders())
def test_a_question_about_a_fee_taken_for_a_payment(attacker: Attacker, code: Code) -> None:
    """An SDK sends the whole transfer to estimate its fee, signed by the API user."""
    uri = "/v1/transactions/estimate_fee"
    transfer = attacker.world.transfer()
    token = request_token(body=transfer.body, iat=attacker.world.now, uri=uri)
    assert attacker.ask(dataclasses.replace(attacker.order(transfer, token=token), uri=uri)) == {code.name}


@tries(Attack.UNASKED, expect(Code.INTENT_MISMATCH, Party.COSIGNER_ENGINE))
def test_a_released_payment_signed_again_by_another_tenant_s_key(attacker: Attacker, code: Code) -> None:
    """A digest does not name its sender: the same bytes under another key empty another purse."""
    world = attacker.world
    other = world.add_tenant("other")
    order = attacker.order(world.transfer())
    release(world, order)
    assert attacker.ask(dataclasses.replace(order, tenant_id=other, ceremony_id=fresh_id())) == {code.name}


@tries_each({attack: expect(Code.INTENT_MISMATCH, *CARRIERS) | outsiders() for attack in CHANGES})
def test_an_intent_that_the_request_does_not_mean(attack: Attack, attacker: Attacker, code: Code) -> None:
    """With decision and verdict to fit, by whoever can sign them."""
    assert attacker.ask(attacker.order(attacker.world.transfer(), intent=CHANGES[attack])) == {code.name}


@tries_each({attack: expect(Code.TOKEN_BODY_MISMATCH, *CARRIERS) for attack in (Attack.DESTINATION, Attack.AMOUNT)})
def test_a_body_under_the_token_of_another(attack: Attack, attacker: Attacker, code: Code) -> None:
    transfer = attacker.world.transfer()
    old, new = (PAYEE, THIEF) if attack is Attack.DESTINATION else ('"1.5"', '"2"')
    changed = transfer.body.replace(old.encode(), new.encode())
    assert changed != transfer.body
    assert attacker.ask(attacker.order(transfer, body=changed)) == {code.name}


@tries_each(
    {attack: expect(Code.MESSAGE_INVALID, *WITH_COSIGNERS) for attack in CHANGES if attack is not Attack.CONTRACT}
)
def test_a_consent_to_something_else(attack: Attack, attacker: Attacker, code: Code) -> None:
    """Those who have co-signers let them consent to another digest than the honest did."""
    assert attacker.start_with(attacker.world.transfer(), intent=CHANGES[attack]) == {code.name}


@tries(Attack.UNASKED, expect(Code.NOT_NOW, *WITH_COSIGNERS))
def test_a_ceremony_to_which_the_honest_did_not_consent(attacker: Attacker, code: Code) -> None:
    """Its own consents to a ceremony of its own, and an old one of the honest."""
    ceremony_id = fresh_id()
    given = attacker.consents(attacker.world.transfer().order())
    assert attacker.start(ceremony_id, attacker.swap(given, {"ceremony_id": ceremony_id})) == {code.name}


@tries(Attack.FEE, expect(Code.MAX_FEE_EXCEEDED, *CARRIERS) | outsiders())
def test_a_fee_that_eats_the_purse(attacker: Attacker, code: Code) -> None:
    assert attacker.ask(attacker.order(attacker.world.transfer(), payload=FEE)) == {code.name}


@tries(Attack.FEE, expect(Code.INTENT_MISMATCH, *CARRIERS) | outsiders())
def test_a_higher_ceiling_in_the_intent(attacker: Attacker, code: Code) -> None:
    raised = {"max_fee_units": ETHER}
    assert attacker.ask(attacker.order(attacker.world.transfer(), intent=raised, payload=FEE)) == {code.name}


@tries(Attack.FEE, expect(Code.MESSAGE_INVALID, *WITH_COSIGNERS))
def test_a_consent_to_a_higher_fee(attacker: Attacker, code: Code) -> None:
    assert attacker.start_with(attacker.world.transfer(), payload=FEE) == {code.name}


@tries(Attack.TWICE, expect(Code.INTENT_MISMATCH, *CARRIERS) | outsiders())
def test_a_paid_request_in_the_next_slot(attacker: Attacker, code: Code) -> None:
    world = attacker.world
    transfer = world.transfer()
    sign(world, transfer.order())
    assert attacker.ask(attacker.order(transfer, payload={"nonce": 1})) == {code.name}


@tries(Attack.TWICE, expect(Code.NOT_NOW, *WITH_COSIGNERS))
def test_a_ceremony_begun_again_with_its_old_consents(attacker: Attacker, code: Code) -> None:
    world = attacker.world
    order = world.transfer().order()
    consents = attacker.consents(order)
    attacker.finish(order.ceremony_id, consents)
    assert attacker.start(order.ceremony_id, consents) == {code.name}


SPELLINGS: dict[str, tuple[Callable[[str], str], str]] = {
    "padded": (lambda token: token + "=", "TOKEN_MALFORMED"),
    "a line more": (lambda token: token + "\n", "TOKEN_MALFORMED"),
    "a space before": (lambda token: " " + token, "TOKEN_MALFORMED"),
    "another signature": (lambda token: token.rpartition(".")[0] + "." + "A" * 342, "TOKEN_SIGNATURE_INVALID"),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_paid_request_spelt_in_another_way(world: TrustWorld, spelling: str) -> None:
    """One request must not look like two."""
    respell, reason = SPELLINGS[spelling]
    attacker = Attacker(Party.PROVIDER, world)
    transfer = world.transfer()
    sign(world, transfer.order())
    other = attacker.order(transfer, token=respell(transfer.token), payload={"nonce": 1})
    assert attacker.ask(other) <= {reason, "INTENT_MISMATCH"}


@tries(Attack.SLOT, expect(Code.SLOT_TAKEN, *CARRIERS) | outsiders())
def test_another_payment_in_a_slot_that_is_taken(attacker: Attacker, code: Code) -> None:
    world = attacker.world
    attacker.consents(world.transfer().order())
    assert attacker.ask(attacker.order(world.transfer(amount="1"))) == {code.name}


@tries(Attack.SLOT, expect(Code.SLOT_TAKEN, *CARRIERS) | outsiders())
def test_the_same_payment_with_another_fee(attacker: Attacker, code: Code) -> None:
    """Both would be valid on chain: whoever has both may choose, and the first was promised."""
    world = attacker.world
    transfer = world.transfer()
    attacker.consents(transfer.order())
    assert attacker.ask(attacker.order(transfer, payload={"max_fee_per_gas": 2 * 10**9})) == {code.name}


@tries(Attack.SLOT, expect(Code.MESSAGE_INVALID, *WITH_COSIGNERS))
def test_a_consent_to_another_digest_of_the_slot(attacker: Attacker, code: Code) -> None:
    assert attacker.start_with(attacker.world.transfer(), payload={"max_fee_per_gas": 2 * 10**9}) == {code.name}
