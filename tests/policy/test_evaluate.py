"""The evaluator: first match, an unwritten last rule, and a trace that explains itself."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.kernel.documents.document_set import Action, DestinationKind, Policy, PolicyRule
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.policy import Facts, evaluate, facts_of
from tests.fixtures.tenant import API_USER, FRIEND, STRANGER, made_key, make_tenant

FACTS = Facts(
    initiator="robot",
    initiator_groups=("treasury",),
    asset_id="ETH_TEST",
    source_account="3",
    destination_kind=DestinationKind.ONE_TIME,
    destination_id=STRANGER,
    amount_units=500,
)


def rule(action: Action = Action.ALLOW, rule_id: str = "r", **criteria: Any) -> PolicyRule:
    return msgspec.structs.replace(PolicyRule(id=rule_id, name="a rule", action=action), **criteria)


def test_no_rule_means_block() -> None:
    verdict = evaluate(Policy(rules=()), FACTS)
    assert (verdict.action, verdict.rule_id, verdict.rule_number, verdict.trace) == (Action.BLOCK, "", 0, ())


def test_the_first_match_decides() -> None:
    rules = (rule(rule_id="other", assets=("BTC",)), rule(Action.BLOCK, "stop"), rule(rule_id="late"))
    verdict = evaluate(Policy(rules=rules), FACTS)
    assert (verdict.action, verdict.rule_id, verdict.rule_number) == (Action.BLOCK, "stop", 2)
    assert [trace.matched for trace in verdict.trace] == [False, True]


@pytest.mark.parametrize(
    ("criterion", "name", "matches"),
    [
        ({"initiators": ("robot",)}, "initiator", True),
        ({"initiators": ("somebody",)}, "initiator", False),
        ({"initiator_groups": ("treasury",)}, "initiator", True),
        ({"initiator_groups": ("sales",)}, "initiator", False),
        ({"initiators": ("somebody",), "initiator_groups": ("treasury",)}, "initiator", True),
        ({"initiators": ()}, "initiator", False),
        ({"assets": ("ETH_TEST", "BTC")}, "asset", True),
        ({"assets": ("BTC",)}, "asset", False),
        ({"sources": ("3",)}, "source", True),
        ({"sources": ("33",)}, "source", False),
        ({"destination_kinds": (DestinationKind.ONE_TIME,)}, "destination_kind", True),
        ({"destination_kinds": (DestinationKind.WHITELISTED,)}, "destination_kind", False),
        ({"destinations": (STRANGER,)}, "destination", True),
        ({"destinations": (FRIEND,)}, "destination", False),
        ({"min_amount_units": 500}, "amount", True),
        ({"min_amount_units": 501}, "amount", False),
        ({"max_amount_units": 500}, "amount", True),
        ({"max_amount_units": 499}, "amount", False),
    ],
)
def test_each_criterion_can_match_and_fail(criterion: dict[str, Any], name: str, matches: bool) -> None:  # noqa: FBT001 -- a table's column
    verdict = evaluate(Policy(rules=(rule(**criterion),)), FACTS)
    assert (verdict.action is Action.ALLOW) is matches
    assert [entry.matched for entry in verdict.trace[0].criteria if entry.name == name] == [matches]
    assert all(entry.matched for entry in verdict.trace[0].criteria if entry.name != name)


def test_a_group_cannot_be_claimed_by_an_initiators_name() -> None:
    facts = replace(FACTS, initiator="treasury", initiator_groups=())
    assert evaluate(Policy(rules=(rule(initiator_groups=("treasury",)),)), facts).action is Action.BLOCK


@given(
    st.lists(st.tuples(st.sampled_from(Action), st.integers(0, 1000), st.integers(0, 1000)), max_size=6),
    st.integers(0, 1000),
)
def test_an_independent_reading_of_the_rules_agrees(table: list[tuple[Action, int, int]], amount: int) -> None:
    rules = tuple(
        rule(action, str(i), min_amount_units=low, max_amount_units=high) for i, (action, low, high) in enumerate(table)
    )
    facts = replace(FACTS, amount_units=amount)
    expected = next((action for action, low, high in table if low <= amount <= high), Action.BLOCK)
    first, second = evaluate(Policy(rules=rules), facts), evaluate(Policy(rules=rules), facts)
    assert first.action is expected
    assert first.encode() == second.encode()


def test_facts_tell_own_accounts_listed_and_one_time_addresses_apart() -> None:
    tenant, key = make_tenant(), made_key()

    def facts(destination: dict[str, Any]) -> tuple[DestinationKind, str]:
        found = facts_of(tenant.intent(tenant.request(destination=destination), key), tenant.document_set)
        return found.destination_kind, found.destination_id

    one_time = {"type": "ONE_TIME_ADDRESS", "oneTimeAddress": {"address": STRANGER}}
    listed_by_address = {"type": "ONE_TIME_ADDRESS", "oneTimeAddress": {"address": FRIEND}}
    assert facts({"type": "VAULT_ACCOUNT", "id": "5"}) == (DestinationKind.VAULT_ACCOUNT, "5")
    assert facts({"type": "EXTERNAL_WALLET", "id": "landlord"}) == (DestinationKind.WHITELISTED, "landlord")
    assert facts(listed_by_address) == (DestinationKind.WHITELISTED, "landlord")
    assert facts(one_time) == (DestinationKind.ONE_TIME, STRANGER)


def test_an_initiator_outside_the_roster_has_no_facts() -> None:
    tenant = make_tenant()
    intent = msgspec.structs.replace(tenant.intent(tenant.request(), made_key()), initiator="invented")
    with pytest.raises(StrongroomError) as caught:
        facts_of(intent, tenant.document_set)
    assert caught.value.code is Code.API_USER_UNKNOWN
    assert intent.initiator != API_USER.api_key
