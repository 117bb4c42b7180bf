"""``strongroom owners | roster | policy | addresses | assets``: a version from proposal to publication."""

import base64
import json
from pathlib import Path
from typing import Any, cast

import msgspec
import pytest

from strongroom.client import Draft, OwnerKey, Part, differences, form_of, replace_part
from strongroom.client.drafts import DraftFile
from strongroom.kernel.documents.codec import decode
from strongroom.kernel.documents.document_set import Action, DestinationKind, DocumentSet, Logic, verify_document_set
from strongroom.kernel.documents.signing import Signed
from tests.cli.conftest import Ran, Run
from tests.cli.gateway import Gateway
from tests.cli.payments import RULES
from tests.fixtures.tenant import FRIEND, STRANGER, make_tenant

KEY = "ab" * 32
ADD = ("addresses", "propose", "--add", f"shop={STRANGER}", "--chain", "31337", "--out", "draft.cbor")
POLICY = """
[[rules]]
id = "large"
name = "Large payments need two"
action = "APPROVE"
assets = ["ETH_TEST"]
min_amount = "5.000000000000000001"

[rules.approvers]
logic = "AND"

[[rules.approvers.groups]]
threshold = 2
groups = ["approvers"]

[[rules]]
id = "rest"
name = "The rest"
action = "ALLOW"
"""


@pytest.fixture
def owned(folder: Path, gateway: Gateway) -> Path:
    """A folder with the owners' keys, and a gateway that shows the current version."""
    gateway.has_key()
    for owner in gateway.tenant.owners:
        (folder / f"{owner.owner_id}.key").write_bytes(owner.raw())
    return folder


def sign(strongroom: Run, part: str, owner: str, *more: str) -> Ran:
    return strongroom(part, "sign", "draft.cbor", "--owner", owner, "--key", f"{owner}.key", *more)


def published(gateway: Gateway) -> DocumentSet:
    """The version that was sent, as every service and co-signer judges it."""
    signed = decode(base64.b64decode(gateway.asked[-1].body["documentSet"]), Signed)
    return verify_document_set(signed=signed, current=gateway.tenant.document_set)


def test_a_version_goes_from_owner_to_owner_and_is_published(strongroom: Run, gateway: Gateway, owned: Path) -> None:
    proposed = strongroom(*ADD)
    assert (proposed.code, (owned / "draft.cbor").exists()) == (0, True)
    assert ["+", "addresses:", "address", "shop"] in proposed.lines
    assert ["address:", STRANGER] in proposed.lines
    assert strongroom("addresses", "publish", "draft.cbor").is_refused(1, "DOCUMENT_QUORUM_MISSING")
    first = sign(strongroom, "addresses", "alice", "--yes")
    assert ["needed", "1", "more:", "2", "of", "alice,", "bob", "must", "sign"] in first.lines
    assert sign(strongroom, "addresses", "bob", "--yes").lines[-1] == ["needed", "nothing:", "publish", "it"]
    gateway.say("POST /strongroom/document_sets", {"tenantId": "acme", "version": 2, "hash": KEY})
    assert strongroom("addresses", "publish", "draft.cbor").lines == [
        ["tenant", "acme"],
        ["version", "2"],
        ["hash", KEY],
    ]
    version = published(gateway)
    assert version.version == 2
    assert [(entry.id, entry.address) for entry in version.addresses] == [("landlord", FRIEND), ("shop", STRANGER)]


def test_a_draft_is_not_signed_without_a_yes_and_shows_what_it_changes(
    strongroom: Run, gateway: Gateway, owned: Path
) -> None:
    strongroom(*ADD)
    before = (owned / "draft.cbor").read_bytes()
    ran = sign(strongroom, "addresses", "alice")
    assert (ran.code, "Not confirmed" in ran.err) == (2, True)
    assert ["+", "addresses:", "address", "shop"] in ran.lines
    assert (owned / "draft.cbor").read_bytes() == before
    assert sign(strongroom, "addresses", "alice", "--json").is_refused(2, "--yes")
    assert gateway.asked[-1].target.endswith("/document_set")


