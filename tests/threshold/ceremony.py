"""Runs ceremonies with all parties in one process, and stops where a test wants to tamper."""

import os
from collections.abc import Iterable, Mapping
from typing import TypeVar

import strongroom_threshold as native
from strongroom.threshold.backend import Session
from strongroom.threshold.ecdsa import Dkls23, KeygenSession, KeyShare, RefreshSession, SignSession

HEADER_BYTES = native.MESSAGE_HEADER_BYTES
"""Magic, version, protocol, round, from, to (a byte each), then the 16-byte tag; the body follows."""

VERSION_AT, PROTOCOL_AT, ROUND_AT, FROM_AT, TO_AT, TAG_AT = 1, 2, 3, 4, 5, 6

Mail = dict[int, dict[int, bytes]]
"""Messages of one round, by receiver and sender."""

Shares = dict[int, KeyShare]

ResultT = TypeVar("ResultT", KeyShare, bytes)


def post(*, mail: Mail, sender: int, messages: Mapping[int, bytes]) -> None:
    for receiver, message in messages.items():
        mail.setdefault(receiver, {})[sender] = message


def exchange(sessions: Mapping[int, Session[ResultT]], mail: Mail) -> tuple[Mail, dict[int, ResultT]]:
    """One step of every session: the next round's messages, or the results."""
    following: Mail = {}
    results: dict[int, ResultT] = {}
    for party, session in sessions.items():
        outcome = session.step(mail.get(party))
        if isinstance(outcome, dict):
            post(mail=following, sender=party, messages=outcome)
        else:
            results[party] = outcome
    return following, results


def run_to(sessions: Mapping[int, Session[ResultT]], round_number: int) -> Mail:
    """Step every fresh session until the messages of ``round_number`` are on their way."""
    mail: Mail = {}
    for _ in range(round_number):
        mail, _results = exchange(sessions, mail)
    return mail


def finish(sessions: Mapping[int, Session[ResultT]], mail: Mail | None = None) -> dict[int, ResultT]:
    """Step every session to its result."""
    mail, results = exchange(sessions, mail or {})
    while not results:
        mail, results = exchange(sessions, mail)
    return results


def keygen_sessions(*, threshold: int, parties: int, session_id: bytes | None = None) -> dict[int, KeygenSession]:
    common_id = session_id or os.urandom(32)
    return {
        party: Dkls23().generate(threshold=threshold, parties=parties, party=party, session_id=common_id)
        for party in range(1, parties + 1)
    }


def generate(*, threshold: int, parties: int) -> Shares:
    return finish(keygen_sessions(threshold=threshold, parties=parties))


def refresh_sessions(shares: Shares, *, epoch: int = 2, refresh_id: bytes | None = None) -> dict[int, RefreshSession]:
    common_id = refresh_id or os.urandom(32)
    return {party: share.refresh(epoch=epoch, refresh_id=common_id) for party, share in shares.items()}


def refresh(shares: Shares, *, epoch: int = 2) -> Shares:
    return finish(refresh_sessions(shares, epoch=epoch))


def sign_sessions(
    shares: Shares, *, signers: Iterable[int], digest: bytes | None = None, sign_id: bytes | None = None
) -> dict[int, SignSession]:
    quorum = tuple(signers)
    common_digest, common_id = digest or os.urandom(32), sign_id or os.urandom(32)
    return {party: shares[party].sign(signers=quorum, digest=common_digest, sign_id=common_id) for party in quorum}


def sign(shares: Shares, *, signers: Iterable[int], digest: bytes) -> bytes:
    """The one signature that all signers end with."""
    signatures = set(finish(sign_sessions(shares, signers=signers, digest=digest)).values())
    assert len(signatures) == 1
    return signatures.pop()


def flip(message: bytes, position: int, mask: int = 1) -> bytes:
    changed = bytearray(message)
    changed[position] ^= mask
    return bytes(changed)


def overwrite(message: bytes, position: int, value: int) -> bytes:
    changed = bytearray(message)
    changed[position] = value
    return bytes(changed)
