"""People who do not exist, or did not say what is claimed."""

import dataclasses

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from strongroom.custody.cosigner.domain.orders import SeekConsent
from strongroom.kernel.documents.approval import ApprovalAnswer, approval_of
from strongroom.kernel.documents.document_set import Action
from strongroom.kernel.documents.signing import Kind
from strongroom.kernel.errors import Code
from tests.custody.cosigner.world import Transfer
from tests.trust.attacker import Attacker, foreign_rsa
from tests.trust.matrix import CARRIERS, Attack, Party, expect, outsiders, tries
from tests.trust.world import OWNERS, TrustWorld

LARGE = "5"
"""More than goes without approval."""


def approval(world: TrustWorld, transfer: Transfer, person: str, key: Ed25519PrivateKey | None = None) -> bytes:
    """What a person signs to a transfer, with the own device unless another key is given."""
    intent = transfer.intent
    document = approval_of(
        transaction_id=intent.transaction_id,
        intent_hash=intent.hash(),
        document_set=world.document_set,
        answer=ApprovalAnswer.APPROVE,
        expires_at=world.now + 3600,
    )
    return world.signed_by(Kind.APPROVAL, document, {person: key or world.devices[person]})


def with_approvals(transfer: Transfer, *approvals: bytes) -> SeekConsent:
    return dataclasses.replace(transfer.order(), approvals=approvals)


def test_a_large_payment_goes_with_two_approvals(world: TrustWorld) -> None:
    """What the attacks below are measured against."""
    transfer = world.transfer(amount=LARGE)
    order = with_approvals(transfer, approval(world, transfer, "ann"), approval(world, transfer, "bob"))
    assert len(Attacker(Party.GATEWAY, world).consents(order)) == 3


@tries(Attack.INITIATOR, expect(Code.API_USER_UNKNOWN, *CARRIERS) | outsiders())
def test_an_initiator_of_whom_the_owners_know_nothing(attacker: Attacker, code: Code) -> None:
    transfer = attacker.world.transfer()
    token = attacker.token(transfer.body, initiator="api-9", key=foreign_rsa())
    assert attacker.ask(attacker.order(transfer, token=token, intent={"initiator": "api-9"})) == {code.name}


@tries(Attack.INITIATOR, expect(Code.INTENT_MISMATCH, *CARRIERS) | outsiders())
def test_a_request_booked_on_another_initiator(attacker: Attacker, code: Code) -> None:
    """Rules look at who asked."""
    assert attacker.ask(attacker.order(attacker.world.transfer(), intent={"initiator": "api-2"})) == {code.name}


@tries(Attack.APPROVER, expect(Code.APPROVAL_INVALID, *CARRIERS) | outsiders())
def test_an_approver_who_is_nobody(attacker: Attacker, code: Code) -> None:
    world = attacker.world
    transfer = world.transfer(amount=LARGE)
    invented = approval(world, transfer, "dave", attacker.own_key)
    assert attacker.ask(with_approvals(transfer, approval(world, transfer, "ann"), invented)) == {code.name}


@tries(Attack.APPROVER, expect(Code.DOCUMENT_SIGNATURE_INVALID, *CARRIERS) | outsiders())
def test_an_approval_in_a_person_s_name_by_another_key(attacker: Attacker, code: Code) -> None:
    world = attacker.world
    transfer = world.transfer(amount=LARGE)
    forged = approval(world, transfer, "bob", attacker.own_key)
    assert attacker.ask(with_approvals(transfer, approval(world, transfer, "ann"), forged)) == {code.name}


@tries(Attack.APPROVER, expect(Code.APPROVALS_MISSING, *CARRIERS) | outsiders())
def test_one_person_counted_twice(attacker: Attacker, code: Code) -> None:
    world = attacker.world
    transfer = world.transfer(amount=LARGE)
    given = approval(world, transfer, "ann")
    assert attacker.ask(with_approvals(transfer, given, given)) == {code.name}


@tries(Attack.APPROVER, expect(Code.DECISION_MISMATCH, Party.POLICY_ENGINE, Party.PROVIDER))
def test_a_decision_that_nobody_needs_to_approve(attacker: Attacker, code: Code) -> None:
    """Signed by the policy engine itself."""
    order = attacker.order(attacker.world.transfer(amount=LARGE))
    assert attacker.ask(attacker.decided(order, action=Action.ALLOW)) == {code.name}


