"""The mathematics alone: every party of a ceremony in this one process, in turn, by the processor time of each."""

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from bench.figures import Spread
from strongroom.threshold.backend import KeyShare, Session
from strongroom.threshold.ecdsa import Dkls23

PARTIES = 3
WARM_UP = 5
ResultT = TypeVar("ResultT", KeyShare, bytes)
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """Processor milliseconds of one kind of ceremony."""

    name: str
    per_party_ms: Spread
    in_all_ms: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """How often each ceremony is measured."""

    keys: int
    signatures: int


def measure(amount: Amount, *, tell: Tell) -> tuple[Ceremony, ...]:
    """Key generation and signature, 3-of-3 and 2-of-3."""
    done: list[Ceremony] = []
    for threshold in (3, 2):
        name = f"{threshold}-of-{PARTIES}"
        tell(f"crypto: {amount.keys} key generations {name}")
        runs = [_generate(threshold) for _ in range(amount.keys)]
        done.append(_ceremony(f"key generation {name}", [spent for spent, _ in runs]))
        shares = runs[-1][1]
        tell(f"crypto: {amount.signatures} signatures {name}")
        for _ in range(WARM_UP):
            _sign(shares, threshold)
        done.append(_ceremony(f"signature {name}", [_sign(shares, threshold) for _ in range(amount.signatures)]))
    return tuple(done)


def _ceremony(name: str, runs: list[dict[int, float]]) -> Ceremony:
    return Ceremony(
        name=name,
        per_party_ms=Spread.of([spent for run in runs for spent in run.values()]),
        in_all_ms=Spread.of([sum(run.values()) for run in runs]),
    )


def _generate(threshold: int) -> tuple[dict[int, float], dict[int, KeyShare]]:
    session_id = os.urandom(32)
    sessions: dict[int, Session[KeyShare]] = {
        party: Dkls23().generate(threshold=threshold, parties=PARTIES, party=party, session_id=session_id)
        for party in range(1, PARTIES + 1)
    }
    return _run(sessions)


def _sign(shares: Mapping[int, KeyShare], threshold: int) -> dict[int, float]:
    signers, digest, sign_id = tuple(range(1, threshold + 1)), os.urandom(32), os.urandom(32)
    sessions = {party: shares[party].sign(signers=signers, digest=digest, sign_id=sign_id) for party in signers}
    spent, signatures = _run(sessions)
    if not Dkls23().verify(public_key=shares[1].public_key, digest=digest, signature=signatures[1]):
        raise AssertionError("a ceremony ended in a signature that does not verify")
    return spent


def _run(sessions: Mapping[int, Session[ResultT]]) -> tuple[dict[int, float], dict[int, ResultT]]:
    """Steps all parties to their results; also the milliseconds of this thread's processor time that each took."""
    spent, results = dict.fromkeys(sessions, 0.0), dict[int, ResultT]()
    mail: dict[int, dict[int, bytes]] = {}
    while not results:
        following: dict[int, dict[int, bytes]] = {}
        for party, session in sessions.items():
            begun = time.thread_time()
            outcome = session.step(mail.get(party))
            spent[party] += (time.thread_time() - begun) * 1000
            if isinstance(outcome, dict):
                for receiver, message in outcome.items():
                    following.setdefault(receiver, {})[party] = message
            else:
                results[party] = outcome
        mail = following
    return spent, results
