"""A complete refresh keeps the key and makes old shares worthless; threshold signing 5.3 holds in it too."""

import os
from collections.abc import Callable

import pytest
from coincurve import PublicKey

from strongroom.threshold.ecdsa import Dkls23, SealingKey, ThresholdError
from tests.threshold import ceremony
from tests.threshold.ceremony import HEADER_BYTES, Shares, flip, overwrite, refresh, sign
from tests.threshold.test_ecdsa import PATH, check_accepted_elsewhere
from tests.threshold.test_rules import COMMITMENT, replace, scalar_of, with_scalar


def refusal(step: Callable[[], object]) -> ThresholdError:
    with pytest.raises(ThresholdError) as refused:
        step()
    return refused.value


@pytest.fixture(scope="module")
def refreshed(three_of_three: Shares) -> Shares:
    return refresh(three_of_three)


def test_a_refresh_keeps_the_key_and_changes_the_transcript(three_of_three: Shares, refreshed: Shares) -> None:
    for party, share in refreshed.items():
        old = three_of_three[party]
        assert (share.party, share.threshold, share.parties) == (old.party, old.threshold, old.parties)
        assert (share.public_key, share.chain_code) == (old.public_key, old.chain_code)
        assert share.transcript_hash != old.transcript_hash
    assert len({share.transcript_hash for share in refreshed.values()}) == 1


@pytest.mark.parametrize("quorum", ["two_of_three", "three_of_three"])
def test_new_shares_sign_for_the_root_and_for_a_derived_key(quorum: str, request: pytest.FixtureRequest) -> None:
    shares = refresh(request.getfixturevalue(quorum))
    signers = range(1, shares[1].threshold + 1)
    children = {party: share.derive(path=PATH) for party, share in shares.items()}
    for signing in (shares, children):
        digest = os.urandom(32)
        signature = sign(signing, signers=signers, digest=digest)
        check_accepted_elsewhere(signature=signature, digest=digest, public_key=signing[1].public_key)
    assert children[1].public_key == request.getfixturevalue(quorum)[1].derive(path=PATH).public_key


def test_a_refreshed_share_is_sealed_opened_and_refreshed_again(refreshed: Shares) -> None:
    key = SealingKey.from_bytes(os.urandom(32))
    blobs = {party: share.seal(key=key, associated_data=b"2") for party, share in refreshed.items()}
    opened = {party: Dkls23().unseal(key=key, associated_data=b"2", blob=blob) for party, blob in blobs.items()}
    third = refresh(opened, epoch=3)
    digest = os.urandom(32)
    signature = sign(third, signers=(1, 2, 3), digest=digest)
    assert Dkls23().verify(public_key=refreshed[1].public_key, digest=digest, signature=signature)


@pytest.mark.parametrize("old", [(1,), (2, 3)])
def test_old_and_new_shares_do_not_sign_together(
    three_of_three: Shares, refreshed: Shares, old: tuple[int, ...]
) -> None:
    mixed = {party: (three_of_three if party in old else refreshed)[party] for party in (1, 2, 3)}
    sessions = ceremony.sign_sessions(mixed, signers=(1, 2, 3))
    mail = ceremony.run_to(sessions, 1)
    fault = refusal(lambda: sessions[1].step(mail[1]))
    assert (fault.kind, fault.ban) == ("malformed", False)


def test_the_old_shares_go_on_signing_after_a_refresh_that_failed(three_of_three: Shares) -> None:
    for round_number in (1, 2, 3, 4):
        sessions = ceremony.refresh_sessions(three_of_three)
        mail = ceremony.run_to(sessions, round_number)
        mail[1][3] = mail[1][3][:-1]
        assert refusal(lambda: sessions[1].step(mail[1])).culprit == 3  # noqa: B023 - called at once
    digest = os.urandom(32)
    signature = sign(three_of_three, signers=(1, 2, 3), digest=digest)
    assert Dkls23().verify(public_key=three_of_three[1].public_key, digest=digest, signature=signature)


def test_shares_of_two_epochs_and_two_epoch_numbers_do_not_refresh_together(
    three_of_three: Shares, refreshed: Shares
) -> None:
    refresh_id = os.urandom(32)
    now = ceremony.refresh_sessions(three_of_three, refresh_id=refresh_id)
    for other in (
        ceremony.refresh_sessions(refreshed, refresh_id=refresh_id),
        ceremony.refresh_sessions(three_of_three, epoch=3, refresh_id=refresh_id),
        ceremony.refresh_sessions(three_of_three),
    ):
        sessions = ceremony.refresh_sessions(three_of_three, refresh_id=refresh_id) | {2: other[2]}
        mail = ceremony.run_to(sessions, 1)
        fault = refusal(lambda: sessions[1].step(mail[1]))  # noqa: B023 - called at once
        assert (fault.kind, fault.culprit, fault.round) == ("malformed", 2, 1)
    ceremony.run_to(now, 4)