def test_everything_but_publishing_works_without_a_server(strongroom: Run, gateway: Gateway, owned: Path) -> None:
    (owned / "current.cbor").write_bytes(gateway.tenant.signed_document_set().encode())
    asked = len(gateway.asked)
    assert strongroom(*ADD, "--current", "current.cbor").code == 0
    assert sign(strongroom, "addresses", "alice", "--yes").code == 0
    assert sign(strongroom, "addresses", "bob", "--yes").code == 0
    assert strongroom("addresses", "publish", "draft.cbor", "--to-file", "next.cbor").code == 0
    assert strongroom("addresses", "show", "--current", "next.cbor", "--json").data["version"] == 2
    signed = decode((owned / "next.cbor").read_bytes(), Signed)
    assert verify_document_set(signed=signed, current=gateway.tenant.document_set).version == 2
    assert len(gateway.asked) == asked


@pytest.mark.usefixtures("owned")
def test_who_is_no_owner_does_not_sign_and_nobody_signs_twice(strongroom: Run, owned: Path) -> None:
    strongroom(*ADD)
    (owned / "mallory.key").write_bytes(OwnerKey.generate("mallory").raw())
    assert sign(strongroom, "addresses", "mallory", "--yes").is_refused(1, "DOCUMENT_SIGNATURE_INVALID")
    swapped = strongroom("addresses", "sign", "draft.cbor", "--owner", "alice", "--key", "bob.key", "--yes")
    assert swapped.is_refused(1, "no owner alice with this key")
    sign(strongroom, "addresses", "alice", "--yes")
    assert sign(strongroom, "addresses", "alice", "--yes").code == 1


def forge(draft: Draft, **changes: Any) -> bytes:
    """The draft with another successor in it."""
    payload = msgspec.structs.replace(draft.proposed, **changes).encode()
    signed = msgspec.structs.replace(draft.signed, payload=payload)
    return DraftFile(base=draft.base_signed.encode(), proposed=signed.encode()).encode()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"version": 3}, "DOCUMENT_VERSION_INVALID"),
        ({"version": 1}, "DOCUMENT_VERSION_INVALID"),
        ({"previous": bytes(32)}, "DOCUMENT_VERSION_INVALID"),
        ({"tenant": "other"}, "DOCUMENT_FOREIGN"),
        ({"request_lifetime_s": 0}, "DOCUMENT_MALFORMED"),
    ],
)
def test_what_does_not_follow_from_the_current_version_is_not_signed(
    strongroom: Run, owned: Path, changes: dict[str, Any], code: str
) -> None:
    strongroom(*ADD)
    draft = Draft.parse((owned / "draft.cbor").read_bytes())
    (owned / "draft.cbor").write_bytes(forge(draft, **changes))
    assert sign(strongroom, "addresses", "alice", "--yes").is_refused(1, code)


def test_a_draft_that_lost_its_shape_or_holds_a_false_signature_is_refused(strongroom: Run, owned: Path) -> None:
    strongroom(*ADD)
    sign(strongroom, "addresses", "alice", "--yes")
    draft = Draft.parse((owned / "draft.cbor").read_bytes())
    (owned / "draft.cbor").write_bytes(forge(draft, request_lifetime_s=60))
    assert sign(strongroom, "addresses", "bob", "--yes").is_refused(1, "DOCUMENT_SIGNATURE_INVALID")
    (owned / "draft.cbor").write_bytes(b"no draft")
    assert sign(strongroom, "addresses", "bob", "--yes").is_refused(1, "DOCUMENT_MALFORMED")


@pytest.mark.usefixtures("owned")
def test_a_command_signs_only_what_changes_its_part(strongroom: Run) -> None:
    strongroom(*ADD)
    assert sign(strongroom, "policy", "alice", "--yes").is_refused(2, "changes addresses, not policy")


@pytest.mark.usefixtures("owned")
def test_a_draft_is_never_written_over_and_can_be_changed_further(strongroom: Run, gateway: Gateway) -> None:
    strongroom(*ADD)
    assert strongroom(*ADD).is_refused(2, "there already")
    sign(strongroom, "addresses", "alice", "--yes")
    add = ("--add-user", f"dora={KEY}", "--group", "approvers", "--onto", "draft.cbor", "--out", "draft.cbor")
    ran = strongroom("roster", "propose", *add)
    assert ["signed", "by", "nobody"] in ran.lines
    assert {line[1] for line in ran.lines if line[:1] == ["+"]} == {"addresses:", "roster:"}
    for owner in ("alice", "bob"):
        sign(strongroom, "roster", owner, "--yes")
    gateway.say("POST /strongroom/document_sets", {"tenantId": "acme", "version": 2, "hash": KEY})
    strongroom("roster", "publish", "draft.cbor")
    version = published(gateway)
    assert (version.version, len(version.addresses)) == (2, 2)
    assert version.get_user("dora").groups == ("approvers",)


