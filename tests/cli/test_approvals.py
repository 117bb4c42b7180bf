"""``strongroom tx approve | reject | why | pending``: a platform that lies is caught before anything is signed."""

import base64
from pathlib import Path
from typing import Any

import msgspec
import pytest

from strongroom.kernel.documents.approval import ApprovalAnswer, open_approval
from strongroom.kernel.documents.document_set import Policy
from strongroom.policy import check_approvals, evaluate, facts_of
from tests.cli.conftest import Ran, Run
from tests.cli.gateway import Answer, Gateway, Json
from tests.cli.payments import Payment, changed, pay, text, under
from tests.fixtures.tenant import FRIEND, STRANGER, allow_up_to


@pytest.fixture
def keys(folder: Path, gateway: Gateway) -> Path:
    """Everybody's device key, and the key of somebody else."""
    for person in gateway.tenant.people:
        (folder / f"{person.id}.key").write_bytes(person.device.private_bytes_raw())
    (folder / "stranger.key").write_bytes(bytes(range(32)))
    return folder


def answer(strongroom: Run, payment: Payment, *more: str, word: str = "approve", user: str = "anna") -> Ran:
    return strongroom("tx", word, payment.id, "--user", user, "--device-key", f"{user}.key", *more)


def sent(gateway: Gateway) -> list[bytes]:
    return [base64.b64decode(asked.body["approval"]) for asked in gateway.asked if asked.method == "POST"]


def takes(gateway: Gateway, payment: Payment, state: str = "WAITING") -> None:
    gateway.say(f"POST {payment.detail}/approvals", {"state": state})


@pytest.mark.usefixtures("keys")
def test_two_approvals_are_what_every_cosigner_asks_for(strongroom: Run, gateway: Gateway) -> None:
    payment = pay(gateway)
    takes(gateway, payment)
    for user in ("anna", "ben"):
        ran = answer(strongroom, payment, "--yes", user=user)
        assert (ran.code, ran.lines[-1]) == (0, ["it", "is", "now", "WAITING"])
    document_set, intent = payment.tenant.document_set, payment.intent
    check_approvals(
        evaluation=evaluate(document_set.policy, facts_of(intent, document_set)),
        approvals=tuple(sent(gateway)),
        intent=intent,
        document_set=document_set,
        now_s=intent.not_after - 1,
    )


@pytest.mark.usefixtures("keys")
def test_what_would_be_signed_is_shown_and_nothing_is_without_a_yes(strongroom: Run, gateway: Gateway) -> None:
    payment = pay(gateway)
    takes(gateway, payment)
    ran = answer(strongroom, payment)
    assert ran.code == 2
    assert "Not confirmed" in ran.err
    assert sent(gateway) == []
    shown = {line[0]: " ".join(line[1:]) for line in ran.lines}
    assert shown["amount"] == "6 ETH_TEST"
    assert shown["to"] == f"{FRIEND}, listed as Landlord"
    assert shown["fee"] == "at most 0.01 of the chain's native coin"
    assert shown["initiator"].startswith("treasury (")
    assert shown["intent"] == f"hash {payment.intent.hash().hex()}"
    assert f"version 1 as the platform shows it, {payment.tenant.document_set.hash().hex()}" in ran.err


@pytest.mark.usefixtures("keys")
def test_an_approval_counts_for_as_long_as_its_giver_says(strongroom: Run, gateway: Gateway) -> None:
    payment = pay(gateway)
    takes(gateway, payment)
    answer(strongroom, payment, "--yes", "--hours", "0.5")
    answer(strongroom, payment, "--yes", "--hours", "1000")
    given = [
        open_approval(
            data=data,
            document_set=payment.tenant.document_set,
            transaction_id=payment.intent.transaction_id,
            intent_hash=payment.intent.hash(),
        )
        for data in sent(gateway)
    ]
    assert 0 <= given[0][1].expires_at - (payment.tenant.ports.now + 1800) < 120
    assert given[1][1].expires_at == payment.intent.not_after


@pytest.mark.usefixtures("keys")
def test_what_was_cancelled_is_answered_by_nobody_and_says_why(strongroom: Run, gateway: Gateway) -> None:
    payment = pay(gateway)
    closed = payment.state(state="CLOSED", reason="Cancelled by ops.")
    gateway.say(f"GET {payment.detail}/approval", closed)
    ran = answer(strongroom, payment, "--yes")
    assert ran.code != 0
    assert "STATUS_CONFLICT" in ran.err
    assert "It is CLOSED: Cancelled by ops." in ran.err
    assert sent(gateway) == []
    assert strongroom("tx", "why", payment.id, "--json").data["reason"] == "Cancelled by ops."


