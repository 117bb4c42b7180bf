"""Messages that are stale, repeated, out of round, truncated, bit-flipped, swapped or missing."""

import os
from collections.abc import Callable

import pytest

from strongroom.threshold.ecdsa import Dkls23, ThresholdError
from tests.threshold import ceremony
from tests.threshold.ceremony import HEADER_BYTES, Mail, Shares, flip

ROUNDS = (1, 2, 3)


def refusal(step: Callable[[], object]) -> ThresholdError:
    with pytest.raises(ThresholdError) as refused:
        step()
    return refused.value


@pytest.mark.parametrize("round_number", ROUNDS)
def test_a_stale_message_of_an_earlier_ceremony_is_refused(two_of_three: Shares, round_number: int) -> None:
    digest = os.urandom(32)
    stale = ceremony.run_to(ceremony.sign_sessions(two_of_three, signers=(1, 2), digest=digest), round_number)
    sessions = ceremony.sign_sessions(two_of_three, signers=(1, 2), digest=digest)
    ceremony.run_to(sessions, round_number)
    fault = refusal(lambda: sessions[1].step(stale[1]))
    assert (fault.kind, fault.culprit, fault.round) == ("malformed", 2, round_number)


@pytest.mark.parametrize("what", ["digest", "key", "quorum"])
def test_a_message_for_another_digest_key_or_quorum_is_refused(
    two_of_three: Shares, three_of_three: Shares, what: str
) -> None:
    digest, sign_id = os.urandom(32), os.urandom(32)
    mine = two_of_three[1].sign(signers=(1, 2), digest=digest, sign_id=sign_id)
    theirs = {
        "digest": lambda: two_of_three[2].sign(signers=(1, 2), digest=os.urandom(32), sign_id=sign_id),
        "key": lambda: two_of_three[2].derive(path="m/1").sign(signers=(1, 2), digest=digest, sign_id=sign_id),
        "quorum": lambda: three_of_three[2].sign(signers=(1, 2, 3), digest=digest, sign_id=sign_id),
    }[what]()
    mine.step()
    messages = theirs.step()
    assert isinstance(messages, dict)
    fault = refusal(lambda: mine.step({2: messages[1]}))
    assert (fault.kind, fault.culprit) == ("malformed", 2)
    assert "another ceremony" in str(fault)


@pytest.mark.parametrize("round_number", ROUNDS[1:])
def test_a_repeated_message_of_the_round_before_is_refused(two_of_three: Shares, round_number: int) -> None:
    sessions = ceremony.sign_sessions(two_of_three, signers=(1, 2))
    before = ceremony.run_to(sessions, round_number - 1)
    ceremony.exchange(sessions, before)
    fault = refusal(lambda: sessions[1].step(before[1]))
    assert (fault.kind, fault.culprit, fault.round) == ("malformed", 2, round_number)


def test_a_message_of_a_later_round_is_refused(two_of_three: Shares) -> None:
    digest, sign_id = os.urandom(32), os.urandom(32)
    ahead = ceremony.sign_sessions(two_of_three, signers=(1, 2), digest=digest, sign_id=sign_id)
    first = ceremony.run_to(ahead, 1)
    later = ahead[2].step(first[2])
    assert isinstance(later, dict)
    fault = refusal(lambda: ahead[1].step({2: later[1]}))
    assert (fault.kind, fault.culprit, fault.round) == ("malformed", 2, 1)


def test_the_first_step_takes_no_messages(two_of_three: Shares) -> None:
    sessions = ceremony.sign_sessions(two_of_three, signers=(1, 2))
    assert refusal(lambda: sessions[1].step({2: b"early"})).kind == "usage"


@pytest.mark.parametrize("round_number", ROUNDS)
@pytest.mark.parametrize("kept", [0, HEADER_BYTES - 1, HEADER_BYTES, -1, -20])
def test_a_truncated_message_is_refused(two_of_three: Shares, round_number: int, kept: int) -> None:
    check_refused(two_of_three, round_number, lambda message: message[:kept])


