"""Whether two IVMS101 parties bear a common name.

The comparison is exact but for case, punctuation, width and the order of given and family name. It knows no
transliteration and no spelling variants: what it does not find equal is a mismatch, for people to look at. (The
enclave's own matcher is richer; custody does not import it.)
"""

import unicodedata
from typing import Any, Final, TypeAlias, cast

import msgspec

Person: TypeAlias = tuple[str, ...]
"""A name as its folded words."""
_MAX_DEPTH: Final = 32


def names_of(data: bytes) -> frozenset[Person]:
    """Every name in an IVMS101 component or list of persons, in both orders; none in what cannot be read.

    Natural persons by ``primaryIdentifier`` and ``secondaryIdentifier``, legal ones by ``legalPersonName`` (IVMS101
    5.2.1 and 5.2.8), wherever they stand, so that both editions are read.
    """
    try:
        value: object = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return frozenset()
    found: set[Person] = set()
    _collect(value, found, _MAX_DEPTH)
    return frozenset(name for name in found if name)


def share_a_name(one: bytes, other: bytes) -> bool:
    """Whether a person of one bears a name of a person of the other."""
    return not names_of(one).isdisjoint(names_of(other))


def _collect(value: object, found: set[Person], depth: int) -> None:
    if depth == 0:
        return
    if isinstance(value, list):
        for item in cast("list[object]", value):
            _collect(item, found, depth - 1)
    if isinstance(value, dict):
        fields = cast("dict[str, Any]", value)
        found.update(_named(fields))
        for item in fields.values():
            _collect(item, found, depth - 1)


def _named(fields: dict[str, Any]) -> set[Person]:
    family, given, legal = (
        _words(fields.get(key)) for key in ("primaryIdentifier", "secondaryIdentifier", "legalPersonName")
    )
    natural = {family + given, given + family} if family else set[Person]()
    return natural | ({legal} if legal else set())


def _words(value: object) -> Person:
    if not isinstance(value, str):
        return ()
    text = unicodedata.normalize("NFKC", value).casefold()
    return tuple("".join(letter if _is_letter(letter) else " " for letter in text).split())


def _is_letter(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LMN"  # letters, their marks, and numbers
