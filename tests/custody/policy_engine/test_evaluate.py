"""Steps 6 and 7: the policy's word over the initiator's own request, signed with its whole trace, given once."""

import asyncio
import json
from typing import Any
from uuid import UUID

import msgspec
import pytest

from strongroom.interfaces.policy_engine.v1 import policy_engine_pb2 as pb
from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.decision import open_decision
from strongroom.kernel.documents.document_set import Action, PolicyRule
from strongroom.kernel.documents.verdict import VERDICT_LIFETIME_S, AmlVerdict
from strongroom.kernel.errors import Code
from strongroom.policy import evaluate, facts_of
from strongroom.runtime.db import list_handoffs
from tests.custody.policy_engine.world import NOW_S, World, ask, next_version, verdict_over
from tests.fixtures.platform import refused
from tests.fixtures.tenant import FRIEND, OTHER_API_USER, STRANGER, MadeTenant, allow_up_to, transfer_body

BLOCK_STRANGERS = PolicyRule(id="strangers", name="No strangers", action=Action.BLOCK, destinations=(STRANGER,))
RULES = (BLOCK_STRANGERS, allow_up_to(10 * 10**18))


@pytest.fixture
async def tenant(world: World) -> MadeTenant:
    """A published tenant that blocks a stranger and allows ten coins to anyone else."""
    made = world.tenant(rules=RULES)
    await world.publish(made)
    return made


def to(address: str) -> dict[str, Any]:
    return {"destination": {"type": "ONE_TIME_ADDRESS", "oneTimeAddress": {"address": address}}}


@pytest.mark.parametrize(
    ("changes", "action", "rule_id", "number"),
    [({}, "ALLOW", "small", 2), (to(STRANGER), "BLOCK", "strangers", 1), ({"amount": "10.1"}, "BLOCK", "", 0)],
)
async def test_the_decision_is_signed_with_its_whole_trace(
    world: World, tenant: MadeTenant, changes: dict[str, Any], action: str, rule_id: str, number: int
) -> None:
    asked = ask(tenant, attempt=2, **changes)
    answer = await world.evaluate(asked)
    assert (answer.action, answer.rule_id, answer.rule_number) == (action, rule_id, number)
    decision = open_decision(data=answer.decision, document_set=tenant.document_set)
    assert decision.evaluation == evaluate(tenant.document_set.policy, facts_of(asked.intent, tenant.document_set))
    assert len(decision.evaluation.trace) == (number or len(RULES))
    assert (decision.transaction_id, decision.intent_hash) == (asked.intent.transaction_id, asked.intent.hash())
    assert (decision.attempt, decision.decided_at) == (2, NOW_S)
    assert decision.document_set_hash == tenant.document_set.hash()
    assert decision.verdict_hash == sha256(asked.verdict)
    row = await world.database.fetchrow("select * from approval_requests")
    assert row is not None
    assert (row["tenant_id"], row["transaction_id"], row["attempt"]) == ("acme", asked.id, 2)
    assert (row["action"], row["rule_id"], row["rule_number"]) == (action, rule_id, number)
    assert (row["decision"], row["intent"], row["verdict"]) == (answer.decision, asked.intent.encode(), asked.verdict)


