"""Document sets over the link: only the successor of the current one; what was consented to before is asked anew."""

import dataclasses
import os
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from strongroom.custody.cosigner.domain.entries import Refused as RefusedEntry
from strongroom.custody.cosigner.domain.orders import InstallDocumentSet, PeerMessage, StartCeremony
from strongroom.custody.cosigner.domain.reports import Consented, DocumentSetInstalled, Report
from strongroom.kernel.documents.approval import ApprovalAnswer, approval_of
from strongroom.kernel.documents.codec import decode, encode
from strongroom.kernel.documents.document_set import (
    Action,
    ApprovalGroup,
    Approvers,
    DocumentSet,
    Logic,
    PolicyRule,
    User,
)
from strongroom.kernel.documents.signing import Kind, Signed
from strongroom.kernel.errors import Code
from tests.custody.cosigner.ceremonies import faults, header, signatures
from tests.custody.cosigner.opened import reason_of
from tests.custody.cosigner.world import Transfer, World
from tests.fakes.memory_engine import MemoryEngine

ALLOW = PolicyRule(id="all", name="all", action=Action.ALLOW)


def following(world: World, **changes: Any) -> DocumentSet:
    current = world.document_set
    made = world.make_document_set(rules=(ALLOW,), version=current.version + 1, previous=current.hash())
    return msgspec.structs.replace(made, request_lifetime_s=7200 + current.version, **changes)


def install(world: World, data: bytes, index: int = 3) -> Report:
    return world.cores[index].handle(InstallDocumentSet(ceremony_id=os.urandom(32), document_set=data))[0]


def publish(world: World, document_set: DocumentSet) -> None:
    """At all three; the platform decides on it from now on."""
    for index in (1, 2, 3):
        report = install(world, world.owner_signed(Kind.DOCUMENT_SET, document_set), index)
        assert isinstance(report, DocumentSetInstalled)
        assert (report.version, report.set_hash) == (document_set.version, document_set.hash())
    world.document_set = document_set


def alarms(world: World) -> list[str]:
    rows = world.contexts[3].journal.db.execute("select payload from journal where kind = 'refused'")
    return [decode(row[0], RefusedEntry).reason for row in rows]


def test_a_successor_is_installed_once_and_survives_a_restart(world: World) -> None:
    second = following(world)
    publish(world, second)
    sequence = world.contexts[3].journal.sequence
    publish(world, second)
    assert world.contexts[3].journal.sequence == sequence
    world.restart(3)
    assert isinstance(world.cores[3].handle(world.transfer().order())[0], Consented)


@pytest.mark.parametrize("what", ["rollback", "fork", "gap", "quorum", "foreign", "environment", "garbage"])
def test_anything_else_is_refused_and_an_alarm(world: World, what: str) -> None:
    first, second = world.document_set, following(world)
    publish(world, second)
    third = following(world)
    fork = msgspec.structs.replace(second, request_lifetime_s=60)
    gap = msgspec.structs.replace(third, version=4, previous=third.hash())
    data = {
        "rollback": world.owner_signed(Kind.DOCUMENT_SET, first),
        "fork": world.owner_signed(Kind.DOCUMENT_SET, fork),
        "gap": world.owner_signed(Kind.DOCUMENT_SET, gap),
        "quorum": world.signed(Kind.DOCUMENT_SET, third, key=Ed25519PrivateKey.generate(), signer="owner"),
        "foreign": _relabelled(world.owner_signed(Kind.DOCUMENT_SET, third), tenant="acme", of="other"),
        "environment": world.owner_signed(Kind.KEY_REQUEST, third),
        "garbage": world.owner_signed(Kind.DOCUMENT_SET, world.transfer().intent),
    }[what]
    expected = {
        "quorum": "DOCUMENT_SIGNATURE_INVALID",
        "foreign": "DOCUMENT_FOREIGN",
        "environment": "DOCUMENT_FOREIGN",
        "garbage": "DOCUMENT_MALFORMED",
    }.get(what, "DOCUMENT_VERSION_INVALID")
    for _ in range(2):
        assert reason_of(world, install(world, data)) == expected
    assert alarms(world) == [expected]
    assert isinstance(install(world, world.owner_signed(Kind.DOCUMENT_SET, third)), DocumentSetInstalled)


def _relabelled(data: bytes, *, tenant: str, of: str) -> bytes:
    """A frame of this tenant around another tenant's document."""
    signed = decode(data, Signed)
    inner = msgspec.structs.replace(decode(signed.payload, DocumentSet), tenant=of)
    return encode(msgspec.structs.replace(signed, tenant=tenant, payload=inner.encode()))


def test_a_live_consent_of_the_old_version_begins_nothing(world: World, engine: MemoryEngine) -> None:
    order = world.transfer().order()
    consents = [report.document for report in engine.seek(order).values() if isinstance(report, Consented)]
    publish(world, following(world))
    start = StartCeremony(ceremony_id=order.ceremony_id, consents=tuple(consents))
    assert {fault.code for fault in faults(world.cores[3].handle(start))} == {Code.NOT_NOW}