@pytest.mark.usefixtures("owned")
def test_owners_are_changed_by_those_before_them(strongroom: Run, gateway: Gateway) -> None:
    ran = strongroom("owners", "propose", "--add", f"dora={KEY}", "--remove", "bob", "--out", "draft.cbor", "--json")
    changes = {change["entry"]: (change["before"], change["after"]) for change in ran.data["changes"]}
    assert changes["owner dora"] == (None, {"public key": KEY})
    assert changes["owner bob"][1] is None
    for owner in ("alice", "bob"):
        assert sign(strongroom, "owners", owner, "--yes", "--json").code == 0
    gateway.say("POST /strongroom/document_sets", {"tenantId": "acme", "version": 2, "hash": KEY})
    strongroom("owners", "publish", "draft.cbor")
    assert [member.id for member in published(gateway).owners.members] == ["alice", "dora"]


def test_a_policy_is_written_with_decimal_amounts(strongroom: Run, owned: Path) -> None:
    (owned / "policy.toml").write_text(POLICY)
    ran = strongroom("policy", "propose", "--from", "policy.toml", "--out", "draft.cbor")
    assert (ran.code, ran.err.count("\n")) == (0, 1)
    large, rest = Draft.parse((owned / "draft.cbor").read_bytes()).proposed.policy.rules
    assert large.min_amount_units == 5 * 10**18 + 1
    assert large.approvers is not None
    assert large.approvers.groups[0].threshold == 2
    assert rest.assets is None
    assert "min amount units: 5000000000000000001 = 5.000000000000000001 ETH_TEST" in ran.out
    assert 'approvers: AND: 2 of groups ["approvers"], never the initiator' in ran.out


@pytest.mark.parametrize("part", list(Part))
def test_what_is_shown_can_be_proposed_and_changes_nothing(
    strongroom: Run, gateway: Gateway, owned: Path, part: Part
) -> None:
    gateway.tenant = gateway.tenant.with_document_set(policy=make_tenant(rules=RULES).document_set.policy)
    gateway.has_key()
    shown = strongroom(part.value, "show", "--json")
    assert shown.data["hash"] == gateway.tenant.document_set.hash().hex()
    assert shown.data["signers"] == ["alice", "bob"]
    (owned / "form.json").write_text(shown.out)
    if part is not Part.OWNERS:
        ran = strongroom(part.value, "propose", "--from", "form.json", "--out", "draft.cbor")
        assert ran.code == 2
        assert "That changes nothing of version 1" in ran.err
    assert strongroom(part.value, "show").lines[2] == ["hash", shown.data["hash"]]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("addresses propose --add shop --chain 1 --out d", "NAME=VALUE"),
        (f"addresses propose --add shop={STRANGER} --out d", "--chain is missing"),
        ("addresses propose --add shop=0x1 --chain 1 --out d", "ADDRESS_INVALID"),
        ("addresses propose --remove nobody --out d", "no 'nobody' to be removed"),
        ("addresses propose --out d", "changes nothing"),
        ("addresses propose --add shop=1", "--out"),
        ("roster propose --add-user dora=xyz --out d", "no key in hexadecimal"),
        (f"roster propose --add-user anna={KEY} --out d", "not distinct"),
        ("roster propose --add-user dora=ab --out d", "32 bytes"),
        ("owners propose --threshold 9 --out d", "threshold"),
        ("policy propose --out d", "--from"),
        ("policy propose --from bad.toml --out d", "bad.toml"),
        ("policy propose --from wrong.json --out d", "list named rules"),
        ("policy propose --from float.json --out d", "decimal text"),
        ("assets propose --from assets.json --out d", "DOCUMENT_MALFORMED"),
        ("assets show --current bad.toml", "DOCUMENT_MALFORMED"),
    ],
)
def test_what_no_owner_could_sign_is_said_at_once(strongroom: Run, owned: Path, arguments: str, words: str) -> None:
    rule = {"id": "a", "name": "a", "action": "ALLOW", "assets": ["ETH_TEST"], "max_amount": 1.5}
    (owned / "bad.toml").write_text("[[")
    (owned / "wrong.json").write_text('{"rule": []}')
    (owned / "float.json").write_text(json.dumps({"rules": [rule]}))
    (owned / "assets.json").write_text('{"assets": [{"id": "X"}]}')
    ran = strongroom(*arguments.split())
    assert ran.code in {1, 2}
    assert (words in ran.err, ran.out, "Traceback" in ran.err) == (True, "", False)
    assert not (owned / "d").exists()


