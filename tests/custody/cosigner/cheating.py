"""A threshold library in the hands of a party that does not follow the protocol."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from strongroom.threshold.backend import KeyShare, RecoveryKey, SealingKey, Session
from strongroom.threshold.ecdsa import Dkls23
from tests.custody.cosigner.ceremonies import flip


@dataclass
class CheatingSession:
    """Spoils what it sends in one round, inside the authenticated channel."""

    session: Session[bytes]
    spoilt_round: int
    spoil: Callable[[bytes], bytes]

    @property
    def round(self) -> int:
        return self.session.round

    def step(self, messages: dict[int, bytes] | None = None) -> dict[int, bytes] | bytes:
        outcome = self.session.step(messages)
        if isinstance(outcome, dict) and self.session.round == self.spoilt_round:
            return {peer: self.spoil(message) for peer, message in outcome.items()}
        return outcome


@dataclass
class CheatingRefresh:
    """The same, in a refresh."""

    session: Session[KeyShare]
    spoilt_round: int
    spoil: Callable[[bytes], bytes]

    @property
    def round(self) -> int:
        return self.session.round

    def step(self, messages: dict[int, bytes] | None = None) -> dict[int, bytes] | KeyShare:
        outcome = self.session.step(messages)
        if isinstance(outcome, dict) and self.session.round == self.spoilt_round:
            return {peer: self.spoil(message) for peer, message in outcome.items()}
        return outcome


@dataclass
class CheatingShare:
    share: KeyShare
    spoilt_round: int
    spoil: Callable[[bytes], bytes]
    party: int = 0
    threshold: int = 3
    parties: int = 3
    public_key: bytes = b""
    chain_code: bytes = b""
    transcript_hash: bytes = b""

    def derive(self, *, path: str) -> "CheatingShare":
        return CheatingShare(self.share.derive(path=path), self.spoilt_round, self.spoil)

    def seal(self, *, key: SealingKey, associated_data: bytes) -> bytes:
        return self.share.seal(key=key, associated_data=associated_data)

    def back_up(self, *, recovery_public_key: bytes, associated_data: bytes) -> bytes:
        return self.share.back_up(recovery_public_key=recovery_public_key, associated_data=associated_data)

    def refresh(self, *, epoch: int, refresh_id: bytes) -> "CheatingRefresh":
        session = self.share.refresh(epoch=epoch, refresh_id=refresh_id)
        return CheatingRefresh(session, self.spoilt_round, self.spoil)

    def sign(self, *, signers: Sequence[int], digest: bytes, sign_id: bytes) -> CheatingSession:
        session = self.share.sign(signers=signers, digest=digest, sign_id=sign_id)
        return CheatingSession(session, self.spoilt_round, self.spoil)


@dataclass
class CheatingBackend:
    """DKLs23 by a party that does not follow the protocol."""

    spoilt_round: int
    spoil: Callable[[bytes], bytes]

    def generate(self, *, threshold: int, parties: int, party: int, session_id: bytes) -> Session[KeyShare]:
        return Dkls23().generate(threshold=threshold, parties=parties, party=party, session_id=session_id)

    def unseal(self, *, key: SealingKey, associated_data: bytes, blob: bytes) -> KeyShare:
        share = Dkls23().unseal(key=key, associated_data=associated_data, blob=blob)
        return CheatingShare(share, self.spoilt_round, self.spoil)

    def open_backup(self, *, key: RecoveryKey, associated_data: bytes, blob: bytes) -> KeyShare:
        return Dkls23().open_backup(key=key, associated_data=associated_data, blob=blob)

    def verify(self, *, public_key: bytes, digest: bytes, signature: bytes) -> bool:
        return Dkls23().verify(public_key=public_key, digest=digest, signature=signature)


def spoil_late(message: bytes) -> bytes:
    return flip(message, len(message) * 8 - 50)
