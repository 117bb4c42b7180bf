"""What is answered about two names."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Match: taken for the same. Close: a person looks at it, or another datum (date of birth) decides."""

    MATCH = "match"
    CLOSE = "close"
    NO_MATCH = "no-match"


class Reason(StrEnum):
    """Why: the weakest difference that had to be bridged, or the one that could not be."""

    SAME = "same"
    SPACING = "spacing"
    ORDER = "order"
    DIACRITICS = "diacritics"
    ROMANISATION = "romanisation"
    INITIALS = "initials"
    MIDDLE_NAME = "middle-name"
    PARTIAL = "partial"
    REARRANGED = "rearranged"
    SPELLING = "spelling"
    SOUND = "sound"
    LEGAL_FORM = "legal-form"
    SUFFIX = "suffix"
    DIFFERENT = "different"
    EMPTY = "empty"

    @property
    def text(self) -> str:
        """The reason as a sentence."""
        return _TEXTS[self]


_TEXTS = {
    Reason.SAME: "The same but for case, punctuation and titles.",
    Reason.SPACING: "The same but for spaces and hyphens.",
    Reason.ORDER: "The same in the other order of family and given name.",
    Reason.DIACRITICS: "The same but for how letters with marks are written in plain Latin.",
    Reason.ROMANISATION: "Two spellings of one Korean name.",
    Reason.INITIALS: "An initial stands for a name.",
    Reason.MIDDLE_NAME: "One of them has further given names.",
    Reason.PARTIAL: "One of them has a name more, and which is not certain.",
    Reason.REARRANGED: "The same names, in an order that is not only family name first or last.",
    Reason.SPELLING: "A letter or two differ.",
    Reason.SOUND: "Written otherwise, but they sound alike.",
    Reason.LEGAL_FORM: "The same but for the legal form.",
    Reason.SUFFIX: "One of them says which generation or number it is.",
    Reason.DIFFERENT: "They differ.",
    Reason.EMPTY: "One of them holds no name.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The answer. ``score`` runs from 0 to 100 and orders answers; it is no probability."""

    verdict: Verdict
    score: int
    reason: Reason


def matched(score: int, reason: Reason) -> Comparison:
    """Taken for the same."""
    return Comparison(verdict=Verdict.MATCH, score=score, reason=reason)


def close(score: int, reason: Reason) -> Comparison:
    """To be looked at."""
    return Comparison(verdict=Verdict.CLOSE, score=score, reason=reason)


def unmatched(reason: Reason = Reason.DIFFERENT) -> Comparison:
    """Not the same."""
    return Comparison(verdict=Verdict.NO_MATCH, score=0, reason=reason)


def best(comparisons: Sequence[Comparison]) -> Comparison:
    """The one with the highest score; of equals the first."""
    return max(comparisons, key=lambda each: each.score, default=unmatched())