def test_keys_are_made_for_their_holder_alone_and_never_replaced(strongroom: Run, folder: Path) -> None:
    for command in ("approver-key", "owner-key"):
        path = folder / f"{command}.key"
        made = strongroom(command, "make", "--out", path.name, "--json")
        assert (len(path.read_bytes()), path.stat().st_mode & 0o777) == (32, 0o600)
        assert made.data["public_key"] == OwnerKey.from_raw("x", path.read_bytes()).public_key().hex()
        assert strongroom(command, "show", path.name, "--json").data == made.data
        assert strongroom(command, "make", "--out", path.name).is_refused(2, "there already")
        assert f"{command}={made.data['public_key']}" in strongroom(command, "show", path.name).out


ROWS: dict[str, dict[str, Any]] = {
    "": {"request_lifetime_s": 1, "vault_accounts": (), "addresses": (), "assets": ()},
    "owners": {"threshold": 1},
    "owners.members.0": {"id": "x", "public_key": bytes(32)},
    "addresses.0": {"id": "x", "name": "x", "chain_id": 1, "address": STRANGER},
    "assets.0": {"name": "x", "chain_id": 1, "token_contract": STRANGER, "decimals": 6, "coin_type": 1},
    "assets.0 ": {"max_fee_units": 1, "confirmations": 9, "id": "x"},
    "roster": {"policy_engine_key": bytes(32), "screening_key": bytes(32), "users": ()},
    "roster.users.0": {"id": "x", "name": "x", "device_key": bytes(32), "groups": ()},
    "roster.api_users.0": {"name": "x", "public_key_der": b"x", "held_by": "anna", "groups": ("a",)},
    "roster.cosigners.0": {"operator": "x", "signing_key": bytes(32), "encryption_key": bytes(32)},
    "policy": {"rules": ()},
    "policy.rules.0": {
        "id": "x",
        "name": "x",
        "action": Action.BLOCK,
        "assets": None,
        "approvers": None,
        "sources": ("0",),
    },
    "policy.rules.0 ": {"min_amount_units": 1, "max_amount_units": 9, "initiators": ("a",), "destinations": ("x",)},
    "policy.rules.0  ": {"initiator_groups": ("a",), "destination_kinds": (DestinationKind.ONE_TIME,)},
    "policy.rules.0.approvers": {"logic": Logic.OR, "groups": (), "can_initiator_approve": True},
    "policy.rules.0.approvers.groups.0": {"threshold": 1, "users": ("anna",), "groups": ("others",)},
    "vault_accounts.0": {"first": 1, "last": 5},
}
"""Where in a document set a field changes, and to what."""


def replaced(value: Any, path: list[str], **change: Any) -> Any:
    """``value`` with a field changed, some levels below."""
    if not path:
        return msgspec.structs.replace(value, **change)
    first, *rest = path
    if isinstance(value, tuple):
        items = list(cast("tuple[Any, ...]", value))
        items[int(first)] = replaced(items[int(first)], rest, **change)
        return tuple(items)
    return msgspec.structs.replace(value, **{first: replaced(getattr(value, first), rest, **change)})


@pytest.mark.parametrize(
    ("path", "change"), [(path, {name: value}) for path, row in ROWS.items() for name, value in row.items()]
)
def test_no_change_is_invisible(path: str, change: dict[str, Any]) -> None:
    before = make_tenant(rules=RULES).document_set
    after = replaced(before, path.strip().split(".") if path else [], **change)
    assert differences(before, after)
    assert differences(before, before) == ()


def test_another_order_is_no_invisible_change_either() -> None:
    before = make_tenant(rules=RULES).document_set
    people, rules = before.roster.users, before.policy.rules
    assert differences(before, replaced(before, ["roster"], users=people[::-1]))
    assert {one.entry for one in differences(before, replaced(before, ["policy"], rules=rules[::-1]))} == {
        "rule ask",
        "rule small",
    }


def test_a_form_says_everything() -> None:
    document = make_tenant(rules=RULES).document_set
    assert all(replace_part(document, part, form_of(document, part)) == document for part in Part)
