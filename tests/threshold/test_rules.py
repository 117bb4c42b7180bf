"""What the extension does because the library does not: one test or more per rule of threshold signing 5.3."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from coincurve import PrivateKey, PublicKey

import strongroom_threshold as native
from strongroom.threshold.ecdsa import Dkls23, RecoveryKey, SealingKey, ThresholdError
from tests.threshold import ceremony
from tests.threshold.ceremony import HEADER_BYTES, Mail, Shares, flip, overwrite
from tests.threshold.test_ecdsa import ORDER

COMMITMENT = slice(HEADER_BYTES, HEADER_BYTES + 32)
"""The commitment in a key generation's round 2: first in the body."""

CHAIN_2 = slice(-32, None)
"""The chain-code commitment, last in round 2."""

CHAIN_3 = slice(-97, None)
"""Chain code (32), length (1) and salt (64), last in round 3."""


def replace(message: bytes, part: slice, other: bytes) -> bytes:
    changed = bytearray(message)
    changed[part] = other[part]
    return bytes(changed)


def refusal(step: Callable[[], object]) -> ThresholdError:
    with pytest.raises(ThresholdError) as refused:
        step()
    return refused.value


def test_rule_01_copied_commitment_is_refused() -> None:
    sessions = ceremony.keygen_sessions(threshold=3, parties=3)
    mail = ceremony.run_to(sessions, 2)
    mail[1][3] = replace(mail[1][3], COMMITMENT, mail[2][1])
    fault = refusal(lambda: sessions[1].step(mail[1]))
    assert (fault.kind, fault.culprit, fault.round) == ("recoverable", 3, 2)
    assert "copied commitment" in str(fault)


def test_rule_01_two_peers_with_one_commitment_are_refused_and_neither_is_framed() -> None:
    sessions = ceremony.keygen_sessions(threshold=3, parties=3)
    mail = ceremony.run_to(sessions, 2)
    mail[1][3] = replace(mail[1][3], COMMITMENT, mail[1][2])
    fault = refusal(lambda: sessions[1].step(mail[1]))
    assert (fault.kind, fault.culprit) == ("recoverable", None)


def test_rule_01_copied_chain_code_commitment_is_refused() -> None:
    sessions = ceremony.keygen_sessions(threshold=2, parties=2)
    mail = ceremony.run_to(sessions, 2)
    mail[1][2] = replace(mail[1][2], CHAIN_2, mail[2][1])
    fault = refusal(lambda: sessions[1].step(mail[1]))
    assert (fault.kind, fault.culprit) == ("recoverable", 2)
    assert "chain-code" in str(fault)


def scalar_of(message: bytes) -> int:
    return int.from_bytes(message[-32:], "big")


def with_scalar(message: bytes, value: int) -> bytes:
    return message[:-32] + (value % ORDER).to_bytes(32, "big")


def equalise_points(mail: Mail) -> None:
    """Bend what party 3 sends, and what it receives, so that all three points of a 2-of-3 key are one and the same.

    Each dealer's polynomial is a line, so its two visible values give the hidden one: f(x) from f(y) and f(z).
    """
    visible = {dealer: {to: scalar_of(mail[to][dealer]) for to in (1, 2, 3) if to != dealer} for dealer in (1, 2, 3)}
    hidden: dict[int, int] = {}
    for dealer, values in visible.items():
        (y, at_y), (z, at_z) = values.items()
        slope = (at_z - at_y) * pow(z - y, -1, ORDER)
        hidden[dealer] = (at_y + slope * (dealer - y)) % ORDER
    wanted = 0x5EED
    mail[1][3] = with_scalar(mail[1][3], wanted - hidden[1] - visible[2][1])
    mail[2][3] = with_scalar(mail[2][3], wanted - hidden[2] - visible[1][2])
    mail[3][1] = with_scalar(mail[3][1], wanted - hidden[3] - visible[2][3])


