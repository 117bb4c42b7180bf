"""A transaction that is to be closed: what the co-signers have said to it, and what follows (trust.md 5); pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from strongroom.custody.cosigner_engine.domain.reports import (
    MEMBERS,
    Answers,
    Honoured,
    Refused,
    Report,
    Tombstoned,
    check_tombstone,
)
from strongroom.kernel.documents.codec import Document
from strongroom.kernel.errors import Code, StrongroomError
from strongroom.kernel.ids import TransactionId

CUSTOMER = 3
"""The co-signer whose tombstone makes it safe to pay again."""


class CloseErrand(Document, frozen=True):
    """A close order that goes on until every co-signer has it, and what its calls act under."""

    tenant_id: str
    user_id: str
    session_id: str
    transaction_id: bytes
    request_hash: bytes
    reason: str
    parents: tuple[str, ...]

    @property
    def id(self) -> TransactionId:
        """The transaction's id."""
        return TransactionId(UUID(bytes=self.transaction_id))


class CloseStatus(StrEnum):
    """Whether the manager knows the tombstones; RESUMED: all have released, so the ceremony goes on instead."""

    OPEN = "OPEN"
    REPORTED = "REPORTED"
    RESUMED = "RESUMED"


class CloseKind(StrEnum):
    """What a co-signer said: closed for good, released before, or a peer's tombstone honoured after a release."""

    TOMBSTONE = "TOMBSTONE"
    RELEASED = "RELEASED"
    HONOURED = "HONOURED"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAnswer:
    """One word of one co-signer; ``document`` is the signed tombstone or refusal, or the request hash it honoured."""

    cosigner: int
    kind: CloseKind
    document: bytes


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a close stands."""

    answers: tuple[CloseAnswer, ...]

    @property
    def tombstones(self) -> Mapping[int, bytes]:
        """The signed tombstones by co-signer, in order."""
        found = {one.cosigner: one.document for one in self.answers if one.kind is CloseKind.TOMBSTONE}
        return dict(sorted(found.items()))

    def said(self, kind: CloseKind) -> frozenset[int]:
        """Who said that."""
        return frozenset(one.cosigner for one in self.answers if one.kind is kind)

    def with_answers(self, more: Sequence[CloseAnswer]) -> "Standing":
        """The same and what was said since."""
        return Standing((*self.answers, *more))

    @property
    def to_close(self) -> tuple[int, ...]:
        """Who has not answered the close order."""
        answered = self.said(CloseKind.TOMBSTONE) | self.said(CloseKind.RELEASED)
        return tuple(index for index in MEMBERS if index not in answered)

    @property
    def to_show(self) -> tuple[int, ...]:
        """Who has released and must be shown the others' tombstones."""
        left = self.said(CloseKind.RELEASED) - self.said(CloseKind.TOMBSTONE) - self.said(CloseKind.HONOURED)
        return tuple(sorted(left)) if self.tombstones else ()

    @property
    def is_reportable(self) -> bool:
        """Whether the manager can be told: by co-signer 3's tombstone, or since there will be none by it."""
        return CUSTOMER in self.tombstones or (bool(self.tombstones) and CUSTOMER in self.said(CloseKind.RELEASED))

    @property
    def have_all_released(self) -> bool:
        """Whether nobody has closed and nobody will: a released digest finishes."""
        return self.said(CloseKind.RELEASED) == frozenset(MEMBERS) and not self.tombstones

    @property
    def is_settled(self) -> bool:
        """Whether every co-signer knows that the request is dead."""
        return not self.to_close and not self.to_show and not self.have_all_released


def answers_of(answers: Answers, *, request_hash: bytes) -> list[CloseAnswer]:
    """What is worth keeping of what the co-signers answered; an absent or refusing one is asked again."""
    kept = [_answer(index, report, request_hash) for index, report in sorted(answers.items())]
    return [answer for answer in kept if answer is not None]


def _answer(index: int, report: Report, request_hash: bytes) -> CloseAnswer | None:
    match report:
        case Tombstoned(document=document):
            try:
                check_tombstone(document=document, index=index, request_hash=request_hash)
            except StrongroomError:
                return None
            return CloseAnswer(cosigner=index, kind=CloseKind.TOMBSTONE, document=document)
        case Refused(document=document, reason=Code.DIGEST_RELEASED):
            return CloseAnswer(cosigner=index, kind=CloseKind.RELEASED, document=document)
        case Honoured(request_hash=honoured) if honoured == request_hash:
            return CloseAnswer(cosigner=index, kind=CloseKind.HONOURED, document=honoured)
        case _:
            return None