async def test_what_is_allowed_is_approved_at_once_and_goes_on(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    answer = await world.evaluate(asked)
    await world.stage.settle()
    row = await world.database.fetchrow("select * from approval_decisions")
    assert row is not None
    assert (row["transaction_id"], row["approver"], row["answer"]) == (asked.id, "policy", "AUTO_APPROVED")
    (report,), (admitted,) = world.around.manager.reports, world.around.vault.admitted
    assert [(step.step, step.from_service, step.to_service, step.operation) for step in report.steps] == [
        ("6", "transaction_manager", "policy_engine", "evaluate"),
        ("7", "policy_engine", "policy_engine", "collect_approval"),
    ]
    assert report.steps[0].detail == "rule 2 (small): ALLOW"
    assert (report.document, report.outcome) == (answer.decision, "OK")
    assert (admitted.intent, admitted.decision, admitted.verdict) == (
        asked.intent.encode(),
        answer.decision,
        asked.verdict,
    )
    assert admitted.request == pb.OriginalRequest(
        token=asked.request.token, uri=asked.request.uri, body=asked.request.body
    )


async def test_what_is_blocked_is_stored_and_goes_nowhere(world: World, tenant: MadeTenant) -> None:
    await world.evaluate(ask(tenant, **to(STRANGER)))
    await world.stage.settle()
    assert (await world.count("approval_requests"), await world.count("approval_decisions")) == (1, 0)
    assert world.around.manager.reports == []
    assert world.around.vault.admitted == []


async def test_the_calls_that_follow_name_the_handoff_they_act_under(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    await world.stage.settle()
    (received,) = await list_handoffs(world.database, transaction_id=asked.id)
    parents = (sha256(received.token.encode()).hex(),)
    (reported,), (admitted,) = world.around.manager.calls, world.around.vault.calls[1:]
    for call in (reported, admitted):
        assert call.handoff is not None
        assert (call.caller, call.handoff.parents, call.transaction_id) == ("policy_engine", parents, asked.id)


INTENT_CHANGES: list[dict[str, Any]] = [
    {"amount_units": 2 * 10**18},
    {"destination": STRANGER},
    {"destination_account": 3},
    {"initiator": OTHER_API_USER.api_key},
    {"request_hash": b"\x01" * 32},
    {"not_after": NOW_S + 10**6},
    {"max_fee_units": 10**16 + 1},
    {"fee_level": "HIGH"},
    {"path": "m/44/60/1/0/0"},
    {"asset_id": "OTHER"},
    {"chain_id": 1},
    {"token_contract": FRIEND},
    {"tenant": "rival"},
    {"environment": "live"},
    {"type": "RAW"},
    {"transaction_id": UUID(int=9).bytes},
    {"transaction_id": b"short"},
]


async def test_an_intent_that_does_not_follow_from_the_request_is_refused(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    for change in INTENT_CHANGES:
        intent = msgspec.structs.replace(asked.intent, **change)
        verdict = verdict_over(tenant, intent)
        code = await refused(world.evaluate(asked, intent=intent.encode(), verdict=verdict))
        assert code in {Code.INTENT_MISMATCH, Code.API_USER_UNKNOWN}, change
    other = ask(tenant, note="another request")
    message = asked.message(transaction_id=str(other.id))
    assert await refused(world.evaluate(other, intent=message.intent)) is Code.INTENT_MISMATCH
    assert await world.count("approval_requests") == 0


async def test_a_payment_to_an_own_account_follows_from_its_request(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant, destination={"type": "VAULT_ACCOUNT", "id": "7"})
    assert (await world.evaluate(asked)).action == "ALLOW"
    other_account = msgspec.structs.replace(asked.intent, destination_account=8)
    asked = ask(tenant, destination={"type": "VAULT_ACCOUNT", "id": "7"}, note="again")
    verdict = verdict_over(tenant, other_account)
    assert await refused(world.evaluate(asked, intent=other_account.encode(), verdict=verdict)) is Code.INTENT_MISMATCH


async def test_a_request_that_its_api_user_did_not_sign_is_refused(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    head, claims, _ = asked.request.token.split(".")
    forged = tenant.request(credentials=OTHER_API_USER)
    other_body = json.dumps(transfer_body(amount="2")).encode()
    cases: tuple[tuple[dict[str, Any], Code], ...] = (
        ({"token": f"{head}.{claims}.{forged.token.split('.')[2]}"}, Code.TOKEN_SIGNATURE_INVALID),
        ({"token": "not.a.token"}, Code.TOKEN_MALFORMED),
        ({"token": forged.token, "body": forged.body}, Code.TOKEN_SIGNATURE_INVALID),
        ({"body": other_body}, Code.TOKEN_BODY_MISMATCH),
        ({"uri": "/v1/other"}, Code.TOKEN_URI_MISMATCH),
    )
    for wrong, code in cases:
        original: dict[str, Any] = {
            "token": asked.request.token,
            "uri": asked.request.uri,
            "body": asked.request.body,
        } | wrong
        assert await refused(world.evaluate(asked, request=pb.OriginalRequest(**original))) is code
    assert await world.count("approval_requests") == 0


async def test_a_verdict_that_does_not_hold_is_refused(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    other = ask(tenant, note="another")
    for verdict, code in (
        (b"", Code.DOCUMENT_MALFORMED),
        (other.verdict, Code.INTENT_MISMATCH),
        (verdict_over(tenant, asked.intent, decided_at=NOW_S - VERDICT_LIFETIME_S), Code.SCREENING_UNAVAILABLE),
        (verdict_over(tenant, asked.intent, aml=AmlVerdict.REJECT), Code.SANCTIONED_ADDRESS),
        (verdict_over(world.tenant(), asked.intent), Code.DOCUMENT_SIGNATURE_INVALID),
    ):
        assert await refused(world.evaluate(asked, verdict=verdict)) is code
    assert await world.count("approval_requests") == 0


async def test_an_expired_request_is_refused(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    world.clock.advance(asked.intent.not_after - NOW_S)
    late = verdict_over(tenant, asked.intent, decided_at=asked.intent.not_after)
    assert await refused(world.evaluate(asked, verdict=late)) is Code.REQUEST_EXPIRED
    assert await world.count("approval_requests") == 0


async def test_the_same_question_gets_the_same_answer_for_ever(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    first = await world.evaluate(asked)
    world.clock.advance(5)
    assert await world.evaluate(asked) == first
    await world.publish(next_version(tenant, policy=msgspec.structs.replace(tenant.document_set.policy, rules=())))
    assert await world.evaluate(asked) == first
    world.clock.advance(asked.intent.not_after - NOW_S)  # the request is over, and the verdict has lapsed
    assert await world.evaluate(asked) == first
    await world.stage.settle()
    assert await world.count("approval_requests") == await world.count("approval_decisions") == 1
    assert len(world.around.vault.admitted) == 1
    assert len(await list_handoffs(world.database, transaction_id=asked.id)) == 4


async def test_another_question_in_the_same_attempt_is_refused(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    await world.evaluate(asked)
    again = verdict_over(tenant, asked.intent, decided_at=NOW_S - 1)
    assert await refused(world.evaluate(asked, verdict=again)) is Code.INTENT_MISMATCH
    assert (await world.evaluate(asked, verdict=again, attempt=1)).action == "ALLOW"
    assert await world.count("approval_requests") == 2


async def test_many_at_once_store_one_row_and_admit_once(world: World, tenant: MadeTenant) -> None:
    asked = ask(tenant)
    answers = await asyncio.gather(*(world.evaluate(asked) for _ in range(8)))
    await world.stage.settle()
    assert len({answer.decision for answer in answers}) == 1
    assert await world.count("approval_requests") == await world.count("approval_decisions") == 1
    assert len(world.around.vault.admitted) == 1
    assert len(await list_handoffs(world.database, transaction_id=asked.id)) == 8


async def test_the_decision_survives_as_bytes(world: World, tenant: MadeTenant) -> None:
    answer = await world.evaluate(ask(tenant))
    stored = await world.database.fetchval("select intent_hash from approval_requests")
    assert open_decision(data=answer.decision, document_set=tenant.document_set).intent_hash == stored


@pytest.mark.parametrize("table", ["approval_requests", "approval_decisions"])
async def test_what_was_decided_cannot_be_changed(world: World, tenant: MadeTenant, table: str) -> None:
    await world.evaluate(ask(tenant))
    for change in ("update {} set tenant_id = 'x'", "delete from {}", "truncate {}"):
        with pytest.raises(Exception, match="permission denied"):
            async with world.database.transaction() as tx:
                await tx.execute(change.format(table))
    assert await world.count(table) == 1