@pytest.mark.parametrize("round_number", ROUNDS)
@pytest.mark.parametrize("extra", [b"\x00", bytes(2 << 20)])
def test_an_extended_message_is_refused(two_of_three: Shares, round_number: int, extra: bytes) -> None:
    check_refused(two_of_three, round_number, lambda message: message + extra)


@pytest.mark.parametrize("round_number", ROUNDS)
def test_a_bit_flipped_in_the_header_is_refused(two_of_three: Shares, round_number: int) -> None:
    for position in range(HEADER_BYTES):
        check_refused(two_of_three, round_number, lambda message: flip(message, position, 1 << (position % 8)))  # noqa: B023 - called at once


def check_refused(shares: Shares, round_number: int, change: Callable[[bytes], bytes]) -> None:
    sessions = ceremony.sign_sessions(shares, signers=(1, 2))
    mail = ceremony.run_to(sessions, round_number)
    fault = refusal(lambda: sessions[1].step({2: change(mail[1][2])}))
    assert (fault.kind, fault.culprit, fault.round, fault.ban) == ("malformed", 2, round_number, False)


@pytest.mark.parametrize("round_number", ROUNDS)
def test_swapped_messages_are_refused(three_of_three: Shares, round_number: int) -> None:
    sessions = ceremony.sign_sessions(three_of_three, signers=(1, 2, 3))
    mail = ceremony.run_to(sessions, round_number)
    swapped: Mail = {1: {2: mail[1][3], 3: mail[1][2]}, 2: {1: mail[3][1], 3: mail[2][3]}, 3: {1: b"", 2: b""}}
    by_sender = refusal(lambda: sessions[1].step(swapped[1]))
    assert (by_sender.kind, by_sender.culprit) == ("malformed", 2)
    by_receiver = refusal(lambda: sessions[2].step(swapped[2]))
    assert (by_receiver.kind, by_receiver.culprit) == ("malformed", 1)


def test_a_party_does_not_take_its_own_message_back(two_of_three: Shares) -> None:
    sessions = ceremony.sign_sessions(two_of_three, signers=(1, 2))
    mail = ceremony.run_to(sessions, 1)
    assert refusal(lambda: sessions[1].step({2: mail[2][1]})).kind == "malformed"


@pytest.mark.parametrize("senders", [(), (2,), (2, 3, 4), (1, 2, 3)])
def test_a_missing_peer_or_a_stranger_is_a_usage_error(three_of_three: Shares, senders: tuple[int, ...]) -> None:
    sessions = ceremony.sign_sessions(three_of_three, signers=(1, 2, 3))
    mail = ceremony.run_to(sessions, 1)
    given = {sender: mail[1].get(sender, b"") for sender in senders}
    assert refusal(lambda: sessions[1].step(given)).kind == "usage"


@pytest.mark.parametrize("round_number", [1, 2, 3, 4])
def test_key_generation_refuses_the_same(round_number: int) -> None:
    sessions = ceremony.keygen_sessions(threshold=2, parties=2)
    mail = ceremony.run_to(sessions, round_number)
    fault = refusal(lambda: sessions[1].step({2: mail[1][2][:-1]}))
    assert (fault.kind, fault.culprit, fault.round) == ("malformed", 2, round_number)
    swapped = refusal(lambda: sessions[2].step({1: mail[1][2]}))
    assert (swapped.kind, swapped.culprit, swapped.round) == ("malformed", 1, round_number)


@pytest.mark.parametrize(
    ("threshold", "parties", "party"), [(1, 1, 1), (1, 2, 1), (3, 2, 1), (2, 2, 0), (2, 2, 3), (2, 256, 1), (-2, 2, 1)]
)
def test_impossible_quorums_are_refused(threshold: int, parties: int, party: int) -> None:
    begin = Dkls23().generate
    fault = refusal(lambda: begin(threshold=threshold, parties=parties, party=party, session_id=os.urandom(32)))
    assert fault.kind == "usage"


@pytest.mark.parametrize("digest", [b"", bytes(31), bytes(33)])
def test_a_digest_is_32_bytes(two_of_three: Shares, digest: bytes) -> None:
    fault = refusal(lambda: two_of_three[1].sign(signers=(1, 2), digest=digest, sign_id=os.urandom(32)))
    assert fault.kind == "usage"
