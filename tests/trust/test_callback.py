"""The customer's callback handler in somebody else's hands: it can stop payments, and nothing else."""

import pytest

from strongroom.custody.cosigner.domain.reports import CallbackReported, Consented, Refused, Report, Tombstoned
from strongroom.kernel.documents.consent import CallbackAnswer
from strongroom.kernel.errors import Code
from tests.custody.cosigner.opened import reason_of
from tests.custody.cosigner.world import Transfer, request_body, request_token
from tests.fakes.callback_handler import HeldHandler
from tests.trust.attacker import Attacker, foreign_rsa
from tests.trust.matrix import Attack, Party, expect, tries
from tests.trust.world import TrustWorld

HANDLER = Party.CALLBACK_HANDLER


def with_handler(world: TrustWorld) -> HeldHandler:
    """Co-signer 3 asks it from now on."""
    handler = HeldHandler()
    world.handler = handler
    world.told.clear()
    world.restart(3)
    return handler


@tries(Attack.UNASKED, expect(Code.TOKEN_SIGNATURE_INVALID, HANDLER))
def test_an_approval_for_a_payment_that_nobody_asked_for(attacker: Attacker, code: Code) -> None:
    """It is not even asked: its word comes after every check, and in place of none."""
    handler = with_handler(attacker.world)
    body = request_body(amount="1")
    token = request_token(body=body, iat=attacker.world.now, key=foreign_rsa())
    order = attacker.order(attacker.world.transfer(), token=token, body=body)
    (said,) = attacker.world.cores[3].handle(order)
    assert reason_of(attacker.world, said) == code.name
    assert handler.asked == []


@tries(Attack.SLOT, expect(Code.SLOT_TAKEN, HANDLER))
def test_an_approval_of_two_payments_for_one_slot(attacker: Attacker, code: Code) -> None:
    """Both were asked about before either was consented to: after its APPROVE every check is made again."""
    world, handler = attacker.world, with_handler(attacker.world)
    orders = [world.transfer(amount=amount).order() for amount in ("1", "2")]
    assert [world.cores[3].handle(order) for order in orders] == [(), ()]
    while handler.asked:
        handler.answer(CallbackAnswer.APPROVE)
    assert isinstance(world.told[1], Consented)
    assert [reason_of(world, one) for one in world.told if isinstance(one, Refused)] == [code.name]


@tries(Attack.HELD_BACK, expect(Code.CALLBACK_UNANSWERED, HANDLER))
def test_an_answer_held_back_after_the_others_consented(attacker: Attacker, code: Code) -> None:
    world, handler = attacker.world, with_handler(attacker.world)
    order = world.transfer().order()
    assert all(isinstance(world.cores[index].handle(order)[0], Consented) for index in (1, 2))
    assert world.cores[3].handle(order) == ()
    handler.answer(CallbackAnswer.NONE)
    assert [reason_of(world, one) for one in world.told if isinstance(one, Refused)] == [code.name]
    for index in (1, 2, 3):
        released = world.contexts[index].journal.db.execute("select count(*) from released").fetchone()
        assert released == (0,)


def test_two_requests_that_mean_one_digest_are_two_questions(world: TrustWorld) -> None:
    """The APPROVE of one is not the other's: one request, one transaction."""
    handler = with_handler(world)
    orders = [world.transfer().order() for _ in range(2)]
    assert [world.cores[3].handle(order) for order in orders] == [(), ()]
    (first, _), (second, _) = handler.asked
    assert first.digest == second.digest
    assert first.request_id != second.request_id
    handler.answer(CallbackAnswer.APPROVE)
    assert [type(one) for one in world.told] == [CallbackReported, Consented]
    handler.answer(CallbackAnswer.APPROVE)
    assert [reason_of(world, one) for one in world.told if isinstance(one, Refused)] == ["SLOT_TAKEN"]


@pytest.mark.parametrize("later", [CallbackAnswer.REJECT, CallbackAnswer.APPROVE])
def test_a_second_answer_is_never_asked_for(world: TrustWorld, later: CallbackAnswer) -> None:
    """Nobody can have it called dead after it was approved, nor brought back after it was rejected."""
    handler = with_handler(world)
    first = CallbackAnswer.APPROVE if later is CallbackAnswer.REJECT else CallbackAnswer.REJECT
    transfer = world.transfer()
    assert world.cores[3].handle(transfer.order()) == ()
    handler.answer(first)
    assert attempt(world, transfer) is (Consented if first is CallbackAnswer.APPROVE else Tombstoned)
    assert handler.asked == []


def attempt(world: TrustWorld, transfer: Transfer) -> type[Report]:
    """What co-signer 3 says to the same payment in another ceremony, as a new process."""
    world.restart(3)
    return type(world.cores[3].handle(transfer.order())[-1])