def test_rule_01_one_point_for_two_parties_is_refused_though_the_commitments_differ() -> None:
    # Unrefused, every share of this key would be the whole key.
    sessions = ceremony.keygen_sessions(threshold=2, parties=3)
    mail = ceremony.run_to(sessions, 1)
    equalise_points(mail)
    mail, _ = ceremony.exchange(sessions, mail)
    mail, _ = ceremony.exchange(sessions, mail)
    point = mail[1][2][HEADER_BYTES : HEADER_BYTES + 34]
    assert point[-33:] == PrivateKey(0x5EED.to_bytes(32, "big")).public_key.format()
    fault = refusal(lambda: sessions[1].step(mail[1]))
    assert (fault.kind, fault.round) == ("recoverable", 3)
    assert "copied point" in str(fault)


@pytest.mark.parametrize("inner", [0, 1])
def test_rule_02_inner_indices_of_a_signature_are_those_of_the_peer(two_of_three: Shares, inner: int) -> None:
    for round_number in (1, 2):
        sessions = ceremony.sign_sessions(two_of_three, signers=(1, 2))
        mail = ceremony.run_to(sessions, round_number)
        mail[1][2] = overwrite(mail[1][2], HEADER_BYTES + inner, 3)
        fault = refusal(lambda: sessions[1].step(mail[1]))  # noqa: B023 - called at once
        assert (fault.kind, fault.culprit, fault.round) == ("malformed", 2, round_number)


@pytest.mark.parametrize("position", [HEADER_BYTES + 32, HEADER_BYTES + 33, -33])
def test_rule_02_inner_indices_of_key_generation_round_2_are_those_of_the_peer(position: int) -> None:
    sessions = ceremony.keygen_sessions(threshold=3, parties=3)
    mail = ceremony.run_to(sessions, 2)
    mail[1][2] = overwrite(mail[1][2], position, 3)
    fault = refusal(lambda: sessions[1].step(mail[1]))
    assert (fault.kind, fault.culprit, fault.round) == ("malformed", 2, 2)


def test_rule_02_the_chain_code_of_key_generation_round_3_is_the_peers_own() -> None:
    sessions = ceremony.keygen_sessions(threshold=2, parties=2)
    mail = ceremony.run_to(sessions, 3)
    mail[1][2] = overwrite(mail[1][2], -98, 1)
    fault = refusal(lambda: sessions[1].step(mail[1]))
    assert (fault.kind, fault.culprit, fault.round) == ("malformed", 2, 3)


def test_rule_03_the_proof_travels_only_in_round_3() -> None:
    sessions = ceremony.keygen_sessions(threshold=2, parties=2)
    second = ceremony.run_to(sessions, 2)
    third, _ = ceremony.exchange(sessions, second)
    # Commitment, zero-share commitment with its two indices, chain-code commitment with its index: no room for more.
    assert len(second[1][2]) == HEADER_BYTES + 32 + (2 + 32) + (1 + 32)
    proof = third[1][2][HEADER_BYTES:]
    PublicKey(proof[1:34])
    assert proof[1:34] not in second[1][2]


def test_rule_05_a_message_counts_for_the_authenticated_sender_only(three_of_three: Shares) -> None:
    sessions = ceremony.sign_sessions(three_of_three, signers=(1, 2, 3))
    mail = ceremony.run_to(sessions, 1)
    fault = refusal(lambda: sessions[1].step({2: mail[1][2], 3: mail[1][2]}))
    assert (fault.kind, fault.culprit) == ("malformed", 3)