@pytest.mark.usefixtures("keys")
def test_a_rejection_is_one(strongroom: Run, gateway: Gateway) -> None:
    payment = pay(gateway)
    takes(gateway, payment, "REJECTED")
    ran = answer(strongroom, payment, "--yes", "--json", word="reject")
    assert ran.data == {"id": payment.id, "state": "REJECTED"}
    (data,) = sent(gateway)
    user, approval = open_approval(
        data=data,
        document_set=payment.tenant.document_set,
        transaction_id=payment.intent.transaction_id,
        intent_hash=payment.intent.hash(),
    )
    assert (user, approval.answer) == ("anna", ApprovalAnswer.REJECT)


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"transaction_id": bytes(16)}, "INTENT_MISMATCH"),
        ({"request_hash": bytes(32)}, "INTENT_MISMATCH"),
        ({"tenant": "other"}, "INTENT_MISMATCH"),
        ({"amount_units": 7 * 10**18}, "DECISION_MISMATCH"),
        ({"destination": STRANGER}, "DECISION_MISMATCH"),
        ({"initiator": "nobody"}, "DECISION_MISMATCH"),
    ],
)
def test_another_intent_is_not_signed(strongroom: Run, gateway: Gateway, changes: dict[str, Any], code: str) -> None:
    payment = pay(gateway)
    gateway.say(f"GET {payment.detail}/approval", payment.state(intent=changed(payment, **changes)))
    ran = answer(strongroom, payment, "--yes")
    assert (ran.code, code in ran.err, sent(gateway)) == (1, True, [])


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    "changes",
    [{"decimals": 6}, {"token_contract": STRANGER}, {"chain_id": 1}, {"max_fee_units": 10**18}],
)
def test_an_asset_that_is_not_the_listed_one_is_not_signed(
    strongroom: Run, gateway: Gateway, changes: dict[str, Any]
) -> None:
    payment = pay(gateway)
    lie = changed(payment, **changes)
    decision = Payment(payment.tenant, lie).decision()
    gateway.say(f"GET {payment.detail}/approval", payment.state(intent=lie, decision=decision))
    ran = answer(strongroom, payment, "--yes")
    assert (ran.code, "INTENT_MISMATCH" in ran.err, sent(gateway)) == (1, True, [])


@pytest.mark.usefixtures("keys")
def test_an_own_vault_account_with_a_foreign_address_is_not_signed(strongroom: Run, gateway: Gateway) -> None:
    payment = pay(gateway, destination={"type": "VAULT_ACCOUNT", "id": "7"})
    takes(gateway, payment)
    lie = changed(payment, destination=STRANGER)
    decision = Payment(payment.tenant, lie).decision()
    gateway.say(f"GET {payment.detail}/approval", payment.state(intent=lie, decision=decision))
    ran = answer(strongroom, payment, "--yes")
    assert (ran.code, "INTENT_MISMATCH" in ran.err, sent(gateway)) == (1, True, [])
    gateway.say(f"GET {payment.detail}/approval", payment.state())
    assert answer(strongroom, payment, "--yes").code == 0


@pytest.mark.usefixtures("keys")
def test_a_policy_engine_that_decides_otherwise_is_an_alarm(strongroom: Run, gateway: Gateway) -> None:
    payment = pay(gateway)
    lenient = evaluate(Policy(rules=(allow_up_to(10**20),)), facts_of(payment.intent, payment.tenant.document_set))
    gateway.say(f"GET {payment.detail}/approval", payment.state(decision=payment.decision(evaluation=lenient)))
    for word in ("approve", "reject"):
        ran = answer(strongroom, payment, "--yes", word=word)
        assert (ran.code, "DECISION_MISMATCH" in ran.err) == (1, True)
    assert strongroom("tx", "why", payment.id).code == 1


@pytest.mark.usefixtures("keys")
def test_a_pinned_document_set_lets_no_other_in(strongroom: Run, gateway: Gateway) -> None:
    payment = pay(gateway)
    takes(gateway, payment)
    known = payment.tenant.document_set.hash().hex()
    ran = answer(strongroom, payment, "--yes", "--document-set", known)
    assert (ran.code, ran.err) == (0, "")
    pinned = {"STRONGROOM_DOCUMENT_SET": "ab" * 32}
    refused = strongroom("tx", "approve", payment.id, "--user", "anna", "--device-key", "anna.key", "--yes", **pinned)
    assert refused.is_refused(1, "DOCUMENT_VERSION_INVALID")
    assert answer(strongroom, payment, "--document-set", "short").is_refused(2, "no hash")


@pytest.mark.usefixtures("keys")
def test_a_document_set_with_a_false_signature_is_not_judged_by(strongroom: Run, gateway: Gateway) -> None:
    payment = pay(gateway)
    signed = payment.tenant.signed_document_set()
    first, second = signed.signatures
    forged = msgspec.structs.replace(signed, signatures=(first, msgspec.structs.replace(second, signature=bytes(64))))
    gateway.say("GET /strongroom/document_set", {"documentSet": text(forged.encode())})
    assert answer(strongroom, payment, "--yes").is_refused(1, "DOCUMENT_SIGNATURE_INVALID")