def test_a_running_ceremony_releases_nothing_under_an_old_version(world: World, engine: MemoryEngine) -> None:
    transfer, rounds = world.transfer(), set[int]()
    second = following(world)

    def publish_in_between(message: PeerMessage) -> tuple[PeerMessage]:
        if header(message).round == 2 and not rounds & {2}:
            for index in (1, 2, 3):
                install(world, world.owner_signed(Kind.DOCUMENT_SET, second), index)
        rounds.add(header(message).round)
        return (message,)

    engine.tamper = publish_in_between
    reports = engine.sign(transfer.order())
    assert signatures(reports) == []
    assert {fault.code for fault in faults(reports)} == {Code.NOT_NOW}
    assert 3 not in rounds


def test_who_is_behind_waits_and_who_is_ahead_asks_for_a_new_attempt(world: World) -> None:
    transfer = world.transfer()
    old = transfer.order()
    second = following(world)
    install(world, world.owner_signed(Kind.DOCUMENT_SET, second), 3)
    assert reason_of(world, world.cores[3].handle(old)[0]) == "DOCUMENT_VERSION_INVALID"
    world.document_set = second
    newer = world.transfer().order()
    sequence = world.contexts[1].journal.sequence
    assert b"NOT_NOW" in getattr(world.cores[1].handle(newer)[0], "document", b"")
    assert world.contexts[1].journal.sequence == sequence
    assert isinstance(world.cores[3].handle(newer)[0], Consented)


def people(world: World) -> dict[str, Ed25519PrivateKey]:
    """Two people approve everything from now on, by a new document set."""
    keys = {name: Ed25519PrivateKey.generate() for name in ("ann", "ben", "cid")}
    rule = PolicyRule(
        id="two",
        name="two",
        action=Action.APPROVE,
        approvers=Approvers(logic=Logic.AND, groups=(ApprovalGroup(threshold=2, users=("ann", "ben")),)),
    )
    current = world.document_set
    made = world.make_document_set(rules=(rule,), version=2, previous=current.hash())
    users = tuple(
        User(id=name, name=name, device_key=key.public_key().public_bytes_raw()) for name, key in keys.items()
    )
    publish(world, msgspec.structs.replace(made, roster=msgspec.structs.replace(made.roster, users=users)))
    return keys


def approve(transfer: Transfer, keys: dict[str, Ed25519PrivateKey], *names: str, **changes: Any) -> tuple[bytes, ...]:
    world = transfer.world
    approval = approval_of(
        transaction_id=transfer.intent.transaction_id,
        intent_hash=transfer.intent.hash(),
        document_set=world.document_set,
        answer=ApprovalAnswer.APPROVE,
        expires_at=world.now + 3600,
    )
    document = msgspec.structs.replace(approval, **changes)
    return tuple(world.signed(Kind.APPROVAL, document, key=keys[name], signer=name) for name in names)


def test_approvals_of_all_who_are_asked_are_signed(world: World, engine: MemoryEngine) -> None:
    keys = people(world)
    transfer = world.transfer()
    order = dataclasses.replace(transfer.order(), approvals=approve(transfer, keys, "ann", "ben"))
    assert len(signatures(engine.sign(order))) == 3


@pytest.mark.parametrize(
    ("names", "changes", "expected"),
    [
        ((), {}, "APPROVALS_MISSING"),
        (("ann",), {}, "APPROVALS_MISSING"),
        (("ann", "ann"), {}, "APPROVALS_MISSING"),
        (("ann", "cid"), {}, "APPROVALS_MISSING"),
        (("ann", "ben"), {"expires_at": 1}, "APPROVALS_MISSING"),
        (("ann", "ben"), {"intent_hash": bytes(32)}, "APPROVAL_INVALID"),
        (("ann", "ben"), {"policy_hash": bytes(32)}, "APPROVAL_INVALID"),
        (("ann", "ben"), {"answer": ApprovalAnswer.REJECT}, "APPROVAL_REJECTED"),
    ],
)
def test_every_co_signer_counts_the_approvals_itself(
    world: World, names: tuple[str, ...], changes: dict[str, object], expected: str
) -> None:
    keys = people(world)
    transfer = world.transfer()
    order = dataclasses.replace(transfer.order(), approvals=approve(transfer, keys, *names, **changes))
    for index in (1, 2, 3):
        assert reason_of(world, world.cores[index].handle(order)[0]) == expected


def test_an_invented_approver_is_an_alarm(world: World) -> None:
    keys = people(world)
    transfer = world.transfer()
    invented = {name: Ed25519PrivateKey.generate() for name in keys}
    order = dataclasses.replace(transfer.order(), approvals=approve(transfer, invented, "ann", "ben"))
    assert reason_of(world, world.cores[3].handle(order)[0]) == "DOCUMENT_SIGNATURE_INVALID"
    assert alarms(world) == ["DOCUMENT_SIGNATURE_INVALID"]
