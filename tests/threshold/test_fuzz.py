"""Spoilt messages: no panic, no wrong signature, no disagreement on a key, and every refusal typed.

Each ceremony of two parties delivers a spoilt message to one of them or to both. The seed is printed; set
``THRESHOLD_FUZZ_SEED`` to run the same choices again (the ceremonies' own randomness differs).
"""

import os
from collections import Counter
from collections.abc import Mapping
from random import Random
from typing import TypeVar

import pytest
from coincurve import PublicKey

from strongroom.threshold.backend import Session
from strongroom.threshold.ecdsa import Dkls23, KeyShare, ThresholdError
from tests.threshold import ceremony
from tests.threshold.ceremony import Mail, Shares
from tests.threshold.mutation import MUTATIONS, Material

SIGNING_CASES = 10_000
KEYGEN_CASES = 48
REFRESH_CASES = 48

KEYGEN_ROUNDS = (1, 2, 2, 3, 3, 4)
RECEIVERS = ((1, 2), (1, 2), (1,), (2,))

ResultT = TypeVar("ResultT", KeyShare, bytes)


@pytest.fixture(scope="module")
def random() -> Random:
    seed = int(os.environ.get("THRESHOLD_FUZZ_SEED") or int.from_bytes(os.urandom(4), "big"))
    print(f"\nTHRESHOLD_FUZZ_SEED={seed}")  # noqa: T201 - shown when a case fails
    return Random(seed)  # noqa: S311 - chooses mutations, no secrets


def transcript(sessions: Mapping[int, Session[ResultT]], rounds: int) -> list[Mail]:
    """The messages of every round of one whole ceremony."""
    mails = [ceremony.run_to(sessions, 1)]
    for _ in range(rounds - 1):
        mail, _results = ceremony.exchange(sessions, mails[-1])
        mails.append(mail)
    return mails


def spoil(random: Random, material: Material) -> tuple[str, bytes]:
    """A mutation's name and a message that it really changed."""
    for _ in range(100):
        mutation = random.choice(MUTATIONS)
        spoilt = mutation(random, material)
        if spoilt != material.message:
            return mutation.__name__, spoilt
    raise AssertionError("every mutation left the message as it was")


def attack(
    random: Random,
    sessions: Mapping[int, Session[ResultT]],
    *,
    round_number: int,
    foreign: list[Mail],
    tally: Counter[str],
) -> dict[int, ResultT]:
    """Run parties 1 and 2 to a round, spoil one message or both, go on as far as they go; the results, if any."""
    earlier = ceremony.run_to(sessions, round_number - 1)
    mail, _results = ceremony.exchange(sessions, earlier)
    names: dict[int, str] = {}
    delivered: Mail = {}
    for receiver in random.choice(RECEIVERS):
        sender = 3 - receiver
        material = Material(
            message=mail[receiver][sender],
            own=mail[sender][receiver],
            foreign=foreign[round_number - 1][receiver][sender],
            earlier=(earlier or foreign[0])[receiver][sender],
        )
        names[receiver], spoilt = spoil(random, material)
        delivered[receiver] = {sender: spoilt}
    tally["cases"] += len(names)
    return go_on(sessions, mail | delivered, names=names, round_number=round_number, tally=tally)


def go_on(
    sessions: Mapping[int, Session[ResultT]],
    mail: Mail,
    *,
    names: dict[int, str],
    round_number: int,
    tally: Counter[str],
) -> dict[int, ResultT]:
    """Step all parties until one refuses or all have a result. Any exception but a typed refusal escapes."""
    results: dict[int, ResultT] = {}
    first, refused = True, False
    while not refused and not results:
        following: Mail = {}
        for party, session in sessions.items():
            try:
                outcome = session.step(mail[party])
            except ThresholdError as fault:
                check_fault(fault, sender=3 - party, case=f"round {round_number}, {names}")
                check_over(session)
                tally[fault.kind if first else f"later {fault.kind}"] += 1
                refused = True
                continue
            tally["accepted"] += first and party in names
            if isinstance(outcome, dict):
                ceremony.post(mail=following, sender=party, messages=outcome)
            else:
                results[party] = outcome
        mail, first = following, False
    return results