@pytest.mark.usefixtures("keys")
@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({"state": "APPROVED"}, ("--user", "anna", "--device-key", "anna.key"), "It is APPROVED"),
        ({}, ("--user", "anna", "--device-key", "ben.key"), "another device key for anna"),
        ({}, ("--user", "zoe", "--device-key", "stranger.key"), "nobody of the roster"),
        ({"decision": ""}, ("--user", "anna", "--device-key", "anna.key"), "ATTEMPT_OUTDATED"),
    ],
)
def test_an_answer_that_would_not_count_is_not_given(
    strongroom: Run, gateway: Gateway, changes: Json, options: tuple[str, ...], words: str
) -> None:
    payment = pay(gateway)
    gateway.say(f"GET {payment.detail}/approval", payment.state() | changes)
    for word in ("approve", "reject"):
        ran = strongroom("tx", word, payment.id, *options, "--yes")
        assert (ran.code, words in ran.err, sent(gateway)) == (1, True, [])


@pytest.mark.usefixtures("keys")
def test_the_initiators_own_approval_is_not_asked_for(strongroom: Run, gateway: Gateway) -> None:
    gateway.tenant = gateway.tenant.held_by("anna")
    payment = pay(gateway)
    assert "anna is not asked" in answer(strongroom, payment, "--yes").err


def test_a_key_file_of_another_size_is_no_key(strongroom: Run, gateway: Gateway, folder: Path) -> None:
    payment = pay(gateway)
    (folder / "anna.key").write_bytes(b"short")
    assert answer(strongroom, payment, "--yes").is_refused(2, "CONFIG_INVALID", "32 bytes")
    assert gateway.asked == []


def test_why_shows_every_rule_with_every_criterion(strongroom: Run, gateway: Gateway) -> None:
    payment = pay(gateway, amount="3")
    gateway.say(f"GET {payment.detail}/approval", payment.state(state="NOT_ASKED"))
    ran = strongroom("tx", "why", payment.id)
    assert ran.lines[3][:7] == ["policy", "ALLOW", "by", "rule", "2,", "small;", "decided"]
    assert ran.out.count("fails here") == 1
    assert any(line[-3:] == ["NO:", "fails", "here"] and "amount" in line for line in ran.lines)
    data = strongroom("tx", "why", payment.id, "--json").data
    assert (data["action"], data["rule"]) == ("ALLOW", {"id": "small", "number": 2})
    assert [rule["first_failed"] for rule in data["trace"]] == ["amount", None]
    assert [len(rule["criteria"]) for rule in data["trace"]] == [6, 6]


def test_why_shows_who_must_agree_and_who_has(strongroom: Run, gateway: Gateway) -> None:
    payment = pay(gateway)
    other = under(payment, vault_accounts=()).tenant  # a version that leaves roster, policy and assets alone
    older = under(payment, policy=Policy(rules=())).tenant.approval("carla", payment.intent)
    state = payment.state(other.approval("anna", payment.intent), older)
    gateway.say(f"GET {payment.detail}/approval", state)
    ran = strongroom("tx", "why", payment.id)
    assert "2 of anna, ben, carla; approved: anna; 1 missing" in ran.out
    data = strongroom("tx", "why", payment.id, "--json").data
    assert data["groups"] == [{"threshold": 2, "people": ["anna", "ben", "carla"], "approved": ["anna"]}]
    assert data["answers"] == [{"user": "anna", "answer": "APPROVE"}]


def test_why_of_an_older_version_shows_the_signed_trace(strongroom: Run, gateway: Gateway) -> None:
    payment = pay(gateway)
    decision = payment.decision()
    gateway.tenant = payment.tenant.with_document_set(policy=Policy(rules=(allow_up_to(1),)))
    gateway.has_key()
    gateway.say(f"GET {payment.detail}/approval", payment.state(decision=decision))
    ran = strongroom("tx", "why", payment.id)
    assert (ran.code, "APPROVE by rule 1, ask; decided under an earlier version" in ran.out) == (0, True)


def test_why_before_the_policy_was_asked(strongroom: Run, gateway: Gateway) -> None:
    payment = pay(gateway)
    refusal: Json = {"error": "TRANSACTION_UNKNOWN", "message": "none"}
    gateway.say(f"GET {payment.detail}/approval", Answer(refusal, status=404))
    gateway.say(f"GET {payment.detail}", {"status": "PENDING_AML_SCREENING"})
    ran = strongroom("tx", "why", payment.id)
    assert (ran.code, "It is PENDING_AML_SCREENING: the policy has not been asked" in ran.err) == (1, True)


def test_those_that_wait_are_listed_with_what_their_bytes_say(strongroom: Run, gateway: Gateway) -> None:
    payment = pay(gateway)
    gateway.say("GET /strongroom/approvals", {"approvals": [payment.state()], "paging": {"after": "c"}})
    gateway.say("GET /strongroom/approvals?after=c", {"approvals": [], "paging": {}})
    ran = strongroom("tx", "pending")
    assert ran.lines[1][:8] == [payment.id, "6", "ETH_TEST", FRIEND, "ask", "0", "of", "2"]
    assert [item["id"] for item in strongroom("tx", "pending", "--json").data] == [payment.id]
    gateway.say("GET /strongroom/approvals", {"approvals": [], "paging": {}})
    assert strongroom("tx", "pending").out == "Nothing waits for approvals.\n"