@tries(Attack.OTHER_APPROVAL, expect(Code.APPROVAL_INVALID, *CARRIERS) | outsiders())
def test_approvals_that_were_given_to_another_payment(attacker: Attacker, code: Code) -> None:
    world = attacker.world
    shown, meant = world.transfer(amount="3"), world.transfer(amount=LARGE)
    given = [approval(world, shown, person) for person in ("ann", "bob")]
    assert attacker.ask(with_approvals(meant, *given)) == {code.name}


@tries(Attack.OWNER, expect(Code.DOCUMENT_SIGNATURE_INVALID, *CARRIERS))
def test_a_document_set_signed_in_the_owners_names(attacker: Attacker, code: Code) -> None:
    following = attacker.world.next_document_set(request_lifetime_s=10**9)
    forged = attacker.world.signed_by(Kind.DOCUMENT_SET, following, dict.fromkeys(OWNERS[:2], attacker.own_key))
    assert attacker.install(forged) == {code.name}


@tries(Attack.OWNER, expect(Code.DOCUMENT_QUORUM_MISSING, *CARRIERS))
def test_a_document_set_that_makes_its_signers_owners(attacker: Attacker, code: Code) -> None:
    world = attacker.world
    member = msgspec.structs.replace(
        world.document_set.owners.members[0], id="mallory", public_key=attacker.own_key.public_key().public_bytes_raw()
    )
    owners = msgspec.structs.replace(world.document_set.owners, threshold=1, members=(member,))
    following = world.next_document_set(owners=owners)
    assert attacker.install(world.signed_by(Kind.DOCUMENT_SET, following, {"mallory": attacker.own_key})) == {code.name}


@tries(Attack.OWNER, expect(Code.DOCUMENT_QUORUM_MISSING, *CARRIERS))
def test_a_document_set_signed_by_one_owner_of_two(attacker: Attacker, code: Code) -> None:
    """An owner's proposal on its way is no decision."""
    world = attacker.world
    following = world.next_document_set(request_lifetime_s=10**9)
    assert attacker.install(world.signed_by(Kind.DOCUMENT_SET, following, {"olga": world.owners["olga"]})) == {
        code.name
    }


@tries(Attack.OLD_DOCUMENTS, expect(Code.DOCUMENT_VERSION_INVALID, *CARRIERS))
def test_the_owners_own_old_version_again(attacker: Attacker, code: Code) -> None:
    """Rollback: both versions carry good signatures."""
    attacker.world.install_next(request_lifetime_s=3600)
    assert attacker.install(attacker.world.genesis) == {code.name}


@tries(Attack.OLD_DOCUMENTS, expect(Code.DOCUMENT_VERSION_INVALID, *CARRIERS))
def test_another_successor_of_the_version_before(attacker: Attacker, code: Code) -> None:
    """Fork: the owners signed two drafts, and one was published."""
    draft = attacker.world.owner_signed(Kind.DOCUMENT_SET, attacker.world.next_document_set(request_lifetime_s=7200))
    attacker.world.install_next(request_lifetime_s=3600)
    assert attacker.install(draft) == {code.name}


@tries(Attack.OLD_DOCUMENTS, expect(Code.DOCUMENT_VERSION_INVALID, *CARRIERS) | outsiders())
def test_a_payment_decided_under_the_old_version(attacker: Attacker, code: Code) -> None:
    """Freeze: the platform goes on as if nothing had been published."""
    order = attacker.order(attacker.world.transfer())
    attacker.world.install_next(policy=msgspec.structs.replace(attacker.world.document_set.policy, rules=()))
    assert attacker.ask(order) == {code.name}


@pytest.mark.parametrize("behind", [1, 2, 3])
def test_a_version_withheld_from_one_cosigner(world: TrustWorld, behind: int) -> None:
    """Who has the new version does not sign with who has not."""
    attacker = Attacker(Party.COSIGNER_ENGINE, world)
    order = attacker.order(world.transfer())
    world.install_next(cosigners=tuple(index for index in (1, 2, 3) if index != behind), request_lifetime_s=3600)
    ahead = [index for index in (1, 2, 3) if index != behind]
    assert attacker.ask(order, ahead) == {"DOCUMENT_VERSION_INVALID"}
    assert attacker.ask(attacker.order(world.transfer()), [behind]) == {"NOT_NOW"}