def check_fault(fault: ThresholdError, *, sender: int, case: str) -> None:
    assert fault.kind in {"malformed", "recoverable", "ban"}, f"{case}: {fault.kind}: {fault}"
    assert fault.culprit in {sender, None}, f"{case}: framed {fault.culprit}: {fault}"
    assert fault.ban == (fault.kind == "ban"), case
    if fault.kind != "recoverable":
        assert fault.culprit == sender, f"{case}: {fault.kind} names nobody: {fault}"


def check_over(session: Session[ResultT]) -> None:
    with pytest.raises(ThresholdError, match="over"):
        session.step({})


def test_ten_thousand_spoilt_signing_messages(random: Random, two_of_three: Shares) -> None:
    tally: Counter[str] = Counter()
    foreign = transcript(ceremony.sign_sessions(two_of_three, signers=(1, 2)), 3)
    while tally["cases"] < SIGNING_CASES:
        digest = random.randbytes(32)
        sessions = ceremony.sign_sessions(two_of_three, signers=(1, 2), digest=digest)
        results = attack(random, sessions, round_number=random.choice((1, 2, 3)), foreign=foreign, tally=tally)
        for party, signature in results.items():
            public_key = two_of_three[party].public_key
            assert PublicKey.from_signature_and_message(signature, digest, hasher=None).format() == public_key
            tally["signatures"] += 1
    print(dict(tally))  # noqa: T201 - shown when an assertion below fails
    assert tally["cases"] >= SIGNING_CASES
    assert sum(tally[kind] for kind in ("malformed", "recoverable", "ban", "accepted")) == tally["cases"]
    assert 3 * (tally["recoverable"] + tally["ban"] + tally["accepted"]) >= tally["cases"], "too few reach the protocol"
    assert tally["ban"] > 0


def check_test_signature(random: Random, shares: Shares, tally: Counter[str]) -> None:
    """A key that both parties accepted signs, or its test signature is refused and it is never activated."""
    digest = random.randbytes(32)
    try:
        signature = ceremony.sign(shares, signers=(1, 2), digest=digest)
    except ThresholdError as fault:
        assert fault.kind in {"recoverable", "ban"}  # noqa: PT017 - either outcome is right
        tally["unusable keys"] += 1
    else:
        assert Dkls23().verify(public_key=shares[1].public_key, digest=digest, signature=signature)
        tally["usable keys"] += 1


def test_spoilt_key_generation_messages(random: Random) -> None:
    tally: Counter[str] = Counter()
    foreign = transcript(ceremony.keygen_sessions(threshold=2, parties=2), 4)
    while tally["cases"] < KEYGEN_CASES:
        sessions = ceremony.keygen_sessions(threshold=2, parties=2)
        round_number = random.choice(KEYGEN_ROUNDS)
        shares = attack(random, sessions, round_number=round_number, foreign=foreign, tally=tally)
        assert len({(share.public_key, share.chain_code, share.transcript_hash) for share in shares.values()}) <= 1
        if len(shares) == 2:
            check_test_signature(random, shares, tally)
    print(dict(tally))  # noqa: T201 - shown when an assertion fails
    assert tally["cases"] >= KEYGEN_CASES


def test_spoilt_refresh_messages(random: Random, two_of_two: Shares) -> None:
    tally: Counter[str] = Counter()
    foreign = transcript(ceremony.refresh_sessions(two_of_two), 4)
    while tally["cases"] < REFRESH_CASES:
        sessions = ceremony.refresh_sessions(two_of_two)
        round_number = random.choice(KEYGEN_ROUNDS)
        shares = attack(random, sessions, round_number=round_number, foreign=foreign, tally=tally)
        for share in shares.values():
            assert (share.public_key, share.chain_code) == (two_of_two[1].public_key, two_of_two[1].chain_code)
        assert len({share.transcript_hash for share in shares.values()}) <= 1
        if len(shares) == 2:
            check_test_signature(random, shares, tally)
    print(dict(tally))  # noqa: T201 - shown when an assertion fails
    assert tally["cases"] >= REFRESH_CASES
    check_test_signature(random, two_of_two, tally)
    assert tally["usable keys"] > 0
