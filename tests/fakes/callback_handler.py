"""A callback handler in a test's hand: it answers when the test says so, and what the test says."""

from collections.abc import Callable
from dataclasses import dataclass, field

from strongroom.custody.cosigner.domain.callback import Answer, Question
from strongroom.kernel.documents.consent import CallbackAnswer


@dataclass
class HeldHandler:
    """``asked`` are the open questions, ``answer`` answers the oldest of them."""

    retry_s: float = 0.0
    asked: list[tuple[Question, Callable[[Answer], None]]] = field(
        default_factory=list[tuple[Question, Callable[[Answer], None]]]
    )

    def ask(self, question: Question, *, answered: Callable[[Answer], None]) -> None:
        self.asked.append((question, answered))

    def answer(self, answer: CallbackAnswer) -> None:
        _, answered = self.asked.pop(0)
        answered(Answer(answer=answer, token=b"token"))
