"""Whether two names may be one person's."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import product

from strongroom.travel_rule.names import hangul
from strongroom.travel_rule.names.spelling import distance, is_misspelt, is_transliterated, sounds_alike
from strongroom.travel_rule.names.verdict import Comparison, Reason, Verdict, best, close, matched, unmatched
from strongroom.travel_rule.names.words import Script, Words, Written, scripts_of

_TITLES = frozenset(("mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "dame", "herr", "frau", "mme", "mlle"))
_POLITE = frozenset(("씨", "님"))
_GENERATIONS = {"jr": 2, "junior": 2, "sr": 1, "senior": 1, "ii": 2, "iii": 3, "iv": 4}
_FEW_LETTERS = 4
"""A further name so short may be half of a Chinese given name, or a particle, rather than a middle name."""
_MOST_WORDS = 12


def compare_persons(left: str, right: str) -> Comparison:
    """Two names of natural persons, in either order of family and given name; a comma puts the family name first.

    Symmetric, and a name matches itself. Never raises.
    """
    one, other = scripts_of(left), scripts_of(right)
    if not one or not other:
        return unmatched(Reason.EMPTY)
    return best([_compare(a, b) for a, b in product(one, other)])


def _compare(one: Written, other: Written) -> Comparison:
    if {one.script, other.script} == {Script.HANGUL}:
        return _compare_hangul(_polite_dropped(one.words), _polite_dropped(other.words))
    if {one.script, other.script} == {Script.LATIN}:
        return _compare_latin(one, other)
    if one.script is Script.HANGUL and other.script is Script.LATIN:
        return _compare_across(one, other)
    if one.script is Script.LATIN and other.script is Script.HANGUL:
        return _compare_across(other, one)
    return _compare_letters(one.words, other.words)


def _compare_letters(one: Words, other: Words) -> Comparison:
    """What holds in any script: the same words, joined or apart, either name first."""
    if one == other:
        return matched(100, Reason.SAME)
    if "".join(one) == "".join(other):
        return matched(99, Reason.SPACING)
    if not _joined(one).isdisjoint(_joined(other)):
        return matched(97, Reason.ORDER)
    return unmatched()


def _compare_hangul(one: Words, other: Words) -> Comparison:
    same = _compare_letters(one, other)
    if same.verdict is Verdict.MATCH:
        return same
    forms: tuple[Callable[[str], str], ...] = (hangul.softened, hangul.sounding)
    if any(not {form(a) for a in _joined(one)}.isdisjoint(form(b) for b in _joined(other)) for form in forms):
        return close(75, Reason.SOUND)
    return unmatched()


def _compare_across(korean: Written, latin: Written) -> Comparison:
    """A name in Hangul with one in Latin letters: whether the one is a spelling of the other."""
    names, (words, _) = _joined(_polite_dropped(korean.words)), _without_titles(latin.words)
    if any(hangul.is_spelled(name, spelling) for name in names for spelling in _joined(words)):
        return matched(95, Reason.ROMANISATION)
    if any(hangul.is_initialled(name, turn) for name in names for turn in _turns(words)):
        return close(65, Reason.INITIALS)
    fewer = [words[:index] + words[index + 1 :] for index in range(len(words))] if len(words) > 2 else []
    if any(hangul.is_spelled(name, spelling) for name in names for some in fewer for spelling in _joined(some)):
        return close(70, Reason.PARTIAL)
    return unmatched()


def _compare_latin(one: Written, other: Written) -> Comparison:
    sides = [
        [_without_titles(_given_first(words, each)) for words in (each.words, each.spelled)] for each in (one, other)
    ]
    generations = {sides[0][0][1], sides[1][0][1]}
    if len(generations - {None}) == 2:
        return unmatched(Reason.SUFFIX)
    found = _compare_latin_words(sides[0][0][0], sides[1][0][0])
    if found.score < 96:
        spelled = [_compare_letters(a, b) for (a, _), (b, _) in product(*sides)]
        if best(spelled).verdict is Verdict.MATCH:
            found = matched(96, Reason.DIACRITICS)
    if len(generations) == 2 and found.verdict is Verdict.MATCH:
        return close(80, Reason.SUFFIX)
    return found


def _compare_latin_words(one: Words, other: Words) -> Comparison:
    same = _compare_letters(one, other)
    if same.verdict is Verdict.MATCH or not one or not other:
        return same
    readings = _readings(one), _readings(other)
    if all(readings):
        # Korean names are short, and one letter makes another: what cannot be one name is two.
        return matched(90, Reason.ROMANISATION) if readings[0] & readings[1] else unmatched()
    return best([_compare_initials(one, other), _compare_further(one, other), _compare_spelling(one, other)])


def _compare_initials(one: Words, other: Words) -> Comparison:
    """Word by word the same, or an initial of it; taken for the same where only middle names are initials."""
    if len(one) != len(other):
        return unmatched()
    found: list[Comparison] = []
    for full, turn in [*((one, turn) for turn in _turns(other)), *((other, turn) for turn in _turns(one))]:
        pairs = list(zip(full, turn, strict=True))
        if not all(a == b or _is_initial(a, b) for a, b in pairs):
            continue
        certain = [a == b and len(a) > 1 for a, b in pairs]
        if certain[0] and certain[-1]:
            found.append(matched(93, Reason.INITIALS))
        elif any(certain):
            found.append(close(78, Reason.INITIALS))
    return best(found)


def _compare_further(one: Words, other: Words) -> Comparison:
    """One side has names that the other leaves out."""
    long, short = (one, other) if len(one) > len(other) else (other, one)
    if len(long) == len(short) or sum(len(word) > 1 for word in short) < 2:
        return unmatched()
    for turn in _turns(short):
        if long[0] != turn[0] or long[-1] != turn[-1]:
            continue
        left_out = _left_out(long[1:-1], turn[1:-1])
        if left_out is not None:
            is_middle = all(len(word) > _FEW_LETTERS or len(word) == 1 for word in left_out)
            return matched(88, Reason.MIDDLE_NAME) if is_middle else close(80, Reason.MIDDLE_NAME)
    return unmatched() if Counter(short) - Counter(long) else close(72, Reason.PARTIAL)


def _compare_spelling(one: Words, other: Words) -> Comparison:
    """The same names in another order, or with slips, or as they sound."""
    if Counter(one) == Counter(other):
        return close(85, Reason.REARRANGED)
    if len(one) != len(other):
        return close(68, Reason.SPELLING) if _is_one_slip_apart(one, other) else unmatched()
    return best([_compare_pairs(list(zip(one, turn, strict=True))) for turn in _turns(other)])


def _is_one_slip_apart(one: Words, other: Words) -> bool:
    """Whether ten letters or more, joined, differ in one: Abdul Rahman Khan and Abdurrahman Khan."""
    lengths = len("".join(one)), len("".join(other))
    if min(lengths) < 10 or max(lengths) - min(lengths) > 1:
        return False
    return min(distance(a, b) for a, b in product(_joined(one), _joined(other))) <= 1


def _compare_pairs(pairs: list[tuple[str, str]]) -> Comparison:
    unlike = [(a, b) for a, b in pairs if a != b]
    if len(unlike) > 1 and len(unlike) == len(pairs) and sum(distance(a, b) for a, b in unlike) > 2:
        return unmatched()
    if all(is_transliterated(a, b) for a, b in unlike):
        return matched(86, Reason.SOUND)
    if all(sounds_alike(a, b) for a, b in unlike):
        return close(76, Reason.SOUND)
    if all(is_misspelt(a, b) or sounds_alike(a, b) for a, b in unlike):
        return close(70, Reason.SPELLING)
    return unmatched()


def _readings(words: Words) -> frozenset[hangul.Name]:
    """Korean names that the words may spell, family name first or last."""
    if not 2 <= len(words) <= hangul.MAX_GIVEN + 1:
        return frozenset()
    found = (hangul.readings(turn[0], "".join(turn[1:])) for turn in {words, words[-1:] + words[:-1]})
    return frozenset(name for names in found for name in names)


def _left_out(long: Words, short: Words) -> Words | None:
    """The words of ``long`` that ``short``, in the same order, does not have; None if it has others or contradicts."""
    left_out: list[str] = []
    rest = iter(long)
    for word in short:
        for candidate in rest:
            if candidate == word or _is_initial(candidate, word):
                break
            left_out.append(candidate)
        else:
            return None
    return (*left_out, *rest)


def _is_initial(one: str, other: str) -> bool:
    return one[:1] == other[:1] and 1 in {len(one), len(other)}


def _turns(words: Words) -> Iterator[Words]:
    """The words with each of them first, the others following in their order."""
    for start in range(min(len(words), _MOST_WORDS)):
        yield words[start:] + words[:start]


def _joined(words: Words) -> frozenset[str]:
    return frozenset("".join(turn) for turn in _turns(words))


def _given_first(words: Words, written: Written) -> Words:
    return words[written.family_words :] + words[: written.family_words]


def _without_titles(words: Words) -> tuple[Words, int | None]:
    """The words without titles in front, and without the generation, which is told apart."""
    while len(words) > 1 and words[0] in _TITLES:
        words = words[1:]
    for index in (len(words) - 1, *range(1, len(words) - 1)):
        if len(words) > 2 and words[index] in _GENERATIONS:
            return words[:index] + words[index + 1 :], _GENERATIONS[words[index]]
    return words, None


def _polite_dropped(words: Words) -> Words:
    return words[:-1] if len(words) > 1 and words[-1] in _POLITE else words
