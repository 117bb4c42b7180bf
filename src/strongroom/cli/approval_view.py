"""What somebody is asked to approve, and why, in words and columns for people; all of it decoded on this machine."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from strongroom.cli.output import time_text
from strongroom.client import Asked, Review, RuleTrace, format_amount

Json = dict[str, Any]
FEE_DECIMALS = 18
"""Fees are paid in the chain's native coin, which has 18 decimals on every EVM chain."""
UNWRITTEN = "the unwritten last rule"


def facts(review: Review) -> Mapping[str, str]:
    """What exactly would be signed."""
    intent = review.intent
    token = f", token {intent.token_contract}" if intent.token_contract else ""
    return {
        "id": str(intent.id),
        "state": review.state,
        "amount": f"{format_amount(intent.amount_units, decimals=intent.decimals)} {intent.asset_id}",
        "asset": f"{intent.asset_id} on chain {intent.chain_id}{token}, {intent.decimals} decimals",
        "from": f"vault account {intent.source_account}, {intent.sender}",
        "to": _destination(review),
        "fee at most": f"{format_amount(intent.max_fee_units, decimals=FEE_DECIMALS)} of the chain's native coin",
        "initiator": _initiator(review),
        "request lapses": time_text(intent.not_after * 1000),
        "approve until": time_text(review.expires_at_ms),
        "intent hash": intent.hash().hex(),
    }


def verdict_facts(review: Review) -> Mapping[str, str]:
    """What the policy says, by which rule, and who must agree."""
    evaluation, documents = review.evaluation, review.documents.document_set
    version = f"version {documents.version}" if review.is_current else "an earlier version"
    by = f"rule {evaluation.rule_number}, {evaluation.rule_id}" if evaluation.rule_number else UNWRITTEN
    decided = "decided" if review.decision else "not decided yet"
    waiting = {f"group {number}": _asked(group) for number, group in enumerate(review.asked, start=1)}
    return {
        "id": str(review.intent.id),
        "state": f"{review.state}: {review.reason}" if review.reason else review.state,
        "attempt": str(review.attempt + 1),
        "policy": f"{evaluation.action.value} by {by}; {decided} under {version} of the document set",
        "must agree": {"AND": "every group", "OR": "any one group", "": ""}[review.logic],
        **waiting,
        "answered": ", ".join(f"{user} {answer.value}" for user, answer in review.answers),
        "until": time_text(review.expires_at_ms) if review.asked else "",
    }


def rule_rows(review: Review) -> Iterator[tuple[str, ...]]:
    """rule, criterion, wanted, observed, matched: every criterion of every rule looked at."""
    names = {rule.id: rule.name for rule in review.documents.document_set.policy.rules} if review.is_current else {}
    for rule in review.evaluation.trace:
        title, failed = f"{rule.number} {rule.rule_id}", False
        for criterion in rule.criteria:
            word = "yes" if criterion.matched else "no" if failed else "NO: fails here"
            failed = failed or not criterion.matched
            yield title, criterion.name, criterion.wanted, criterion.observed, word
            title = ""
        result = "decides" if rule.matched else "does not match"
        yield "", "", "", names.get(rule.rule_id, ""), result


def as_data(review: Review) -> Json:
    """The same as data; amounts in base units, times in Unix milliseconds, hashes in hex."""
    intent, evaluation = review.intent, review.evaluation
    return {
        "id": str(intent.id),
        "state": review.state,
        "reason": review.reason,
        "attempt": review.attempt,
        "document_set": {
            "version": review.documents.document_set.version,
            "hash": review.documents.document_set.hash().hex(),
            "is_current": review.is_current,
        },
        "intent": {
            "hash": intent.hash().hex(),
            "asset_id": intent.asset_id,
            "chain_id": intent.chain_id,
            "token_contract": intent.token_contract,
            "decimals": intent.decimals,
            "amount_units": str(intent.amount_units),
            "amount": format_amount(intent.amount_units, decimals=intent.decimals),
            "source_account": intent.source_account,
            "sender": intent.sender,
            "destination": intent.destination,
            "destination_account": intent.destination_account,
            "max_fee_units": str(intent.max_fee_units),
            "initiator": intent.initiator,
            "not_after_ms": intent.not_after * 1000,
        },
        "action": evaluation.action.value,
        "rule": {"id": evaluation.rule_id, "number": evaluation.rule_number},
        "is_decided": review.decision is not None,
        "trace": [_rule_data(rule) for rule in evaluation.trace],
        "logic": review.logic,
        "groups": [asdict(group) for group in review.asked],
        "answers": [{"user": user, "answer": answer.value} for user, answer in review.answers],
        "requested_at_ms": review.requested_at_ms,
        "expires_at_ms": review.expires_at_ms,
    }


def list_row(review: Review) -> tuple[str, ...]:
    """id, amount, asset, to, rule, agreed, until."""
    intent = review.intent
    return (
        str(intent.id),
        format_amount(intent.amount_units, decimals=intent.decimals),
        intent.asset_id,
        intent.destination,
        review.evaluation.rule_id,
        ", ".join(f"{len(group.approved)} of {group.threshold}" for group in review.asked),
        time_text(review.expires_at_ms),
    )


def _rule_data(rule: RuleTrace) -> Json:
    criteria = [
        {"name": one.name, "wanted": one.wanted, "observed": one.observed, "matched": one.matched}
        for one in rule.criteria
    ]
    first = next((one.name for one in rule.criteria if not one.matched), None)
    return {
        "id": rule.rule_id,
        "number": rule.number,
        "matched": rule.matched,
        "first_failed": first,
        "criteria": criteria,
    }


def _destination(review: Review) -> str:
    intent = review.intent
    if intent.destination_account is not None:
        return f"vault account {intent.destination_account}, {intent.destination}"
    entry = review.documents.document_set.find_address(chain_id=intent.chain_id, address=intent.destination)
    return f"{intent.destination}, {f'listed as {entry.name}' if entry else 'not in the address list'}"


def _initiator(review: Review) -> str:
    user = review.documents.document_set.get_api_user(review.intent.initiator)
    return f"{user.name} ({user.id})" + (f", held by {user.held_by}" if user.held_by else "")


def _asked(group: Asked) -> str:
    missing = group.threshold - len(group.approved)
    state = "enough" if missing <= 0 else f"{missing} missing"
    return f"{group.threshold} of {', '.join(group.people)}; approved: {', '.join(group.approved) or 'nobody'}; {state}"