def test_only_the_root_share_is_refreshed_into_a_later_epoch_under_a_random_id(three_of_three: Shares) -> None:
    share, refresh_id = three_of_three[1], os.urandom(32)
    for wrong in (
        lambda: share.derive(path="m/1").refresh(epoch=2, refresh_id=refresh_id),
        lambda: share.refresh(epoch=1, refresh_id=refresh_id),
        lambda: share.refresh(epoch=-1, refresh_id=refresh_id),
        lambda: share.refresh(epoch=1 << 32, refresh_id=refresh_id),
        lambda: share.refresh(epoch=2, refresh_id=refresh_id[:31]),
        lambda: share.refresh(epoch=2, refresh_id=bytes(32)),
    ):
        assert refusal(wrong).kind == "usage"


def test_rule_01_copied_commitments_are_refused(three_of_three: Shares) -> None:
    for receiver, sender, culprit in ((2, 1, 3), (1, 2, None)):
        sessions = ceremony.refresh_sessions(three_of_three)
        mail = ceremony.run_to(sessions, 2)
        mail[1][3] = replace(mail[1][3], COMMITMENT, mail[receiver][sender])
        fault = refusal(lambda: sessions[1].step(mail[1]))  # noqa: B023 - called at once
        assert (fault.kind, fault.culprit, fault.round) == ("recoverable", culprit, 2)


@pytest.mark.parametrize("inner", [HEADER_BYTES + 32, HEADER_BYTES + 33])
def test_rule_02_inner_indices_are_those_of_the_peer(three_of_three: Shares, inner: int) -> None:
    sessions = ceremony.refresh_sessions(three_of_three)
    mail = ceremony.run_to(sessions, 2)
    mail[1][2] = overwrite(mail[1][2], inner, 3)
    fault = refusal(lambda: sessions[1].step(mail[1]))
    assert (fault.kind, fault.culprit, fault.round) == ("malformed", 2, 2)


def test_rule_03_the_proof_travels_only_in_round_3(three_of_three: Shares) -> None:
    sessions = ceremony.refresh_sessions(three_of_three)
    second = ceremony.run_to(sessions, 2)
    third, _ = ceremony.exchange(sessions, second)
    assert len(second[1][2]) == HEADER_BYTES + 32 + (2 + 32)
    point = third[1][2][HEADER_BYTES + 1 : HEADER_BYTES + 34]
    PublicKey(point)
    assert point not in second[1][2]


def test_a_party_that_would_move_the_key_is_refused(three_of_three: Shares) -> None:
    # A polynomial whose constant term is not zero, consistent for all receivers: accepted, it would change the key.
    sessions = ceremony.refresh_sessions(three_of_three)
    mail = ceremony.run_to(sessions, 1)
    for receiver in (1, 2):
        mail[receiver][3] = with_scalar(mail[receiver][3], scalar_of(mail[receiver][3]) + 7)
    for sender in (1, 2):
        mail[3][sender] = with_scalar(mail[3][sender], scalar_of(mail[3][sender]) + (7 if sender == 1 else 0))
    mail, _ = ceremony.exchange(sessions, mail)
    mail, _ = ceremony.exchange(sessions, mail)
    for party in (1, 2, 3):
        fault = refusal(lambda: sessions[party].step(mail[party]))  # noqa: B023 - called at once
        assert (fault.kind, fault.culprit, fault.round) == ("recoverable", None, 3)


def test_rule_06_another_transcript_is_refused_and_names_nobody(three_of_three: Shares) -> None:
    sessions = ceremony.refresh_sessions(three_of_three)
    mail = ceremony.run_to(sessions, 4)
    mail[1][3] = flip(mail[1][3], -1)
    fault = refusal(lambda: sessions[1].step(mail[1]))
    assert (fault.kind, fault.culprit, fault.round) == ("recoverable", None, 4)
    assert "transcript" in str(fault)


def test_rule_09_an_error_ends_the_refresh(three_of_three: Shares) -> None:
    sessions = ceremony.refresh_sessions(three_of_three)
    mail = ceremony.run_to(sessions, 1)
    assert refusal(lambda: sessions[1].step({2: mail[1][2]})).kind == "usage"
    assert "over" in str(refusal(lambda: sessions[1].step(mail[1])))
