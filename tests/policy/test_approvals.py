"""Who counts, and whether they are enough: adding an approval never hurts, and nobody counts who is not asked."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.kernel.documents.approval import ApprovalAnswer
from strongroom.kernel.documents.document_set import (
    Action,
    ApprovalGroup,
    Approvers,
    DocumentSet,
    Logic,
    Policy,
    PolicyRule,
    User,
)
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.policy import approvers_of, askable, check_approvals, evaluate, facts_of, suffices
from tests.fixtures.tenant import API_USER, MadeTenant, Person, allow_up_to, ask_approvers, made_key, make_tenant

NOW_S = 1_800_000_000
TENANT = make_tenant()
PEOPLE = tuple(f"person-{number}" for number in range(6))
GROUPS = ("finance", "board", "security")
people = st.sets(st.sampled_from(PEOPLE))
approval_groups = st.builds(
    ApprovalGroup,
    threshold=st.integers(1, 4),
    users=people.map(lambda ids: tuple(sorted(ids))),
    groups=st.sets(st.sampled_from(GROUPS)).map(lambda ids: tuple(sorted(ids))),
)
approver_rules = st.builds(
    Approvers,
    logic=st.sampled_from(Logic),
    groups=st.lists(approval_groups, min_size=1, max_size=4).map(tuple),
    can_initiator_approve=st.booleans(),
)
rosters = st.lists(st.sets(st.sampled_from(GROUPS)), min_size=len(PEOPLE), max_size=len(PEOPLE))
holders = st.one_of(st.none(), st.sampled_from(PEOPLE))


def document_set(memberships: list[set[str]], holder: str | None) -> DocumentSet:
    users = tuple(
        User(id=name, name=name, device_key=bytes(32), groups=tuple(sorted(groups)))
        for name, groups in zip(PEOPLE, memberships, strict=True)
    )
    roster = TENANT.document_set.roster
    api_users = tuple(msgspec.structs.replace(user, held_by=holder) for user in roster.api_users)
    roster = msgspec.structs.replace(roster, users=users, api_users=api_users)
    return msgspec.structs.replace(TENANT.document_set, roster=roster)


def enough(approvers: Approvers, documents: DocumentSet, approved: set[str] | list[str]) -> bool:
    return suffices(approvers, document_set=documents, initiator=API_USER.api_key, approved=approved)


@given(approver_rules, rosters, holders, people, st.sampled_from(PEOPLE))
def test_one_more_approval_never_turns_enough_into_not_enough(
    approvers: Approvers, memberships: list[set[str]], holder: str | None, approved: set[str], more: str
) -> None:
    documents = document_set(memberships, holder)
    if enough(approvers, documents, approved):
        assert enough(approvers, documents, approved | {more})


@given(approver_rules, rosters, holders, people)
def test_an_independent_reading_of_the_rule_agrees(
    approvers: Approvers, memberships: list[set[str]], holder: str | None, approved: set[str]
) -> None:
    counts: list[bool] = []
    for group in approvers.groups:
        number = 0
        for name, groups in zip(PEOPLE, memberships, strict=True):
            is_asked = name in group.users or any(one in group.groups for one in groups)
            is_barred = name == holder and not approvers.can_initiator_approve
            number += is_asked and not is_barred and name in approved
        counts.append(number >= group.threshold)
    wanted = False not in counts if approvers.logic is Logic.AND else True in counts
    assert enough(approvers, document_set(memberships, holder), approved) is wanted


@given(approver_rules, rosters, holders, people)
def test_who_is_not_asked_and_who_repeats_never_counts(
    approvers: Approvers, memberships: list[set[str]], holder: str | None, approved: set[str]
) -> None:
    documents = document_set(memberships, holder)
    asked = frozenset[str]().union(*askable(approvers, document_set=documents, initiator=API_USER.api_key))
    answer = enough(approvers, documents, approved)
    assert enough(approvers, documents, approved | (set(PEOPLE) - asked) | {"nobody"}) is answer
    assert enough(approvers, documents, [*approved, *approved]) is answer


@given(approver_rules, rosters, st.sampled_from(PEOPLE), people)
def test_the_initiators_holder_counts_only_where_the_rule_says_so(
    approvers: Approvers, memberships: list[set[str]], holder: str, approved: set[str]
) -> None:
    documents = document_set(memberships, holder)
    strict = msgspec.structs.replace(approvers, can_initiator_approve=False)
    lenient = msgspec.structs.replace(approvers, can_initiator_approve=True)
    assert enough(strict, documents, approved | {holder}) is enough(strict, documents, approved - {holder})
    unheld = document_set(memberships, None)
    assert enough(lenient, documents, approved) is enough(strict, unheld, approved)


def test_one_person_counts_in_every_group_that_asks_them() -> None:
    documents = document_set([{"finance", "board"}, {"finance"}, {"board"}, set(), set(), set()], None)
    groups = (ApprovalGroup(threshold=2, groups=("finance",)), ApprovalGroup(threshold=1, groups=("board",)))
    both = Approvers(logic=Logic.AND, groups=groups)
    assert enough(both, documents, {"person-0", "person-1"})
    assert not enough(both, documents, {"person-0", "person-2"})
    assert enough(msgspec.structs.replace(both, logic=Logic.OR), documents, {"person-2"})


RULES = (allow_up_to(5), ask_approvers(2, max_amount_units=2 * 10**18, assets=("ETH_TEST",)))


def judge(tenant: MadeTenant, *given_by: tuple[str, ApprovalAnswer, int], rule: int = 2) -> None:
    intent = tenant.intent(tenant.request(), made_key())
    evaluation = evaluate(tenant.document_set.policy, facts_of(intent, tenant.document_set))
    approvals = tuple(
        tenant.approval(name, intent, answer=answer, expires_at=lapses) for name, answer, lapses in given_by
    )
    check_approvals(
        evaluation=msgspec.structs.replace(evaluation, rule_number=rule),
        approvals=approvals,
        intent=intent,
        document_set=tenant.document_set,
        now_s=NOW_S,
    )


def test_signed_approvals_are_counted_while_they_hold() -> None:
    tenant = make_tenant(rules=RULES).with_user(Person("dora", groups=())).held_by("carla")
    yes, no, later = ApprovalAnswer.APPROVE, ApprovalAnswer.REJECT, NOW_S + 1
    judge(tenant, ("anna", yes, later), ("ben", yes, later))
    for given_by, code in (
        ((), Code.APPROVALS_MISSING),
        ((("anna", yes, later), ("anna", yes, later + 1)), Code.APPROVALS_MISSING),
        ((("anna", yes, later), ("ben", yes, NOW_S)), Code.APPROVALS_MISSING),
        ((("anna", yes, later), ("dora", yes, later)), Code.APPROVALS_MISSING),
        ((("anna", yes, later), ("carla", yes, later)), Code.APPROVALS_MISSING),
        ((("anna", yes, later), ("ben", yes, later), ("carla", no, later)), Code.APPROVAL_REJECTED),
    ):
        with pytest.raises(StrongroomError) as caught:
            judge(tenant, *given_by)
        assert caught.value.code is code
    for wrong in (0, 1, 3, -1):
        with pytest.raises(StrongroomError) as caught:
            judge(tenant, ("anna", yes, later), ("ben", yes, later), rule=wrong)
        assert caught.value.code is Code.DECISION_MISMATCH


def test_only_the_action_approve_asks_anyone() -> None:
    rule = PolicyRule(id="all", name="All", action=Action.ALLOW)
    tenant = make_tenant(rules=(rule,))
    intent = tenant.intent(tenant.request(), made_key())
    evaluation = evaluate(Policy(rules=(rule,)), facts_of(intent, tenant.document_set))
    assert approvers_of(evaluation, tenant.document_set) is None


def test_the_trace_says_why_every_rule_before_the_deciding_one_did_not_match() -> None:
    tenant = make_tenant(rules=RULES)
    intent = tenant.intent(tenant.request(), made_key())
    evaluation = evaluate(tenant.document_set.policy, facts_of(intent, tenant.document_set))
    assert (evaluation.action, evaluation.rule_id, evaluation.rule_number) == (Action.APPROVE, "ask", 2)
    names = ["initiator", "asset", "source", "destination_kind", "destination", "amount"]
    assert [[one.name for one in trace.criteria] for trace in evaluation.trace] == [names, names]
    failed = next(one for one in evaluation.trace[0].criteria if not one.matched)
    assert (failed.name, failed.wanted, failed.observed) == ("amount", "0..5", str(10**18))
    again = evaluate(tenant.document_set.policy, facts_of(intent, tenant.document_set))
    assert evaluation.encode() == again.encode()