def test_rule_06_a_party_that_tells_two_stories_gives_no_key() -> None:
    session_id = os.urandom(32)
    sessions = ceremony.keygen_sessions(threshold=2, parties=3, session_id=session_id)
    other = ceremony.keygen_sessions(threshold=2, parties=3, session_id=session_id)
    mail, other_mail = ceremony.run_to(sessions, 2), ceremony.run_to(other, 2)
    # Party 3 shows party 2 the chain code of the other run: committed and opened correctly, but not what party 1 saw.
    mail[2][3] = replace(mail[2][3], CHAIN_2, other_mail[2][3])
    mail, _ = ceremony.exchange(sessions, mail)
    other_mail, _ = ceremony.exchange(other, other_mail)
    mail[2][3] = replace(mail[2][3], CHAIN_3, other_mail[2][3])
    mail, _ = ceremony.exchange(sessions, mail)
    for party in (1, 2):
        fault = refusal(lambda: sessions[party].step(mail[party]))  # noqa: B023 - called at once
        assert (fault.kind, fault.culprit, fault.round) == ("recoverable", None, 4)
        assert "transcript" in str(fault)


def spoil_transfer(message: bytes) -> bytes:
    """Round 1: many bits of the oblivious-transfer matrix, so that the choice bits cannot all miss them."""
    middle = len(message) // 2
    return bytes(b ^ 0x55 if middle <= at < middle + 4096 else b for at, b in enumerate(message))


