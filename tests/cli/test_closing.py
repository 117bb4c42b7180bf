"""``strongroom tx cancel``, and what ``tx get`` says of paying again: only a tombstone verified here makes it safe."""

from typing import Any

import pytest

from strongroom.kernel.errors import Code
from tests.cli.conftest import Run
from tests.cli.gateway import Gateway, Json, transaction
from tests.cli.payments import Payment, pay, text


def closes(
    gateway: Gateway, payment: Payment, tombstone: bytes, *, status: str = "CANCELLED", ending: str = ""
) -> None:
    """Show the transaction as closed."""
    gateway.say(f"GET /transactions/{payment.id}", transaction(id=payment.id, status=status))
    detail: Json = {"id": payment.id, "status": status, "ending": ending, "attempt": 0, "reason": "", "decision": ""}
    gateway.say(
        f"GET {payment.detail}", {**detail, "intent": text(payment.intent.encode()), "tombstone": text(tombstone)}
    )


def test_a_cancellation_shows_what_became_of_it(strongroom: Run, gateway: Gateway) -> None:
    payment = pay(gateway)
    gateway.say(f"POST /transactions/{payment.id}/cancel", {"success": True})
    gateway.say(f"GET /transactions/{payment.id}", transaction(id=payment.id, status="CANCELLING"))
    assert strongroom("tx", "cancel", payment.id).lines == [["id", payment.id], ["status", "CANCELLING"]]
    assert strongroom("tx", "cancel", payment.id, "--json").data == {"id": payment.id, "status": "CANCELLING"}


def test_a_signed_transaction_is_not_cancelled(strongroom: Run, gateway: Gateway) -> None:
    payment = pay(gateway)
    gateway.refuse(f"POST /transactions/{payment.id}/cancel", Code.STATUS_CONFLICT, "It is signed.")
    assert strongroom("tx", "cancel", payment.id).is_refused(1, "STATUS_CONFLICT", "signed")


@pytest.mark.parametrize("status", ["CANCELLED", "FAILED", "REJECTED", "BLOCKED"])
def test_the_tombstone_of_cosigner_3_makes_it_safe(strongroom: Run, gateway: Gateway, status: str) -> None:
    payment = pay(gateway)
    closes(gateway, payment, payment.tombstone(), status=status)
    ran = strongroom("tx", "get", payment.id)
    assert "safe, under the same external id: co-signer 3's tombstone (CANCELLED_BY_USER) was verified here" in ran.out
    closing = strongroom("tx", "get", payment.id, "--json").data["closing"]
    assert closing["is_safe_to_repeat"] is True
    assert closing["tombstone"]["reason"] == "CANCELLED_BY_USER"


def test_without_a_tombstone_nothing_is_safe(strongroom: Run, gateway: Gateway) -> None:
    payment = pay(gateway)
    closes(gateway, payment, b"", status="CANCELLING", ending="CANCELLED")
    ran = strongroom("tx", "get", payment.id)
    assert "not proven to be safe" in ran.out
    assert any(line == ["will", "be", "CANCELLED"] for line in ran.lines)
    closing = strongroom("tx", "get", payment.id, "--json").data["closing"]
    assert closing == {"ending": "CANCELLED", "is_safe_to_repeat": False, "tombstone": None, "alarm": ""}


@pytest.mark.parametrize(
    ("forgery", "code"),
    [
        ({"index": 1}, "DOCUMENT_SIGNATURE_INVALID"),
        ({"index": 2}, "DOCUMENT_SIGNATURE_INVALID"),
        ({"cosigner": 1}, "INTENT_MISMATCH"),
        ({"request_hash": bytes(32)}, "INTENT_MISMATCH"),
        ({"transaction_id": bytes(16)}, "INTENT_MISMATCH"),
    ],
)
def test_another_tombstone_makes_nothing_safe(
    strongroom: Run, gateway: Gateway, forgery: dict[str, Any], code: str
) -> None:
    payment = pay(gateway)
    closes(gateway, payment, payment.tombstone(**forgery))
    ran = strongroom("tx", "get", payment.id)
    assert f"NOT SAFE: the tombstone that is shown does not verify ({code}" in ran.out
    assert strongroom("tx", "get", payment.id, "--json").data["closing"]["is_safe_to_repeat"] is False


def test_the_tombstone_of_another_payment_is_none_of_this_one(strongroom: Run, gateway: Gateway) -> None:
    dead, asked_for = pay(gateway, amount="7"), pay(gateway, amount="6")
    closes(gateway, dead, dead.tombstone())
    shown: Json = {"id": asked_for.id, "status": "CANCELLED", "ending": "", "intent": text(dead.intent.encode())}
    gateway.say(f"GET /transactions/{asked_for.id}", transaction(id=asked_for.id, status="CANCELLED"))
    gateway.say(f"GET {asked_for.detail}", {**shown, "tombstone": text(dead.tombstone())})
    assert "NOT SAFE" in strongroom("tx", "get", asked_for.id).out
