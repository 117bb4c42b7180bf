"""The test signature before a key is used (threshold signing 5.3, rule 1)."""

import os
from typing import TypedDict

import pytest

from strongroom.threshold.activation import activation_digest
from strongroom.threshold.ecdsa import Dkls23, ThresholdError
from tests.threshold import ceremony
from tests.threshold.ceremony import Shares, sign


class Facts(TypedDict):
    environment: str
    tenant_id: str
    key_id: str
    public_key: bytes
    chain_code: bytes
    transcript_hash: bytes


def facts_of(shares: Shares, party: int) -> Facts:
    share = shares[party]
    return Facts(
        environment="sandbox",
        tenant_id="acme",
        key_id="key-1",
        public_key=share.public_key,
        chain_code=share.chain_code,
        transcript_hash=share.transcript_hash,
    )


def test_rule_01_all_parties_sign_and_verify_the_same_test_message(three_of_three: Shares) -> None:
    digests = {activation_digest(**facts_of(three_of_three, party)) for party in three_of_three}
    assert len(digests) == 1
    digest = digests.pop()
    signature = sign(three_of_three, signers=(1, 2, 3), digest=digest)
    assert Dkls23().verify(public_key=three_of_three[1].public_key, digest=digest, signature=signature)


def test_rule_01_a_party_with_other_facts_gives_no_test_signature(three_of_three: Shares) -> None:
    ours = activation_digest(**facts_of(three_of_three, 1))
    other: Facts = {**facts_of(three_of_three, 2), "chain_code": os.urandom(32)}
    theirs = activation_digest(**other)
    sign_id = os.urandom(32)
    sessions = {
        party: three_of_three[party].sign(signers=(1, 2, 3), digest=theirs if party == 2 else ours, sign_id=sign_id)
        for party in (1, 2, 3)
    }
    mail = ceremony.run_to(sessions, 1)
    with pytest.raises(ThresholdError) as refused:
        sessions[1].step(mail[1])
    assert (refused.value.kind, refused.value.culprit) == ("malformed", 2)


def test_every_fact_changes_the_digest(two_of_three: Shares) -> None:
    facts = facts_of(two_of_three, 1)
    others: list[Facts] = [
        {**facts, "environment": "live"},
        {**facts, "tenant_id": "acm"},
        {**facts, "key_id": "key-2"},
        {**facts, "tenant_id": "acmek", "key_id": "ey-1"},
        {**facts, "public_key": bytes(33)},
        {**facts, "chain_code": bytes(32)},
        {**facts, "transcript_hash": bytes(32)},
    ]
    assert len({activation_digest(**each) for each in [facts, *others]}) == len(others) + 1


@pytest.mark.parametrize("field", ["public_key", "chain_code", "transcript_hash"])
def test_fields_of_another_length_are_refused(two_of_three: Shares, field: str) -> None:
    facts = facts_of(two_of_three, 1)
    shorter: dict[str, bytes] = {field: bytes(31)}
    with pytest.raises(ValueError, match="bytes"):
        activation_digest(**{**facts, **shorter})  # type: ignore[arg-type]
