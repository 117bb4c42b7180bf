"""A name as words in small plain letters, apart by script: what punctuation, case, width and marks cannot change.

Korean practice (CODE's name guide, travel_rule.md 2.4): lower case; specials, digits and spaces dropped.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

MAX_CHARACTERS = 400
"""Of one name: IVMS101's longest, primary and secondary of 100 each, in both scripts."""


Words = tuple[str, ...]


class Script(StrEnum):
    """Which letters a name is written in."""

    LATIN = "latin"
    HANGUL = "hangul"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A name in one script.

    Attributes:
        script: of every word.
        words: in order; Latin without marks, Hangul as composed syllables.
        spelled: Latin words with marked letters written out (``mueller``); elsewhere the same as ``words``.
        family_words: how many words at the front are the family name, if a comma says so; else 0.
    """

    script: Script
    words: Words
    spelled: Words
    family_words: int = 0

    @property
    def compact(self) -> str:
        """All words without spaces."""
        return "".join(self.words)


# Letters that do not fall apart into a plain letter and a mark: the usual plain writing (ICAO 9303-3, section 6).
_PLAIN = str.maketrans(
    {
        "ß": "ss",
        "ø": "o",
        "æ": "ae",
        "œ": "oe",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "\u0131": "i",
        "ŋ": "n",
        "ħ": "h",
    }
)
_SPELLED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "ñ": "n"})
_JOINED = re.compile("['.`\u00b4\u2018\u2019\u02bb\u02bc]")
_HANGUL = re.compile("[가-힣]")


def scripts_of(text: str, *, numbers: bool = False) -> tuple[Written, ...]:
    """The name as written in each script that it uses: "홍길동 (Hong Gildong)" is two writings of one name.

    Args:
        text: as given; what exceeds 400 characters is not a name, and is cut.
        numbers: keep digits as words, as companies need them.
    """
    folded = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS])[:MAX_CHARACTERS].lower()
    family, comma, given = folded.partition(",")
    before, after = _words(family, numbers=numbers), _words(given, numbers=numbers)
    found: list[Written] = []
    for script in Script:
        words = [word for word in (*before, *after) if _script_of(word) is script]
        if words:
            count = sum(_script_of(word) is script for word in before) if comma and after else 0
            found.append(_written(script, words, count if count < len(words) else 0))
    return tuple(found)


def plain(word: str) -> str:
    """Small Latin letters without marks."""
    apart = unicodedata.normalize("NFD", word.translate(_PLAIN))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _words(text: str, *, numbers: bool) -> list[str]:
    kept = "LMN" if numbers else "LM"  # marks are part of a letter: without its vowel signs a Hindi name is another
    apart = _apart(_JOINED.sub("", _dotted(text)))
    return "".join(sign if unicodedata.category(sign)[0] in kept else " " for sign in apart).split()


def _dotted(text: str) -> str:
    """Initials stay words of their own: "J.R. Smith" is "j r smith", while "Inc." stays "inc"."""
    return re.sub(r"\b(\w)\.(?=\w)", r"\1 ", text)


def _apart(text: str) -> str:
    """A space wherever Hangul meets other letters."""
    return re.sub(r"(?<=[가-힣])(?=[^\W가-힣])|(?<=[^\W가-힣])(?=[가-힣])", " ", text)


def _script_of(word: str) -> Script:
    if _HANGUL.match(word):
        return Script.HANGUL
    return Script.LATIN if plain(word).isascii() else Script.OTHER


def _written(script: Script, words: list[str], family_words: int) -> Written:
    if script is not Script.LATIN:
        words = [_unaccented(word) for word in words]
        return Written(script=script, words=tuple(words), spelled=tuple(words), family_words=family_words)
    simple = tuple(plain(word) for word in words)
    spelled = tuple(plain(word.translate(_SPELLED)) for word in words)
    return Written(script=script, words=simple, spelled=spelled, family_words=family_words)


def _unaccented(word: str) -> str:
    """Without what Greek leaves out in capitals, the acute, and with one sigma."""
    apart = unicodedata.normalize("NFD", word).replace("\u0301", "").replace("\u03c2", "\u03c3")
    return unicodedata.normalize("NFC", apart)
