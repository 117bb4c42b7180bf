"""Phase one: what is refused leaves no trace, what is dead stays dead, what is consented to is in the journal first."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from strongroom.custody.cosigner.domain.ceremony import quorum_hash
from strongroom.custody.cosigner.domain.entries import Banned, CeremonyFailed
from strongroom.custody.cosigner.domain.limits import AssetLimit, Limits
from strongroom.custody.cosigner.domain.orders import SeekConsent
from strongroom.custody.cosigner.domain.reports import Consented, Finished, Report, Signed
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.consent import Consent
from strongroom.kernel.documents.decision import Decision
from strongroom.kernel.documents.document_set import Action, PolicyRule
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.documents.verdict import AmlVerdict
from strongroom.kernel.ids import TenantId
from tests.custody.cosigner.opened import opened, reason_of, tombstone_of
from tests.custody.cosigner.world import ETHER, Transfer, World, request_body, request_token
from tests.fakes.memory_engine import MemoryEngine

# ruff: noqa: ARG005 -- every change takes the same three arguments
Change = Callable[[World, Transfer, SeekConsent], SeekConsent]


def ask(world: World, order: SeekConsent, index: int = 3) -> Report:
    return world.cores[index].handle(order)[0]


def fresh(order: SeekConsent) -> SeekConsent:
    return dataclasses.replace(order, ceremony_id=os.urandom(32))


def with_decision(transfer: Transfer, order: SeekConsent, **changes: object) -> SeekConsent:
    decision = transfer.decision_document(verdict=order.verdict, attempt=order.attempt)
    changed = msgspec.structs.replace(decision, **changes)
    return dataclasses.replace(order, decision=transfer.sign_decision(changed))


def with_verdict(transfer: Transfer, order: SeekConsent, verdict: bytes) -> SeekConsent:
    decision = transfer.sign_decision(transfer.decision_document(verdict=verdict))
    return dataclasses.replace(order, verdict=verdict, decision=decision)


def with_payload(transfer: Transfer, order: SeekConsent, **changes: object) -> SeekConsent:
    payload = msgspec.structs.replace(transfer.payload, **changes)
    return dataclasses.replace(order, payload=payload.encode())


def other_evaluation(transfer: Transfer, order: SeekConsent) -> Decision:
    decision = transfer.decision_document(verdict=order.verdict)
    evaluation = msgspec.structs.replace(decision.evaluation, trace=())
    return msgspec.structs.replace(decision, evaluation=evaluation)


def by_another_key(world: World, kind: Kind, transfer: Transfer, order: SeekConsent) -> bytes:
    document = transfer.decision_document(verdict=order.verdict)
    return world.signed(kind, document, key=Ed25519PrivateKey.generate(), signer="policy_engine")


REFUSED: dict[str, tuple[str, Change]] = {
    "tenant": ("TENANT_UNKNOWN", lambda w, t, o: dataclasses.replace(o, tenant_id=TenantId("other"))),
    "token-key": (
        "TOKEN_SIGNATURE_INVALID",
        lambda w, t, o: dataclasses.replace(
            o, token=request_token(body=t.body, iat=w.now, key=rsa.generate_private_key(65537, 2048))
        ),
    ),
    "token-form": ("TOKEN_MALFORMED", lambda w, t, o: dataclasses.replace(o, token="a.b")),
    "uri": ("TOKEN_URI_MISMATCH", lambda w, t, o: dataclasses.replace(o, uri="/v1/other")),
    "body": ("TOKEN_BODY_MISMATCH", lambda w, t, o: dataclasses.replace(o, body=request_body(amount="2"))),
    "future": (
        "TOKEN_FROM_FUTURE",
        lambda w, t, o: dataclasses.replace(o, token=request_token(body=t.body, iat=w.now + 31)),
    ),
    "intent": (
        "INTENT_MISMATCH",
        lambda w, t, o: dataclasses.replace(
            o, intent=msgspec.structs.replace(t.intent, amount_units=t.intent.amount_units + 1).encode()
        ),
    ),
    "payload-form": ("DOCUMENT_MALFORMED", lambda w, t, o: dataclasses.replace(o, payload=b"\xa0")),
    "payload-intent": ("INTENT_MISMATCH", lambda w, t, o: with_payload(t, o, intent_hash=bytes(32))),
    "payload-nonce": ("INTENT_MISMATCH", lambda w, t, o: with_payload(t, o, nonce=1 << 63)),
    "payload-gas": ("INTENT_MISMATCH", lambda w, t, o: with_payload(t, o, gas_limit=50_000)),
    "payload-fee": ("MAX_FEE_EXCEEDED", lambda w, t, o: with_payload(t, o, max_fee_per_gas=10**12)),
    "own-fee-limit": ("MAX_FEE_EXCEEDED", lambda w, t, o: with_payload(t, o, max_fee_per_gas=600 * 10**9)),
    "decision-key": (
        "DOCUMENT_SIGNATURE_INVALID",
        lambda w, t, o: dataclasses.replace(o, decision=by_another_key(w, Kind.DECISION, t, o)),
    ),
    "decision-attempt": ("DECISION_MISMATCH", lambda w, t, o: with_decision(t, o, attempt=1)),
    "decision-transaction": ("DECISION_MISMATCH", lambda w, t, o: with_decision(t, o, transaction_id=bytes(16))),
    "decision-intent": ("DECISION_MISMATCH", lambda w, t, o: with_decision(t, o, intent_hash=bytes(32))),
    "decision-verdict": ("DECISION_MISMATCH", lambda w, t, o: with_decision(t, o, verdict_hash=bytes(32))),
    "decision-version": (
        "NOT_NOW",
        lambda w, t, o: with_decision(t, o, document_set_hash=bytes(32)),
    ),
    "decision-trace": (
        "DECISION_MISMATCH",
        lambda w, t, o: dataclasses.replace(o, decision=t.sign_decision(other_evaluation(t, o))),
    ),
    "verdict-lapsed": (
        "SCREENING_UNAVAILABLE",
        lambda w, t, o: with_verdict(t, o, t.verdict(lifetime_s=0)),
    ),
    "verdict-reject": (
        "SANCTIONED_ADDRESS",
        lambda w, t, o: with_verdict(t, o, t.verdict(aml=AmlVerdict.REJECT)),
    ),
    "verdict-key": (
        "DOCUMENT_SIGNATURE_INVALID",
        lambda w, t, o: with_verdict(t, o, o.decision),
    ),
    "verdict-of-another": (
        "INTENT_MISMATCH",
        lambda w, t, o: with_verdict(t, o, w.transfer(amount="7").verdict()),
    ),
    "ceremony-id": ("NOT_NOW", lambda w, t, o: dataclasses.replace(o, ceremony_id=b"short")),
    "slot-gap": ("NOT_NOW", lambda w, t, o: with_payload(t, o, nonce=1)),
}


PASSING = {"TENANT_UNKNOWN", "SCREENING_UNAVAILABLE", "NOT_NOW"}
"""Refusals that leave no trace."""


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_hold_is_refused_and_alarms_are_journalled_once(world: World, name: str) -> None:
    expected, change = REFUSED[name]
    transfer = world.transfer()
    order = transfer.order()
    before = world.contexts[3].journal.sequence
    if name == "tenant":
        report = ask(world, change(world, transfer, order))
        assert b"TENANT_UNKNOWN" in getattr(report, "document", b"")
    else:
        assert reason_of(world, ask(world, change(world, transfer, order))) == expected
    traces = 0 if expected in PASSING else 1
    assert world.contexts[3].journal.sequence == before + traces
    ask(world, change(world, transfer, order))
    if name not in {"token-key", "future"}:  # those changes make another request every time
        assert world.contexts[3].journal.sequence == before + traces
    assert isinstance(ask(world, fresh(order)), Consented)


def test_a_consent_binds_everything_and_is_in_the_journal_first(world: World) -> None:
    transfer = world.transfer()
    order = transfer.order()
    before = world.contexts[3].journal
    head, sequence = before.head, before.sequence
    report = ask(world, order)
    assert isinstance(report, Consented)
    consent = opened(world, report.document, Kind.CONSENT, Consent)
    assert (consent.ceremony_id, consent.request_hash) == (order.ceremony_id, transfer.request_hash)
    assert (consent.intent_hash, consent.payload_hash) == (transfer.intent.hash(), sha256(order.payload))
    assert (consent.decision_hash, consent.document_set_hash) == (sha256(order.decision), world.document_set.hash())
    assert (consent.journal_head, world.contexts[3].journal.sequence) == (head, sequence + 1)


def test_the_same_order_again_gives_the_same_consent(world: World) -> None:
    order = world.transfer().order()
    assert ask(world, order) == ask(world, order)


def test_a_ceremony_id_is_used_once_even_across_a_restart(world: World) -> None:
    order = world.transfer().order()
    assert isinstance(ask(world, order), Consented)
    world.restart(3)
    assert reason_of(world, ask(world, order)) == "NOT_NOW"
    assert isinstance(ask(world, fresh(order)), Consented)


def test_a_slot_belongs_to_one_transaction(world: World) -> None:
    assert isinstance(ask(world, world.transfer().order()), Consented)
    assert reason_of(world, ask(world, world.transfer(amount="2").order())) == "SLOT_TAKEN"


def test_a_transaction_keeps_its_digest(world: World) -> None:
    transfer = world.transfer()
    assert isinstance(ask(world, transfer.order()), Consented)
    assert reason_of(world, ask(world, with_payload(transfer, transfer.order(), max_fee_per_gas=10**9))) == "SLOT_TAKEN"
    assert isinstance(ask(world, transfer.order(attempt=1)), Consented)


def test_a_transaction_keeps_its_slot(world: World, engine: MemoryEngine) -> None:
    first = world.transfer(nonce=0)
    engine.sign(first.order())
    second = world.transfer(nonce=1)
    assert isinstance(ask(world, second.order()), Consented)
    engine.sign(second.order())
    assert reason_of(world, ask(world, dataclasses.replace(second, nonce=2).order())) == "INTENT_MISMATCH"
    third = world.transfer(nonce=2)
    assert isinstance(ask(world, third.order()), Consented)
    assert reason_of(world, ask(world, with_payload(third, third.order(), nonce=0))) == "SLOT_TAKEN"


def test_the_next_slot_opens_only_with_the_finished_signature(world: World, engine: MemoryEngine) -> None:
    first, second = world.transfer(nonce=0), world.transfer(nonce=1)
    assert isinstance(ask(world, first.order()), Consented)
    assert reason_of(world, ask(world, second.order())) == "NOT_NOW"
    assert all(isinstance(report, Signed) for report in engine.sign(first.order()))
    assert isinstance(ask(world, second.order()), Consented)


def test_an_external_id_is_for_one_transaction_until_that_is_dead(world: World) -> None:
    first = world.transfer(external_id="invoice-7")
    assert isinstance(ask(world, first.order()), Consented)
    second = world.transfer(external_id="invoice-7", amount="2")
    assert reason_of(world, ask(world, second.order())) == "EXTERNAL_ID_REUSED"
    world.clock.advance(world.document_set.request_lifetime_s)
    assert tombstone_of(world, ask(world, first.order())).reason == "REQUEST_EXPIRED"
    third = world.transfer(external_id="invoice-7", amount="2")
    assert isinstance(ask(world, third.order()), Consented)


def test_limits_hold_per_transaction_and_over_a_day(world: World) -> None:
    limit = AssetLimit(per_transaction_units=2 * ETHER, rolling_24h_units=3 * ETHER)
    world.restart(3, limits=Limits(assets={"ETH_TEST": limit}))
    engine = MemoryEngine(cores=world.cores)
    assert reason_of(world, ask(world, world.transfer(amount="2.1").order())) == "LIMIT_EXCEEDED"
    assert all(isinstance(report, Signed) for report in engine.sign(world.transfer(amount="2").order()))
    assert reason_of(world, ask(world, world.transfer(nonce=1, amount="1.1").order())) == "LIMIT_EXCEEDED"
    world.restart(3, limits=Limits(assets={"ETH_TEST": limit}))
    assert reason_of(world, ask(world, world.transfer(nonce=1, amount="1.1").order())) == "LIMIT_EXCEEDED"
    world.clock.advance(24 * 3600 - 1)
    for _ in range(2):
        assert reason_of(world, ask(world, world.transfer(nonce=1, amount="2").order())) == "LIMIT_EXCEEDED"
        world.restart(3, limits=Limits(assets={"ETH_TEST": limit}))
    world.clock.advance(1)
    assert isinstance(ask(world, world.transfer(nonce=1, amount="2").order()), Consented)


def test_a_repeated_attempt_counts_once_and_a_dead_one_not_at_all(world: World) -> None:
    limit = AssetLimit(per_transaction_units=2 * ETHER, rolling_24h_units=2 * ETHER)
    world.restart(3, limits=Limits(assets={"ETH_TEST": limit}))
    transfer = world.transfer(amount="2")
    for attempt in range(3):
        assert isinstance(ask(world, transfer.order(attempt=attempt)), Consented)
    world.clock.advance(world.document_set.request_lifetime_s - 1)
    late = world.transfer(amount="1")
    world.clock.advance(1)
    tombstone_of(world, ask(world, transfer.order()))
    assert isinstance(ask(world, late.order()), Consented)


def test_an_unlisted_asset_is_refused(world: World) -> None:
    world.restart(3, limits=Limits(assets={}))
    assert reason_of(world, ask(world, world.transfer().order())) == "LIMIT_EXCEEDED"


def test_a_banned_peer_is_refused_for_ever(world: World) -> None:
    world.contexts[3].journal.append(
        Banned(
            tenant="acme",
            key_id="acme/sandbox/ecdsa-1",
            peer=1,
            peer_key=world.parties[1].identity.signing_key,
            ceremony_id=bytes(32),
            round=2,
            detail="cheated",
            at=world.now,
        )
    )
    world.restart(3)
    assert reason_of(world, ask(world, world.transfer().order())) == "COSIGNER_BANNED"


def test_a_quorum_that_fails_without_a_name_is_frozen_above_five(world: World) -> None:
    journal = world.contexts[3].journal
    name = quorum_hash(key_id="acme/sandbox/ecdsa-1", epoch=1)
    order = world.transfer().order()
    for count in range(6):
        assert isinstance(ask(world, fresh(order)), Consented)
        journal.append(
            CeremonyFailed(quorum_hash=name, ceremony_id=bytes([count]) * 32, round=3, detail="", at=world.now)
        )
    assert reason_of(world, ask(world, fresh(order))) == "CEREMONY_FAILED"


def test_a_policy_that_says_no_is_a_tombstone(tmp_path: Path) -> None:
    rule = PolicyRule(id="small", name="small", action=Action.ALLOW, assets=("ETH_TEST",), max_amount_units=ETHER)
    world = World(tmp_path, rules=(rule,))
    MemoryEngine(cores=world.cores).generate_key(tenant_id="acme", key_request=world.key_request())
    transfer = world.transfer(amount="1.5")
    assert tombstone_of(world, ask(world, transfer.order())).reason == "POLICY_BLOCKED"
    assert isinstance(ask(world, world.transfer(amount="1").order()), Consented)
    world.close()


def test_an_expired_request_is_a_tombstone_for_ever(world: World) -> None:
    transfer = world.transfer()
    world.clock.advance(world.document_set.request_lifetime_s)
    first = ask(world, transfer.order())
    assert tombstone_of(world, first).request_hash == transfer.request_hash
    world.restart(3)
    assert tombstone_of(world, ask(world, transfer.order())).reason == "REQUEST_EXPIRED"
    assert isinstance(ask(world, world.transfer(amount="2").order()), Consented)


def test_a_released_digest_is_repeated_after_expiry_and_the_finished_one_given(
    world: World, engine: MemoryEngine
) -> None:
    transfer = world.transfer()
    order = transfer.order()
    signed = engine.sign(order)
    world.clock.advance(world.document_set.request_lifetime_s + 1)
    report = ask(world, fresh(order))
    assert isinstance(report, Finished)
    assert isinstance(signed[0], Signed)
    assert report.signature == signed[0].signature
