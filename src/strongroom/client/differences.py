"""A document set entry by entry, and what differs between two: everything, so that nothing is signed unseen."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import msgspec

from strongroom.kernel.digest import sha256
from strongroom.kernel.documents.document_set import ApprovalGroup, Approvers, DocumentSet, PolicyRule
from strongroom.kernel.money import format_amount

Entries = dict[tuple[str, str], dict[str, str]]
"""By part and name, the fields of each entry as texts."""
_LONG_KEY = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One entry that was added (``before`` None), removed (``after`` None) or changed.

    Args:
        part: such as ``roster``.
        entry: such as ``user anna``.
        before: its fields; of a changed one only those that differ.
        after: the same.
    """

    part: str
    entry: str
    before: Mapping[str, str] | None
    after: Mapping[str, str] | None


def entries_of(document: DocumentSet) -> Entries:
    """Everything that owners sign, but for version and predecessor, which follow by themselves."""
    owners, roster = document.owners, document.roster
    found: Entries = {("owners", "threshold"): {"owners who must sign": str(owners.threshold)}}
    found |= {("owners", f"owner {member.id}"): _fields(member) for member in owners.members}
    found |= {("roster", f"user {user.id}"): _fields(user) for user in roster.users}
    found |= {("roster", f"API user {user.id}"): _fields(user) for user in roster.api_users}
    found |= {("roster", f"co-signer {one.index}"): _fields(one) for one in roster.cosigners}
    found |= {
        ("roster", "policy engine"): {"key": roster.policy_engine_key.hex()},
        ("roster", "screening"): {"key": roster.screening_key.hex()},
    }
    found |= {
        ("policy", f"rule {rule.id}"): {"number": str(number), **_rule(rule, document)}
        for number, rule in enumerate(document.policy.rules, start=1)
    }
    found |= {("addresses", f"address {entry.id}"): _fields(entry) for entry in document.addresses}
    found |= {("assets", f"asset {asset.id}"): _fields(asset) for asset in document.assets}
    found |= {
        ("requests", f"vault accounts, range {number}"): _fields(part)
        for number, part in enumerate(document.vault_accounts, start=1)
    }
    found["requests", "lifetime"] = {"in seconds": str(document.request_lifetime_s)}
    return found


def differences(before: DocumentSet, after: DocumentSet) -> tuple[Difference, ...]:
    """What ``after`` has otherwise than ``before``."""
    old, new = entries_of(before), entries_of(after)
    found: list[Difference] = []
    for part, entry in {**old, **new}:
        was, now = old.get((part, entry)), new.get((part, entry))
        if was == now:
            continue
        if was is not None and now is not None:
            changed = [name for name in {**was, **now} if was.get(name) != now.get(name)]
            was = {name: was[name] for name in changed if name in was}
            now = {name: now[name] for name in changed if name in now}
        found.append(Difference(part=part, entry=entry, before=was, after=now))
    if not found and msgspec.structs.replace(after, version=before.version, previous=before.previous) != before:
        found.append(Difference(part="order", entry="of entries", before={}, after={"order": "another one"}))
    return tuple(found)


def _rule(rule: PolicyRule, document: DocumentSet) -> dict[str, str]:
    fields = _fields(rule)
    for name in ("min_amount_units", "max_amount_units"):
        units = cast("int | None", getattr(rule, name))
        asset = next((asset for asset in document.assets if rule.assets == (asset.id,)), None)
        if units is not None and asset is not None:
            amount = format_amount(units, decimals=asset.decimals)
            fields[name.replace("_", " ")] = f"{units} = {amount} {asset.id}"
    if rule.approvers is not None:
        fields["approvers"] = _approvers(rule.approvers)
    return fields


def _approvers(approvers: Approvers) -> str:
    initiator = ", the initiator too" if approvers.can_initiator_approve else ", never the initiator"
    return f"{approvers.logic.value}: {'; '.join(map(_group, approvers.groups))}{initiator}"


def _group(group: ApprovalGroup) -> str:
    parts = [f"users {_list(group.users)}"] if group.users else []
    parts += [f"groups {_list(group.groups)}"] if group.groups else []
    return f"{group.threshold} of {' and '.join(parts)}"


def _fields(item: msgspec.Struct) -> dict[str, str]:
    values = cast("dict[str, Any]", msgspec.to_builtins(item, builtin_types=(bytes,)))
    return {
        name.replace("_", " "): _text(value)
        for name, value in values.items()
        if value is not None and name not in {"id", "index", "approvers"}
    }


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.hex() if len(value) <= _LONG_KEY else f"SHA-256 {sha256(value).hex()}"
    return _list(cast("Sequence[object]", value)) if isinstance(value, list | tuple) else str(value)


def _list(items: Sequence[object]) -> str:
    return json.dumps(list(items), ensure_ascii=False)