def spoil_multiplication(message: bytes) -> bytes:
    """Round 2: one of the many scalars, each 32 bytes behind a length byte."""
    start = next(
        at for at in range(len(message) // 2, len(message)) if all(message[at + 33 * n] == 32 for n in range(4))
    )
    return flip(message, start + 20)


@pytest.mark.parametrize(("round_number", "spoil"), [(1, spoil_transfer), (2, spoil_multiplication)])
def test_rule_08_a_ban_is_reported_with_its_culprit(
    two_of_three: Shares, round_number: int, spoil: Callable[[bytes], bytes]
) -> None:
    sessions = ceremony.sign_sessions(two_of_three, signers=(1, 3))
    mail = ceremony.run_to(sessions, round_number)
    mail[1][3] = spoil(mail[1][3])
    fault = refusal(lambda: sessions[1].step(mail[1]))
    assert (fault.kind, fault.culprit, fault.round, fault.ban) == ("ban", 3, round_number, True)
    assert refusal(lambda: sessions[1].step(mail[1])).ban is False


def test_rule_08_other_faults_are_no_ban(two_of_three: Shares) -> None:
    sessions = ceremony.sign_sessions(two_of_three, signers=(1, 3))
    fault = refusal(lambda: sessions[1].step({3: b"x"}))
    assert (fault.kind, fault.ban) == ("usage", False)


def test_rule_09_any_error_ends_the_session(two_of_three: Shares) -> None:
    spoilt: list[Callable[[Mail], object]] = [
        lambda _mail: {},
        lambda _mail: {2: "text"},
        lambda _mail: [1, 2],
        lambda mail: mail[1] | {3: mail[1][2]},
        lambda mail: {2: flip(mail[1][2], 0)},
    ]
    for spoil in spoilt:
        sessions = ceremony.sign_sessions(two_of_three, signers=(1, 2))
        mail = ceremony.run_to(sessions, 1)
        assert refusal(lambda: sessions[1].step(spoil(mail))).kind in {"usage", "malformed"}  # type: ignore[arg-type]  # noqa: B023
        fault = refusal(lambda: sessions[1].step(mail[1]))  # noqa: B023 - called at once
        assert (fault.kind, fault.round) == ("usage", 1)
        assert "over" in str(fault)


def test_rule_09_kept_state_is_used_once(two_of_three: Shares) -> None:
    sessions = ceremony.sign_sessions(two_of_three, signers=(1, 2))
    mail = ceremony.run_to(sessions, 1)
    sessions[1].step(mail[1])
    assert refusal(lambda: sessions[1].step(mail[1])).kind == "malformed"
    finished = ceremony.sign_sessions(two_of_three, signers=(1, 2))
    last = ceremony.run_to(finished, 3)
    finished[1].step(last[1])
    assert "over" in str(refusal(lambda: finished[1].step(last[1])))


def entries(shares: Shares) -> dict[str, Callable[[], object]]:
    key = SealingKey.from_bytes(os.urandom(32))
    blob = shares[1].seal(key=key, associated_data=b"")
    signing = ceremony.sign_sessions(shares, signers=(1, 2))
    generating = ceremony.keygen_sessions(threshold=2, parties=2)
    refreshing = ceremony.refresh_sessions(shares)
    recovery_key = RecoveryKey.from_bytes(os.urandom(32))
    backup = shares[1].back_up(recovery_public_key=recovery_key.public_key, associated_data=b"")
    recovered = Dkls23().recover([shares[1], shares[2]])
    return {
        "sign": signing[1].step,
        "generate": generating[1].step,
        "new signature": lambda: shares[1].sign(signers=(1, 2), digest=bytes(32), sign_id=os.urandom(32)),
        "new generation": lambda: ceremony.keygen_sessions(threshold=2, parties=2),
        "refresh": refreshing[1].step,
        "new refresh": lambda: ceremony.refresh_sessions(shares),
        "back up": lambda: shares[1].back_up(recovery_public_key=recovery_key.public_key, associated_data=b""),
        "open backup": lambda: Dkls23().open_backup(key=recovery_key, associated_data=b"", blob=backup),
        "recovery key": lambda: RecoveryKey.from_bytes(os.urandom(32)),
        "recover": lambda: Dkls23().recover([shares[1], shares[2]]),
        "recovered child": lambda: recovered.public_key_at(path="m/1"),
        "reveal": recovered.reveal_extended_private_key,
        "derive": lambda: shares[1].derive(path="m/1"),
        "seal": lambda: shares[1].seal(key=key, associated_data=b""),
        "unseal": lambda: Dkls23().unseal(key=key, associated_data=b"", blob=blob),
        "sealing key": lambda: SealingKey.from_bytes(os.urandom(32)),
        "verify": lambda: Dkls23().verify(public_key=bytes(33), digest=bytes(32), signature=bytes(65)),
    }


def test_rule_11_a_panic_at_any_entry_is_one_typed_error(two_of_three: Shares) -> None:
    for name, entry in entries(two_of_three).items():
        native._arm_panic()  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001 - made for this test
        fault = refusal(entry)
        assert (name, fault.kind, fault.culprit, fault.ban) == (name, "panic", None, False)
        assert "armed by a test" not in str(fault), "a panic message may hold secrets"


def test_rule_11_a_panic_ends_the_session(two_of_three: Shares) -> None:
    session = ceremony.sign_sessions(two_of_three, signers=(1, 2))[1]
    native._arm_panic()  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001 - made for this test
    assert refusal(session.step).kind == "panic"
    assert "over" in str(refusal(session.step))


def test_rule_11_the_second_opinion_refuses_what_is_not_the_signature() -> None:
    key = PrivateKey()
    public_key, digest = key.public_key.format(), os.urandom(32)
    good = key.sign_recoverable(digest, hasher=None)  # pyright: ignore[reportUnknownMemberType] - its nonce option
    r, s, recovery = good[:32], int.from_bytes(good[32:64], "big"), good[64]
    high = r + (ORDER - s).to_bytes(32, "big") + bytes([recovery ^ 1])
    verify = Dkls23().verify
    assert verify(public_key=public_key, digest=digest, signature=good)
    assert not verify(public_key=public_key, digest=digest, signature=high)
    assert not verify(public_key=public_key, digest=digest, signature=good[:64] + bytes([recovery ^ 1]))
    assert not verify(public_key=public_key, digest=digest, signature=good[:64] + bytes([27 + recovery]))
    assert not verify(public_key=public_key, digest=flip(digest, 0), signature=good)
    assert not verify(public_key=PrivateKey().public_key.format(), digest=digest, signature=good)
    assert not verify(public_key=public_key, digest=digest, signature=bytes(65))


def test_rule_11_a_false_partial_gives_no_signature_and_frames_nobody(three_of_three: Shares) -> None:
    for position in (HEADER_BYTES + 5, HEADER_BYTES + 40):
        sessions = ceremony.sign_sessions(three_of_three, signers=(1, 2, 3))
        mail = ceremony.run_to(sessions, 3)
        mail[1][3] = flip(mail[1][3], position)
        fault = refusal(lambda: sessions[1].step(mail[1]))  # noqa: B023 - called at once
        assert (fault.kind, fault.culprit, fault.round) == ("recoverable", None, 3)


@pytest.mark.parametrize("ceremony_id", [b"", bytes(range(31)), bytes(32), b"\x07" * 64], ids=len)
def test_rule_12_short_or_constant_ceremony_ids_are_refused(two_of_three: Shares, ceremony_id: bytes) -> None:
    share = two_of_three[1]
    assert refusal(lambda: share.sign(signers=(1, 2), digest=bytes(32), sign_id=ceremony_id)).kind == "usage"
    begin = Dkls23().generate
    assert refusal(lambda: begin(threshold=2, parties=2, party=1, session_id=ceremony_id)).kind == "usage"


def test_rule_12_a_sign_id_serves_once_for_a_share_and_all_its_children(two_of_three: Shares) -> None:
    share, sign_id = two_of_three[1], os.urandom(32)
    share.derive(path="m/1").sign(signers=(1, 2), digest=bytes(32), sign_id=sign_id)
    for again in (share, share.derive(path="m/1"), share.derive(path="m/2")):
        fault = refusal(lambda: again.sign(signers=(1, 3), digest=b"\x01" * 32, sign_id=sign_id))  # noqa: B023
        assert (fault.kind, str(fault)) == ("usage", "signing id already used")


@pytest.mark.parametrize(
    ("quorum", "signers"),
    [
        ("two_of_three", (1, 2, 3)),
        ("three_of_three", (1, 2)),
        ("two_of_three", (1,)),
        ("two_of_three", (1, 1)),
        ("two_of_three", (2, 3)),
        ("two_of_three", (0, 1)),
        ("two_of_three", (1, 4)),
        ("two_of_three", (1, 257)),
    ],
)
def test_rule_13_the_quorum_is_fixed_at_key_generation(
    quorum: str, signers: tuple[int, ...], request: pytest.FixtureRequest
) -> None:
    shares: Shares = request.getfixturevalue(quorum)
    assert refusal(lambda: shares[1].sign(signers=signers, digest=bytes(32), sign_id=os.urandom(32))).kind == "usage"


def test_rule_13_parties_that_mean_another_quorum_make_no_key() -> None:
    session_id = os.urandom(32)
    three = ceremony.keygen_sessions(threshold=3, parties=3, session_id=session_id)
    two = ceremony.keygen_sessions(threshold=2, parties=3, session_id=session_id)
    mail = ceremony.run_to({1: three[1], 2: two[2], 3: three[3]}, 1)
    fault = refusal(lambda: three[1].step(mail[1]))
    assert (fault.kind, fault.culprit) == ("malformed", 2)


def test_rule_14_another_message_version_is_refused(two_of_three: Shares) -> None:
    sessions = ceremony.sign_sessions(two_of_three, signers=(1, 2))
    mail = ceremony.run_to(sessions, 1)
    assert mail[1][2][ceremony.VERSION_AT] == native.MESSAGE_VERSION
    mail[1][2] = overwrite(mail[1][2], ceremony.VERSION_AT, native.MESSAGE_VERSION + 1)
    fault = refusal(lambda: sessions[1].step(mail[1]))
    assert (fault.kind, fault.culprit) == ("malformed", 2)
    assert "version" in str(fault)


FORK = """
import os, strongroom_threshold as native
native.EcdsaKeygen(2, 2, 1, os.urandom(32)).step()
child = os.fork()
if child == 0:
    try:
        native.EcdsaKeygen(2, 2, 1, os.urandom(32)).step()
    except native.ThresholdError as fault:
        os._exit(42 if fault.kind == "usage" and "fork" in str(fault) else 1)
    os._exit(0)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_forked_process_does_not_draw_its_parents_nonces() -> None:
    assert subprocess.run([sys.executable, "-c", FORK], check=False, timeout=60).returncode == 42
